"""Unwinding: from a trampoline or a site the call-frame information leads to the true caller.

What the caller is, the shadow stack knows.  A debugger, a profiler and an
exception find it by this information alone, at whatever instruction they come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from elftools.common.exceptions import DWARFError
from elftools.dwarf.callframe import RegisterRule
from elftools.dwarf.dwarf_expr import DWARFExprParser
from elftools.dwarf.structs import DWARFStructs

from transformer.emulator.callframes import BadFrames, CallFrames, Row
from transformer.emulator.code import code_of
from transformer.emulator.events import Violation
from transformer.emulator.library import UcError
from transformer.emulator.machine import Machine
from transformer.emulator.shadow import ShadowCheck, ShadowFrame
from transformer.emulator.tables import Tables

_FRAMES = 16  # of a walk: how far the caller's callers are looked at


class NoFrame(ValueError):
    """The caller cannot be found; the text says why."""


@dataclass(frozen=True)
class _Context:
    """A frame's registers by DWARF number, before the instruction at ``pc``."""

    pc: int
    register: Callable[[int], int]


class Unwinder:
    """Finds the callers of what a machine is executing."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._names = machine.arch.unwind.registers
        self._frames = [(i, CallFrames(i)) for i in machine.images]
        structs = DWARFStructs(
            little_endian=machine.arch.byteorder == "little",
            dwarf_format=32,
            address_size=machine.arch.pointer_size,
        )
        self._expressions = DWARFExprParser(structs)

    def context(self, pc: int) -> _Context:
        """The innermost frame, at the instruction that is next."""
        return _Context(pc, lambda number: self._machine.reg(self._names[number]))

    def row(self, address: int) -> tuple[Row, int] | None:
        """What the information says of an address, and the return address's column."""
        for image, frames in self._frames:
            if image.section_at(address) is not None:
                found = frames.at(address)
                return (found.row, found.back) if found is not None else None
        return None

    def caller(self, context: _Context, at: int) -> _Context:
        """The frame that called this one; ``at`` is an address within its call, if it made one."""
        found = self.row(at)
        if found is None:
            raise NoFrame("no call-frame information covers it")
        row, back = found
        try:
            cfa = self._cfa(row, context)
            registers = _Restored(self, row, cfa, context)
            return _Context(registers(back), registers)
        except (UcError, DWARFError, IndexError, KeyError) as e:
            raise NoFrame(f"its call-frame information cannot be followed: {e}") from e

    def _cfa(self, row: Row, context: _Context) -> int:
        rule = row.cfa
        if rule.expr is not None:
            return self.evaluate(rule.expr, context, [])
        return self.wrap(context.register(rule.reg) + rule.offset)

    def wrap(self, value: int) -> int:
        return value % (1 << 8 * self._machine.arch.pointer_size)

    def load(self, address: int) -> int:
        return self._machine.pointer(self.wrap(address))

    @property
    def sp(self) -> int:
        return self._machine.arch.unwind.sp

    def evaluate(self, expression: list[int], context: _Context, stack: list[int]) -> int:
        """A DWARF expression (DWARF 5, 2.5) of the few operations that frames need."""
        for operation in self._expressions.parse_expr(expression):
            self._operation(
                operation.op_name.removeprefix("DW_OP_"), operation.args, context, stack
            )
        return stack[-1]

    def _operation(self, name: str, args: list[int], context: _Context, stack: list[int]) -> None:
        if name.startswith("breg"):
            stack.append(self.wrap(context.register(int(name[4:])) + args[0]))
        elif name.startswith("lit"):
            stack.append(int(name[3:]))
        elif name.startswith("const"):
            stack.append(self.wrap(args[0]))
        elif name == "deref":
            stack.append(self.load(stack.pop()))
        elif name == "plus_uconst":
            stack.append(self.wrap(stack.pop() + args[0]))
        elif name in _BINARY:
            right, left = stack.pop(), stack.pop()
            stack.append(self.wrap(_BINARY[name](left, right)))
        else:
            raise NoFrame(f"its call-frame information uses DW_OP_{name}, which is not known here")


_BINARY: dict[str, Callable[[int, int], int]] = {
    "plus": lambda a, b: a + b,
    "minus": lambda a, b: a - b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "shl": lambda a, b: a << b,
    "ge": lambda a, b: int(a >= b),
}


class _Restored:
    """The caller's registers, each found when it is asked for."""

    def __init__(self, unwinder: Unwinder, row: Row, cfa: int, inner: _Context) -> None:
        self._unwinder, self._row, self._cfa, self._inner = unwinder, row, cfa, inner

    def __call__(self, number: int) -> int:
        rule = self._row.rules.get(number)
        if rule is None or rule.type == RegisterRule.SAME_VALUE:
            same = rule is None and number == self._unwinder.sp
            return self._cfa if same else self._inner.register(number)
        unwinder, cfa = self._unwinder, self._cfa
        if rule.type == RegisterRule.OFFSET:
            return unwinder.load(cfa + rule.arg)
        if rule.type == RegisterRule.VAL_OFFSET:
            return unwinder.wrap(cfa + rule.arg)
        if rule.type == RegisterRule.REGISTER:
            return self._inner.register(rule.arg)
        if rule.type in (RegisterRule.EXPRESSION, RegisterRule.VAL_EXPRESSION):
            value = unwinder.evaluate(rule.arg, self._inner, [cfa])
            return value if rule.type == RegisterRule.VAL_EXPRESSION else unwinder.load(value)
        raise NoFrame(f"its call-frame information says that register {number} is lost")


class UnwindCheck:
    """Attach it behind the shadow stack that it compares with.

    At each instruction of a trampoline, a site, a way station or a guard that
    is executed, the caller is found by the call-frame information, and where
    one is entered, the caller's callers too, as far as there is information.
    The same instruction of the same caller at the same depth is looked at
    once.  ``is_bare`` tells of functions that never had such information, which
    are left out.  ``count`` is the number of frames compared, ``walks`` that of the
    places they were begun from.
    """

    def __init__(
        self, shadow: ShadowCheck, is_bare: Callable[[int], bool] = lambda _: False
    ) -> None:
        self.count = 0
        self.walks = 0
        self.violations: list[Violation] = []
        self._shadow = shadow
        self._is_bare = is_bare
        self._machine: Machine | None = None
        self._seen: set[tuple[int, int, int]] = set()
        self._reported: set[int] = set()

    def begin(self, machine: Machine) -> None:
        if self._machine is not machine:
            self._machine = machine
            self._unwinder = Unwinder(machine)
            self._places = _places(machine)  # by address: whether it is entered there

    def step(self, address: int, previous: int) -> bool:
        entered = self._places.get(address)
        if entered is None:
            return True
        frames = self._shadow.calls()
        key = (address, frames[-1].back if frames else 0, len(frames))
        if frames and key not in self._seen:
            self._seen.add(key)
            self._walk(address, frames, _FRAMES if entered else 1)
        return False

    def _walk(self, address: int, frames: list[ShadowFrame], most: int) -> None:
        self.walks += 1
        context, at = self._unwinder.context(address), address
        for depth, frame in enumerate(frames[: -most - 1 : -1]):
            try:
                problem = self._signed(at, frame)
                context = self._unwinder.caller(context, at)
            except (NoFrame, BadFrames) as e:
                if not depth and not self._is_bare(address):
                    self._report(address, str(e))
                return
            self.count += 1
            if not problem:
                problem = self._astray(context, frame, at, depth)
            if problem:
                self._report(address, problem)
                return
            at = context.pc - 1

    def _astray(self, found: _Context, frame: ShadowFrame, at: int, depth: int) -> str:
        describe, sp = self._describe, found.register(self._unwinder.sp)
        if found.pc != frame.back:
            problem = (
                f"leads to {describe(found.pc)} as the caller, "
                f"but the call returns to {describe(frame.back)}"
            )
        elif sp != frame.sp:
            problem = (
                f"has the caller's stack pointer at {sp:#x}, "
                f"but when the call has returned it is {frame.sp:#x}"
            )
        else:
            return ""
        outer = f"{depth} frames up, of {describe(at)}, " if depth else ""
        return f"the call-frame information {outer}{problem}"

    def _signed(self, at: int, frame: ShadowFrame) -> str:
        """Whether an unwinder would take the return address for signed as it is or is not."""
        found = self._unwinder.row(at)
        if found is None or found[0].signed == (frame.signed is not None):
            return ""
        told, and_is = ("signed", "is not") if found[0].signed else ("not signed", "is")
        return (
            f"the call-frame information of {self._describe(at)} says that the return address "
            f"is {told}, but it {and_is}"
        )

    def _describe(self, address: int) -> str:
        assert self._machine is not None
        return self._machine.describe(address)

    def _report(self, address: int, message: str) -> None:
        if address in self._reported:
            return
        self._reported.add(address)
        name = self._describe(address)
        self.violations.append(Violation("unwind", f"at {name}: {message}", address, name, address))


def _places(machine: Machine) -> dict[int, bool]:
    """Where to look: True at what is entered, False at what may follow within the same place."""
    found: dict[int, bool] = {}
    for image in machine.images:
        tables = Tables(image)
        for trampoline in tables.trampolines:
            found.update(dict.fromkeys(range(*tables.body(trampoline)), False))
            found[trampoline] = True
        starts = code_of(image).start_of
        for entry in tables.call_sites:
            found[entry.code] = True
            found[starts(entry.code) or entry.code] = True  # with what pads it
            if entry.is_way:
                found.update((entry.code + p.second, False) for p in machine.arch.pairs)
        found.update((guard.code, True) for guard in tables.guards)
    return found
