"""Whether a call that was interrupted arrived where it may, as it should."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from transformer.emulator.disassembly import disassemble
from transformer.emulator.fetch.schedule import Schedule, Step
from transformer.emulator.interrupts.changes import Change
from transformer.emulator.interrupts.cpu import Arrived, InterruptibleMachine, Point
from transformer.emulator.interrupts.handler import ARRIVE, Event, Handler
from transformer.emulator.interrupts.places import CALL, GUARD, TRAMPOLINE, Place

_MOST = 3  # findings that begin alike
_ALIKE = 40  # characters


@dataclass(frozen=True)
class Finding:
    """Something wrong: where it showed, and what led there."""

    message: str
    pc: int
    schedule: Schedule


@dataclass(frozen=True)
class Before:
    """What a call holds when it enters a place, and what its target must find."""

    registers: tuple[int, ...]
    sp: int
    back: int

    @classmethod
    def of(cls, cpu: InterruptibleMachine, place: Place) -> Before:
        """The CPU stands at the first instruction of ``place``."""
        back, sp = cpu.return_address(), cpu.sp
        if place.kind == CALL:
            back = place.end
            sp -= 0 if cpu.arch.registers.link else cpu.arch.pointer_size
        return cls(cpu.kept(), sp, back)


class Judge:
    """Looks at arrivals; ``findings`` are what was wrong, ``count`` how many it looked at."""

    def __init__(self, cpu: InterruptibleMachine, handler: Handler) -> None:
        self.cpu = cpu
        self.handler = handler
        self.findings: list[Finding] = []
        self.count = 0
        self._said: set[str] = set()
        self._alike: Counter[str] = Counter()

    def resumed(
        self, point: Point, place: Place, before: Before, golden: Arrived | None, change: Change
    ) -> None:
        """The interrupted code goes on, after an update that has returned meanwhile.

        ``golden`` is how it arrives without an interrupt; None for a call that
        a handler has made, which arrives at the key's old target.
        """
        cpu, handler = self.cpu, self.handler
        old = golden.pc if golden is not None else change.old
        new = self._new(point, place, change, old)
        loaded = place.in_window(point.pc) and point.pc > place.window
        cpu.restore(point.context)
        arrived = cpu.arrive()
        self._arrives(arrived)
        if arrived.fault:
            wrong = arrived.fault
        elif arrived.pc == change.old and change.old in handler.freed:
            wrong = self._freed(change)
        elif arrived.pc == old and not loaded and new != old:
            wrong = f"it still goes to {cpu.describe(old)}, though the update had returned before"
        elif arrived.pc not in (old, new):
            wrong = f"it goes to {cpu.describe(arrived.pc)}, neither the old nor the new target"
        elif golden is not None and arrived.pc == old:
            wrong = self._unlike(arrived, Before(golden.registers, golden.sp, golden.back))
        else:
            wrong = self._unlike(arrived, before) if place.kind != GUARD else ""
        if wrong:
            self.find(point.pc, place, wrong, change.text)
        self.faults(place, change.text)

    def called(self, place: Place, before: Before, target: int, update: str) -> None:
        """A handler's own call through the key has left all places."""
        cpu, arrived = self.cpu, self.cpu.arrived()
        self._arrives(arrived, 0)
        wrong = arrived.fault
        if not wrong and arrived.pc != target and target not in cpu.at:
            wrong = f"it goes to {cpu.describe(arrived.pc)}, not to {cpu.describe(target)}"
        if not wrong and arrived.pc == target:
            wrong = self._unlike(arrived, before)
        if wrong:
            self.find(place.start, place, f"the handler's own call: {wrong}", update)

    def faults(self, place: Place, update: str) -> None:
        """What the handler saw of the runtime's tracking."""
        for pc, what in self.handler.faults:
            self.find(pc, self.cpu.at.get(pc, place), what, update)
        self.handler.faults.clear()

    def find(self, pc: int, place: Place, what: str, update: str) -> None:
        """Notes a finding, unless the same was said before, or much that is alike."""
        cpu = self.cpu
        where = f"the {place.kind} of '{place.key}'"
        message = f"interrupted at {cpu.describe(pc)}, {where}; the handler: {update}; then {what}"
        if message in self._said or self._alike[what[:_ALIKE]] >= _MOST:
            return
        self._said.add(message)
        self._alike[what[:_ALIKE]] += 1
        steps = tuple(
            Step(e.cpu, e.kind, e.address, cpu.describe(e.address), e.text)
            for e in self.handler.events
        )
        image = cpu.image_at(place.start)
        code = cpu.read(place.start, place.end - place.start)
        lines = disassemble(cpu.arch, code, place.start, image)
        schedule = Schedule(f"the handler: {update}", where, steps, what, tuple(lines))
        self.findings.append(Finding(message, pc, schedule))

    def _arrives(self, arrived: Arrived, cpu: int = 1) -> None:
        self.count += 1
        text = arrived.fault or "it has left site and trampoline"
        self.handler.events.append(Event(cpu, ARRIVE, arrived.pc, text))

    def _new(self, point: Point, place: Place, change: Change, old: int) -> int:
        """Where it goes if it sees the update."""
        cpu = self.cpu
        cpu.restore(point.context)
        if place.kind not in (CALL, GUARD, TRAMPOLINE):
            cpu.step(point.pc)
            if cpu.pc == place.end:
                return old  # a condition that does not hold
            cpu.restore(point.context)
        if change.new not in cpu.at:
            return change.new
        cpu.set_reg(cpu.arch.registers.pc, change.new)
        return cpu.arrive().pc

    def _freed(self, change: Change) -> str:
        """It stands at a target that is overwritten with traps: one more instruction."""
        cpu = self.cpu
        cpu.step(cpu.pc)
        ended = cpu.arrived().fault or "nothing happens"
        return (
            f"it runs into {cpu.describe(change.old)}, which was freed since "
            f"static_call_synchronize() had returned 0 in the handler ({ended})"
        )

    def _unlike(self, arrived: Arrived, before: Before) -> str:
        cpu = self.cpu
        if arrived.sp != before.sp:
            return f"the stack pointer is {arrived.sp - before.sp:+d} bytes off at the target"
        if arrived.back != before.back:
            wanted = cpu.describe(before.back)
            return f"the target would return to {cpu.describe(arrived.back)}, not to {wanted}"
        return cpu.difference(before.registers, arrived.registers)
