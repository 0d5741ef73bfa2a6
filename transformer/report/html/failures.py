"""Failures as a page shows them: one mistake once, with the builds that have it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from transformer.corpus.results import CaseResult, Failure
from transformer.report.html.timeline import Timeline, timeline

MOST = 200  # that are shown in full
_NUMBER = re.compile(r"\b0x[0-9a-f]+|\+0x[0-9a-f]+|\b\d+\b")


@dataclass
class Shown:
    """A failure with all builds that have it; what it tells is the first one's.

    ``place`` is the address within the page of the place that it names, "" for none.
    """

    number: int
    first: CaseResult
    failure: Failure
    place: str
    builds: list[CaseResult] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether it is shown with all that it tells."""
        return self.number <= MOST

    @property
    def timeline(self) -> Timeline | None:
        schedule = self.failure.schedule
        return timeline(schedule) if schedule is not None else None

    @property
    def values(self) -> dict[str, str]:
        """What filters look at, for each kind the values of all builds."""
        fields = ("arch", "mode", "compiler", "status")
        return {f: " ".join(dict.fromkeys(getattr(r, f) for r in self.builds)) for f in fields}


def gather(results: Sequence[CaseResult]) -> tuple[list[Shown], list[list[int]]]:
    """All that is wrong, and for each result the numbers of what it has.

    Two failures are one if they differ in numbers alone: addresses and offsets
    are others in each build.
    """
    found: dict[tuple[str, ...], Shown] = {}
    numbers = []
    for result in results:
        own: dict[int, None] = {}
        for failure in _failures(result):
            key = (result.case, result.arch, failure.check, *map(_plain, _told(failure)))
            shown = found.get(key)
            if shown is None:
                place = _place(result, failure)
                shown = found[key] = Shown(len(found) + 1, result, failure, place)
            if shown.number not in own:
                shown.builds.append(result)
            own[shown.number] = None
        numbers.append(list(own))
    return list(found.values()), numbers


def cell(result: CaseResult, *more: str) -> str:
    """The address within the page of a build, or of something in it."""
    names = (result.case, result.arch, result.mode, result.compiler, result.variant, *more)
    return "#/cell/" + "/".join(quote(n, safe="") for n in names)


def _failures(result: CaseResult) -> list[Failure]:
    if result.status == "error":
        return [Failure("error", result.message), *result.failures]
    return result.failures


def _told(failure: Failure) -> tuple[str, ...]:
    schedule = failure.schedule
    outcome = schedule.outcome if schedule is not None else ""
    return (failure.message, failure.site, failure.expected, failure.got, outcome)


def _plain(text: str) -> str:
    return _NUMBER.sub("#", text)


def _place(result: CaseResult, failure: Failure) -> str:
    """The place that the failure names: the one with the longest description in it."""
    schedule = failure.schedule
    told = f"{failure.site} {schedule.reader if schedule is not None else ''}"
    names = [(len(p.where), -i) for i, p in enumerate(result.places) if p.where in told]
    return cell(result, str(-max(names)[1])) if names else ""
