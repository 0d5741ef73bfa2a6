"""What a path through the graph of schedules is made of."""

from __future__ import annotations

from dataclasses import dataclass

from transformer.emulator.fetch.steps import State
from transformer.emulator.fetch.window import Cell


@dataclass(eq=False, slots=True)
class Reader:
    """A CPU in a node: between two instructions, since which phase, what it must load at least.

    ``left``: it has left the place, or got stuck.  A graph has one object for
    each, so that nodes are compared fast.
    """

    state: State
    phase: int
    floor: int
    left: bool


@dataclass(eq=False, slots=True)
class Edge:
    """One instruction of a reader: what it fetched and loaded, and where it is then.

    ``position`` is the writer's, once all that was seen has happened; values
    are told by their index in their cell.
    """

    after: Reader
    position: int
    fetched: tuple[tuple[Cell, int], ...]
    loaded: int | None


@dataclass(eq=False, slots=True)
class Moment:
    """One choice: the writer goes on to ``position``, or a reader (by its number, from 1)
    begins there, or does what ``edge`` says."""

    position: int
    cpu: int = 0
    before: Reader | None = None
    edge: Edge | None = None
