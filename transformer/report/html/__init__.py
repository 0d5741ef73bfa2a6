"""The report as one page of HTML: no other file, no network, for any browser of today.

What is wrong stands in the page itself, each schedule as a timeline; the
matrix and the disassemblies of what is patched are written by the page's
script from tables (``transformer.report.html.data``).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from transformer.corpus.results import VerifyReport
from transformer.report.html import words
from transformer.report.html.data import PageData, ordered
from transformer.report.html.failures import MOST, Family, cell, families, gather
from transformer.report.totals import Totals, totals, unexecuted, wrong

FILTERS = ("arch", "mode", "compiler", "status")


def html_text(report: VerifyReport, *, notes: Sequence[str] = ()) -> str:
    """The whole page; ``notes`` say what was not verified and why."""
    every = [*report.selftests, *report.results]
    shown, numbers = gather(every)
    kinds = families(shown)
    sums = totals(report)
    data = PageData()
    for result in wrong(report.results):
        data.keep(result)
    for index, (result, own) in enumerate(zip(every, numbers, strict=True)):
        if own or index >= len(report.selftests):
            data.add(result, own)
    environment = Environment(
        loader=PackageLoader("transformer.report.html", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = "{:,}".format
    return environment.get_template("page.html.j2").render(
        verdict=_verdict(report, sums, kinds),
        report=report,
        sums=sums,
        families=kinds,
        words=words,
        cell=cell,
        most=MOST,
        notes=notes,
        unexecuted=unexecuted(report.results),
        filters={f: ordered(report, f) for f in FILTERS},
        style=_part("page.css"),
        script=_part("page.js"),
        data=Markup(data.json(_more(report))),  # no mark-up can stand in it: see PageData.json
    )


def _part(name: str) -> Markup:
    """A file of the page's own, as it is."""
    return Markup(files("transformer.report.html").joinpath("page", name).read_text("utf-8"))


def _more(report: VerifyReport) -> dict[str, Any]:
    return {
        "filters": {f: ordered(report, f) for f in FILTERS},
        "statuses": words.STATUSES,
        "titles": report.titles,
    }


def _verdict(report: VerifyReport, sums: Totals, kinds: Sequence[Family]) -> str:
    """The first thing that is read."""
    bad = sum(sums.cells.get(s, 0) for s in ("fail", "error"))
    if any(r.status != "pass" for r in report.selftests):
        return "The emulator's self-test failed: nothing else was run."
    if bad:
        found = "one mistake" if len(kinds) == 1 else f"{len(kinds):,} different mistakes"
        return f"{bad:,} of {sums.builds:,} builds {'is' if bad == 1 else 'are'} wrong: {found}."
    if not report.ok:
        return "Nothing was verified."
    passed, unsure = sums.cells.get("pass", 0), sums.cells.get("unverified", 0)
    if unsure:
        were = "was" if unsure == 1 else "were"
        return (
            f"All {passed:,} builds that were verified are right; {unsure:,} {were} not verified."
        )
    return "The one build is right." if passed == 1 else f"All {passed:,} builds are right."
