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
        self.word = window.cells.get(window.word)
        self.taken: bool | None = None  # of a conditional branch: what it does in these registers
        self.arrivals: dict[int, Arrival] = {}
        self._kept: list[State] = []  # that ids stay what they are

    # --- a reader's next instruction ---

    def edges(self, reader: Reader, position: int, later: bool) -> Iterator[Edge]:
        """All that it may fetch and load; with ``later`` of what the writer has yet to do too."""
        stepper = self.stepper
        for fetched in self._fetches(reader.state.pc, position, later):
            code = {c.address: c.values[i] for c, i in fetched}
            now = max([position, *(c.since[i] for c, i in fetched)])
            floor = max([reader.floor, *(c.floors[i] for c, i in fetched)])
            key = tuple(code.values())
            if self.word is None:
                after, _ = stepper.step(reader.state, code, key)
                yield Edge(Reader(after, reader.phase, floor), now, fetched, None)
                continue
            yield from self._loads(reader, code, key, now, floor, fetched, later)

    def _loads(
        self,
        reader: Reader,
        code: dict[int, bytes],
        key: tuple[bytes, ...],
        now: int,
        floor: int,
        fetched: tuple[tuple[Cell, int], ...],
        later: bool,
    ) -> Iterator[Edge]:
        word, stepper = self.word, self.stepper
        assert word is not None
        lowest = max(floor, self.window.data_floor(now))
        first = word.values[lowest]
        stepper.set_word(word.address, first)
        after, loaded = stepper.step(reader.state, code, (*key, first))
        if not loaded:
            yield Edge(Reader(after, reader.phase, floor), now, fetched, None)
            return
        highest = len(word.values) if later else word.newest(now) + 1
        for index in range(lowest, highest):
            then = max(now, word.since[index])
            if index < self.window.data_floor(then):
                continue
            value = word.values[index]
            stepper.set_word(word.address, value)
            after, _ = stepper.step(reader.state, code, (*key, value))
            yield Edge(Reader(after, reader.phase, max(floor, index)), then, fetched, index)

    def _fetches(
        self, pc: int, position: int, later: bool
    ) -> Iterator[tuple[tuple[Cell, int], ...]]:
        """Values of the units that the instruction at ``pc`` lies in, of those that change."""
        window, unit = self.window, self.window.unit
        first, second = window.cells.get(pc & -unit), window.cells.get((pc & -unit) + unit)
        for index in self._indices(first, position, later):
            head = ((first, index),) if first is not None else ()
            now = max(position, first.since[index]) if first is not None else position
            if second is None or not self._crosses(pc, first, index, second):
                yield head
                continue
            for other in self._indices(second, now, later):
                yield (*head, (second, other))

    def _indices(self, cell: Cell | None, position: int, later: bool) -> Iterator[int]:
        if cell is None:
            yield 0
            return
        window = self.window
        for index in window.code_later(cell, position) if later else window.code(cell, position):
            if index in window.code_later(cell, max(position, cell.since[index])):
                yield index

    def _crosses(self, pc: int, first: Cell | None, index: int, second: Cell) -> bool:
        """Whether the instruction goes on in the next unit."""
        unit, machine = self.window.unit, self.stepper.machine
        base = pc & -unit
        head = first.values[index] if first is not None else machine.read(base, unit)
        rest = head[pc - base :]
        return self.stepper.size(pc, rest + second.values[0]) > len(rest)

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
        found = self.arrivals.get(id(state))
        if found is None:
            found = self.arrivals[id(state)] = arrival(self.stepper, self.place, state, self.zeros)
            self._kept.append(state)
        return found

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
) -> Exploration:
    """Runs each place on ``cpus`` other CPUs while the updates of ``logs`` happen in a row.

    With ``reduce`` the writer goes on only where a reader sees what it does
    next: other schedules show nothing that these do not.  A graph of more than
    ``bound`` nodes is left, for ``walks`` random schedules.
    """
    found = Exploration()
    stepper = Stepper(machine)
    try:
        for place in readers:
            found.add(
                explore_place(stepper, logs, place, nulls or {}, reduce, cpus, bound, walks, seed)
            )
    finally:
        stepper.close()
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
