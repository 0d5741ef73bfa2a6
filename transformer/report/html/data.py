"""What the page's script shows: cells, builds and places, each thing once.

Everything is a list with fixed fields, and what recurs is a number: texts are
rows of one table, lines, states and places of others.  ``page.js`` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from typing import Any

from transformer.corpus.results import CaseResult, Line, Place, State, VerifyReport

MOST_PLACES = 40_000  # different ones; about 200 bytes of the page each
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028"}


class Table:
    """Rows by their content: what is there already is not added again."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._known: dict[Hashable, int] = {}

    def add(self, row: Hashable, most: int | None = None) -> int:
        """The row's number; -1 where it would be one too many."""
        if row not in self._known:
            if most is not None and len(self.rows) >= most:
                return -1
            self._known[row] = len(self.rows)
            self.rows.append(row)
        return self._known[row]


class PageData:
    """The tables of a page.

    Beyond ``MOST_PLACES`` no more places are taken: their number is -1.  So
    those of builds that failed are made known first, by ``keep``.
    """

    def __init__(self) -> None:
        self.texts, self.lines, self.states, self.places = Table(), Table(), Table(), Table()
        self.sums = Table()
        self.builds: list[list[Any]] = []

    def keep(self, result: CaseResult) -> None:
        """Has the places of a build in the page, if there is room for them."""
        for place in result.places:
            self._place(place)

    def add(self, result: CaseResult, failures: Sequence[int]) -> None:
        """One build; ``failures`` are the numbers of those of the page that it has."""
        text = self.texts.add
        self.builds.append(
            [
                text(result.case),
                text(result.arch),
                text(result.mode),
                text(result.compiler),
                text(result.variant),
                text(result.status),
                self._counts(result.checks),
                self._counts(result.counts),
                [result.sites_executed, result.sites_total],
                round(result.seconds, 2),
                text(result.message or ", ".join(result.unfit)),
                list(failures),
                [[self._place(p), p.address] for p in result.places],
            ]
        )

    def _counts(self, counts: dict[str, int]) -> int:
        return self.sums.add(tuple((self.texts.add(k), n) for k, n in counts.items()))

    def _place(self, place: Place) -> int:
        text = self.texts.add
        states = tuple(map(self._state, place.states))
        after = tuple(map(self._line, place.after))
        head = (text(place.kind), text(place.key), text(place.where), text(place.source))
        return self.places.add((*head, states, after), MOST_PLACES)

    def _state(self, state: State) -> int:
        when = tuple(map(self.texts.add, state.when))
        lines = tuple(map(self._line, state.lines))
        return self.states.add((when, lines, self.texts.add(state.value)))

    def _line(self, line: Line) -> int:
        return self.lines.add((line.offset, self.texts.add(line.code), self.texts.add(line.text)))

    def json(self, more: dict[str, Any]) -> str:
        """The tables as JSON that may stand in a ``script`` element."""
        tables = {
            name: getattr(self, name).rows
            for name in ("texts", "lines", "states", "places", "sums")
        }
        text = json.dumps(
            {**more, **tables, "builds": self.builds}, separators=(",", ":"), ensure_ascii=False
        )
        for character, escape in _ESCAPES.items():
            text = text.replace(character, escape)
        return text


def ordered(report: VerifyReport, field: str) -> list[str]:
    """The values of a field of the results, in the order in which they appear."""
    return list(dict.fromkeys(getattr(r, field) for r in report.results))
