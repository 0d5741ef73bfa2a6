"""Whether each store to code is one that may be made while other CPUs run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from transformer.arch import Arch
from transformer.emulator.fetch.log import Event, WriteLog
from transformer.emulator.fetch.places import Place, Places

Describe = Callable[[int], str]


@dataclass(frozen=True)
class Wrong:
    """A broken rule: what, and at which address."""

    message: str
    address: int


def check_legal(arch: Arch, places: Places, log: WriteLog, describe: Describe) -> Iterator[Wrong]:
    """Each store exchanges one instruction of one place that a table names for another."""
    for store in log.stores:
        for at, message in _store(arch, places, store, describe):
            by = f", by {describe(store.pc)}" if store.pc else ""
            size = f"{store.size} byte{'s' if store.size > 1 else ''}"
            text = f"the store of {size} to code at {describe(at)} {message}{by}"
            yield Wrong(text, store.at)


def _store(
    arch: Arch, places: Places, store: Event, describe: Describe
) -> Iterator[tuple[int, str]]:
    changed = [
        store.address + i
        for i, (a, b) in enumerate(zip(store.old, store.new, strict=True))
        if a != b
    ]
    hit = places.hit(changed[0], changed[-1])
    if store.at % store.size or store.size > arch.unit:
        unit = f"an aligned unit of {arch.unit} bytes"
        yield changed[0], f"does not lie in {unit}: other CPUs may see a part of it"
    if not hit:
        yield changed[0], "hits no place that a table names"
    elif len(hit) > 1:
        names = " and ".join(describe(p.address) for p in hit)
        yield changed[0], f"changes two places at once, {names}"
    else:
        found = _place(arch, hit[0], store, changed, describe)
        yield from ((hit[0].address, message) for message in found)


def _place(
    arch: Arch, place: Place, store: Event, changed: list[int], describe: Describe
) -> Iterator[str]:
    unit = arch.unit
    stray = [a for a in changed if not place.address <= a < place.end]
    if stray:
        yield f"changes bytes beside the place too, at {describe(stray[0])}"
    if place.address // unit != (place.end - 1) // unit:
        yield f"changes a part of a place that straddles two units of {unit} bytes"
        return
    if store.at > place.address or store.at + store.size < place.end:
        yield f"changes a part of a place of {place.size} bytes, which is exchanged as a whole"
    offset = place.address - store.address
    old, new = (c[offset : offset + place.size] for c in (store.old, store.new))
    states = [state_of(arch, place, c) for c in (old, new)]
    for what, code, state in zip(("finds", "leaves"), (old, new), states, strict=True):
        if state is None:
            may = ", ".join(arch.forms[place.form].states)
            yield (
                f"{what} {code.hex(' ')}, which is none of the instructions that may "
                f"stand there while others run (of a {place.form}: {may})"
            )
    if states[0] is not None and states[0] == states[1] and states[0] in arch.branches:
        kept = arch.branches[states[0]].ignored
        words = [int.from_bytes(c, arch.byteorder) & kept for c in (old, new)]
        if words[0] != words[1]:
            yield "changes the branch's condition, not only where it goes"


def state_of(arch: Arch, place: Place, code: bytes) -> str | None:
    """Which of the place's instructions these bytes are."""
    for state in arch.forms[place.form].states:
        fixed = arch.instructions.get(state)
        if fixed is not None:
            if code.startswith(fixed.code):
                return state
        elif arch.branches[state].decode(place.address, code) is not None:
            return state
    return None
