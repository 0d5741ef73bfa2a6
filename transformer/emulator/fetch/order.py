"""What comes between, before and behind the stores of an update.

The emulated CPU does not need cache maintenance, barriers and
synchronisation, so that their absence shows nowhere but in the log.
"""

from __future__ import annotations

from collections.abc import Iterator

from transformer.arch import Arch, Synchronise
from transformer.emulator.fetch.legal import Describe, Wrong
from transformer.emulator.fetch.log import (
    BARRIER,
    DATA,
    MAINTAIN,
    PUBLISH,
    STORE,
    SYNC,
    Event,
    WriteLog,
)
from transformer.emulator.fetch.places import GUARD, Place, Places


def check_order(
    arch: Arch, places: Places, log: WriteLog, describe: Describe, *, hooks: bool
) -> Iterator[Wrong]:
    """``hooks``: the program tells where it publishes and synchronises."""
    stores = log.stores
    if not stores:
        return
    yield from maintenance(arch, log, describe)
    if hooks:
        yield from _synchronised(log, stores, describe)
    yield from _published(arch, places, log, describe, hooks)


# --- maintenance ---


def maintenance(arch: Arch, log: WriteLog, describe: Describe) -> Iterator[Wrong]:
    """What belongs to a store comes before the next one, what closes an update after the last."""
    rows = [r for r in arch.synchronise if not r.closes]
    closing = [r for r in arch.synchronise if r.closes]
    events = list(log.events)
    last = max(i for i, e in enumerate(events) if e.kind == STORE)
    starts = [i for i, e in enumerate(events) if e.kind == STORE]
    for start, end in zip(starts, [*starts[1:], len(events)], strict=True):
        store = events[start]
        if end < len(events) and _same_store(store, events[end]):
            continue
        behind = events[start + 1 : end]
        missing = _missing(rows, store, behind)
        if missing is not None:
            yield _lacks(store, missing, describe)
        elif start == last:
            missing = _missing(closing, store, behind)
            if missing is not None:
                yield _lacks(store, missing, describe)


def _same_store(one: Event, other: Event) -> bool:
    """Whether both are parts of one store that lies across units."""
    return (one.pc, one.at) == (other.pc, other.at) and one.address != other.address


def _missing(rows: list[Synchronise], store: Event, behind: list[Event]) -> Synchronise | None:
    """The first row that does not come, in the order of the rows."""
    left = list(rows)
    for event in behind:
        if left and event.kind == MAINTAIN and _matches(left[0], event, store):
            left.pop(0)
    return left[0] if left else None


def _matches(row: Synchronise, event: Event, store: Event) -> bool:
    if event.what != row.what:
        return False
    return not row.operand or event.address // row.line == store.at // row.line


def _lacks(store: Event, row: Synchronise, describe: Describe) -> Wrong:
    message = (
        f"the store to code at {describe(store.at)} by {describe(store.pc)} "
        f"is not followed by {row.what}"
    )
    return Wrong(message, store.at)


# --- synchronisation ---


def _synchronised(log: WriteLog, stores: list[Event], describe: Describe) -> Iterator[Wrong]:
    kinds = [e.kind for e in log.events]
    last = len(kinds) - 1 - kinds[::-1].index(STORE)
    if SYNC in kinds[last:]:
        return
    at = stores[-1].at
    if SYNC in kinds[:last]:
        message = (
            f"the other CPUs are synchronised before the last store to code, at {describe(at)}, "
            "and not behind it: they may run the old code after the update has returned"
        )
    else:
        message = (
            f"the other CPUs are never synchronised behind the store to code at {describe(at)}: "
            "they may run the old code after the update has returned"
        )
    yield Wrong(message, at)


# --- data before text ---


def _published(
    arch: Arch, places: Places, log: WriteLog, describe: Describe, hooks: bool
) -> Iterator[Wrong]:
    """A key's target is stored, and published, before any code that depends on it."""
    for subject in sorted(log.changed):
        own = [p for p in places.of(subject) if p.form and p.kind != GUARD]
        first = next((i for i, e in enumerate(log.events) if _hits(e, own)), None)
        old, new = log.values[subject]
        if first is None or old == new:
            continue
        written = [i for i, e in enumerate(log.events) if e.kind == DATA and e.address == subject]
        store = log.events[first]
        if not written:
            continue
        if written[0] > first:
            message = (
                f"the code at {describe(store.at)} is stored before the target that it loads, "
                f"{describe(subject)}: a CPU that runs the new code may load the old target"
            )
            yield Wrong(message, store.at)
            continue
        between = {e.kind for e in log.events[written[0] : first]}
        if not between & {PUBLISH, BARRIER} and (hooks or arch.publish):
            yield Wrong(_unpublished(arch, describe(store.at), describe(subject)), store.at)


def _unpublished(arch: Arch, code: str, name: str) -> str:
    rows = " or ".join(r.what for r in arch.publish)
    lacking = rows if rows else "nothing that makes all other CPUs see it"
    return (
        f"the target {name} is not published before the code at {code} is stored: between them "
        f"there is {'no ' if rows else ''}{lacking}"
    )


def _hits(event: Event, own: list[Place]) -> bool:
    return event.kind == STORE and any(
        event.address < p.end and p.address < event.address + len(event.new) for p in own
    )
