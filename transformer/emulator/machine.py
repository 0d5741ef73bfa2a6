"""One emulated CPU with its memory.

A machine either steps (it sees each instruction, at about 1 to 4 µs each) or
runs at full speed and sees nothing; Unicorn takes no hook back and gives none
later, so the choice is made when the machine is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from transformer.arch import Arch
from transformer.emulator.cpu import Cpu
from transformer.emulator.events import (
    CodeWrite,
    Observer,
    Outcome,
    ReadWatch,
    StopHandler,
)
from transformer.emulator.hooks import CodeHook
from transformer.emulator.image import Image
from transformer.emulator.library import UcError, unicorn
from transformer.emulator.memory import ALL, PAGE, READ_WRITE, free_range, spans

STACK_SIZE = 1 << 20
_HEADROOM = 0x1000  # above the first frame, for arguments that a callee may look for
_SLICE = 1 << 17  # instructions between two looks at the clock
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


class Machine(Cpu):
    """A CPU, its stack and the images that it runs."""

    def __init__(self, arch: Arch, images: Sequence[Image] = (), *, stepping: bool) -> None:
        super().__init__(arch, images)
        self.stepping = stepping
        self.code_writes: list[CodeWrite] = []
        self._stack = free_range(STACK_SIZE + PAGE, self._mapped)
        self._map(self._stack, STACK_SIZE, READ_WRITE)
        self.sentinel = self._stack + STACK_SIZE  # the return address of every run
        self._map(self.sentinel, PAGE, ALL)
        self._observers: list[Observer] = []
        self._code_writers: list[Callable[[CodeWrite], None]] = []
        self._reads: list[ReadWatch] = []
        self._read_hooks: list[Any] = []
        self._fault: Outcome | None = None
        self._code = CodeHook()
        self._open = True  # whether an observer may have something to do, wherever it comes to
        self.trace: list[int] = []
        self._install()

    @property
    def stack_top(self) -> int:
        """Where the stack of each run begins."""
        return self._stack + STACK_SIZE - _HEADROOM

    @property
    def current(self) -> int:
        """The instruction that is being executed, or was last; 0 before the first."""
        return self.trace[-1] if self.trace else 0

    def describe(self, address: int) -> str:
        """``symbol+0x10 (file.c:12)``, as much of it as is known."""
        if address == self.sentinel:
            return "the caller's return address"
        return super().describe(address)

    # --- running ---

    def attach(self, observer: Observer) -> None:
        """The observer sees each instruction from now on."""
        self._need_stepping("an observer")
        self._observers.append(observer)
        self.transfers.quiet.clear()
        observer.begin(self)

    def detach(self, observer: Observer) -> None:
        """The observer sees nothing any more."""
        self._observers.remove(observer)

    def watch_stores(
        self,
        code: Callable[[CodeWrite], None],
        words: Mapping[int, int],
        data: Callable[[int, int, int], None],
    ) -> Callable[[], None]:
        """Tells of stores before they are done, until what it returns is called.

        ``code(write)`` is told of those to code, ``data(pc, address, size)`` of
        those to ``words``, addresses with sizes.  Both run inside of a hook:
        they may read, not write.
        """
        self._need_stepping("watching stores")
        held = {byte for word, size in words.items() for byte in range(word, word + size)}

        def on_write(uc: Any, access: int, address: int, size: int, *rest: object) -> None:
            if self._code.step is not None and address in held:
                self._open = True
                data(self.current, address, size)

        self._code_writers.append(code)
        handles = [
            self._uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, on_write, begin=first, end=last)
            for first, last in spans(held)
        ]

        def stop() -> None:
            self._code_writers.remove(code)
            for handle in handles:
                self._uc.hook_del(handle)

        return stop

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
        the run has hung; where no instruction is seen, 0 leaves it to the limit.
        """
        if stops or reads or trace:
            self._need_stepping("a run with stops, reads or a trace")
        top = self._enter()
        self._begin()
        self._watch(reads)
        outcome = self._finish(self._go(start, stops or {}, limit, timeout_us), top)
        return replace(outcome, trace=list(self.trace)) if trace else outcome

    def aside(self, function: int, until: int, back: int | None = None) -> Outcome:
        """Runs from ``function`` to ``until`` with registers and stack as they are.

        For a StopHandler.  With ``back`` it is called, to return there, else
        jumped to.  Afterwards all registers, and what lies below the stack
        pointer, are as before; other memory keeps what was written.
        Observers, stops and reads see nothing of it.
        """
        self._fault, step, self._code.step = None, self._code.step, None
        registers = self.save()
        below = self.sp - _RED_ZONE
        kept = self.read(below, _RED_ZONE)
        if back is not None:
            self._call(back)
        error = self._start(function, until, 1 << 20, 0)
        outcome = self._aside_outcome(until, error)
        self._uc.mem_write(below, kept)
        self.restore(registers)
        self._fault, self._code.step = None, step
        return outcome

    def one(self, pc: int) -> str:
        """Executes the one instruction at ``pc``; tells what was wrong with it, "" if nothing.

        Observers see nothing of it.  Where it leads, ``self.pc`` is.
        """
        self._fault = None
        # Where the end of a run was translated without being one, no run would end there.
        error = self._start(pc, self.sentinel, 1, 0)
        if self._fault is not None:
            return self._fault.detail
        return f"{error}, at {self.describe(pc)}" if error is not None else ""

    def fill_stack(self, byte: int, size: int = 1 << 14) -> None:
        """Gives the ``size`` bytes of stack that the next run uses first one value each."""
        top = self.stack_top
        self.write(top - size, bytes([byte]) * size)

    # --- inside: hooks ---

    def _install(self) -> None:
        """Hooks go in before the first run: those that come later never fire."""
        uc = self._uc
        uc.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._on_bad_memory)
        uc.hook_add(unicorn.UC_HOOK_INTR, self._on_interrupt)
        uc.hook_add(unicorn.UC_HOOK_INSN_INVALID, self._on_bad_instruction)
        if not self.stepping:
            return
        self._code.install(uc)
        self.transfers.read_from(self.images)
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

    def _on_nothing(self, *args: object) -> None:
        pass

    def _on_code_write(
        self, uc: Any, access: int, address: int, size: int, value: int, data: object
    ) -> None:
        self.transfers.overwritten(address, size)
        if self._code.step is not None:
            self._open = True
            write = CodeWrite(self.current, address, size, value)
            self.code_writes.append(write)
            for told in self._code_writers:
                told(write)

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
        return self.current if self._code.step is not None else self.pc

    def _record(self, pc: int, what: str) -> None:
        if self._fault is None:
            self._fault = Outcome("fault", pc, f"{what}, at {self.describe(pc)}", 0)

    # --- inside: a run ---

    def _need_stepping(self, what: str) -> None:
        if not self.stepping:
            raise ValueError(f"{what} needs a machine that was made with stepping=True")

    def _begin(self) -> None:
        self._fault = None
        self._open = True
        self.trace = []
        for observer in self._observers:
            observer.begin(self)

    def _enter(self) -> int:
        """A fresh stack as at a call; the stack pointer that a return must leave."""
        rules = self.arch.emulation
        top = self.stack_top & -rules.stack_alignment
        self.sp = top
        self._call(self.sentinel)
        return top

    def _call(self, back: int) -> None:
        """Does what a call does to stack and registers."""
        row = self.arch.registers
        if row.link is None:
            size = self.arch.pointer_size
            sp = self.sp - size
            self._uc.mem_write(sp, self.word(back, size))
            self.sp = sp
        else:
            self.set_reg(row.link, back)

    def _go(
        self, start: int, stops: Mapping[int, StopHandler], limit: int, timeout_us: int
    ) -> Outcome | None:
        """Runs until nothing is left to do; the outcome if it is known to be a hang."""
        if not self.stepping:
            return self._result(self._start(start, self.sentinel, limit, timeout_us))
        deadline = time.monotonic() + timeout_us / 1e6
        pc, resume = start, -1
        while True:
            count = min(limit - len(self.trace), _SLICE)
            if count <= 0 or time.monotonic() > deadline:
                return self._cut_off("hang", "cut off", pc)
            end = len(self.trace) + count
            self._code.step = self._stepper(stops, resume)
            error = self._start(pc, self.sentinel, count, 0)
            self._code.step = None
            pc, resume = self.pc, -1
            if self._fault or error or pc == self.sentinel:
                return self._result(error)
            if pc in stops:
                stops[pc](self, self.transfers.arrival(pc, self.current))
                resume, pc = pc, self.pc
                if pc == self.sentinel:
                    return None
            elif len(self.trace) < end:
                return self._cut_off("fault", "the CPU halted", pc)

    def _stepper(self, stops: Mapping[int, StopHandler], resume: int) -> Callable[[int], bool]:
        """The body of the code hook: True stops the machine before ``address``.

        ``resume`` is the stop that the machine was held at: it goes on there.
        """
        trace, quiet = self.trace, self.transfers.quiet
        append, observers = trace.append, [o.step for o in self._observers]

        def step(address: int) -> bool:
            nonlocal resume
            if address in stops and address != resume:
                return True
            resume = -1
            if address in quiet and not self._open:
                append(address)
                return False
            previous = trace[-1] if trace else 0
            append(address)
            busy = False
            for observe in observers:
                if not observe(address, previous):
                    busy = True
            self._open = busy
            if not busy:
                quiet.add(address)
            return False

        return step

    def _start(self, pc: int, until: int, count: int, timeout_us: int) -> Exception | None:
        try:
            self._uc.emu_start(pc, until, timeout=timeout_us, count=max(count, 1))
        except UcError as e:
            return e
        return None

    def _result(self, error: Exception | None) -> Outcome | None:
        if self._fault is not None:
            return self._fault
        pc = self.pc
        if error is not None:
            return Outcome("fault", pc, f"{error}, at {self.describe(pc)}", 0)
        if pc == self.sentinel:
            return None
        return self._cut_off("hang", "cut off", pc)

    def _cut_off(self, status: str, what: str, pc: int) -> Outcome:
        return Outcome(status, pc, f"{what} at {self.describe(pc)}", 0)

    def _finish(self, ended: Outcome | None, top: int) -> Outcome:
        count = len(self.trace)
        if ended is not None:
            return Outcome(ended.status, ended.pc, ended.detail, count)
        off = self.sp - top
        if off:
            detail = f"it returned with the stack pointer {off:+d} bytes off"
            return Outcome("fault", self.sentinel, detail, count)
        return Outcome("returned", self.sentinel, "", count)

    def _aside_outcome(self, until: int, error: Exception | None) -> Outcome:
        if self._fault is None and error is None and self.pc == until:
            return Outcome("returned", until, "", 0)
        return self._result(error) or Outcome("fault", self.pc, "it returned from aside", 0)

    def _watch(self, reads: Sequence[ReadWatch]) -> None:
        """Tells of these loads, from now on until a run asks for others."""
        if list(reads) == self._reads:
            return
        for handle in self._read_hooks:
            self._uc.hook_del(handle)
        self._read_hooks = [self._watched(read) for read in reads]
        self._reads = list(reads)

    def _watched(self, read: ReadWatch) -> Any:
        def on_read(
            uc: Any, access: int, address: int, size: int, value: int, data: object
        ) -> None:
            if self._code.step is not None:
                read.handler(self, address, size)

        end = read.start + read.size - 1
        return self._uc.hook_add(unicorn.UC_HOOK_MEM_READ, on_read, begin=read.start, end=end)
