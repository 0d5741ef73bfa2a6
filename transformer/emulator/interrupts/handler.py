"""An interrupt's handler, as the entry code of a kernel would run it.

It tells the runtime what it has interrupted, by ``sc_irq_enter``, and by
``sc_irq_exit`` that it goes back; what it does in between is the trial's.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from transformer.emulator.image import Image
from transformer.emulator.interrupts.cpu import InterruptibleMachine

_STATE = 4  # bytes of struct sc_irq_state
_UNSET = b"\xa5" * _STATE

INTERRUPT, UPDATE, SYNC, ARRIVE = "interrupt", "data", "sync", "arrive"  # kinds of steps


@dataclass(frozen=True)
class Runtime:
    """Where the runtime's functions lie in an image."""

    sc_irq_enter: int
    sc_irq_exit: int
    static_call_synchronize: int
    __sc_static_call_update: int
    static_update_begin: int
    static_update_cancel: int
    static_key_try_inc: int
    static_key_try_dec: int

    @classmethod
    def of(cls, image: Image) -> Runtime | None:
        """None where one of them is missing: then there is no runtime in it."""
        names = [f.name.removeprefix(f"_{cls.__name__}") for f in fields(cls)]
        found = [image.symbols.get(n) for n in names]
        return cls(*(s.address for s in found if s)) if all(found) else None

    @property
    def update(self) -> int:
        return self.__sc_static_call_update


@dataclass(frozen=True)
class Event:
    """Something that happened in a trial; ``cpu`` is 0 for what a handler does."""

    cpu: int
    kind: str
    address: int
    text: str


@dataclass(frozen=True)
class _Level:
    """``window`` tells whether this context, or one that it interrupted, lies in a window."""

    pc: int
    context: Any
    state: int
    window: bool


class Handler:
    """The handlers that are running, the innermost last.

    ``faults`` are (instruction, what is wrong), ``taken`` counts interrupts,
    ``events`` tell what has happened since they were cleared.
    """

    def __init__(self, cpu: InterruptibleMachine, runtime: Runtime) -> None:
        self.cpu = cpu
        self.runtime = runtime
        self.taken = 0
        self.events: list[Event] = []
        self.faults: list[tuple[int, str]] = []
        self.freed: dict[int, bytes] = {}
        self._levels: list[_Level] = []

    @property
    def in_window(self) -> bool:
        """Whether any of the interrupted contexts lies in a window."""
        return bool(self._levels) and self._levels[-1].window

    def clear(self) -> None:
        """Forgets what happened: another trial begins."""
        self.events = []

    def enter(self) -> None:
        """An interrupt comes, before the next instruction is executed."""
        cpu, pc = self.cpu, self.cpu.pc
        context = cpu.save()
        state = self._enter(pc, pc)
        place = cpu.at.get(pc)
        window = self.in_window or (place is not None and place.in_window(pc))
        self._levels.append(_Level(pc, context, state, window))
        self.taken += 1
        self.events.append(Event(1, INTERRUPT, pc, f"an interrupt, at depth {len(self._levels)}"))

    def exit(self) -> None:
        """Back to what was interrupted."""
        level = self._levels.pop()
        self.cpu.guest(self.runtime.sc_irq_exit, level.state)
        self.cpu.restore(level.context)

    def again(self) -> None:
        """The innermost handler goes on after code that it had called."""
        self.cpu.sp = self._levels[-1].state

    def abandon(self) -> None:
        """After a fault of the guest: no handler runs any more."""
        self._levels.clear()

    def probe(self) -> None:
        """Looks at the flag as it is now, by a handler that interrupts no window."""
        cpu = self.cpu
        sp = cpu.sp
        state = self._enter(cpu.sentinel, self._levels[-1].pc if self._levels else cpu.pc)
        cpu.guest(self.runtime.sc_irq_exit, state)
        cpu.sp = sp

    def synchronize(self) -> bool:
        """Whether the runtime says that an old target may be freed."""
        cpu = self.cpu
        result = cpu.guest(self.runtime.static_call_synchronize) & 0xFFFF_FFFF
        pc = self._levels[-1].pc if self._levels else cpu.pc
        told = "0" if not result else str(result - (1 << 32))
        text = f"static_call_synchronize() returns {told} in the handler"
        self.events.append(Event(0, SYNC, pc, text))
        if result and not self.in_window:
            what = "though no trampoline is interrupted: no old target would ever be freed"
            self.faults.append((pc, f"{text}, {what}"))
        return result == 0

    def free(self, target: int) -> None:
        """Overwrites the target's first instruction with a trap."""
        cpu = self.cpu
        if target in self.freed:
            return
        trap = cpu.arch.emulation.snippets["trap"].code
        self.freed[target] = cpu.read(target, len(trap))
        cpu.poke(target, trap)
        self.events.append(Event(0, UPDATE, target, "freed: overwritten with traps"))

    def allot(self) -> None:
        """Puts back what was freed."""
        for target, code in self.freed.items():
            self.cpu.poke(target, code)
        self.freed.clear()

    def _enter(self, pc: int, shown: int) -> int:
        """Calls ``sc_irq_enter``; a wrong flag is a fault that is ``shown`` there."""
        cpu = self.cpu
        state = cpu.handler_stack(cpu.arch.emulation.stack_alignment)
        cpu.write(state, _UNSET)
        cpu.guest(self.runtime.sc_irq_enter, pc, state)
        found = cpu.read(state, _STATE)
        if found == _UNSET:
            self.faults.append((shown, "sc_irq_enter() does not keep the flag that it found"))
        elif any(found) != self.in_window:
            self.faults.append((shown, self._flag(any(found))))
        return state

    def _flag(self, found: bool) -> str:
        """What is wrong with the flag."""
        describe = self.cpu.describe
        if not self._levels:
            return (
                "no handler runs, and yet the runtime's flag says that a trampoline is interrupted"
            )
        outer = ", ".join(describe(level.pc) for level in self._levels)
        if found:
            return (
                "the runtime's flag says that a trampoline is interrupted, "
                f"but the handlers have interrupted {outer}, where nothing is loaded"
            )
        return (
            "the runtime's flag does not say that a trampoline is interrupted, "
            f"but the handlers have interrupted {outer}, where a target may be loaded"
        )
