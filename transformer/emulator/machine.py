"""One emulated CPU with its memory.

A machine either steps (it sees each instruction, at about 1 to 4 µs each) or
runs at full speed and sees nothing; Unicorn takes no hook back and gives none
later, so the choice is made when the machine is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import unicorn

from transformer.arch import Arch
from transformer.emulator.cpu import RegisterNumbers, new_cpu
from transformer.emulator.image import Image
from transformer.emulator.memory import (
    ALL,
    PAGE,
    READ_WRITE,
    free_range,
    page_permissions,
    pages,
    regions,
)
from transformer.emulator.transfers import Transfer, Transfers

STACK_SIZE = 1 << 20
_HEADROOM = 0x1000  # above the first frame, for arguments that a callee may look for
_RED_ZONE = 1024  # below the stack pointer, kept over aside(); no ABI asks for more than 512
_FETCHES = (unicorn.UC_MEM_FETCH_UNMAPPED, unicorn.UC_MEM_FETCH_PROT)
_ACCESSES = {
    unicorn.UC_MEM_READ_UNMAPPED: "read of unmapped memory",
    unicorn.UC_MEM_WRITE_UNMAPPED: "write to unmapped memory",
    unicorn.UC_MEM_FETCH_UNMAPPED: "jump to unmapped memory",
    unicorn.UC_MEM_READ_PROT: "read of memory that may not be read",
    unicorn.UC_MEM_WRITE_PROT: "write to memory that may not be written",
    unicorn.UC_MEM_FETCH_PROT: "jump to memory that may not be executed",
}


@dataclass(frozen=True)
class Arrival:
    """The machine is about to execute ``address``; ``previous`` is the last that it executed.

    ``kind`` is direct-call, direct-jump, indirect-call, indirect-jump, return,
    next, or start (``previous`` is then 0).
    """

    address: int
    previous: int
    kind: str


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    ``returned``: it came back to its return address, with its stack, and
    nothing was wrong.  ``pc`` is that of the last instruction otherwise.
    ``instructions`` are counted by a stepping machine alone.
    """

    status: str
    pc: int
    detail: str
    instructions: int
    trace: list[int] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.status == "returned"


@dataclass(frozen=True)
class CodeWrite:
    """A store of the guest into code, before it is done."""

    pc: int
    address: int
    size: int
    value: int


StopHandler = Callable[["Machine", Arrival], None]
ReadHandler = Callable[["Machine", int, int], None]


@dataclass(frozen=True)
class ReadWatch:
    """``handler(machine, address, size)`` is called before each load that begins in the range.

    It runs inside of a hook: it may read, not write; ``machine.current`` is
    the address of the loading instruction.
    """

    start: int
    size: int
    handler: ReadHandler


class Observer(Protocol):
    """Sees each instruction of a stepping machine before it is executed."""

    def begin(self, machine: Machine) -> None:
        """Called when it is attached, and before each run."""

    def step(self, address: int, previous: int) -> None:
        """``previous`` is the instruction executed before, 0 at the start of a run."""


class Machine:
    """A CPU, its stack and the images that it runs."""

    def __init__(self, arch: Arch, images: Sequence[Image] = (), *, stepping: bool) -> None:
        self.arch = arch
        self.images = list(images)
        self.stepping = stepping
        self.code_writes: list[CodeWrite] = []
        self._uc: Any = new_cpu(arch)
        self._registers = RegisterNumbers(arch)
        self._code_pages: set[int] = set()
        self._mapped: list[tuple[int, int]] = []
        self._map_images()
        size = STACK_SIZE + PAGE
        self._stack = free_range(size, self._mapped)
        self._map(self._stack, STACK_SIZE, READ_WRITE)
        self.sentinel = self._stack + STACK_SIZE  # the return address of every run
        self._map(self.sentinel, PAGE, ALL)
        for name, symbol in arch.emulation.setup_symbols:
            self._set_from_symbol(name, symbol)
        self.transfers = Transfers(arch, self.read)
        self._observers: list[Observer] = []
        self._fault: Outcome | None = None
        self._step: Callable[[int], bool] | None = None
        self.trace: list[int] = []
        self._install()

    # --- memory ---

    def map_region(self, address: int, size: int, *, executable: bool = False) -> None:
        """Maps whole pages of zeros that hold this range; ``ValueError`` where one is mapped."""
        held = pages(address, size)
        self._map(held.start, len(held) * PAGE, ALL if executable else READ_WRITE)

    def read(self, address: int, size: int) -> bytes:
        """``unicorn.UcError`` where it is not mapped, as for all of these."""
        return bytes(self._uc.mem_read(address, size))

    def write(self, address: int, data: bytes) -> None:
        """Writes data; ``ValueError`` where that is code: poke() is for code."""
        if not self._code_pages.isdisjoint(pages(address, len(data))):
            raise ValueError(f"{address:#x} lies in code, which only poke() writes")
        self._uc.mem_write(address, data)

    def poke(self, address: int, code: bytes) -> None:
        """Writes code and drops its translation, which would go on running else."""
        if not code:
            return
        self._uc.mem_write(address, code)
        self._uc.ctl_remove_cache(address, address + len(code))
        self.transfers.overwritten(address, len(code))

    def pointer(self, address: int) -> int:
        """The pointer that stands at ``address``."""
        return self._integer(self.read(address, self.arch.pointer_size))

    # --- registers ---

    def reg(self, name: str) -> int:
        """A register by arch.toml's name for it, unsigned."""
        return int(self._uc.reg_read(self._registers[name]))

    def regs(self, names: Sequence[str]) -> tuple[int, ...]:
        """Several registers at once."""
        return tuple(self._uc.reg_read_batch([self._registers[n] for n in names]))

    def set_reg(self, name: str, value: int) -> None:
        self._uc.reg_write(self._registers[name], value)

    @property
    def pc(self) -> int:
        return self.reg(self.arch.registers.pc)

    @property
    def current(self) -> int:
        """The instruction that is being executed, or was last; 0 before the first."""
        return self.trace[-1] if self.trace else 0

    def return_address(self) -> int:
        """Where the function whose first instruction is next will return to."""
        row = self.arch.registers
        return self.pointer(self.reg(row.sp)) if row.link is None else self.reg(row.link)

    def leave(self) -> None:
        """From a stop on a function's first instruction: returns to its caller at once."""
        row = self.arch.registers
        back = self.return_address()
        if row.link is None:
            self.set_reg(row.sp, self.reg(row.sp) + self.arch.pointer_size)
        self.set_reg(row.pc, back)

    # --- names ---

    def image_at(self, address: int) -> Image | None:
        return next((i for i in self.images if i.section_at(address)), None)

    def describe(self, address: int) -> str:
        """``symbol+0x10 (file.c:12)``, as much of it as is known."""
        if address == self.sentinel:
            return "the caller's return address"
        image = self.image_at(address)
        return image.describe(address) if image is not None else f"{address:#x}"

    # --- running ---

    def attach(self, observer: Observer) -> None:
        """The observer sees each instruction from now on."""
        self._need_stepping("an observer")
        self._observers.append(observer)
        observer.begin(self)

    def run(
        self,
        start: int,
        *,
        stops: Mapping[int, StopHandler] | None = None,
        reads: Sequence[ReadWatch] = (),
        limit: int = 2_000_000,
        timeout_us: int = 20_000_000,
        trace: bool = False,
    ) -> Outcome:
        """Calls a ``void(void)`` function on a fresh stack and tells how that ended.

        ``stops`` are called outside of any hook, with the pc at their address,
        before that is executed.  After ``limit`` instructions, or ``timeout_us``,
        the run has hung.
        """
        if stops or reads or trace:
            self._need_stepping("a run with stops, reads or a trace")
        self._begin()
        top = self._enter()
        with self._watching(reads):
            outcome = self._finish(self._go(start, stops or {}, limit, timeout_us), top)
        return outcome if not trace else _traced(outcome, self.trace)

    def aside(self, function: int, until: int) -> Outcome:
        """Runs from ``function`` to ``until`` with registers and stack as they are.

        For a StopHandler.  Afterwards all registers, and what lies below the
        stack pointer, are as before; other memory keeps what was written.
        Observers, stops and reads see nothing of it.
        """
        self._fault, step, self._step = None, self._step, None
        context = self._uc.context_save()
        below = self.reg(self.arch.registers.sp) - _RED_ZONE
        kept = self.read(below, _RED_ZONE)
        error = self._start(function, until, 1 << 20, 0)
        outcome = self._aside_outcome(until, error)
        self._uc.mem_write(below, kept)
        self._uc.context_restore(context)
        self._fault, self._step = None, step
        return outcome

    # --- inside: making ---

    def _map_images(self) -> None:
        for address, size, permission in regions(page_permissions(self.images)):
            self._map(address, size, permission)
        for image in self.images:
            for section in image.entry_sections:
                if section.data.strip(b"\0"):
                    self._uc.mem_write(section.address, section.data)

    def _map(self, address: int, size: int, permission: int) -> None:
        try:
            self._uc.mem_map(address, size, permission)
        except unicorn.UcError as e:
            raise ValueError(f"{address:#x}, {size:#x} bytes: {e}") from e
        self._mapped.append((address, size))
        if permission & unicorn.UC_PROT_EXEC:
            self._code_pages.update(pages(address, size))

    def _set_from_symbol(self, register: str, name: str) -> None:
        found = [i.symbols[name].address for i in self.images if name in i.symbols]
        if found:
            self.set_reg(register, found[0])

    def _install(self) -> None:
        """Hooks go in before the first run: those that come later never fire."""
        uc = self._uc
        uc.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._on_bad_memory)
        uc.hook_add(unicorn.UC_HOOK_INTR, self._on_interrupt)
        uc.hook_add(unicorn.UC_HOOK_INSN_INVALID, self._on_bad_instruction)
        if not self.stepping:
            return
        uc.hook_add(unicorn.UC_HOOK_CODE, self._on_code)
        # One load hook makes all loads look for hooks; those of a run come and go.
        end = self.sentinel + PAGE - 1
        uc.hook_add(unicorn.UC_HOOK_MEM_READ, self._on_nothing, begin=self.sentinel, end=end)
        for image in self.images:
            for section in image.entry_sections:
                if section.executable:
                    uc.hook_add(
                        unicorn.UC_HOOK_MEM_WRITE,
                        self._on_code_write,
                        begin=section.address,
                        end=section.end - 1,
                    )

    # --- inside: hooks ---

    def _on_code(self, uc: Any, address: int, size: int, data: object) -> None:
        step = self._step
        if step is not None and step(address):
            uc.emu_stop()

    def _on_nothing(self, *args: object) -> None:
        pass

    def _on_code_write(
        self, uc: Any, access: int, address: int, size: int, value: int, data: object
    ) -> None:
        self.transfers.overwritten(address, size)
        if self._step is not None:
            self.code_writes.append(CodeWrite(self.current, address, size, value))

    def _on_bad_memory(
        self, uc: Any, access: int, address: int, size: int, value: int, data: object
    ) -> bool:
        what = _ACCESSES.get(access, "bad access to memory")
        pc = address if access in _FETCHES else self._where()
        place = "" if access in _FETCHES else f" at {address:#x}"
        came = f", from {self.describe(self.current)}" if access in _FETCHES else ""
        self._record(pc, f"{what}{place}{came}")
        return False

    def _on_interrupt(self, uc: Any, number: int, data: object) -> None:
        self._record(self._where(), f"exception {number}")
        uc.emu_stop()

    def _on_bad_instruction(self, uc: Any, data: object) -> bool:
        self._record(self._where(), "invalid instruction")
        return False

    def _where(self) -> int:
        return self.current if self._step is not None else self.pc

    def _record(self, pc: int, what: str) -> None:
        if self._fault is None:
            self._fault = Outcome("fault", pc, f"{what}, at {self.describe(pc)}", 0)

    # --- inside: a run ---

    def _need_stepping(self, what: str) -> None:
        if not self.stepping:
            raise ValueError(f"{what} needs a machine that was made with stepping=True")

    def _begin(self) -> None:
        self._fault = None
        self.trace = []
        for observer in self._observers:
            observer.begin(self)

    def _enter(self) -> int:
        """A fresh stack as at a call; the stack pointer that a return must leave."""
        row, rules = self.arch.registers, self.arch.emulation
        top = (self._stack + STACK_SIZE - _HEADROOM) & -rules.stack_alignment
        if row.link is None:
            size = self.arch.pointer_size
            order = self.arch.byteorder
            back = self.sentinel.to_bytes(size, "little" if order == "little" else "big")
            self._uc.mem_write(top - size, back)
            self.set_reg(row.sp, top - size)
        else:
            self.set_reg(row.sp, top)
            self.set_reg(row.link, self.sentinel)
        return top

    def _go(
        self, start: int, stops: Mapping[int, StopHandler], limit: int, timeout_us: int
    ) -> Outcome | None:
        """Runs until nothing is left to do; the outcome if it is known to be a hang."""
        if not self.stepping:
            return self._result(self._start(start, self.sentinel, limit, timeout_us))
        deadline = time.monotonic() + timeout_us / 1e6
        pc, resume = start, -1
        while True:
            self._step = self._stepper(stops, resume)
            error = self._start(pc, self.sentinel, limit - len(self.trace) + 1, 0)
            self._step = None
            pc = self.pc
            if self._fault or error or pc == self.sentinel or pc not in stops:
                return self._result(error)
            if len(self.trace) >= limit or time.monotonic() > deadline:
                return Outcome("hang", pc, f"cut off at {self.describe(pc)}", len(self.trace))
            stops[pc](self, self._arrival(pc))
            resume, pc = pc, self.pc
            if pc != resume:
                resume = -1
            if pc == self.sentinel:
                return None

    def _stepper(self, stops: Mapping[int, StopHandler], resume: int) -> Callable[[int], bool]:
        """The body of the code hook: True stops the machine before ``address``.

        ``resume`` is the stop that the machine was held at: it goes on there.
        """
        append, observers = self.trace.append, [o.step for o in self._observers]
        previous = self.current

        def step(address: int) -> bool:
            nonlocal resume, previous
            if address in stops and address != resume:
                return True
            resume = -1
            append(address)
            for observe in observers:
                observe(address, previous)
            previous = address
            return False

        return step

    def _start(self, pc: int, until: int, count: int, timeout_us: int) -> unicorn.UcError | None:
        try:
            self._uc.emu_start(pc, until, timeout=timeout_us, count=max(count, 1))
        except unicorn.UcError as e:
            return e
        return None

    def _arrival(self, address: int) -> Arrival:
        previous = self.current
        if not previous:
            return Arrival(address, 0, "start")
        transfer = self.transfers[previous]
        kind = transfer.kind
        follows = address == previous + transfer.size
        if kind == "next" and not follows:
            kind = "direct-jump"
        elif kind == "direct-jump" and follows and transfer.target != address:
            kind = "next"  # a conditional branch that was not taken
        return Arrival(address, previous, kind)

    def _result(self, error: unicorn.UcError | None) -> Outcome | None:
        if self._fault is not None:
            return self._fault
        pc = self.pc
        if error is not None:
            return Outcome("fault", pc, f"{error}, at {self.describe(pc)}", 0)
        if pc != self.sentinel:
            return Outcome("hang", pc, f"cut off at {self.describe(pc)}", 0)
        return None

    def _finish(self, ended: Outcome | None, top: int) -> Outcome:
        count = len(self.trace)
        if ended is not None:
            return Outcome(ended.status, ended.pc, ended.detail, count)
        off = self.reg(self.arch.registers.sp) - top
        if off:
            detail = f"it returned with the stack pointer {off:+d} bytes off"
            return Outcome("fault", self.sentinel, detail, count)
        return Outcome("returned", self.sentinel, "", count)

    def _aside_outcome(self, until: int, error: unicorn.UcError | None) -> Outcome:
        if self._fault is None and error is None and self.pc == until:
            return Outcome("returned", until, "", 0)
        return self._result(error) or Outcome("fault", self.pc, "it returned from aside", 0)

    @contextmanager
    def _watching(self, reads: Sequence[ReadWatch]) -> Iterator[None]:
        handles = [self._watch(read) for read in reads]
        try:
            yield
        finally:
            for handle in handles:
                self._uc.hook_del(handle)

    def _watch(self, read: ReadWatch) -> Any:
        def on_read(
            uc: Any, access: int, address: int, size: int, value: int, data: object
        ) -> None:
            if self._step is not None:
                read.handler(self, address, size)

        end = read.start + read.size - 1
        return self._uc.hook_add(unicorn.UC_HOOK_MEM_READ, on_read, begin=read.start, end=end)

    def _integer(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self.arch.byteorder == "little" else "big")


def _traced(outcome: Outcome, trace: list[int]) -> Outcome:
    return Outcome(outcome.status, outcome.pc, outcome.detail, outcome.instructions, list(trace))


__all__ = [
    "Arrival",
    "CodeWrite",
    "Machine",
    "Observer",
    "Outcome",
    "ReadHandler",
    "ReadWatch",
    "StopHandler",
    "Transfer",
]
