"""Check 3: what other CPUs see while a case's keys are updated (DESIGN §7.3)."""

from __future__ import annotations

from transformer.corpus.program import Program
from transformer.corpus.results import CaseResult, Failure
from transformer.emulator import Tables, disassemble
from transformer.emulator.fetch import explore
from transformer.emulator.fetch.explore import Exploration
from transformer.emulator.fetch.legal import Wrong, check_legal
from transformer.emulator.fetch.log import SYNC, WriteLog
from transformer.emulator.fetch.order import check_order
from transformer.emulator.fetch.places import find_places
from transformer.emulator.fetch.record import Recorder
from transformer.emulator.fetch.steps import Stepper

_MOST = 20  # failures of a cell that are told
_SHOWN = 16  # bytes of code


class Relaxed:
    """Looks at each update of a program as soon as it is over."""

    def __init__(self, result: CaseResult, program: Program) -> None:
        self._result, self._program = result, program
        self._machine = program.machine
        self._places = find_places(Tables(program.image, program.machine))
        self._recorder = Recorder(self._places.subjects)
        self._machine.attach(self._recorder)
        self._stepper = Stepper(self._machine)
        self._seen: set[object] = set()
        self._last: WriteLog | None = None

    def look(self, label: str) -> None:
        """Checks the updates since the last time, alone and each behind the one before."""
        for log in self._recorder.take(label):
            before, self._last = self._last, log
            if self._known(log):
                continue
            self._rules(log)
            self._explore([log], reduce=True)
            if before is not None and not before.changed.isdisjoint(log.changed):
                self._explore([before, log], reduce=True)

    def _known(self, log: WriteLog) -> bool:
        signature = log.signature()
        known = signature in self._seen
        self._seen.add(signature)
        return known

    def _rules(self, log: WriteLog) -> None:
        arch, describe = self._program.arch, self._machine.describe
        self._result.count("sync", len(log.stores))
        for wrong in check_legal(arch, self._places, log, describe):
            self._fail("fetch", wrong, log)
        hooks = self._recorder.sees(SYNC)
        for wrong in check_order(arch, self._places, log, describe, hooks=hooks):
            self._fail("sync", wrong, log)

    def _explore(self, logs: list[WriteLog], *, reduce: bool, cpus: int = 1) -> None:
        arch = self._program.arch
        readers = list(
            dict.fromkeys(p for log in logs for p in self._places.touched(log, arch.unit))
        )
        nulls = self._places.nulls
        found = explore(
            self._machine,
            logs,
            readers,
            nulls=nulls,
            reduce=reduce,
            cpus=cpus,
            stepper=self._stepper,
        )
        self._result.count("fetch", len(readers))
        self._tell(found)

    def _tell(self, found: Exploration) -> None:
        result, place = self._result, self._program.place
        for what in ("schedules", "states", "walks"):
            result.add(what, getattr(found, what))
        for schedule in found.failures:
            if len(result.failures) < _MOST:
                message = f"{schedule.update}: {schedule.outcome}"
                site = place(schedule.reader)
                result.fail(Failure("fetch", place(message), site=site, schedule=schedule))

    def _fail(self, check: str, wrong: Wrong, log: WriteLog) -> None:
        result, program = self._result, self._program
        if len(result.failures) >= _MOST:
            return
        site = program.place(self._machine.describe(wrong.address))
        code = self._machine.read(wrong.address, _SHOWN)
        image = self._machine.image_at(wrong.address)
        lines = disassemble(program.arch, code, wrong.address, image)
        message = program.place(f"{log.label}: {wrong.message}")
        result.fail(Failure(check, message, site=site, disassembly=tuple(lines)))
