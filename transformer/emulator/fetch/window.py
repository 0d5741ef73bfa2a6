"""One or several updates in a row, as one CPU that runs a place may see them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from transformer.emulator.fetch.log import (
    BARRIER,
    BEGIN,
    DATA,
    END,
    MAINTAIN,
    PUBLISH,
    STORE,
    SYNC,
    Event,
    WriteLog,
)
from transformer.emulator.fetch.places import GUARD, Place


@dataclass
class Cell:
    """A unit of code, or a word of data: the values that it has had.

    ``since[i]`` is how many events had happened when it got value ``i``,
    ``stores[i]`` the number of the store that gave it (0: it had it before).
    ``floors[i]`` is, of a unit, the oldest value of the place's word that a CPU
    may load once it has fetched value ``i``.
    """

    address: int
    values: list[bytes]
    since: list[int]
    stores: list[int]
    floors: list[int] = field(default_factory=list)

    def newest(self, position: int) -> int:
        """The newest value's index when ``position`` events have happened."""
        return bisect_right(self.since, position) - 1


class Window:
    """What happens while a CPU may be at ``place``.

    A position is a number of events that have happened, of those that can
    matter here.  A phase is a span of positions within an update (odd), or
    between updates (even).  ``own`` are the units of code that the place's ways
    to its target lie in.  ``data_floors`` are, by position, the oldest value of
    the word that a load may get then.
    """

    def __init__(self, logs: Sequence[WriteLog], place: Place, unit: int) -> None:
        self.logs, self.place, self.unit = tuple(logs), place, unit
        self.own = {a for r in place.inside for a in range(r.start & -unit, r.stop, unit)}
        self.word = place.subject if place.kind != GUARD else 0
        self.events: list[Event] = []
        self.numbers: list[int] = []  # of stores, in all of the logs
        self.phase = [0]
        self.cells: dict[int, Cell] = {}
        self._synced, self._published, self._ended = [0], [0], [0]
        self._allowed: dict[tuple[int, int], frozenset[int]] = {}
        self._ordered = 0  # the position of the last publication or barrier
        number = 0
        for log in logs:
            for event in log.events:
                number += event.kind in (STORE, DATA)
                if event.kind != MAINTAIN:
                    self._take(event, number)
        self._floors()

    @property
    def end(self) -> int:
        """The position when all has happened."""
        return len(self.events)

    def _take(self, event: Event, number: int) -> None:
        if event.kind == BARRIER:
            self._ordered = self.end
            return
        if event.kind == STORE and event.address not in self.own:
            return
        if event.kind == DATA and event.address != self.word:
            return
        self.events.append(event)
        self.numbers.append(number)
        position = self.end
        if event.kind in (STORE, DATA):
            cell = self.cells.get(event.address)
            if cell is None:
                cell = self.cells[event.address] = Cell(event.address, [event.old], [0], [0], [0])
            cell.values.append(event.new)
            cell.since.append(position)
            cell.stores.append(number)
            cell.floors.append(self._ordered)
        if event.kind in (PUBLISH, SYNC):
            self._ordered = position
        self.phase.append(self.phase[-1] + (event.kind in (BEGIN, END)))
        self._synced.append(position if event.kind == SYNC else self._synced[-1])
        both = event.kind in (PUBLISH, SYNC)
        self._published.append(position if both else self._published[-1])
        self._ended.append(position if event.kind == END else self._ended[-1])

    def _floors(self) -> None:
        """From the positions of barriers to what a load behind the fetch sees at least."""
        for cell in self.cells.values():
            cell.floors = [self._of_word(p) for p in cell.floors]
        self.data_floors = [self._of_word(p) for p in self._published]

    def _of_word(self, position: int) -> int:
        """The newest value of the word when so many events have happened."""
        word = self.cells.get(self.word)
        return word.newest(position) if word is not None else 0

    # --- what a CPU may see ---

    def code(self, cell: Cell, position: int) -> range:
        """The values of a unit that a fetch may get now."""
        return range(cell.newest(self._synced[position]), cell.newest(position) + 1)

    def code_later(self, cell: Cell, position: int) -> range:
        """The same, and those that it may get once the writer goes on."""
        return range(cell.newest(self._synced[position]), len(cell.values))

    def first_floor(self, position: int) -> int:
        """``data_floors`` for a CPU that begins now: updates that have returned came before."""
        return self._of_word(self._ended[position])

    # --- what is right ---

    def allowed(self, first: int, last: int) -> frozenset[int]:
        """The values that the subject rightly has in the phases from first to last."""
        known = self._allowed.get((first, last))
        if known is None:
            known = self._allowed[first, last] = frozenset(self._all_allowed(first, last))
        return known

    def _all_allowed(self, first: int, last: int) -> Iterator[int]:
        for phase in range(first, last + 1):
            log = self.logs[min(phase // 2, len(self.logs) - 1)]
            old, new = log.values[self.place.subject]
            if phase % 2:
                yield from (old, new)
            else:
                yield old if phase // 2 < len(self.logs) else new
