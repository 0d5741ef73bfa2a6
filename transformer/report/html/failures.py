"""Failures as a page shows them: one mistake once, with the builds that have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from transformer.corpus.results import CaseResult, Failure
from transformer.report.alike import skeleton, without_numbers
from transformer.report.html.timeline import Timeline, timeline

MOST = 200  # that are shown in full


@dataclass
class Shown:
    """A failure with all builds that have it; what it tells is the first one's.

    ``full`` is whether all that it tells is shown; ``place`` is the address
    within the page of the place that it names, "" for none.
    """

    number: int
    full: bool
    first: CaseResult
    failure: Failure
    place: str
    builds: list[CaseResult] = field(default_factory=list)

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
            key = (result.case, result.arch, failure.check, *map(without_numbers, _told(failure)))
            shown = found.get(key)
            if shown is None:
                place = _place(result, failure)
                shown = found[key] = Shown(len(found) + 1, False, result, failure, place)
            if shown.number not in own:
                shown.builds.append(result)
            own[shown.number] = None
        numbers.append(list(own))
    return list(found.values()), numbers


@dataclass
class Family:
    """Mistakes that tell the same but for names and numbers; ``first`` is the simplest of them."""

    first: Shown
    more: list[Shown]


def families(shown: Sequence[Shown]) -> list[Family]:
    """All mistakes; those with a schedule come first, and ``MOST`` are to be shown in full."""
    alike: dict[tuple[str, str], list[Shown]] = {}
    for one in shown:
        alike.setdefault(skeleton(one.failure), []).append(one)
    found = []
    for many in alike.values():
        first = min(many, key=_length)
        found.append(Family(first, [s for s in many if s is not first]))
    found.sort(key=lambda f: f.first.failure.schedule is None)
    for one in [*(f.first for f in found), *(s for f in found for s in f.more)][:MOST]:
        one.full = True
    return found


def _length(shown: Shown) -> int:
    """How much there is to read of it."""
    schedule = shown.failure.schedule
    return len(schedule.steps) if schedule is not None else 0


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


def _place(result: CaseResult, failure: Failure) -> str:
    """The place that the failure names: the one with the longest description in it."""
    schedule = failure.schedule
    told = f"{failure.site} {schedule.reader if schedule is not None else ''}"
    names = [(len(p.where), -i) for i, p in enumerate(result.places) if p.where in told]
    return cell(result, str(-max(names)[1])) if names else ""
