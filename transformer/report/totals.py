"""Sums over results, which all the formats print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transformer.corpus.results import CaseResult, VerifyReport


@dataclass(frozen=True)
class Totals:
    """``cells`` counts results by status, ``checks`` the checks made by name.

    ``counts`` are what is no check, such as schedules, by name.
    ``sites`` are those that the sources spell, ``inline`` the patched ones
    that compilers made of them.
    """

    cases: int
    cells: dict[str, int]
    checks: dict[str, int]
    sites: int
    executed: int
    inline: int
    inline_executed: int
    seconds: float
    counts: dict[str, int]

    @property
    def unfit(self) -> int:
        """Results of modes that take no keys of a case's signatures."""
        return self.cells.get("unfit", 0)

    @property
    def builds(self) -> int:
        return sum(self.cells.values()) - self.unfit

    @property
    def all_checks(self) -> int:
        return sum(self.checks.values())


def totals(report: VerifyReport) -> Totals:
    """The sums of a report; the emulator's self-tests are not in them."""
    results = report.results
    return Totals(
        cases=len({r.case for r in results}),
        cells=report.by_status(),
        checks=report.checks,
        sites=sum(r.sites_total for r in results),
        executed=sum(r.sites_executed for r in results),
        inline=sum(r.inline_total for r in results),
        inline_executed=sum(r.inline_executed for r in results),
        seconds=report.seconds,
        counts=report.counts,
    )


def wrong(results: Iterable[CaseResult]) -> list[CaseResult]:
    """The results that make a run fail, in their order."""
    return [r for r in results if r.status in ("fail", "error")]


def unexecuted(results: Sequence[CaseResult]) -> list[tuple[str, str, int, int]]:
    """(case, site, cells where it was never executed, cells of the case)."""
    cells = Counter(r.case for r in results)
    missed = Counter((r.case, site) for r in results for site in dict.fromkeys(r.unexecuted))
    return [(case, site, count, cells[case]) for (case, site), count in missed.items()]
