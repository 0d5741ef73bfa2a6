"""The graph of schedules: what each CPU may do next, and whether where it comes to is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TypeAlias

from transformer.emulator.fetch.paths import Edge, Reader
from transformer.emulator.fetch.places import CONDITIONAL, KEPT
from transformer.emulator.fetch.steps import Fetched, State, Stepper
from transformer.emulator.fetch.verdict import BEHIND, Arrival, arrival, fits, says, wants
from transformer.emulator.fetch.window import Cell, Window

#: What is fetched at once: values of units that change, and all the code.
Fetch: TypeAlias = tuple[tuple[tuple[Cell, int], ...], Fetched]


class Graph:
    """The schedules of one window and one or two CPUs that begin at its place."""

    def __init__(
        self,
        stepper: Stepper,
        window: Window,
        nulls: Mapping[int, str],
        *,
        condition: int = 0,
        zeros: bool = False,
    ) -> None:
        self.stepper, self.window, self.nulls = stepper, window, nulls
        self.place = window.place
        self.zeros = zeros
        self.root = stepper.begin(self.place, condition, zeros)
        self.word = self._word()
        self._readers: dict[tuple[State, int, int], Reader] = {}
        self._edges: dict[tuple[Reader, int, bool], list[Edge]] = {}
        self._left: dict[State, bool] = {}
        self._problems: dict[tuple[State, int, int], str] = {}
        self._code: dict[int, bytes] = {}  # units that never change meanwhile
        self._fixed: dict[int, list[Fetch]] = {}  # of instructions of which nothing changes
        self._changing: dict[tuple[int, int, bool], list[Fetch]] = {}
        self._choices: dict[tuple[int, int, bool], list[int]] = {}
        self.taken: bool | None = None  # of a conditional branch: what it does in these registers

    def _word(self) -> Cell | None:
        """The word that the place's target is loaded from, whether it changes or not."""
        window, machine = self.window, self.stepper.machine
        if not window.word:
            return None
        found = window.cells.get(window.word)
        if found is None:
            value = window.logs[-1].later.get(window.word)
            value = value or machine.read(window.word, machine.arch.pointer_size)
            found = Cell(window.word, [value], [0], [0], [0])
        return found

    # --- a reader's next instruction ---

    def reader(self, state: State, phase: int, floor: int) -> Reader:
        """The one object for such a CPU."""
        key = (state, phase, floor)
        found = self._readers.get(key)
        if found is None:
            found = self._readers[key] = Reader(state, phase, floor, self._gone(state))
        return found

    def edges(self, reader: Reader, position: int, later: bool) -> list[Edge]:
        """All that it may fetch and load; with ``later`` of what the writer has yet to do too."""
        key = (reader, position, later)
        found = self._edges.get(key)
        if found is None:
            found = self._edges[key] = []
            for fetch in self._fetches(reader.state.pc, position, later):
                self._fetched(found, reader, position, fetch, later)
        return found

    def _fetched(
        self, found: list[Edge], reader: Reader, position: int, fetch: Fetch, later: bool
    ) -> None:
        """Adds what the instruction does that was fetched so, with all that it may load."""
        word, state, (fetched, code) = self.word, reader.state, fetch
        now, floor = position, reader.floor
        for cell, index in fetched:
            now, floor = max(now, cell.since[index]), max(floor, cell.floors[index])
        if word is None:
            after, _ = self.stepper.step(state, code)
            found.append(Edge(self.reader(after, reader.phase, floor), now, fetched, None))
            return
        values, at_least = word.values, self.window.data_floors
        lowest = max(floor, at_least[now])
        after, loaded = self.stepper.step(state, code, word.address, values[lowest])
        if not loaded:
            found.append(Edge(self.reader(after, reader.phase, floor), now, fetched, None))
            return
        for index in range(lowest, len(values) if later else word.newest(now) + 1):
            then = max(now, word.since[index])
            if index >= at_least[then]:
                after, _ = self.stepper.step(state, code, word.address, values[index])
                found.append(Edge(self.reader(after, reader.phase, index), then, fetched, index))

    def _fetches(self, pc: int, position: int, later: bool) -> list[Fetch]:
        """All that a CPU may get that fetches the instruction at ``pc``."""
        found = self._fixed.get(pc) or self._changing.get((pc, position, later))
        if found is None:
            code = self._always(pc)
            if code is not None:
                found = self._fixed[pc] = [((), code)]
            else:
                found = list(self._choose(pc, position, later))
                self._changing[pc, position, later] = found
        return found

    def _always(self, pc: int) -> Fetched | None:
        """The code of an instruction of which nothing changes; None of any other."""
        unit, cells = self.window.unit, self.window.cells
        base = pc & -unit
        if base in cells:
            return None
        head = self._unit(base)
        if not self._crosses(pc, head[pc - base :], base + unit):
            return (head,)
        return (head, self._unit(base + unit)) if base + unit not in cells else None

    def _choose(self, pc: int, position: int, later: bool) -> Iterator[Fetch]:
        """Values of the units that the instruction at ``pc`` lies in, and all their code."""
        unit, cells = self.window.unit, self.window.cells
        base = pc & -unit
        first, second = cells.get(base), cells.get(base + unit)
        for index in self._indices(first, position, later):
            chosen: tuple[tuple[Cell, int], ...] = ()
            if first is None:
                now, head = position, self._unit(base)
            else:
                now, head = max(position, first.since[index]), first.values[index]
                chosen = ((first, index),)
            if not self._crosses(pc, head[pc - base :], base + unit):
                yield chosen, (head,)
            elif second is None:
                yield chosen, (head, self._unit(base + unit))
            else:
                for other in self._indices(second, now, later):
                    yield (*chosen, (second, other)), (head, second.values[other])

    def _unit(self, address: int) -> bytes:
        found = self._code.get(address)
        if found is None:
            found = self._code[address] = self.stepper.code(address, self.window.unit)
        return found

    def _crosses(self, pc: int, rest: bytes, behind: int) -> bool:
        """Whether the instruction of which ``rest`` is in its unit goes on in the next."""
        if self.stepper.arch.instruction_alignment == self.window.unit:
            return False
        second = self.window.cells.get(behind)
        more = second.values[0] if second is not None else self._unit(behind)
        return self.stepper.size(pc, rest + more) > len(rest)

    def _indices(self, cell: Cell | None, position: int, later: bool) -> list[int]:
        if cell is None:
            return [0]
        key = (cell.address, position, later)
        found = self._choices.get(key)
        if found is None:
            window = self.window
            may = window.code_later(cell, position) if later else window.code(cell, position)
            found = self._choices[key] = [
                i for i in may if i in window.code_later(cell, max(position, cell.since[i]))
            ]
        return found

    # --- where it has come to ---

    def _gone(self, state: State) -> bool:
        """Whether the CPU has left the place, or got stuck."""
        found = self._left.get(state)
        if found is None:
            found = self._left[state] = self._has_left(state)
        return found

    def _has_left(self, state: State) -> bool:
        if state.wrong or not state.pc:
            return True
        if not state.depth:
            return False
        return not self.place.holds(state.pc) or state.pc in self._targets

    @cached_property
    def _targets(self) -> frozenset[int]:
        """Of a call: a target may begin with a site of its own key, and yet it is the target."""
        calls = self.window.word != 0
        return self.window.allowed(0, self.window.phase[-1]) if calls else frozenset()

    def arrived(self, state: State) -> Arrival:
        if not isinstance(state.arrived, Arrival):
            state.arrived = arrival(self.stepper, self.place, state, self.zeros)
        return state.arrived

    def problem(self, reader: Reader, position: int) -> str:
        """What is wrong with where it has come to; "" if nothing."""
        last = self.window.phase[position]
        key = (reader.state, reader.phase, last)
        found = self._problems.get(key)
        if found is None:
            found = self._problems[key] = self._judge(reader.state, reader.phase, last)
        return found

    def _judge(self, state: State, first: int, last: int) -> str:
        """The same of a CPU that was on its way in the phases from first to last."""
        place, found = self.place, self.arrived(state)
        if place.kind in (CONDITIONAL, KEPT) and not found.wrong:
            taken = found.kind != BEHIND
            if self.taken is None:
                self.taken = taken
            if taken != self.taken:
                return f"its condition {'holds' if self.taken else 'does not hold'}, and yet " + (
                    says(self.stepper, place, found)
                )
            if not taken:
                return ""
        values = self.window.allowed(first, last)
        if not found.wrong and fits(place, found, values, self.nulls):
            return ""
        said = says(self.stepper, place, found)
        return f"{said}; right would be: {wants(self.stepper, place, values, self.nulls)}"
