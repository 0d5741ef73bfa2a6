"""Every schedule of an update and of CPUs that run a place meanwhile.

The schedules are the paths of a graph.  Its nodes hold how far the writer is
and where each reader is; it is walked once, and paths are counted, not walked
one by one: what follows a node hangs on nothing before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from transformer.emulator.fetch.log import WriteLog
from transformer.emulator.fetch.paths import Edge, Moment, Reader
from transformer.emulator.fetch.places import CONDITIONAL, KEPT, Place
from transformer.emulator.fetch.schedule import Schedule
from transformer.emulator.fetch.steps import State, Stepper
from transformer.emulator.fetch.tell import tell
from transformer.emulator.fetch.verdict import BEHIND, Arrival, arrival, fits, says, wants
from transformer.emulator.fetch.window import Cell, Window
from transformer.emulator.machine import Machine

MOST_NODES = 200_000  # of one graph: beyond it, random walks


@dataclass
class Exploration:
    """What was looked at.  ``schedules`` are distinct sequences of choices, all of them
    covered; ``states`` the steps that were emulated and the nodes that were visited.

    ``cut`` counts graphs that were too large, of which ``walks`` random
    schedules were run.
    """

    schedules: int = 0
    states: int = 0
    walks: int = 0
    cut: int = 0
    failures: list[Schedule] = field(default_factory=list)

    def add(self, other: Exploration) -> None:
        self.schedules += other.schedules
        self.states += other.states
        self.walks += other.walks
        self.cut += other.cut
        self.failures += other.failures


class TooMany(Exception):
    """The graph has more nodes than were asked for."""


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

    def edges(self, reader: Reader, position: int, later: bool) -> Iterator[Edge]:
        """All that it may fetch and load; with ``later`` of what the writer has yet to do too."""
        stepper, word = self.stepper, self.word
        for fetched, code in self._fetches(reader.state.pc, position, later):
            now, floor = position, reader.floor
            for cell, index in fetched:
                now, floor = max(now, cell.since[index]), max(floor, cell.floors[index])
            key = tuple(code.values())
            if word is None:
                after, _ = stepper.step(reader.state, code, key)
                yield Edge(Reader(after, reader.phase, floor), now, fetched, None)
                continue
            lowest = max(floor, self.window.data_floor(now))
            stepper.set_word(word.address, word.values[lowest])
            after, loaded = stepper.step(reader.state, code, (*key, word.values[lowest]))
            if loaded:
                yield from self._loads(reader, code, Edge(reader, now, fetched, lowest), later)
            else:
                yield Edge(Reader(after, reader.phase, floor), now, fetched, None)

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
            yield Edge(Reader(after, reader.phase, index), then, fetched.fetched, index)

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


class Walk:
    """A walk over all of a graph, depth first; paths are counted on the way back."""

    def __init__(self, graph: Graph, *, reduce: bool, readers: int, most: int) -> None:
        self.graph, self.reduce, self.most = graph, reduce, most
        self.readers = readers
        self.counts: dict[tuple[object, ...], int] = {}
        self.path: list[Moment] = []
        self.failures: list[Schedule] = []

    def run(self) -> int:
        """The number of schedules."""
        if self.reduce:
            return sum(self._from(p) for p in self._beginnings())
        return self._node(0, (None,) * self.readers)

    def _beginnings(self) -> Iterator[int]:
        """The first position of each phase: to begin later in it shows nothing more."""
        phases = self.graph.window.phase
        return (p for p, phase in enumerate(phases) if not p or phase != phases[p - 1])

    def _from(self, position: int) -> int:
        self.path = [Moment(position), *(Moment(position, c) for c in range(1, 1 + self.readers))]
        return self._node(position, (self._begin(position),) * self.readers)

    def _begin(self, position: int) -> Reader:
        window = self.graph.window
        return Reader(self.graph.root, window.phase[position], window.first_floor(position))

    def _node(self, position: int, readers: tuple[Reader | str | None, ...]) -> int:
        """How many schedules go on from here."""
        key = (position, *readers)
        known = self.counts.get(key)
        if known is not None:
            return known
        if len(self.counts) >= self.most:
            raise TooMany
        count = 0
        if not self.reduce and position < self.graph.window.end:
            count += self._follow(Moment(position + 1), readers)
        for index, reader in enumerate(readers):
            count += self._reader(position, readers, index, reader)
        count = count or 1
        self.counts[key] = count
        return count

    def _follow(self, moment: Moment, readers: tuple[Reader | str | None, ...]) -> int:
        self.path.append(moment)
        count = self._node(moment.position, readers)
        self.path.pop()
        return count

    def _reader(
        self,
        position: int,
        readers: tuple[Reader | str | None, ...],
        index: int,
        reader: Reader | str | None,
    ) -> int:
        if isinstance(reader, str):
            return 0
        before, behind = readers[:index], readers[index + 1 :]
        if reader is None:
            begun = (*before, self._begin(position), *behind)
            return self._follow(Moment(position, 1 + index), begun)
        count = 0
        for edge in self.graph.edges(reader, position, self.reduce):
            after: Reader | str = edge.after
            self.path.append(Moment(edge.position, 1 + index, reader, edge))
            if self.graph.left(edge.after):
                after = "done"
                problem = self.graph.problem(edge.after, edge.position)
                if problem:
                    self._failed(problem)
            count += self._node(edge.position, (*before, after, *behind))
            self.path.pop()
        return count

    def _failed(self, problem: str) -> None:
        if not self.failures:
            self.failures.append(tell(self.graph, self.path, problem))


def explore(
    machine: Machine,
    logs: Sequence[WriteLog],
    readers: Sequence[Place],
    *,
    nulls: Mapping[int, str] | None = None,
    reduce: bool = True,
    cpus: int = 1,
    bound: int = MOST_NODES,
    walks: int = 0,
    seed: int = 0,
    stepper: Stepper | None = None,
) -> Exploration:
    """Runs each place on ``cpus`` other CPUs while the updates of ``logs`` happen in a row.

    With ``reduce`` the writer goes on only where a reader sees what it does
    next: other schedules show nothing that these do not.  A graph of more than
    ``bound`` nodes is left, for ``walks`` random schedules.  A ``stepper`` that
    is given knows the steps of its last explorations.
    """
    found = Exploration()
    with stepper or Stepper(machine) as borrowed:
        for place in readers:
            found.add(
                explore_place(borrowed, logs, place, nulls or {}, reduce, cpus, bound, walks, seed)
            )
    return found


def explore_place(
    stepper: Stepper,
    logs: Sequence[WriteLog],
    place: Place,
    nulls: Mapping[int, str],
    reduce: bool,
    cpus: int,
    bound: int,
    walks: int,
    seed: int,
) -> Exploration:
    """All schedules of one place."""
    found = Exploration()
    window = Window(logs, place, stepper.arch.unit)
    for address, data in logs[-1].later.items():
        if address not in window.cells and any(
            address - window.unit < a < address + len(data) for r in place.inside for a in r
        ):
            stepper.set_code(address, data)
    stepper.watch(window.word)
    for condition, zeros in _registers(stepper, place):
        graph = Graph(stepper, window, nulls, condition=condition, zeros=zeros)
        walk = Walk(graph, reduce=reduce, readers=cpus, most=bound)
        before = stepper.count
        try:
            found.schedules += walk.run()
        except TooMany:
            found.cut += 1
            found.walks += walks
        found.states += stepper.count - before + len(walk.counts)
        found.failures += walk.failures
    return found


def _registers(stepper: Stepper, place: Place) -> list[tuple[int, bool]]:
    """With which flags, and whether with zeros: all outcomes of a condition."""
    if place.kind not in (CONDITIONAL, KEPT):
        return [(0, False)]
    return [(c, False) for c in range(stepper.conditions)] + [(0, True)]
