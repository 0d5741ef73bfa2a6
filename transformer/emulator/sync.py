"""After stores to code comes what the arch demands before that code may run.

Unicorn sees a changed instruction at once, with or without maintenance, so
this looks at the instructions that the patching code executes.
"""

from __future__ import annotations

from transformer.arch import Synchronise
from transformer.emulator.events import CodeWrite, Violation
from transformer.emulator.machine import Machine


class SyncCheck:
    """Sees that stores to code are followed by ``arch.synchronise``, in its order.

    What belongs to a store comes before the next one, what closes an update
    after its last store; the end of a run is too late for both.  ``count`` is
    the number of stores that were followed by all.
    """

    def __init__(self) -> None:
        self.count = 0
        self.violations: list[Violation] = []
        self._machine: Machine | None = None
        self._seen = 0
        self._forget()

    def _forget(self) -> None:
        self._write: CodeWrite | None = None
        self._open = 0  # stores that no closing instructions followed yet
        self._own: tuple[Synchronise, ...] = ()
        self._closing: tuple[Synchronise, ...] = ()

    def begin(self, machine: Machine) -> None:
        self.end()
        self._machine = machine
        self._seen = len(machine.code_writes)

    def step(self, address: int, previous: int) -> None:
        machine = self._machine
        assert machine is not None
        for write in machine.code_writes[self._seen :]:
            self._store(machine, write)
        if self._write is None:
            return
        if self._own:
            if self._matches(machine, address, self._own[0]):
                self._own = self._own[1:]
        elif self._closing and self._matches(machine, address, self._closing[0]):
            self._closing = self._closing[1:]
        if not self._own and not self._closing:
            self.count += self._open
            self._forget()

    def _store(self, machine: Machine, write: CodeWrite) -> None:
        if self._own:
            self._miss(self._own[0])
        self._seen += 1
        self._write = write
        self._open += 1
        rows = machine.arch.synchronise
        self._own = tuple(r for r in rows if not r.closes)
        self._closing = tuple(r for r in rows if r.closes)

    def end(self) -> None:
        """Call it when all runs are over: says what the last store lacks."""
        missing = (*self._own, *self._closing)
        if self._write is not None and missing:
            self._miss(missing[0])
        self._forget()

    def _miss(self, row: Synchronise) -> None:
        assert self._write is not None and self._machine is not None
        describe = self._machine.describe
        message = (
            f"the store to code at {describe(self._write.address)} by "
            f"{describe(self._write.pc)} is not followed by {row.what}"
        )
        place = describe(self._write.address)
        violation = Violation("sync", message, self._write.pc, place, self._write.address)
        self.violations.append(violation)

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
