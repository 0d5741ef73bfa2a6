"""Check 3: what other CPUs see while a case's keys are updated (DESIGN §7.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from transformer.corpus.program import Program
from transformer.corpus.results import CaseResult, Failure
from transformer.emulator import Tables, disassemble
from transformer.emulator.fetch import (
    Bound,
    Exploration,
    Recorder,
    WriteLog,
    Wrong,
    check_legal,
    check_order,
    explore,
    find_places,
)
from transformer.emulator.fetch.log import SYNC, follows
from transformer.emulator.fetch.steps import Stepper

_MOST = 20  # failures of a cell that are told
_SHOWN = 16  # bytes of code

#: What ``verify --exhaustive`` walks, by how many updates happen in a row: every schedule of one
#: or two CPUs, up to so many nodes of a graph, and so many random ones of what is larger.
WALKS = 100
NODES = 20_000
EXHAUSTIVE: dict[int, tuple[Bound, ...]] = {
    1: (Bound(reduce=False, nodes=NODES), Bound(reduce=False, cpus=2, nodes=NODES, walks=WALKS)),
    2: (Bound(reduce=False, nodes=NODES), Bound(reduce=False, cpus=2, nodes=0, walks=WALKS)),
    3: (Bound(reduce=False, nodes=NODES, walks=WALKS),),
}
#: The same for a person who reads a report.
BOUNDS = (
    "every schedule of one update and two CPUs at one place, and of two or three updates in a row "
    f"and one CPU, where its graph has at most {NODES:,} nodes; {WALKS} random ones of a larger "
    "graph, of two updates in a row and two CPUs, and of all updates of a program in a row"
)
#: All updates of a cell in a row are beyond that: random schedules of two CPUs.
LONG = Bound(reduce=False, cpus=2, nodes=0, walks=WALKS)


class Relaxed:
    """Looks at each update of a program as soon as it is over."""

    def __init__(self, result: CaseResult, program: Program, *, exhaustive: bool = False) -> None:
        self._result, self._program = result, program
        self._machine = program.machine
        self._exhaustive = exhaustive
        self._places = find_places(Tables(program.image, program.machine))
        self._recorder = Recorder(self._places.subjects)
        self._machine.attach(self._recorder)
        self._stepper = Stepper(self._machine)
        self._seen: dict[object, WriteLog] = {}
        self._last: WriteLog | None = None
        self._all: list[WriteLog] = []

    def look(self, label: str) -> None:
        """Checks the updates since the last time, alone and each behind the one before."""
        for log in self._recorder.take(label):
            before, self._last = self._last, log
            if self._exhaustive:
                self._all.append(log)
            signature = log.signature()
            if signature in self._seen:
                continue
            self._rules(log)
            self._explore([log])
            if before is not None and not before.changed.isdisjoint(log.changed):
                self._explore([before, log])
            if self._exhaustive:
                self._exhaust(log)
            self._seen[signature] = log

    def finish(self) -> None:
        """All updates of the program in a row, at random: ``--exhaustive`` alone."""
        if self._exhaustive and len(self._all) > 3:
            self._explore(self._all, LONG)

    def _exhaust(self, log: WriteLog) -> None:
        """The update alone, there and back, and with each other one that it can follow."""
        for logs in self._rows(log):
            for bound in EXHAUSTIVE[len(logs)]:
                self._explore(logs, bound)

    def _rows(self, log: WriteLog) -> Iterator[list[WriteLog]]:
        yield [log]
        for known in self._seen.values():
            other = replace(known, later=log.later)  # what both leave alone is as it is now
            if follows(other, log):
                yield [other, log]
            if follows(log, other):
                yield [log, other]
                if follows(other, log):
                    yield [log, other, log]

    def _rules(self, log: WriteLog) -> None:
        arch, describe = self._program.arch, self._machine.describe
        self._result.count("sync", len(log.stores))
        for wrong in check_legal(arch, self._places, log, describe):
            self._fail("fetch", wrong, log)
        hooks = self._recorder.sees(SYNC)
        for wrong in check_order(arch, self._places, log, describe, hooks=hooks):
            self._fail("sync", wrong, log)

    def _explore(self, logs: Sequence[WriteLog], bound: Bound | None = None) -> None:
        unit = self._program.arch.unit
        readers = list(dict.fromkeys(p for log in logs for p in self._places.touched(log, unit)))
        found = explore(
            self._machine,
            logs,
            readers,
            nulls=self._places.nulls,
            bound=bound or Bound(),
            stepper=self._stepper,
        )
        self._result.count("fetch", len(readers))
        self._tell(found)

    def _tell(self, found: Exploration) -> None:
        result = self._result
        for what in ("schedules", "states", "walks"):
            result.add(what, getattr(found, what))
        for schedule in found.failures:
            if len(result.failures) < _MOST:
                message = f"{schedule.update}: {schedule.outcome}"
                result.fail(Failure("fetch", message, site=schedule.reader, schedule=schedule))

    def _fail(self, check: str, wrong: Wrong, log: WriteLog) -> None:
        result, program = self._result, self._program
        if len(result.failures) >= _MOST:
            return
        site = self._machine.describe(wrong.address)
        code = self._machine.read(wrong.address, _SHOWN)
        image = self._machine.image_at(wrong.address)
        lines = disassemble(program.arch, code, wrong.address, image)
        message = f"{log.label}: {wrong.message}"
        result.fail(Failure(check, message, site=site, disassembly=tuple(lines)))
