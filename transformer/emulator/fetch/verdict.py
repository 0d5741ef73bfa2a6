"""Where a CPU came to, and whether it may come there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from transformer.emulator.fetch.places import CONDITIONAL, GUARD, KEPT, Place
from transformer.emulator.fetch.steps import State, Stepper
from transformer.emulator.registers import differing
from transformer.emulator.sites import NULL, RET0

TO, BEHIND, RETURNED, JUMPED = "to", "behind", "returned", "jumped"


@dataclass(frozen=True)
class Arrival:
    """``kind``: to another function; behind the place, with nothing called; returned
    to the caller of the function that the place is in; or, of a guard, jumped.

    ``zero`` tells that the return register is 0.  ``wrong`` is what is wrong
    wherever it may go: a fault, a lost argument, a wrong return address.
    """

    kind: str
    pc: int
    zero: bool = False
    wrong: str = ""


def arrival(stepper: Stepper, place: Place, state: State, zeros: bool = False) -> Arrival:
    """What became of a CPU that has left the place; ``zeros``: it began with zeros."""
    if state.pc == 0:
        return Arrival(TO, 0, wrong="it called NULL")
    if state.wrong:
        return Arrival(TO, state.pc, wrong=state.wrong)
    stepper.load(state)
    machine, registers = stepper.machine, stepper.arch.registers
    values, given = machine.regs(stepper.names), stepper.given(zeros)
    kind = _kind(stepper, place, state.pc)
    clears = kind == BEHIND and place.is_call and values[stepper.first] == 0
    if values != given:
        free = registers.returns if clears else ()
        every = zip(stepper.names, given, values, strict=True)
        wanted = [value if name in free else was for name, was, value in every]
        wrong = next(differing(stepper.names, wanted, values), "")
        if wrong:
            return Arrival(kind, state.pc, wrong=wrong)
    return Arrival(kind, state.pc, clears, _frame(stepper, place, kind))


def _kind(stepper: Stepper, place: Place, pc: int) -> str:
    if place.kind == GUARD:
        return JUMPED if pc == place.jumps else BEHIND if pc == place.end else TO
    if pc == stepper.back:
        return RETURNED
    behind = place.is_call or place.kind in (CONDITIONAL, KEPT)
    return BEHIND if behind and pc == place.end else TO


def _frame(stepper: Stepper, place: Place, kind: str) -> str:
    """What is wrong with the stack pointer and the return address, where it arrived."""
    machine, link = stepper.machine, stepper.arch.registers.link
    size, bias = stepper.arch.pointer_size, stepper.arch.emulation.stack_bias_at_entry
    called = place.is_call and kind == TO
    sp = stepper.sp + (bias if place.is_call and kind != TO else 0)
    if kind == RETURNED and link is None:
        sp += size
    if machine.sp != sp:
        return f"the stack pointer is {machine.sp - sp:+d} bytes off"
    if kind == RETURNED or (place.is_call and not called and link is None):
        return ""
    back, wanted = machine.return_address(), place.end if called else stepper.back
    if back != wanted:
        return f"the return address is {machine.describe(back)}, not {machine.describe(wanted)}"
    return ""


def fits(place: Place, found: Arrival, values: Collection[int], nulls: Mapping[int, str]) -> bool:
    """Whether one of these values of the place's word leads there."""
    if place.kind == GUARD:
        if place.jumps == place.end:  # an empty side: both ways lead there
            return found.kind != TO
        on = (found.kind == JUMPED) != place.branch
        return found.kind != TO and any((v > 0) == on for v in values)
    if found.kind == TO:
        return found.pc in values
    names = {nulls.get(v, "") for v in values}
    if found.kind == BEHIND and found.zero:
        return bool(names & {NULL, RET0})
    return NULL in names


def says(stepper: Stepper, place: Place, found: Arrival) -> str:
    """The arrival in a person's words."""
    describe = stepper.machine.describe
    if found.wrong and found.pc == 0:
        return found.wrong
    if place.kind == GUARD and found.kind != TO:
        return "it jumped" if found.kind == JUMPED else "it went straight on"
    did = {
        TO: f"it went to {describe(found.pc)}",
        BEHIND: "it went on behind the place" + (" with 0 in hand" if found.zero else ""),
        RETURNED: "it returned to its caller",
    }[found.kind]
    return f"{did}: {found.wrong}" if found.wrong else did


def wants(stepper: Stepper, place: Place, values: Collection[int], nulls: Mapping[int, str]) -> str:
    """What would have been right: ``func_a or func_b``."""
    if place.kind == GUARD:
        ways = sorted({"jump" if (v > 0) != place.branch else "go straight on" for v in values})
        return " or ".join(ways)
    names = [nulls.get(v) or stepper.machine.describe(v) for v in sorted(values)]
    return " or ".join(names)
