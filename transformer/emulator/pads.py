"""Check 5: an indirect branch lands on a landing pad.

Unicorn runs pads as hints and enforces none, so this looks at the bytes at
each place where an indirect branch lands.
"""

from __future__ import annotations

from transformer.arch import IndirectBranch
from transformer.emulator.events import Violation
from transformer.emulator.library import UcError
from transformer.emulator.machine import Machine
from transformer.emulator.transfers import Transfer


class PadCheck:
    """Attach it where indirect branches must land on pads.

    ``count`` is the number of branches seen that need one.  Each pair of
    branch and landing is reported once.
    """

    def __init__(self) -> None:
        self.count = 0
        self.violations: list[Violation] = []
        self._reported: set[tuple[int, int]] = set()

    def begin(self, machine: Machine) -> None:
        self._machine = machine
        self._transfers = machine.transfers
        self._pending: Transfer | None = None

    def step(self, address: int, previous: int) -> None:
        if self._pending is not None:
            self._land(self._pending, address, previous)
        transfer = self._transfers[address]
        row = transfer.row
        self._pending = transfer if row is not None and row.needs_pad else None

    def _land(self, transfer: Transfer, address: int, previous: int) -> None:
        self.count += 1
        assert transfer.row is not None
        if self._is_pad(address, transfer.row) or (previous, address) in self._reported:
            return
        self._reported.add((previous, address))
        describe = self._machine.describe
        message = (
            f"{transfer.kind} at {describe(previous)} lands on {describe(address)}, "
            "which is no landing pad for it"
        )
        self.violations.append(Violation("pads", message, address, describe(previous), previous))

    def _is_pad(self, address: int, row: IndirectBranch) -> bool:
        pads = row.pads or self._machine.arch.landing_pads
        try:
            return any(self._machine.read(address, len(p)) == p for p in pads)
        except UcError:  # the code ends before a pad would
            return False
