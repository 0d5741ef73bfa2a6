"""What a handler, or another task, changes: a static call's target, or a static key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transformer.emulator.interrupts.cpu import InterruptibleMachine
from transformer.emulator.interrupts.handler import Runtime
from transformer.emulator.interrupts.places import Place
from transformer.emulator.sites import NULL, RET0

_COUNT = 4  # bytes of static_key.enabled


@dataclass(frozen=True)
class Change:
    """An update and the one that takes it back, each a function with its arguments.

    ``old`` and ``new`` are where control goes: the target, or the side of the
    guard.  ``text`` tells it to a person.
    """

    place: Place
    old: int
    new: int
    text: str
    there: tuple[int, ...]
    back: tuple[int, ...]

    def apply(self, cpu: InterruptibleMachine) -> int:
        """What the update returned, as a C int."""
        return _signed(cpu.guest(*self.there))

    def undo(self, cpu: InterruptibleMachine) -> int:
        return _signed(cpu.guest(*self.back))

    def may_free(self, cpu: InterruptibleMachine) -> bool:
        """Whether the old target is a function that nothing else in the trial runs."""
        if self.place.guard is not None or self.old in cpu.at:
            return False
        image = cpu.image_at(self.old)
        names = (image.symbols.get(n) for n in (NULL, RET0)) if image is not None else ()
        return all(s is None or s.address != self.old for s in names)


def change_of(
    cpu: InterruptibleMachine, runtime: Runtime, place: Place, targets: Sequence[int]
) -> Change | None:
    """A change of the place's key, to one of the targets if it is a call's; None: there is none."""
    if place.guard is not None:
        return _switch(cpu, runtime, place)
    old = cpu.pointer(place.address)
    new = next(t for t in targets if t != old)
    text = f"static_call_update({place.key}, {cpu.name(new)}), from {cpu.name(old)}"
    update, key = runtime.update, place.address
    return Change(place, old, new, text, (update, key, new), (update, key, old))


def _switch(cpu: InterruptibleMachine, runtime: Runtime, place: Place) -> Change | None:
    """A guard's key on or off; None where its count is more than one update away from that."""
    guard = place.guard
    assert guard is not None
    count = _signed(cpu.integer(cpu.read(place.address, _COUNT)))
    if count not in (0, 1):
        return None
    inc, dec = (
        (runtime.static_key_try_inc, place.address),
        (runtime.static_key_try_dec, place.address),
    )
    # The table's bit is whether the branch is the likely side: it jumps if the key differs.
    jumps = bool(count) != guard.branch
    old, new = (guard.target, place.end) if jumps else (place.end, guard.target)
    if count:
        return Change(place, old, new, f"static_key_slow_dec({place.key})", dec, inc)
    return Change(place, old, new, f"static_key_slow_inc({place.key})", inc, dec)


def _signed(value: int) -> int:
    value &= 0xFFFF_FFFF
    return value - (1 << 32) if value >> 31 else value
