"""The report for people: a table for each arch, what is wrong, the sums.

A row is a case, a column a mode and compiler, a cell the number of checks
made there over all variants, or FAIL.  Fits 80 columns; without colours it is
plain text.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.box import Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from transformer.corpus.results import CaseResult, VerifyReport
from transformer.report.totals import Totals, totals, unexecuted, wrong

SHOWN_DISASSEMBLY = 24
RULED = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)  # a rule under the head
STYLES = {"pass": "green", "fail": "bold red", "error": "bold red", "unverified": "yellow"}
WORDS = {"pass": "passed", "fail": "failed", "error": "ended in an error"}
CHECK_WORDS = {"abi": "ABI", "pads": "landing pads", "refuse": "refusals"}


def plain_text(
    report: VerifyReport, *, color: bool = False, width: int = 80, notes: Sequence[str] = ()
) -> str:
    """The whole report, at most ``width`` columns but for what was disassembled."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=max(width, 60),
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    if report.results:
        console.print("Checks made, for each case in each mode with each compiler\n")
    for arch in dict.fromkeys(r.arch for r in report.results):
        console.print(_table(arch, [r for r in report.results if r.arch == arch]))
        console.print()
    for same in _alike(wrong([*report.selftests, *report.results])):
        _print_wrong(console, same)
    _print_unexecuted(console, report.results)
    for note in notes:
        console.print(f"note: {note}", style="yellow")
    for line in _summary(report, totals(report)):
        console.print(line)
    lines = [line.rstrip() for line in buffer.getvalue().splitlines()]
    return "\n".join(lines) + "\n"


def _table(arch: str, results: Sequence[CaseResult]) -> Table:
    columns = _columns(results)
    table = Table(box=RULED, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column(f"{arch}\ncase", overflow="fold", ratio=1)
    last = ""
    for mode, compiler in columns:
        head = f"{mode if mode != last else ''}\n{compiler}"
        table.add_column(head, justify="right", no_wrap=True)
        last = mode
    for case in dict.fromkeys(r.case for r in results):
        own = [r for r in results if r.case == case]
        cells = [[r for r in own if (r.mode, r.compiler) == column] for column in columns]
        table.add_row(case, *map(_cell, cells))
    return table


def _columns(results: Sequence[CaseResult]) -> list[tuple[str, str]]:
    """The modes with their compilers side by side, both in order of appearance."""
    present = {(r.mode, r.compiler) for r in results}
    compilers = list(dict.fromkeys(r.compiler for r in results))
    modes = dict.fromkeys(r.mode for r in results)
    return [(m, c) for m in modes for c in compilers if (m, c) in present]


def _cell(results: Sequence[CaseResult]) -> Text:
    """What all variants of a case gave together; the worst of them decides."""
    if not results:
        return Text("-", style="dim")
    for status, word in (("error", "ERROR"), ("fail", "FAIL")):
        if any(r.status == status for r in results):
            return Text(word, style=STYLES[status])
    count = sum(sum(r.checks.values()) for r in results)
    if any(r.status == "unverified" for r in results):
        return Text(f"({count:,})", style=STYLES["unverified"])
    return Text(f"{count:,}", style=STYLES["pass"])


def _alike(results: Sequence[CaseResult]) -> list[list[CaseResult]]:
    """Results of one case that tell the same, together: one mistake, many builds."""
    groups: dict[tuple[str, str, str], list[CaseResult]] = {}
    for result in results:
        key = (result.case, result.status, "\n".join(_told(result)))
        groups.setdefault(key, []).append(result)
    return list(groups.values())


def _told(result: CaseResult) -> list[str]:
    """What is wrong, line by line."""
    lines = result.message.splitlines()
    for failure in result.failures:
        lines += failure.render().splitlines()[: SHOWN_DISASSEMBLY + 8]
    return lines


def _print_wrong(console: Console, same: Sequence[CaseResult]) -> None:
    result = same[0]
    word = "ERROR" if result.status == "error" else "FAIL"
    console.print(Text(f"{word} {result.name}", style=STYLES[result.status]))
    _print_indented(console, _told(result))
    if others := [r.name.removeprefix(f"{r.case} ") for r in same[1:]]:
        console.print(Text(f"  the same in {_counted(len(others), 'more build')}: "), end="")
        console.print(Text(" ".join(others)), soft_wrap=True)
    console.print()


def _print_indented(console: Console, lines: Sequence[str]) -> None:
    for line in lines:
        console.print(Text(f"  {line}"), soft_wrap=True)


def _print_unexecuted(console: Console, results: Sequence[CaseResult]) -> None:
    missed = unexecuted(results)
    if not missed:
        return
    console.print(Text("Sites that were never executed", style="bold"))
    for case, site, count, cells in missed:
        console.print(Text(f"  {case}: {site} (in {count} of {cells} builds)"), soft_wrap=True)
    console.print()


def _summary(report: VerifyReport, sums: Totals) -> list[Text]:
    """The last lines: how much was checked, and the verdict."""
    checks = ", ".join(
        f"{count:,} {CHECK_WORDS.get(name, name)}" for name, count in sums.checks.items()
    )
    cells = ", ".join(
        f"{count:,} {WORDS.get(status, status)}" for status, count in sums.cells.items()
    )
    lines = [Text(f"checks: {sums.all_checks:,} ({checks})" if checks else "checks: none")]
    if sums.sites:
        lines.append(Text(f"sites executed: {sums.executed:,} of {sums.sites:,}"))
    parts = [_counted(sums.cases, "case"), f"{_counted(sums.all_cells, 'build')}: {cells}"]
    if report.selftests:
        parts.insert(0, _counted(len(report.selftests), "self-test"))
    style = "bold green" if report.ok else "bold red"
    lines.append(Text(f"{', '.join(parts)}; {sums.seconds:.1f} s", style=style))
    return lines


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
