"""The graph of schedules: what each CPU may do next, and whether where it comes to is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from transformer.emulator.fetch.paths import Edge, Reader
from transformer.emulator.fetch.places import CONDITIONAL, KEPT
from transformer.emulator.fetch.steps import State, Stepper
from transformer.emulator.fetch.verdict import BEHIND, Arrival, arrival, fits, says, wants
from transformer.emulator.fetch.window import Cell, Window

#: What is fetched at once: values of units that change, and all the code.
Fetch = tuple[tuple[tuple[Cell, int], ...], dict[int, bytes]]


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
        self._readers: dict[tuple[int, int, int], Reader] = {}
        self._edges: dict[tuple[Reader, int, bool], list[Edge]] = {}
        self._problems: dict[tuple[Reader, int], str] = {}
        self._code: dict[int, bytes] = {}  # units that never change meanwhile
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
        key = (id(state), phase, floor)
        found = self._readers.get(key)
        if found is None:
            found = self._readers[key] = Reader(state, phase, floor)
        return found

    def edges(self, reader: Reader, position: int, later: bool) -> list[Edge]:
        """All that it may fetch and load; with ``later`` of what the writer has yet to do too."""
        key = (reader, position, later)
        found = self._edges.get(key)
        if found is None:
            found = self._edges[key] = list(self._find(reader, position, later))
        return found

    def _find(self, reader: Reader, position: int, later: bool) -> Iterator[Edge]:
        stepper, word = self.stepper, self.word
        for fetched, code in self._fetches(reader.state.pc, position, later):
            now, floor = position, reader.floor
            for cell, index in fetched:
                now, floor = max(now, cell.since[index]), max(floor, cell.floors[index])
            key = tuple(code.values())
            if word is None:
                after, _ = stepper.step(reader.state, code, key)
                yield Edge(self.reader(after, reader.phase, floor), now, fetched, None)
                continue
            lowest = max(floor, self.window.data_floor(now))
            stepper.set_word(word.address, word.values[lowest])
            after, loaded = stepper.step(reader.state, code, (*key, word.values[lowest]))
            if loaded:
                yield from self._loads(reader, code, Edge(reader, now, fetched, lowest), later)
            else:
                yield Edge(self.reader(after, reader.phase, floor), now, fetched, None)

    def _loads(
        self, reader: Reader, code: dict[int, bytes], fetched: Edge, later: bool
    ) -> Iterator[Edge]:
        """The instruction has loaded the word: all values that it may have got."""
        word, stepper, now = self.word, self.stepper, fetched.position
        assert word is not None and fetched.loaded is not None
        for index in range(fetched.loaded, len(word.values) if later else word.newest(now) + 1):
            then = max(now, word.since[index])
            if index < self.window.data_floor(then):
                continue
            value = word.values[index]
            stepper.set_word(word.address, value)
            after, _ = stepper.step(reader.state, code, (*code.values(), value))
            yield Edge(self.reader(after, reader.phase, index), then, fetched.fetched, index)

    def _fetches(self, pc: int, position: int, later: bool) -> Iterator[Fetch]:
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
            rest = head[pc - base :]
            if not self._crosses(pc, rest, base + unit):
                yield chosen, {base: head}
            elif second is None:
                yield chosen, {base: head, base + unit: self._unit(base + unit)}
            else:
                for other in self._indices(second, now, later):
                    code = {base: head, base + unit: second.values[other]}
                    yield (*chosen, (second, other)), code

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

    def _indices(self, cell: Cell | None, position: int, later: bool) -> Iterator[int]:
        if cell is None:
            yield 0
            return
        window = self.window
        for index in window.code_later(cell, position) if later else window.code(cell, position):
            if index in window.code_later(cell, max(position, cell.since[index])):
                yield index

    # --- where it has come to ---

    def left(self, reader: Reader) -> bool:
        """Whether the CPU has left the place, or got stuck."""
        state = reader.state
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
        key = (reader, position)
        found = self._problems.get(key)
        if found is None:
            found = self._problems[key] = self._judge(reader, position)
        return found

    def _judge(self, reader: Reader, position: int) -> str:
        place, found = self.place, self.arrived(reader.state)
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
        values = self.window.allowed(reader.phase, self.window.phase[position])
        if not found.wrong and fits(place, found, values, self.nulls):
            return ""
        said = says(self.stepper, place, found)
        return f"{said}; right would be: {wants(self.stepper, place, values, self.nulls)}"
