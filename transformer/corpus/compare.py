"""Check 1: a transformed program does what the oracle did, event by event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from transformer.corpus.case import Value as Pin
from transformer.corpus.events import Event, KeyCall, same_event
from transformer.corpus.plan import PlannedAction
from transformer.corpus.program import Did, Program
from transformer.corpus.results import CaseResult, Failure
from transformer.corpus.values import Number, Text, Value, is_wild, same

NOTHING = "nothing"


def compare(result: CaseResult, program: Program, label: str, wanted: Did, did: Did) -> bool:
    """Notes what differs in one action; False where the run cannot go on."""
    dispatches = sum(isinstance(e, KeyCall) for e in wanted.events)
    result.count("dispatch", dispatches)
    result.count("events", len(wanted.events) - dispatches)
    result.count("values", (wanted.returned is not None) + len(wanted.memory))
    different = first_difference(wanted.events, did.events)
    if different is not None:
        result.fail(_event_failure(program, label, wanted, did, different))
    if did.lost:
        site = last_site(program, did)
        result.fail(Failure("dispatch", f"{label}: the event log is too small", site=site))
    if did.ended != wanted.ended:
        result.fail(_ending(program, label, wanted, did))
        return False
    found = value_failures(label, wanted, did)
    if found:
        site = last_site(program, did)
        result.fail(*(replace(f, site=site) for f in found))
    return different is None and did.ended in ("returned", "exited")


def agree(one: Did, other: Did) -> bool:
    """Whether two plain builds did the same, and no pointer in it points nowhere."""
    values = [v for e in one.events for v in e.arguments] + list(one.memory.values())
    if one.returned is not None:
        values.append(one.returned)
    return not any(map(is_wild, values)) and (
        first_difference(one.events, other.events) is None
        and one.ended == other.ended
        and not value_failures("", one, other)
    )


def first_difference(wanted: Sequence[Event], got: Sequence[Event]) -> int | None:
    """The number of the first event that is not the same in both."""
    for index, (one, other) in enumerate(zip_longest(wanted, got)):
        if one is None or other is None or not same_event(one, other):
            return index
    return None


def _event_failure(program: Program, label: str, wanted: Did, did: Did, index: int) -> Failure:
    one = wanted.events[index] if index < len(wanted.events) else None
    other = did.events[index] if index < len(did.events) else None
    site, code = _where(program, did, other)
    return Failure(
        "dispatch",
        f"{label}: {what_differs(one, other, did)}",
        site=site,
        expected=str(one or NOTHING),
        got=str(other or stuck(did)),
        disassembly=code,
    )


def what_differs(one: Event | None, other: Event | None, did: Did) -> str:
    if isinstance(one, KeyCall) and isinstance(other, KeyCall) and one.key == other.key:
        if one.target == other.target:
            return f"{one.target} got other arguments through key '{one.key}'"
        return f"key '{one.key}' dispatched to {other.target}, not to {one.target}"
    if other is None:
        return f"an event is missing: {one}" if did.ended == "returned" else f"{did.detail}"
    if one is None:
        return f"an event too many: {other}"
    return "another event than in the plain build"


def stuck(did: Did) -> str:
    if did.pending:
        return f"{NOTHING}: the trampoline of '{did.pending[-1]}' reached no function"
    return NOTHING if did.ended == "returned" else f"{did.ended}: {did.detail}"


def _where(program: Program, did: Did, event: Event | None) -> tuple[str, tuple[str, ...]]:
    """The site as text and code: of the first wrong dispatch, else of this event."""
    if did.snapshot is not None:
        return did.snapshot.site, did.snapshot.disassembly
    if isinstance(event, KeyCall) and event.site:
        snapshot = program.picture(0, event.site, program.trampoline_of(event.key))
        return snapshot.site, snapshot.disassembly
    if did.pending:
        address = program.trampoline_of(did.pending[-1])
        snapshot = program.picture(0, program.pending_site, address)
        return snapshot.site, snapshot.disassembly
    return last_site(program, did), ()


def _ending(program: Program, label: str, wanted: Did, did: Did) -> Failure:
    site, code = _where(program, did, None)
    return Failure(
        "dispatch",
        f"{label}: {did.detail or did.ended}",
        site=site or last_site(program, did),
        expected=wanted.ended,
        got=did.ended,
        disassembly=code,
    )


def last_site(program: Program, did: Did) -> str:
    """The last site that dispatched, else where the run came to its end."""
    sites = [e.site for e in did.events if isinstance(e, KeyCall) and e.site]
    address = sites[-1] if sites else program.last_line()
    return program.machine.describe(address)


def value_failures(label: str, wanted: Did, did: Did) -> list[Failure]:
    found = []
    pairs: list[tuple[str, Value | None, Value | None]] = [
        ("the returned value", wanted.returned, did.returned)
    ]
    pairs += [(f"'{n}' in memory", v, did.memory.get(n)) for n, v in wanted.memory.items()]
    for what, one, other in pairs:
        if one is not None and (other is None or not same(one, other)):
            message = f"{label}: {what} differs"
            found.append(Failure("dispatch", message, expected=str(one), got=str(other)))
    return found


def check_pin(action: PlannedAction, did: Did) -> str | None:
    """What is wrong with the oracle itself by the case's own words, if anything."""
    pin = action.returns
    if pin is None or did.ended != "returned":
        return None
    if did.returned is None:
        return f"{action.label}: returns nothing, not {pin}"
    if _pinned(pin, did.returned):
        return None
    return f"{action.label}: returns {did.returned}, not {pin}"


def _pinned(pin: Pin, value: Value) -> bool:
    if isinstance(value, Number) and isinstance(pin, int | float):
        return value.value == pin or value.value == int(pin) % (1 << 64)
    if isinstance(value, Text):
        if isinstance(pin, str):
            return value.text in (pin, f'"{pin}"')
        if value.text == "NULL":
            return pin == 0
        try:
            return float(value.text) == float(pin)
        except ValueError:
            return False
    return str(value) == str(pin)
