"""One cell: a case on an arch, in a mode, by a compiler, in a variant."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from transformer.arch.modes import PATCHED_MODES
from transformer.corpus.batch import check_batches
from transformer.corpus.build import BuildError, Setting
from transformer.corpus.compare import compare
from transformer.corpus.entries import check_entries
from transformer.corpus.flow import FlowChecks
from transformer.corpus.interrupted import check_interrupts
from transformer.corpus.places import Places
from transformer.corpus.program import Program
from transformer.corpus.reach import check_reach, far_base
from transformer.corpus.relaxed import Relaxed
from transformer.corpus.results import CaseResult, Failure
from transformer.corpus.second import check_second
from transformer.corpus.tidy import tidy
from transformer.corpus.transformed import Rewritten, build_transformed
from transformer.corpus.truth import STACKS, Truth
from transformer.diagnostics import ScError
from transformer.emulator import (
    AbiCheck,
    Image,
    ImageError,
    Machine,
    StaticReport,
    Violation,
    disassemble,
    static_check,
)

_MOST = 20  # failures of a kind that are told


def run_cell(
    truth: Truth,
    rewritten: Rewritten,
    setting: Setting,
    mode: str,
    folder: Path,
    shared: Path,
    *,
    places: bool = False,
    second: bool = False,
    exhaustive: bool = False,
) -> CaseResult:
    """Builds and runs; whatever goes wrong is in the result, and what is patched if asked for."""
    case = truth.built.plan.case
    result = CaseResult(case.name, setting.arch.name, mode, setting.compiler.family, setting.name)
    result.level, result.pie = setting.optimise, setting.variant.pie
    begun = time.monotonic()
    try:
        programs = build_transformed(truth.built, rewritten, setting, mode, folder, shared)
        image = Image.load(programs.main, setting.arch)
        far = None
        if programs.far is not None:
            far = Image.load(programs.far, setting.arch, far_base(setting.arch, image))
        called = {s.key for s in rewritten.sites if s.kind == "call"}
        _run(result, truth, setting, mode, image, far, called, places, exhaustive)
        check_entries(result, truth.coverage, image, mode)
        if second and result.status == "pass":
            check_second(result, truth, setting, mode, image, far)
    except (BuildError, ScError, ImageError) as e:
        result.status, result.message = "error", str(e)
    _cover(result, truth)
    result.seconds = time.monotonic() - begun
    return result


def _run(
    result: CaseResult,
    truth: Truth,
    setting: Setting,
    mode: str,
    image: Image,
    far: Image | None,
    called: set[str],
    places: bool,
    exhaustive: bool,
) -> None:
    program = Program(
        setting.arch,
        image,
        truth.built,
        mode=mode,
        others=[far] if far is not None else [],
        aliases=truth.aliases,
    )
    program.machine.fill_stack(STACKS[0])
    abi, relaxed = AbiCheck(), Relaxed(result, program, exhaustive=exhaustive)
    program.machine.attach(abi)
    flow = FlowChecks(program, setting.variant, truth.built.program)

    def look(machine: Machine | None) -> None:
        """The static checks, of the file or of the memory as it is now."""
        pads = setting.variant.pads
        _static(result, program, static_check(image, setting.arch, mode, pads, machine))

    look(None)
    shown = Places(program, wanted=places)
    started = _start(result, truth, program)
    relaxed.look("constructors")
    if started:
        if mode in PATCHED_MODES:
            look(program.machine)
        if _scenario(result, truth, program, shown, relaxed, look):
            if far is not None:
                check_reach(result, program, far, mode, called)
                relaxed.look("far and near targets")
                check_batches(result, program, far)
            look(program.machine)
            check_interrupts(result, program, truth, exhaustive=exhaustive)
    relaxed.finish()
    result.places = shown.places()
    result.inline_total, result.inline_executed = program.watcher.inline_coverage()
    _violations(result, program, "abi", abi.count, abi.violations)
    for check, count, found in flow.results():
        _violations(result, program, check, count, found)
    tidy(result, program.place)


def _start(result: CaseResult, truth: Truth, program: Program) -> bool:
    """Runs the constructors; False where a failure makes the rest meaningless."""
    did = program.start(truth.start.events)
    return compare(result, program, "constructors", truth.start, did)


def _scenario(
    result: CaseResult,
    truth: Truth,
    program: Program,
    shown: Places,
    relaxed: Relaxed,
    check: Callable[[Machine], None],
) -> bool:
    """Runs the steps; False as above."""
    shown.look("started")
    for action, wanted in zip(truth.built.plan.actions, truth.actions, strict=True):
        if action.id in truth.skipped:
            continue
        did = program.act(action, wanted.events)
        shown.look(action.label)
        relaxed.look(action.label)
        if action.action.kind != "call":
            check(program.machine)
        if not compare(result, program, action.label, wanted, did):
            return False
    return True


def _static(result: CaseResult, program: Program, report: StaticReport) -> None:
    result.count("static", sum(n for what, n in report.counts.items() if what != "symbols"))
    for problem in report.problems[:_MOST]:
        result.fail(
            Failure(
                "static",
                problem.message,
                site=problem.site,
                disassembly=tuple(_code(program, problem.address)),
            )
        )


def _violations(
    result: CaseResult, program: Program, check: str, count: int, found: list[Violation]
) -> None:
    result.count(check, count)
    for violation in found[:_MOST]:
        code = [*_code(program, violation.site_address), *_code(program, violation.pc)]
        result.fail(
            Failure(
                check,
                violation.message,
                site=violation.site,
                disassembly=tuple(code),
            )
        )


def _code(program: Program, address: int) -> Iterator[str]:
    image = program.machine.image_at(address) if address else None
    section = image.section_at(address) if image is not None else None
    if section is None or not section.executable:
        return
    code = program.machine.read(address, min(16, section.end - address))
    yield from disassemble(program.arch, code, address, image)


def _cover(result: CaseResult, truth: Truth) -> None:
    result.unverified = truth.unverified
    coverage = truth.coverage
    if coverage is None:
        return
    result.sites_total, result.sites_executed = coverage.total, coverage.executed
    result.unexecuted = list(coverage.unexecuted)
    if truth.built.plan.case.invented and not coverage.total and result.status == "pass":
        result.status, result.message = "unverified", "there is no site in it"
    if result.status != "error":
        if coverage.total and not coverage.executed and not coverage.idle:
            result.fail(Failure("dispatch", "none of its sites was executed", site=result.case))
        for name in coverage.idle:
            result.fail(Failure("dispatch", f"{name}: none of its sites was executed", site=name))
