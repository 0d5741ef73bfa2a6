"""Every schedule of an update and of CPUs that run a place meanwhile.

The schedules are the paths of a graph.  Its nodes hold how far the writer is
and where each reader is; it is walked once, and paths are counted, not walked
one by one: what follows a node hangs on nothing before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from transformer.emulator.fetch.graph import Graph
from transformer.emulator.fetch.log import WriteLog
from transformer.emulator.fetch.places import CONDITIONAL, KEPT, Place
from transformer.emulator.fetch.schedule import Schedule
from transformer.emulator.fetch.steps import Stepper
from transformer.emulator.fetch.walk import RandomWalks, TooMany, Walk
from transformer.emulator.fetch.window import Window
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


@dataclass(frozen=True)
class Bound:
    """How much of it is walked.

    With ``reduce`` the writer goes on only where a reader sees what it does
    next: other schedules show nothing that these do not.  ``cpus`` run the
    place.  A graph of more than ``nodes`` is left; ``walks`` random schedules
    of it are run instead, by ``seed``.
    """

    reduce: bool = True
    cpus: int = 1
    nodes: int = MOST_NODES
    walks: int = 0
    seed: int = 0


DEFAULT = Bound()


def explore(
    machine: Machine,
    logs: Sequence[WriteLog],
    readers: Iterable[Place],
    *,
    nulls: Mapping[int, str] | None = None,
    bound: Bound = DEFAULT,
    stepper: Stepper | None = None,
) -> Exploration:
    """Has other CPUs run each place while the updates of ``logs`` happen in a row.

    ``nulls`` are the runtime's functions that do nothing, and return 0, by
    address.  A ``stepper`` that is given knows the steps of its last
    explorations.
    """
    found = Exploration()
    with stepper or Stepper(machine) as borrowed:
        for place in readers:
            found.add(_explore(borrowed, logs, place, nulls or {}, bound))
    return found


def _explore(
    stepper: Stepper,
    logs: Sequence[WriteLog],
    place: Place,
    nulls: Mapping[int, str],
    bound: Bound,
) -> Exploration:
    found = Exploration()
    window = Window(logs, place, stepper.arch.unit)
    _set_back(stepper, window)
    for condition, zeros in _registers(stepper, place):
        before = stepper.count
        graph = Graph(stepper, window, nulls, condition=condition, zeros=zeros)
        walk = Walk(graph, reduce=bound.reduce, readers=bound.cpus, most=bound.nodes)
        try:
            found.schedules += walk.run()
        except TooMany:
            found.cut += 1
            walks = RandomWalks(graph, readers=bound.cpus, seed=bound.seed)
            found.walks += walks.run(bound.walks)
            found.failures += walks.failures
        found.states += stepper.count - before + len(walk.counts)
        found.failures += walk.failures
    return found


def _set_back(stepper: Stepper, window: Window) -> None:
    """Code that later updates have written by now is as it was then."""
    for address, data in window.logs[-1].later.items():
        if address in window.own and address not in window.cells:
            stepper.set_code(address, data)


def _registers(stepper: Stepper, place: Place) -> list[tuple[int, bool]]:
    """With which flags, and whether with zeros: all outcomes of a condition."""
    if place.kind not in (CONDITIONAL, KEPT):
        return [(0, False)]
    return [(c, False) for c in range(stepper.conditions)] + [(0, True)]
