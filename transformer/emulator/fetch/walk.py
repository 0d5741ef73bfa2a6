"""Walks over a graph of schedules: over all of it, or at random."""

from __future__ import annotations

import random
from collections.abc import Iterator

from transformer.emulator.fetch.graph import Graph
from transformer.emulator.fetch.paths import Edge, Moment, Reader
from transformer.emulator.fetch.schedule import Schedule
from transformer.emulator.fetch.tell import tell

Readers = tuple[Reader | str | None, ...]  # None: it has not begun; "done": it has arrived
Choice = tuple[int, int, Reader | None, Edge | None]  # a moment's members
DONE = "done"


class TooMany(Exception):
    """The graph has more nodes than were asked for."""


class Walk:
    """A walk over all of a graph, depth first; paths are counted on the way back."""

    def __init__(self, graph: Graph, *, reduce: bool, readers: int, most: int) -> None:
        self.graph, self.reduce, self.most = graph, reduce, most
        self.readers = readers
        self.counts: dict[tuple[int, Readers], int] = {}
        self.path: list[Choice] = []
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
        self.path = [(position, c, None, None) for c in range(1 + self.readers)]
        return self._node(position, (begin(self.graph, position),) * self.readers)

    def _node(self, position: int, readers: Readers) -> int:
        """How many schedules go on from here."""
        key = (position, readers)
        known = self.counts.get(key)
        if known is not None:
            return known
        if len(self.counts) >= self.most:
            raise TooMany
        count = 0
        if not self.reduce and position < self.graph.window.end:
            count += self._follow((position + 1, 0, None, None), readers)
        for index, reader in enumerate(readers):
            if isinstance(reader, Reader):
                count += self._steps(position, readers, index, reader)
            elif reader is None:
                begun = begin(self.graph, position)
                after = (*readers[:index], begun, *readers[index + 1 :])
                count += self._follow((position, 1 + index, None, None), after)
        count = count or 1
        self.counts[key] = count
        return count

    def _follow(self, choice: Choice, readers: Readers) -> int:
        self.path.append(choice)
        count = self._node(choice[0], readers)
        self.path.pop()
        return count

    def _steps(self, position: int, readers: Readers, index: int, reader: Reader) -> int:
        """How many go on with each next instruction of this reader."""
        before, behind, graph = readers[:index], readers[index + 1 :], self.graph
        alone, count = len(readers) == 1, 0
        for edge in graph.edges(reader, position, self.reduce):
            after: Reader | str = edge.after
            self.path.append((edge.position, 1 + index, reader, edge))
            if edge.after.left:
                after = DONE
                problem = graph.problem(edge.after, edge.position)
                if problem:
                    self._failed(problem)
            every = (after,) if alone else (*before, after, *behind)
            count += self._node(edge.position, every)
            self.path.pop()
        return count

    def _failed(self, problem: str) -> None:
        if not self.failures:
            self.failures.append(tell(self.graph, [Moment(*c) for c in self.path], problem))


class RandomWalks:
    """Single schedules, each choice made by a generator with a seed."""

    def __init__(self, graph: Graph, *, readers: int, seed: int) -> None:
        self.graph, self.readers = graph, readers
        self.random = random.Random(seed)
        self.failures: list[Schedule] = []

    def run(self, count: int) -> int:
        """Walks so often, or until one fails; how often it has walked."""
        for done in range(count):
            if self.failures:
                return done
            self._one()
        return count

    def _one(self) -> None:
        graph, position = self.graph, 0
        path: list[Moment] = []
        readers: list[Reader | str | None] = [None] * self.readers
        while any(r != DONE for r in readers):
            choices = [i for i, r in enumerate(readers) if r != DONE]
            if position < graph.window.end:
                choices.append(-1)
            chosen = self.random.choice(choices)
            if chosen < 0:
                position += 1
                path.append(Moment(position))
                continue
            readers[chosen] = self._step(position, chosen, readers[chosen], path)

    def _step(
        self, position: int, index: int, reader: Reader | str | None, path: list[Moment]
    ) -> Reader | str:
        graph = self.graph
        if not isinstance(reader, Reader):
            path.append(Moment(position, 1 + index))
            return begin(graph, position)
        edge = self.random.choice(graph.edges(reader, position, False))
        path.append(Moment(position, 1 + index, reader, edge))
        if not edge.after.left:
            return edge.after
        problem = graph.problem(edge.after, edge.position)
        if problem and not self.failures:
            self.failures.append(tell(graph, path, problem))
        return DONE


def begin(graph: Graph, position: int) -> Reader:
    """A CPU that comes upon the place now."""
    window = graph.window
    return graph.reader(graph.root, window.phase[position], window.first_floor(position))
