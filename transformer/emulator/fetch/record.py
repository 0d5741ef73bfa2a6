"""Records what the update code of a running program does to code and keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from transformer.arch import Synchronise
from transformer.emulator.events import CodeWrite
from transformer.emulator.fetch.log import (
    BEGIN,
    DATA,
    END,
    MAINTAIN,
    STORE,
    Event,
    WriteLog,
    in_order,
)
from transformer.emulator.fetch.marks import LOCK, UNLOCK, Mark, find_marks
from transformer.emulator.machine import Machine


class Recorder:
    """Attach it to a stepping machine; ``take`` gives the updates since the last time.

    ``subjects`` are addresses and sizes of the words that decide where places
    go.  An update lasts from the runtime's outermost lock to its unlock; a
    store to a subject without the lock is one by itself, and stores to code
    without it make one that lasts until the run ends.  With ``one`` each run is
    one update.
    """

    def __init__(self, subjects: Mapping[int, int], *, one: bool = False) -> None:
        self.subjects = dict(subjects)
        self._one = one
        self._machine: Machine | None = None
        self._marks: dict[int, list[Mark]] = {}
        self._pending: list[Event] = []  # stores that are not done yet
        self._events: list[Event] = []
        self._before: dict[int, int] = {}
        self._depth = 0
        self._logs: list[WriteLog] = []
        self._stop: Callable[[], None] = lambda: None

    # --- as an observer ---

    def begin(self, machine: Machine) -> None:
        if self._machine is not machine:
            self._machine = machine
            self._marks = find_marks(machine.arch, machine.images)
            self._stop = machine.watch_stores(self._code_written, self.subjects, self._data_written)
        self._end_run()
        if self._one:
            self._depth = 1
            self._open()

    def step(self, address: int, previous: int) -> bool:
        if self._pending:
            self._flush()
        marks = self._marks.get(address)
        if marks is not None:
            for mark in marks:
                self._marked(mark, address)
        return marks is None

    # --- what it has seen ---

    def take(self, label: str = "") -> list[WriteLog]:
        """The updates since the last time, oldest first."""
        self._end_run()
        logs, self._logs = self._logs, []
        return in_order([WriteLog(label, g.events, g.values) for g in logs])

    def sees(self, kind: str) -> bool:
        """Whether the program has what gives events of this kind at all."""
        return any(m.kind == kind for marks in self._marks.values() for m in marks)

    def stop(self) -> None:
        """It sees no more stores."""
        self._stop()

    # --- inside ---

    def _known(self) -> Machine:
        assert self._machine is not None
        return self._machine

    def _value(self, data: bytes) -> int:
        """A pointer, or a count with its sign."""
        arch = self._known().arch
        return int.from_bytes(data, arch.byteorder, signed=len(data) < arch.pointer_size)

    def _values(self) -> dict[int, int]:
        read = self._known().read
        return {a: self._value(read(a, s)) for a, s in self.subjects.items()}

    def _code_written(self, write: CodeWrite) -> None:
        machine = self._known()
        unit = machine.arch.unit
        first, last = write.address & -unit, (write.address + write.size - 1) & -unit
        for address in range(first, last + 1, unit):
            old, at = machine.read(address, unit), write.address
            self._pending.append(Event(STORE, address, old, b"", write.pc, at, write.size))

    def _data_written(self, pc: int, address: int, size: int) -> None:
        machine = self._known()
        for subject, length in self.subjects.items():
            if subject < address + size and address < subject + length:
                old = machine.read(subject, length)
                self._pending.append(Event(DATA, subject, old, b"", pc, address, size))

    def _flush(self) -> None:
        """The stores are done: what they have made of memory is read."""
        pending, self._pending = self._pending, []
        for e in pending:
            new = self._known().read(e.address, len(e.old))
            if new != e.old:
                self._stored(Event(e.kind, e.address, e.old, new, e.pc, e.at, e.size))

    def _stored(self, event: Event) -> None:
        alone = event.kind == DATA and not self._events
        self._open()
        if event.kind == DATA and not any(e.address == event.address for e in self._events):
            self._before[event.address] = self._value(event.old)
        self._events.append(event)
        if alone and not self._depth:
            self._close()

    def _open(self) -> None:
        if not self._events:
            self._before = self._values()
            self._events = [Event(BEGIN)]

    def _close(self) -> None:
        events, self._events = self._events, []
        if any(e.kind in (STORE, DATA) for e in events):
            after = self._values()
            values = {a: (v, after[a]) for a, v in self._before.items()}
            self._logs.append(WriteLog("", (*events, Event(END)), values))

    def _end_run(self) -> None:
        self._flush()
        self._depth = 0
        self._close()

    def _marked(self, mark: Mark, address: int) -> None:
        if mark.kind == LOCK:
            if not self._depth:
                self._close()
                self._open()
            self._depth += 1
        elif mark.kind == UNLOCK:
            self._depth = max(0, self._depth - 1)
            if not self._depth:
                self._close()
        elif self._events:
            self._events.append(self._ordering(mark, address))

    def _ordering(self, mark: Mark, address: int) -> Event:
        if mark.row is None:
            return Event(mark.kind, pc=address)
        given = self._operand(mark.row, address) if mark.kind == MAINTAIN else 0
        return Event(mark.kind, given, pc=address, what=mark.row.what)

    def _operand(self, row: Synchronise, address: int) -> int:
        """The address that an instruction of maintenance is given; 0 where it takes none."""
        if not row.operand:
            return 0
        machine = self._known()
        word = int.from_bytes(machine.read(address, row.size), machine.arch.byteorder)
        return machine.reg(row.operand.format(word & ~row.mask))


def record(
    machine: Machine, function: int, subjects: Mapping[int, int], label: str = ""
) -> WriteLog:
    """The log of a run of one ``void(void)`` function, all of it one update.

    ``ValueError`` where it does not return, or changes nothing.
    """
    recorder = Recorder(subjects, one=True)
    machine.attach(recorder)
    outcome = machine.run(function)
    machine.detach(recorder)
    logs = recorder.take(label)
    recorder.stop()
    if not outcome.ok:
        raise ValueError(f"the update code does not return: {outcome.detail}")
    if not logs:
        raise ValueError("the update code changes neither code nor a key")
    return logs[0]
