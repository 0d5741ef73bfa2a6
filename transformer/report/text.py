"""The report for people: a table for each arch, what is wrong, the sums.

A row is a case, a column a mode and compiler, a cell the number of checks
made there over all builds, or FAIL, or "unfit" where the mode does not take a
key's signature.  Cases that are refused as they must be are only named.  A
second table counts the builds by optimisation level.  Fits 80 columns; without
colours it is plain text.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.box import Box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from transformer.corpus.results import CaseResult, Failure, VerifyReport
from transformer.report.alike import skeleton
from transformer.report.totals import Totals, totals, unexecuted, wrong

SHOWN_DISASSEMBLY = 24
SHOWN_ALIKE = 2  # failures of a case that tell the same but for names and numbers
SHOWN_STEPS = 40  # of a schedule: the first few and the last
_FIRST_STEPS = 8
REFUSED = "refuse"  # the variant of a case that is only rewritten
_CASE_WIDTH = 16  # of the first column, at least
RULED = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)  # a rule under the head
STYLES = {
    "pass": "green",
    "fail": "bold red",
    "error": "bold red",
    "unverified": "yellow",
    "unfit": "yellow",
}
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
    refused = _refused(report.results)
    for arch in dict.fromkeys(r.arch for r in report.results):
        own = [r for r in report.results if r.arch == arch and r.case not in refused]
        if own:
            console.print(_table(arch, own, console.width))
            console.print()
    told: Counter[tuple[str, ...]] = Counter()
    for same in _alike(wrong([*report.selftests, *report.results])):
        _print_wrong(console, same, told)
    _print_levels(console, report)
    _print_refused(console, refused)
    _print_unfit(console, report.results)
    _print_unexecuted(console, report.results)
    for note in notes:
        console.print(f"note: {note}", style="yellow")
    for line in _summary(report, totals(report)):
        console.print(line)
    lines = [line.rstrip() for line in buffer.getvalue().splitlines()]
    return "\n".join(lines) + "\n"


def _table(arch: str, results: Sequence[CaseResult], width: int) -> Table:
    """A column for each mode, in it the compilers side by side, or together where it is narrow."""
    modes = {m: _compilers(results, m) for m in dict.fromkeys(r.mode for r in results)}
    cases = list(dict.fromkeys(r.case for r in results))
    rows = {m: [_cells(results, c, m, modes[m]) for c in cases] for m in modes}
    if sum(map(_width, rows.values(), modes.values())) > width - _CASE_WIDTH:
        together = " + ".join(dict.fromkeys(c for own in modes.values() for c in own))
        modes = {m: [together] if i == 0 else [""] for i, m in enumerate(modes)}
        rows = {m: [[_cell(_of(results, c, m))] for c in cases] for m in modes}
    used = sum(map(_width, rows.values(), modes.values()))
    wide = used + len(modes) + max(map(len, cases)) <= width
    table = Table(box=RULED, padding=(0, int(wide), 0, 0), pad_edge=False, show_edge=False)
    table.add_column(f"{arch}\ncase", overflow="fold", ratio=1)
    for mode, compilers in modes.items():
        widths = _widths(rows[mode], compilers)
        names = " ".join(c.rjust(w) for c, w in zip(compilers, widths, strict=True))
        table.add_column(Text(f"{mode}\n{names}"), justify="right", no_wrap=True)
    for index, case in enumerate(cases):
        table.add_row(case, *(_joined(rows[m][index], _widths(rows[m], modes[m])) for m in modes))
    return table


def _refused(results: Sequence[CaseResult]) -> dict[str, int]:
    """The cases that every build refused as it must, with their numbers."""
    cases: dict[str, list[CaseResult]] = {}
    for result in results:
        cases.setdefault(result.case, []).append(result)
    return {
        case: len(own)
        for case, own in cases.items()
        if all(r.variant == REFUSED and r.status == "pass" for r in own)
    }


def _of(
    results: Sequence[CaseResult], case: str, mode: str, compiler: str = ""
) -> list[CaseResult]:
    return [r for r in results if (r.case, r.mode) == (case, mode) and compiler in ("", r.compiler)]


def _compilers(results: Sequence[CaseResult], mode: str) -> list[str]:
    """Those that built the mode, in the order in which the whole report has them."""
    present = {r.compiler for r in results if r.mode == mode}
    return [c for c in dict.fromkeys(r.compiler for r in results) if c in present]


def _cells(
    results: Sequence[CaseResult], case: str, mode: str, compilers: Sequence[str]
) -> list[Text]:
    return [_cell(_of(results, case, mode, c)) for c in compilers]


def _widths(rows: Sequence[Sequence[Text]], compilers: Sequence[str]) -> list[int]:
    return [max(len(c), *(len(r[i].plain) for r in rows)) for i, c in enumerate(compilers)]


def _width(rows: Sequence[Sequence[Text]], compilers: Sequence[str]) -> int:
    return sum(_widths(rows, compilers)) + len(compilers)


def _joined(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    """The cells in one line, each at the right of its width."""
    line = Text()
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        line.append(" " * (width - len(cell.plain) + (index > 0)))
        line.append_text(cell)
    return line


def _cell(results: Sequence[CaseResult]) -> Text:
    """What all variants of a case gave together; the worst of them decides."""
    if not results:
        return Text("-", style="dim")
    for status, word in (("error", "ERROR"), ("fail", "FAIL")):
        if any(r.status == status for r in results):
            return Text(word, style=STYLES[status])
    if all(r.status == "unfit" for r in results):
        return Text("unfit", style=STYLES["unfit"])
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
        lines += _failure(failure)
    return lines


def _failure(failure: Failure) -> list[str]:
    """A failure without the middle of a long schedule and the end of long code."""
    schedule = failure.schedule
    short = replace(failure, schedule=None, disassembly=failure.disassembly[:SHOWN_DISASSEMBLY])
    if schedule is None or len(schedule.steps) <= SHOWN_STEPS:
        return replace(short, schedule=schedule).render().splitlines()
    left = len(schedule.steps) - SHOWN_STEPS
    lines = replace(short, schedule=schedule).render().splitlines()
    first = next(i for i, line in enumerate(lines) if line.lstrip().startswith("1. "))
    cut = first + _FIRST_STEPS
    return [*lines[:cut], f"      ... {_counted(left, 'step')} ...", *lines[cut + left :]]


def _print_wrong(
    console: Console, same: Sequence[CaseResult], told: Counter[tuple[str, ...]]
) -> None:
    """What results have in common; of failures that are alike the case's first few."""
    result = same[0]
    word = "ERROR" if result.status == "error" else "FAIL"
    console.print(Text(f"{word} {result.name}", style=STYLES[result.status]))
    _print_indented(console, result.message.splitlines())
    left = 0
    for failure in result.failures:
        kind = (result.case, *skeleton(failure))
        told[kind] += 1
        if told[kind] > SHOWN_ALIKE:
            left += 1
            continue
        _print_indented(console, _failure(failure))
    if left:
        console.print(f"  {left:,} more like those above (all are in --format json and html)")
    if others := [r.name.removeprefix(f"{r.case} ") for r in same[1:]]:
        console.print(Text(f"  the same in {_counted(len(others), 'more build')}: "), end="")
        console.print(Text(" ".join(others)), soft_wrap=True)
    console.print()


def _print_indented(console: Console, lines: Sequence[str]) -> None:
    for line in lines:
        console.print(Text(f"  {line}", style=_style(line)), soft_wrap=True)


def _style(line: str) -> str:
    """A schedule's end and what was seen late stand out."""
    if line.lstrip().startswith("=> "):
        return STYLES["fail"]
    return STYLES["unverified"] if line.endswith("]") and "[the value before " in line else ""


def _print_levels(console: Console, report: VerifyReport) -> None:
    """How many builds each mode had at each level, at fixed addresses and position-independent."""
    built = [r for r in report.results if r.level]
    levels = sorted({r.level for r in built})
    if not built:
        return
    table = Table(box=RULED, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column("builds: fixed + PIE\nmode")
    for level in levels:
        table.add_column(f"\n{level}", justify="right", no_wrap=True)
    for mode in dict.fromkeys(r.mode for r in built):
        own = Counter((r.level, r.pie) for r in built if r.mode == mode)
        pairs = [(own[level, False], own[level, True]) for level in levels]
        table.add_row(mode, *(f"{a:,} + {b:,}" if a or b else "-" for a, b in pairs))
    console.print(table)
    if turning := [m for m in report.turning if any(r.mode == m for r in built)]:
        modes = ", ".join(turning)
        console.print(f"{modes}: levels and variants take turns")
        console.print("over cases, arches and compilers")
        console.print("(--levels all builds every case at each)")
    console.print()


def _print_refused(console: Console, refused: Mapping[str, int]) -> None:
    if not refused:
        return
    console.print(Text("Refused by every arch, mode and compiler, as they must be", style="bold"))
    names = ", ".join(case.removeprefix("refuse_") for case in refused)
    console.print(Padding(Text(names), (0, 0, 0, 2)))
    console.print()


def _print_unfit(console: Console, results: Sequence[CaseResult]) -> None:
    found = {(r.mode, r.case, ", ".join(r.unfit)): None for r in results if r.status == "unfit"}
    if not found:
        return
    console.print(Text("Keys whose signatures a mode does not take, with a reason", style="bold"))
    for mode, case, keys in found:
        console.print(Text(f"  {mode}: {case}: {keys}"), soft_wrap=True)
    console.print()


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
        f"{count:,} {WORDS.get(status, status)}"
        for status, count in sums.cells.items()
        if status != "unfit"
    )
    lines = [Text(f"checks: {sums.all_checks:,} ({checks})" if checks else "checks: none")]
    if sums.counts:
        counts = ", ".join(f"{count:,} {name}" for name, count in sums.counts.items())
        lines.append(Text(f"looked at: {counts}"))
    if report.bounds:
        lines.append(Text(f"bounds: {report.bounds}"))
    if sums.sites:
        lines.append(Text(f"sites executed: {sums.executed:,} of {sums.sites:,}"))
    if sums.inline:
        lines.append(Text(f"patched sites executed: {sums.inline_executed:,} of {sums.inline:,}"))
    parts = [_counted(sums.cases, "case"), f"{_counted(sums.builds, 'build')}: {cells}"]
    if sums.unfit:
        parts.append(f"{sums.unfit:,} not built (unfit)")
    if report.selftests:
        parts.insert(0, _counted(len(report.selftests), "self-test"))
    style = "bold green" if report.ok else "bold red"
    lines.append(Text(f"{', '.join(parts)}; {sums.seconds:.1f} s", style=style))
    return lines


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
