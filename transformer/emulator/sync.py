"""After a store to code comes what the arch demands before that code may run.

Unicorn sees a changed instruction at once, with or without maintenance, so
this looks at the instructions that the patching code executes.
"""

from __future__ import annotations

from transformer.arch import Synchronise
from transformer.emulator.events import CodeWrite, Violation
from transformer.emulator.machine import Machine


class SyncCheck:
    """Sees that each store to code is followed by ``arch.synchronise``, in its order.

    ``count`` is the number of stores that were.  The end of a run, and the
    next store, are too late.
    """

    def __init__(self) -> None:
        self.count = 0
        self.violations: list[Violation] = []
        self._machine: Machine | None = None
        self._reset()

    def _reset(self) -> None:
        self._write: CodeWrite | None = None
        self._missing: tuple[Synchronise, ...] = ()
        self._seen = 0

    def begin(self, machine: Machine) -> None:
        self.end()
        self._machine = machine
        self._reset()
        self._seen = len(machine.code_writes)

    def step(self, address: int, previous: int) -> None:
        machine = self._machine
        assert machine is not None
        writes = machine.code_writes
        if len(writes) > self._seen:
            self.end()
            self._seen = len(writes)
            self._write = writes[-1]
            self._missing = machine.arch.synchronise
        if self._missing and self._matches(machine, address, self._missing[0]):
            self._missing = self._missing[1:]
            if not self._missing:
                self._write = None
                self.count += 1

    def end(self) -> None:
        """Call it when all runs are over: says what the last store lacks."""
        if self._write is None or self._machine is None or not self._missing:
            return
        describe = self._machine.describe
        what = self._missing[0].what
        message = (
            f"the store to code at {describe(self._write.address)} by "
            f"{describe(self._write.pc)} is not followed by {what}"
        )
        violation = Violation(
            "sync", message, self._write.pc, describe(self._write.address), self._write.address
        )
        self.violations.append(violation)
        self._reset()

    def _matches(self, machine: Machine, address: int, wanted: Synchronise) -> bool:
        code = machine.read(address, wanted.size)
        word = int.from_bytes(code, machine.arch.byteorder)
        if word & wanted.mask != wanted.value:
            return False
        if not wanted.operand:
            return True
        assert self._write is not None
        held = machine.reg(wanted.operand.format(word & ~wanted.mask))
        return held // wanted.line == self._write.address // wanted.line
