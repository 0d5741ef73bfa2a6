"""Check 4: the scenario again, interrupted in every place that it runs through.

It runs on a machine of its own, at full speed, and stops at each site,
trampoline and guard the first time that it comes there, and again when the
code there has changed.  What it returns, and the calls that leave the program,
must be what they are without interrupts.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

from transformer.corpus.compare import first_difference, stuck, value_failures, what_differs
from transformer.corpus.ctype import CType, size_of
from transformer.corpus.events import KeyCall, LogReader
from transformer.corpus.program import Did, Program
from transformer.corpus.reach import far_base
from transformer.corpus.results import CaseResult, Failure
from transformer.corpus.symbols import HARNESS
from transformer.corpus.truth import Truth
from transformer.corpus.values import Decoder, Value
from transformer.emulator import Outcome
from transformer.emulator.interrupts import (
    EXHAUSTIVE,
    Bounds,
    InterruptibleMachine,
    Place,
    Runtime,
    Trials,
    find_places,
)
from transformer.emulator.interrupts.cpu import BELOW
from transformer.emulator.memory import PAGE

_NEAR = ("__h_stop", "__h_exit")  # functions of the harness that no handler calls
_ENDED = ("returned", "exited")


def check_interrupts(
    result: CaseResult,
    program: Program,
    truth: Truth,
    *,
    exhaustive: bool = False,
    below: int = BELOW,
) -> None:
    """Interrupts the scenario; ``below`` is how far below the stack a handler's begins."""
    image = program.image
    runtime = Runtime.of(image)
    places = [p for p in find_places(image, program.arch) if not _is_harness(program, p)]
    if runtime is None or not places:
        return
    replay = _Replay(program, truth, places, runtime, _bounds(result, exhaustive), below)
    replay.run(result)
    trials = replay.trials
    result.count("interrupts", trials.count)
    result.add("interrupts", trials.taken)
    for found in trials.findings:
        result.fail(
            Failure(
                "interrupts",
                found.message,
                site=program.machine.describe(found.pc),
                schedule=found.schedule,
            )
        )


def _bounds(result: CaseResult, exhaustive: bool) -> Bounds:
    """Builds of a case take turns at the trampolines that are interrupted to depth 3."""
    first = zlib.crc32(f"{result.name} {result.level}".encode())
    return replace(EXHAUSTIVE if exhaustive else Bounds(), first=first)


def _is_harness(program: Program, place: Place) -> bool:
    found = program.image.symbol_at(place.start)
    return found is not None and found[0].name.startswith(HARNESS)


class _Replay:
    """The program on a machine that can be interrupted."""

    def __init__(
        self,
        program: Program,
        truth: Truth,
        places: list[Place],
        runtime: Runtime,
        bounds: Bounds,
        below: int,
    ) -> None:
        self.program, self.truth = program, truth
        image, images, arch = program.image, program.machine.images, program.arch
        end = image.symbols["__h_exit"].address
        self.cpu = InterruptibleMachine(arch, images, places, ends=[end], below=below)
        far = _far_page(program)
        self.cpu.map_region(far, PAGE, executable=True)
        near = [image.symbols[n].address for n in _NEAR]
        self.trials = Trials(self.cpu, runtime, near, [far, far + PAGE // 2], bounds)
        built = program.built
        self.decoder = Decoder(self.cpu, image, images[1:], truth.aliases)
        self.log = LogReader(self.decoder, image, built.records, built.interfaces)

    def run(self, result: CaseResult) -> None:
        """The scenario once the constructors have run, then the trampolines by themselves."""
        if self._start() and self._scenario(result):
            self.trials.trampolines()

    def _start(self) -> bool:
        """The constructors, uninterrupted: until its own has run, the runtime knows no window."""
        visit = self.trials.visit
        return all(self.cpu.go(f, visit).ok for f in self.program.image.init_array)

    def _go(self, function: int) -> Outcome:
        self.trials.expect()
        return self.cpu.go(function, self.trials.visit)

    def _scenario(self, result: CaseResult) -> bool:
        built, truth = self.program.built, self.truth
        self.log.reset()
        for action, wanted in zip(built.plan.actions, truth.actions, strict=True):
            if action.id in truth.skipped:
                continue
            if wanted.ended not in _ENDED:
                return False
            if built.plan.case.invented:
                scratch = self.program.image.symbols[f"__h_scratch_{action.unit}"]
                self.cpu.write(scratch.address, bytes(scratch.size))
            outcome = self._go(self.program.image.symbols[f"__h_step_{action.id}"].address)
            did = self._did(action.id, outcome, wanted)
            if not self._agree(result, action.label, wanted, did):
                return False
        return True

    def _did(self, action: int, outcome: Outcome, wanted: Did) -> Did:
        """What the action did, but for its calls through keys."""
        did = Did(ended=outcome.status, detail=outcome.detail)
        did.events = self.log.take([])
        if did.ended not in _ENDED:
            return did
        symbols, variables = self.program.image.symbols, self.program.built.variables
        name = f"__h_ret_{action}"
        if wanted.returned is not None and did.ended == "returned":
            did.returned = self._variable(symbols[name].address, variables[name])
        for index, name in enumerate(self.program.built.plan.case.memory):
            if name in wanted.memory:
                address = self.cpu.pointer(symbols[f"__h_mem_{index}"].address)
                did.memory[name] = self._variable(address, variables[name])
        return did

    def _variable(self, address: int, ctype: CType) -> Value:
        return self.decoder.value(ctype, self.cpu.read(address, size_of(ctype)))

    def _agree(self, result: CaseResult, label: str, wanted: Did, did: Did) -> bool:
        """Whether the interrupts changed nothing; notes what they did change."""
        calls = replace(wanted, events=[e for e in wanted.events if not isinstance(e, KeyCall)])
        found = value_failures(label, calls, did)
        at = first_difference(calls.events, did.events)
        if at is not None:
            one, other = (e[at] if at < len(e) else None for e in (calls.events, did.events))
            message = f"{label}: {what_differs(one, other, did)}"
            got = str(other or stuck(did))
            found.append(Failure("dispatch", message, expected=str(one or "nothing"), got=got))
        elif did.ended != wanted.ended:
            message = f"{label}: {did.detail or did.ended}"
            found.append(Failure("dispatch", message, expected=wanted.ended, got=did.ended))
        for failure in found:
            message = f"with interrupts taken on its way, {failure.message}"
            result.fail(replace(failure, check="interrupts", message=message))
        return not found


def _far_page(program: Program) -> int:
    """Where nothing lies, beyond the reach of the program's branches."""
    base = far_base(program.arch, program.image)
    ends = [s.end for i in program.machine.images[1:] for s in i.entry_sections]
    return (max([base, *ends]) + PAGE - 1) // PAGE * PAGE + PAGE
