"""Runs cases over arches, modes and compilers, in several processes."""

from __future__ import annotations

import fnmatch
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from transformer.arch import Arch, load, names
from transformer.corpus.build import BuildError, Setting
from transformer.corpus.case import Case, find_cases
from transformer.corpus.cell import run_cell
from transformer.corpus.invent import build_invented
from transformer.corpus.levels import (
    FEW,
    TURNS,
    Levels,
    first_turn,
    hardened,
    settings,
    turning,
)
from transformer.corpus.objects import default_folder, prune, use_cache
from transformer.corpus.oracle import OracleBuild, build_oracle
from transformer.corpus.pool import each, temporary_in
from transformer.corpus.refuse import linkage_errors, run_refusal
from transformer.corpus.relaxed import BOUNDS
from transformer.corpus.results import CaseResult, Failure, Tick, VerifyReport
from transformer.corpus.shards import fingerprint, part
from transformer.corpus.transformed import Rewritten, rewrite_case
from transformer.corpus.truth import CaseError, Truth, find_truth
from transformer.corpus.unfit import run_unfit
from transformer.diagnostics import ScError
from transformer.emulator import ImageError, selftest
from transformer.rewriting import read_once
from transformer.toolchain import FAMILIES, Compiler, available

ALL = "all"


@dataclass(frozen=True)
class Task:
    """A case on an arch by a compiler: all modes share the plain build.

    ``turn`` says which of the builds that take turns it gets, ``places`` whether
    results tell what is patched, ``second`` whether programs run on a CPU too,
    ``exhaustive`` whether every schedule of updates is walked.
    """

    case: Case
    arch: str
    family: str
    modes: tuple[str, ...]
    shared: Path
    levels: Levels = TURNS
    turn: int = 0
    places: bool = False
    second: bool = False
    exhaustive: bool = False

    @property
    def key(self) -> str:
        """By which its results are known again; what they hang on is in it, and no folder."""
        version = available(load(self.arch), (self.family,))[0].version
        same = replace(self, case=self.case.anywhere, shared=Path())
        return fingerprint(self.case, same, version)

    @property
    def cells(self) -> int:
        """How many results it will give, if no mode refuses the case."""
        if self.case.refuse:
            return len(self.modes)
        return sum(len(self.settings(m)) for m in self.modes)

    def settings(self, mode: str) -> list[tuple[int, str]]:
        """(number of the variant, level) of the builds in a mode."""
        arch = load(self.arch)
        every = settings(arch, mode, self.levels, self.turn)
        compiler = available(arch, (self.family,))[0]
        more = hardened(arch, compiler, mode, self.levels, self.turn)
        return more if more and self.levels == FEW else every + more


class Journal(Protocol):
    """Is told of results as they come, and may know some from an earlier run."""

    known: Mapping[str, list[CaseResult]]

    def begin(self, tasks: int, selftests: Sequence[CaseResult]) -> None:
        """Called before the first task."""

    def add(self, key: str, results: list[CaseResult]) -> None:
        """A task is done; ``key`` is what it is known by."""


def verify(
    paths: Iterable[Path | str],
    *,
    arches: str | Sequence[str] = ALL,
    modes: str | Sequence[str] = ALL,
    compilers: str | Sequence[str] = ALL,
    levels: Levels = TURNS,
    pattern: str | None = None,
    cflags: Sequence[str] = (),
    jobs: int = 1,
    progress: Tick | None = None,
    places: bool = False,
    second: bool = False,
    exhaustive: bool = False,
    cache: bool = False,
    shard: tuple[int, int] = (1, 1),
    journal: Journal | None = None,
) -> VerifyReport:
    """Prove that the cases at ``paths`` dispatch as their plain builds do.

    A path is a case's folder, a folder of cases, or a C file.  ``arches``,
    ``modes`` and ``compilers`` are names or ``"all"``; a compiler that is not
    here is left out.  ``levels`` are "-O2" and the like for every mode, "all",
    "turns" or "few" (see ``transformer.corpus.levels``).  ``pattern`` picks cases by
    name, by part of it or with ``*`` and ``?``.  ``cflags`` come on top of a
    case's own.  ``progress`` is called with (result, results so far, results in
    all).  With ``places`` each result tells what is patched; for a
    ``second`` opinion programs run on a real CPU or in qemu-user too.  ``exhaustive``: every
    schedule of updates and CPUs (``transformer.corpus.relaxed``).  The order of the
    results does not depend on ``jobs``.  ``cache`` keeps objects for later
    runs.  ``shard`` (k, n) verifies the k-th of n parts.
    ``ScError`` where a path or a ``case.toml`` is wrong.
    """
    begun = time.monotonic()
    cases = [
        replace(c, cflags=(*c.cflags, *cflags))
        for p in paths
        for c in find_cases(Path(p))
        if _matches(c, pattern)
    ]
    chosen = [load(a) for a in _pick(arches, names())]
    report = VerifyReport(selftests=[_selftest(a) for a in chosen])
    report.turning = turning(levels)
    report.bounds = BOUNDS if exhaustive else ""
    report.titles = {c.name: c.title for c in cases if c.title}
    shared = Path(tempfile.mkdtemp(prefix="sc-verify-"))
    if cache:
        use_cache(shared)
    try:
        if all(r.status == "pass" for r in report.selftests):
            with temporary_in(shared):
                tasks = [
                    replace(t, places=places, second=second, exhaustive=exhaustive)
                    for t in _tasks(cases, chosen, modes, compilers, levels, shared)
                ]
                tasks = part(tasks, lambda t: t.cells, *shard)
                if journal is not None:
                    journal.begin(len(tasks), report.selftests)
                report.results = _run_all(tasks, jobs, progress, journal)
    finally:
        shutil.rmtree(shared, ignore_errors=True)
        if cache:
            prune(default_folder())
    report.seconds = time.monotonic() - begun
    return report


def _matches(case: Case, pattern: str | None) -> bool:
    if not pattern:
        return True
    return pattern in case.name or fnmatch.fnmatch(case.name, pattern)


def _pick(wanted: str | Sequence[str], every: Sequence[str]) -> list[str]:
    if wanted == ALL:
        return list(every)
    return wanted.split(",") if isinstance(wanted, str) else list(wanted)


def _selftest(arch: Arch) -> CaseResult:
    result = CaseResult("emulator self-test", arch.name, "-", "-", "-")
    for test in selftest(arch):
        result.count("selftest")
        if not test.ok:
            result.fail(Failure("selftest", f"{test.name}: {test.detail}"))
    return result


def _tasks(
    cases: Sequence[Case],
    arches: Sequence[Arch],
    modes: str | Sequence[str],
    compilers: str | Sequence[str],
    levels: Levels,
    shared: Path,
) -> Iterator[Task]:
    for case in cases:
        turn = first_turn(case.name)
        for arch in arches:
            if case.arches and arch.name not in case.arches:
                continue
            wanted = [m for m in _pick(modes, arch.modes) if m in arch.modes]
            wanted = [m for m in wanted if not case.modes or m in case.modes]
            families = [f for f in _pick(compilers, FAMILIES) if _here(arch, f)]
            for family in families:
                if wanted and (not case.compilers or family in case.compilers):
                    yield Task(case, arch.name, family, tuple(wanted), shared, levels, turn)
                    turn += 1


def _here(arch: Arch, family: str) -> bool:
    return bool(available(arch, (family,)))


def _run_all(
    tasks: Sequence[Task], jobs: int, progress: Tick | None, journal: Journal | None
) -> list[CaseResult]:
    """All results in the order of the tasks; those that the journal knows are not made again."""
    keys = [t.key for t in tasks] if journal is not None else []
    total, done = sum(t.cells for t in tasks), 0
    found: dict[int, list[CaseResult]] = {}

    def told(index: int, results: list[CaseResult]) -> None:
        nonlocal done
        found[index] = results
        for result in results:
            done += 1
            if progress is not None:
                progress(result, done, total)

    for index, key in enumerate(keys):
        if journal is not None and key in journal.known:
            told(index, journal.known[key])
    left = [i for i in range(len(tasks)) if i not in found]
    for index, results in _each(tasks, left, jobs):
        if journal is not None:
            journal.add(keys[index], results)
        told(index, results)
    return [r for index in range(len(tasks)) for r in found[index]]


def _each(
    tasks: Sequence[Task], left: Sequence[int], jobs: int
) -> Iterator[tuple[int, list[CaseResult]]]:
    """The results of the tasks of these numbers, in any order."""
    chosen = [tasks[i] for i in left]
    if jobs > 1 and len(chosen) > 1:
        for place, results in each(chosen, run_task, _died, jobs, chosen[0].shared):
            yield left[place], results
    else:
        for index, task in zip(left, chosen, strict=True):
            yield index, run_task(task)


def _died(task: Task) -> list[CaseResult]:
    return _errors(task, "the process that ran this case has died")


def run_task(task: Task) -> list[CaseResult]:
    """All cells of a task; never an exception."""
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=task.shared))
    try:
        return list(_cells(task, folder))
    except (BuildError, CaseError, ScError, ImageError, OSError) as e:
        return _errors(task, _without(str(e), folder))
    except Exception as e:  # a bug of ours is an error of the cell, not of the run
        return _errors(task, f"internal error: {type(e).__name__}: {e} ({_place(e)})")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cells(task: Task, folder: Path) -> Iterator[CaseResult]:
    arch = load(task.arch)
    compiler = available(arch, (task.family,))[0]
    if task.case.refuse:
        with read_once():
            yield from [run_refusal(task.case, arch, m, compiler) for m in task.modes]
        return
    rewritten = _rewrite_all(task, arch, compiler)
    sites = min(rewritten.values(), key=lambda r: len(r.unfit)).sites
    built = _oracle(task, arch, compiler, folder)
    truth = find_truth(built, arch, sites)
    for mode in task.modes:
        if rewritten[mode].unfit:
            yield run_unfit(truth, rewritten[mode], arch, mode, compiler)
        else:
            yield from _mode_cells(task, arch, compiler, mode, rewritten[mode], truth, folder)


def _rewrite_all(task: Task, arch: Arch, compiler: Compiler) -> dict[str, Rewritten]:
    with read_once():
        found = {m: rewrite_case(task.case, arch, m, compiler) for m in task.modes}
    errors = linkage_errors(next(iter(found.values())).units)
    if errors:
        raise ScError(*errors)
    return found


def _oracle(task: Task, arch: Arch, compiler: Compiler, folder: Path) -> OracleBuild:
    if task.case.invented:
        return build_invented(task.case, arch, compiler, folder / "oracle", task.shared)
    numbers = [n for m in task.modes for n, _ in task.settings(m) if n < len(arch.variants)]
    variant = arch.variants[numbers[0]] if numbers else None
    return build_oracle(task.case, arch, compiler, folder / "oracle", task.shared, variant)


def _mode_cells(
    task: Task,
    arch: Arch,
    compiler: Compiler,
    mode: str,
    rewritten: Rewritten,
    truth: Truth,
    folder: Path,
) -> Iterator[CaseResult]:
    for index, optimise in task.settings(mode):
        variant = (*arch.variants, *arch.hardened)[index]
        setting = Setting(arch, compiler, variant, optimise)
        place = folder / f"{mode}-{setting.name}"
        result = run_cell(
            truth, rewritten, setting, mode, place, task.shared,
            places=task.places, second=task.second, exhaustive=task.exhaustive,
        )  # fmt: skip
        result.message = _without(result.message, folder)
        shutil.rmtree(place, ignore_errors=True)
        yield result


def _errors(task: Task, message: str) -> list[CaseResult]:
    """One error for each mode: what failed is what they share."""
    return [
        CaseResult(task.case.name, task.arch, m, task.family, "-", status="error", message=message)
        for m in task.modes
    ]


def _without(text: str, folder: Path) -> str:
    return text.replace(f"{folder}/", "")


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
