"""Check 2: a call through a trampoline or an inline site arrives as a direct call would.

Registers are read where it matters only, at the trampoline's first instruction
and at that of the target: reading them costs about 50 µs.  What vector registers
hold, the recorders of the arguments see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transformer.emulator.events import Violation
from transformer.emulator.machine import Machine
from transformer.emulator.registers import differing
from transformer.emulator.sites import inline_sites
from transformer.emulator.tables import Tables


@dataclass(frozen=True)
class _Call:
    """The state at a trampoline's first instruction."""

    site: int
    body: range
    registers: tuple[int, ...]
    sp: int
    back: int


class AbiCheck:
    """Attach it to a machine whose images hold trampolines, or indirect calls.

    From a trampoline's entry to the target's: argument and callee-saved
    registers, the stack pointer and the return address are unchanged.  After
    a call, direct or indirect, the return address is the instruction after
    the call and the stack is aligned as the ABI asks; at an inline site that
    calls nothing, it is as aligned as a call would need it.  ``count`` is the
    number of calls checked.
    """

    def __init__(self) -> None:
        self.count = 0
        self.violations: list[Violation] = []
        self._machine: Machine | None = None

    def begin(self, machine: Machine) -> None:
        if self._machine is not machine:
            self._machine = machine
            self._prepare(machine)
        self._call: _Call | None = None

    def step(self, address: int, previous: int) -> bool:
        call = self._call
        if previous in self._sites and address not in self._bodies:
            self._left(address, previous)
        if call is not None and address not in call.body:
            self._call = None
            self._arrived(call, address, previous)
        if address in self._bodies and (call is None or address not in call.body):
            self._called(address, previous)
        elif call is None and previous:
            kind = self._transfers[previous].kind
            if kind == "indirect-call" or (kind == "indirect-jump" and address in self._entries):
                self._indirect(address, previous, kind)
        quiet = self._call is None and address not in self._sites
        return quiet and not self._transfers[address].turns

    def _prepare(self, machine: Machine) -> None:
        row = machine.arch.registers
        names = [*row.arguments, *row.callee_saved, *row.variadic]
        self._names = list(dict.fromkeys(names))
        self._transfers = machine.transfers
        self._bodies: dict[int, range] = {}
        self._entries: set[int] = set()
        self._sites: dict[int, int] = {}  # where each starts and ends
        for image in machine.images:
            self._entries.update(s.address for s in image.all_symbols if s.kind == "func")
            tables = Tables(image)
            for trampoline in tables.trampolines:
                self._bodies[trampoline] = range(*tables.body(trampoline))
            self._sites.update((s.start, s.end) for s in inline_sites(tables))

    def _called(self, address: int, previous: int) -> None:
        machine = self._known()
        registers = machine.regs(self._names)
        back = machine.return_address()
        self._call = _Call(previous, self._bodies[address], registers, machine.sp, back)
        if previous and self._transfers[previous].kind.endswith("-call"):
            self._check_call(previous, back, address)

    def _arrived(self, call: _Call, address: int, previous: int) -> None:
        machine = self._known()
        self.count += 1
        problems = list(self._changes(call))
        aligned = self._alignment()
        if aligned:
            problems.append(aligned)
        for problem in problems:
            target = machine.describe(address)
            name = machine.describe(call.body.start)
            self._report(f"{name} to {target}: {problem}", address, call.site)

    def _changes(self, call: _Call) -> Iterator[str]:
        machine = self._known()
        if machine.sp != call.sp:
            yield f"the stack pointer is {machine.sp - call.sp:+d} bytes off"
            return
        back = machine.return_address()
        if back != call.back:
            yield f"the return address is {back:#x}, not {machine.describe(call.back)}"
        now = machine.regs(self._names)
        yield from differing(self._names, call.registers, now)

    def _left(self, address: int, site: int) -> None:
        """An inline site was executed, and led elsewhere than to its trampoline."""
        machine, kind = self._known(), self._transfers[site].kind
        back, pushed = self._sites[site], 0
        if kind == "direct-call":
            self._check_call(site, machine.return_address(), address)
        elif kind == "direct-jump" and address == back:
            return  # conditional, and not taken
        elif kind in ("next", "return"):
            pushed = 0 if machine.arch.registers.link else machine.arch.pointer_size
        self.count += 1
        aligned = self._alignment(pushed)
        if aligned:
            self._report(f"{machine.describe(site)}: {aligned}", address, site)

    def _indirect(self, address: int, previous: int, kind: str) -> None:
        """How a site of mode generic enters its target."""
        self.count += 1
        machine = self._known()
        if kind == "indirect-call":
            self._check_call(previous, machine.return_address(), address)
        aligned = self._alignment()
        if aligned:
            self._report(f"call of {machine.describe(address)}: {aligned}", address, previous)

    def _check_call(self, site: int, back: int, address: int) -> None:
        after = site + self._transfers[site].size
        if back != after:
            machine = self._known()
            message = (
                f"call of {machine.describe(address)}: the return address is {back:#x}, "
                f"not {machine.describe(after)}"
            )
            self._report(message, address, site)

    def _alignment(self, pushed: int = 0) -> str:
        """What is wrong with the stack of a function that is entered ``pushed`` bytes lower."""
        machine = self._known()
        rules = machine.arch.emulation
        off = (machine.sp - pushed + rules.stack_bias_at_entry) % rules.stack_alignment
        return (
            f"the stack is {off} bytes off its alignment of {rules.stack_alignment}" if off else ""
        )

    def _report(self, message: str, pc: int, site: int) -> None:
        name = self._known().describe(site)
        self.violations.append(Violation("abi", message, pc, name, site))

    def _known(self) -> Machine:
        assert self._machine is not None
        return self._machine
