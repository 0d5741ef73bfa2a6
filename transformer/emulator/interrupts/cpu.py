"""A CPU that runs at full speed and stops at places, to be interrupted there.

A machine that steps sees each instruction of a handler, and an update has
thousands.  This one has hooks in the places alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from transformer.arch import Arch
from transformer.emulator.events import Outcome
from transformer.emulator.image import Image
from transformer.emulator.interrupts.places import Place
from transformer.emulator.library import unicorn
from transformer.emulator.machine import Machine
from transformer.emulator.memory import ALL, PAGE, pages
from transformer.emulator.registers import differing

_MOST = 1 << 22  # instructions between two stops
_LONGEST_WAY = 64  # instructions of site, way station and trampoline together
_CANARY = 0x5EED_0000
BELOW = 0x200  # what a handler leaves alone below the stack pointer: no ABI asks for more


class GuestFault(Exception):
    """A function of the guest that a handler called did not return; the text says why."""


@dataclass(frozen=True)
class Point:
    """One instruction on the way of a call; ``context`` is the CPU's state before it."""

    pc: int
    context: Any


@dataclass(frozen=True)
class Arrived:
    """The first instruction outside of all places.  ``fault`` tells what went wrong before."""

    pc: int
    registers: tuple[int, ...]
    sp: int
    back: int
    fault: str = ""


class InterruptibleMachine(Machine):
    """Runs, stops before the instructions at ``stops``, and can be interrupted there.

    ``below`` is how far below the interrupted stack pointer a handler's stack
    begins.  ``stops`` may change at any time while the machine stands still.
    """

    def __init__(
        self,
        arch: Arch,
        images: Sequence[Image],
        places: Sequence[Place],
        *,
        ends: Sequence[int] = (),
        below: int = BELOW,
    ) -> None:
        self.at: dict[int, Place] = {a: p for p in places for a in range(p.start, p.end)}
        self.stops: set[int] = set()
        self.below = below
        self._ends = set(ends)
        self._hooked = sorted({*(p.start for p in places), *ends})
        row = arch.registers
        self._kept = tuple(dict.fromkeys((*row.arguments, *row.callee_saved, *row.variadic)))
        super().__init__(arch, images, stepping=False)
        one = self._registers.one
        self._result_register = one(row.returns[0])
        self._parameters = [one(n) for n in row.arguments[:4]]
        self._link = one(row.link) if row.link is not None else None
        self._back = self.word(self.sentinel, arch.pointer_size)

    def _map_images(self) -> None:
        """Each image as one region: to map one takes longer than most trials."""
        for image in self.images:
            sections = image.entry_sections
            start = min(s.address for s in sections) & -PAGE
            held = pages(start, max(s.end for s in sections) - start)
            self._map(held.start, len(held) * PAGE, ALL)
            for section in sections:
                if section.holds:
                    self._uc.mem_write(section.address, section.data)
        self._code_pages.clear()

    def _install(self) -> None:
        super()._install()
        for address in self._hooked:
            self._uc.hook_add(unicorn.UC_HOOK_CODE, self._at_stop, begin=address, end=address)

    def _at_stop(self, uc: Any, address: int, size: int, data: object) -> None:
        if address in self.stops or (address in self._ends and self.stops):
            uc.emu_stop()

    # --- the program ---

    def go(self, function: int, visit: Callable[[int], None]) -> Outcome:
        """Calls a ``void(void)`` function; ``visit`` gets each of ``stops`` that it comes to.

        An address is no stop any more once it was visited.  The outcome is
        returned, exited (at one of ``ends``), or what went wrong.
        """
        top, pc = self._enter(), function
        self._begin()
        while True:
            error = self._start(pc, self.sentinel, _MOST, 0)
            pc = self.pc
            if self._fault is None and error is None and pc in self._ends:
                return Outcome("exited", pc, "", 0)
            if self._fault is not None or error is not None or pc not in self.stops:
                return self._finish(self._result(error), top)
            self.stops.discard(pc)
            visit(pc)

    # --- interrupts ---

    def handler_stack(self, room: int = 0) -> int:
        """The CPU as in a handler, with ``room`` bytes kept on its stack; their address."""
        alignment = self.arch.emulation.stack_alignment
        sp = (self.sp - self.below - room) & -alignment
        self.sp = sp
        return sp

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nothing stops the CPU, and afterwards it stands where it stood."""
        stops, self.stops = self.stops, set()
        registers = self.save()
        try:
            yield
        finally:
            self.restore(registers)
            self.stops, self._fault = stops, None

    def guest(self, function: int, *arguments: int) -> int:
        """Calls a function with integers and pointers; what it returned in one register."""
        for register, value in zip(self._parameters, arguments, strict=False):
            register.set(value)
        self._return_to_sentinel()
        self._fault = None
        error = self._start(function, self.sentinel, _MOST, 0)
        if self._fault is not None or error is not None or self.pc != self.sentinel:
            ended = self._result(error)
            detail = ended.detail if ended is not None else ""
            self._fault = None
            raise GuestFault(f"{self.describe(function)} did not return to the handler: {detail}")
        return self._result_register.get()

    def call(self, function: int) -> None:
        """The CPU as at the first instruction of a function that was called."""
        self._return_to_sentinel()
        self._pc.set(function)

    def _return_to_sentinel(self) -> None:
        if self._link is not None:
            self._link.set(self.sentinel)
            return
        sp = self.sp - self.arch.pointer_size
        self._uc.mem_write(sp, self._back)
        self.sp = sp

    def name(self, address: int) -> str:
        """``symbol+0x10``: describe() reads the lines of the whole program first."""
        image = self.image_at(address)
        found = image.symbol_at(address) if image is not None else None
        if found is None:
            return f"{address:#x}"
        return found[0].name + (f"+{found[1]:#x}" if found[1] else "")

    # --- the way of a call ---

    def way(self) -> Iterator[int]:
        """Each instruction from here on that lies in a place, before it is executed."""
        for _ in range(_LONGEST_WAY):
            pc = self.pc
            if pc not in self.at:
                return
            yield pc
            if not self.step(pc):
                return

    def points(self) -> list[Point]:
        """The same, with the CPU's state before each."""
        return [Point(pc, self.save()) for pc in self.way()]

    def step(self, pc: int) -> bool:
        """Executes the one instruction at ``pc``, where it stands; False where it faults."""
        self._fault = None
        error = self._start(pc, 0, 1, 0)
        if error is not None and self._fault is None:
            self._record(self.pc, str(error))
        return self._fault is None

    def arrive(self) -> Arrived:
        """Goes on until it has left all places."""
        self._fault = None
        for _ in self.way():
            pass
        return self.arrived()

    def arrived(self) -> Arrived:
        """Where it stands now, as what it has arrived at."""
        fault, self._fault = self._fault, None
        pc = self.pc
        if fault is None and pc in self.at:
            return Arrived(pc, (), 0, 0, f"it goes round in circles at {self.describe(pc)}")
        if fault is not None:
            return Arrived(pc, (), 0, 0, fault.detail)
        return Arrived(pc, self.kept(), self.sp, self.return_address())

    def fresh_stack(self) -> None:
        """The stack as a run begins with it, with nothing on it."""
        self._enter()

    def canaries(self) -> None:
        """Values that tell the registers apart which a call may not change on its way."""
        for number, name in enumerate(self._kept):
            self.set_reg(name, _CANARY + number)

    def kept(self) -> tuple[int, ...]:
        """What a call may not change on its way to the target."""
        return self.regs(self._kept)

    def difference(self, one: Sequence[int], other: Sequence[int]) -> str:
        """The first of those registers that differs, in words; "" where none does."""
        return next(differing(self._kept, one, other), "")
