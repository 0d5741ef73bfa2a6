"""One CPU that runs a place, an instruction at a time; each step is emulated once.

What a step does hangs on the registers before it, on the bytes that were
fetched and on what was loaded: the same of these is the same step in every
schedule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from transformer.emulator.disassembly import decoder
from transformer.emulator.fetch.places import Place
from transformer.emulator.machine import Machine

_STACK = 64  # bytes that are kept on either side of the stack pointer
MOST = 64  # instructions from a place to its target: no real one is near that

#: The unit of code that an instruction begins in, and the next where it goes on there.
Fetched: TypeAlias = tuple[bytes, ...]
Put: TypeAlias = Callable[[int, bytes], None]


@dataclass(eq=False, slots=True)
class State:
    """A CPU between two instructions.  ``wrong`` is set where it got no further.

    ``depth`` counts the instructions behind it; ``steps`` are those that
    follow, by what was fetched and what could be loaded, and whether that was.
    """

    pc: int
    depth: int
    registers: Any
    stack: bytes
    wrong: str = ""
    arrived: object = None  # what ``verdict`` finds, once asked
    steps: dict[tuple[Fetched, bytes], tuple[State, bool]] = field(default_factory=dict)


class Stepper:
    """Borrows a machine, in a ``with`` block: behind that it is as it was.

    It keeps the steps that it knows for the next time.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.arch = machine.arch
        self.count = 0  # steps that were emulated
        self._context: Any = None
        self._kept: dict[int, tuple[Put, bytes]] = {}  # code and data as they were
        self._now: dict[int, bytes] = {}  # the same as they are set
        self._watched = 0  # the word whose loads are noticed
        self._loaded = False
        self._unwatch: Callable[[], None] = lambda: None
        self._sizes: dict[tuple[int, bytes], int] = {}
        rules, registers = self.arch.emulation, self.arch.registers
        top = machine.stack_top - 4 * _STACK
        self.sp = (top & -rules.stack_alignment) - rules.stack_bias_at_entry
        names = (*registers.arguments, *registers.callee_saved, *registers.returns)
        self.names = tuple(dict.fromkeys((*names, *registers.variadic)))
        self.first = self.names.index(registers.returns[0])
        size = self.arch.pointer_size
        self._canaries = tuple(canary(i, size) for i in range(len(self.names)))
        self._zeros = (0,) * len(self.names)
        self.back = machine.sentinel  # where a function's caller would go on
        self._stack = b""  # as it was
        self._stacked = b""  # as it is
        self._roots: dict[tuple[int, str, int, bool], State] = {}
        self._begun: dict[tuple[bool, int, bool], tuple[Any, bytes]] = {}

    def __enter__(self) -> Stepper:
        self._context = self.machine.save()
        self._stack = self._stacked = self.machine.read(self.sp - _STACK, 2 * _STACK)
        return self

    def __exit__(self, *args: object) -> None:
        self._watch(0)
        for address, (put, data) in self._kept.items():
            if self._now[address] != data:
                put(address, data)
        self._kept, self._now = {}, {}
        self._set_stack(self._stack)
        self.machine.restore(self._context)

    # --- beginning ---

    def begin(self, place: Place, condition: int = 0, zero: bool = False) -> State:
        """A CPU about to run the place, with a value of its own in each register.

        ``condition`` picks one of ``arch.emulation.conditions``; with ``zero``
        registers are 0 instead, for branches that test one.
        """
        name = (place.start, place.kind, condition, zero)
        if name not in self._roots:
            how = (place.is_call, condition, zero)
            if how not in self._begun:
                self._begun[how] = self._begin(*how)
            self._roots[name] = State(place.start, 0, *self._begun[how])
        return self._roots[name]

    def _begin(self, call: bool, condition: int, zero: bool) -> tuple[Any, bytes]:
        machine, registers = self.machine, self.arch.registers
        size = self.arch.pointer_size
        for name, value in zip(self.names, self.given(zero), strict=True):
            machine.set_reg(name, value)
        for name, value in self._conditions(condition):
            machine.set_reg(name, value)
        stack = bytearray(bytes([0xA5]) * 2 * _STACK)
        # The stack as at a function's entry, or as it is where a function calls.
        sp = self.sp + (self.arch.emulation.stack_bias_at_entry if call else 0)
        if registers.link is not None:
            machine.set_reg(registers.link, self.back)
        elif not call:
            at = sp - (self.sp - _STACK)
            stack[at : at + size] = machine.word(self.back, size)
        machine.set_reg(registers.sp, sp)
        return machine.save(), bytes(stack)

    def given(self, zero: bool) -> tuple[int, ...]:
        """What ``names`` hold at the beginning."""
        return self._zeros if zero else self._canaries

    def _conditions(self, index: int) -> tuple[tuple[str, int], ...]:
        every = self.arch.emulation.conditions
        return every[index] if every else ()

    @property
    def conditions(self) -> int:
        return max(1, len(self.arch.emulation.conditions))

    # --- memory ---

    def code(self, address: int, size: int) -> bytes:
        """Code as it is set now, or as it has been all the time."""
        return self._now.get(address) or self.machine.read(address, size)

    def set_code(self, address: int, code: bytes) -> None:
        self._set(address, code, self.machine.poke)

    def _set(self, address: int, data: bytes, put: Put) -> None:
        now = self._now.get(address)
        if now is None:
            now = self.machine.read(address, len(data))
            self._kept[address] = put, now
        if now != data:
            put(address, data)
        self._now[address] = data

    def _watch(self, word: int) -> None:
        """Loads of this word, and of no other, are noticed from now on; 0: of none."""
        if word == self._watched:
            return
        self._unwatch()
        self._unwatch = lambda: None
        self._watched = word
        if word:
            self._unwatch = self.machine.watch_loads(word, self.arch.pointer_size, self._load)

    def _load(self) -> None:
        self._loaded = True

    # --- stepping ---

    def size(self, pc: int, code: bytes) -> int:
        """The size of the instruction that ``code`` begins with; all of it where it is none."""
        found = self._sizes.get((pc, code))
        if found is None:
            decoded = next(decoder(self.arch).disasm_lite(code, pc, 1), None)
            found = self._sizes[pc, code] = decoded[1] if decoded is not None else len(code)
        return found

    def step(
        self, state: State, code: Fetched, word: int = 0, value: bytes = b""
    ) -> tuple[State, bool]:
        """Runs one instruction of this code; whether it has loaded the word.

        Where ``word`` is an address, ``value`` stands there.
        """
        key = code, value
        found = state.steps.get(key)
        if found is None:
            found = state.steps[key] = self._step(state, code, word, value)
        return found

    def _step(self, state: State, code: Fetched, word: int, value: bytes) -> tuple[State, bool]:
        machine, unit = self.machine, self.arch.unit
        self._watch(word)
        for address, data in enumerate(code, state.pc // unit):
            self.set_code(address * unit, data)
        if word:
            self._set(word, value, machine.write)
        self.load(state)
        self._loaded = False
        wrong = machine.one(state.pc)
        self.count += 1
        self._stacked = machine.read(self.sp - _STACK, 2 * _STACK)
        after = State(machine.pc, state.depth + 1, machine.save(), self._stacked, wrong)
        if not wrong and (after.pc == state.pc or after.depth > MOST):
            after.wrong = f"it never leaves {machine.describe(state.pc)}"
        return after, self._loaded

    def load(self, state: State) -> None:
        """The registers and the stack of a state, to look at."""
        self.machine.restore(state.registers)
        self._set_stack(state.stack)

    def _set_stack(self, stack: bytes) -> None:
        if stack != self._stacked:
            self.machine.write(self.sp - _STACK, stack)
            self._stacked = stack


def canary(index: int, size: int) -> int:
    """A value that no other register has, and that is no address."""
    return (0x5C_5A_A5_00_00_00_00_41 + index * 0x0001_0100_0001_0101) % (1 << 8 * size)
