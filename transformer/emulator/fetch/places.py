"""What may be patched, by which key, and where CPUs come upon it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from transformer.emulator.fetch.log import WriteLog
from transformer.emulator.sites import (
    CALL,
    CONDITIONAL,
    FORMS,
    KEPT,
    NULL,
    RET0,
    TAIL,
    WAY,
    branch_at,
    is_inline,
    read_site,
)
from transformer.emulator.tables import PROXY_PATCHED, Guard, Proxy, Tables

TRAMPOLINE, GUARD = "trampoline", "guard"


@dataclass(frozen=True)
class Place:
    """One place that depends on a key.

    ``kind`` is call, tail, conditional, kept, way, trampoline or guard.
    ``address`` and ``size`` are those of the patched instruction (size that of
    the largest that may stand there), ``start`` where a CPU comes upon it:
    where the instruction's padding begins, or at a trampoline's entry.
    ``form`` is the row of ``arch.forms``, "" where nothing is ever patched.
    ``subject`` is the address of the word that decides where it goes: a key's
    target, or the count of a static key, for a guard that jumps to ``jumps``
    where that is on, or off if ``branch`` is set.  ``inside`` are the ranges
    that belong to the way to the target.
    """

    kind: str
    address: int
    size: int
    start: int
    form: str
    subject: int
    key: str
    inside: tuple[range, ...]
    jumps: int = 0
    branch: bool = False

    @property
    def end(self) -> int:
        """What stands behind the patched instruction."""
        return self.address + self.size

    @property
    def is_call(self) -> bool:
        return self.kind == CALL

    def holds(self, address: int) -> bool:
        """Whether a CPU that came upon the place has not left it yet."""
        return any(address in r for r in self.inside)


@dataclass(frozen=True)
class Places:
    """All of a program.  ``subjects`` are the words that decide, with their sizes."""

    places: tuple[Place, ...]
    subjects: dict[int, int]
    nulls: dict[int, str] = field(default_factory=dict)  # functions of the runtime, by address

    def of(self, subject: int) -> list[Place]:
        return self._by_subject.get(subject, [])

    def hit(self, first: int, last: int) -> list[Place]:
        """Those that may be patched and that one of these bytes, both ends included, is in."""
        starts, ordered = self._ordered
        end = bisect_right(starts, last)
        found = []
        for place in reversed(ordered[:end]):
            if place.address + self._longest <= first:
                break
            if place.end > first:
                found.append(place)
        return found[::-1]

    def touched(self, log: WriteLog, unit: int) -> list[Place]:
        """All places of the keys that an update changes, or stores to code of."""
        units, subjects = {e.address for e in log.stores}, set(log.changed)
        for address in units:
            subjects.update(p.subject for p in self.hit(address, address + unit - 1))
        return [p for p in self.places if p.subject in subjects]

    @cached_property
    def _ordered(self) -> tuple[list[int], list[Place]]:
        ordered = sorted((p for p in self.places if p.form), key=lambda p: p.address)
        return [p.address for p in ordered], ordered

    @cached_property
    def _longest(self) -> int:
        return max((p.size for p in self.places), default=0)

    @cached_property
    def _by_subject(self) -> dict[int, list[Place]]:
        found: dict[int, list[Place]] = {}
        for place in self.places:
            found.setdefault(place.subject, []).append(place)
        return found


def find_places(tables: Tables) -> Places:
    """From a program's tables: trampolines, sites, way stations and guards."""
    arch, names = tables.arch, tables.image.symbols
    ways: dict[int, list[range]] = {}
    for entry in tables.call_sites if is_inline(arch) else ():
        if entry.is_way and (found := branch_at(tables.image, entry.code)) is not None:
            ways.setdefault(entry.proxy, []).append(range(entry.code, sum(found)))
    places: list[Place] = []
    for proxy in tables.proxies:
        places += _of_proxy(tables, proxy, ways.get(proxy.address, []))
    places += [*_sites(tables, ways), *(_guard(tables, g) for g in tables.guards if g.key)]
    subjects = {p.key: arch.pointer_size for p in tables.proxies}
    subjects.update({g.key: 4 for g in tables.guards if g.key})
    nulls: dict[int, str] = {names[n].address: n for n in (NULL, RET0) if n in names}
    return Places(tuple(places), subjects, nulls)


def _of_proxy(tables: Tables, proxy: Proxy, ways: list[range]) -> Iterator[Place]:
    arch, body = tables.arch, range(*tables.body(proxy.trampoline))
    key = tables.call_key_name(proxy.key)
    nop = arch.instruction("nop").size
    size = max([nop, *(arch.branches[s].size for s in _branches(tables, TRAMPOLINE))])
    form = TRAMPOLINE if proxy.flags & PROXY_PATCHED else ""
    yield Place(TRAMPOLINE, proxy.insn, size, proxy.trampoline, form, proxy.key, key, (body, *ways))
    for way in ways:
        yield Place(WAY, way.start, len(way), way.start, "", proxy.key, key, (way, body, *ways))


def _branches(tables: Tables, form: str) -> list[str]:
    return [s for s in tables.arch.forms[form].states if s in tables.arch.branches]


def _sites(tables: Tables, ways: dict[int, list[range]]) -> Iterator[Place]:
    if not is_inline(tables.arch):
        return
    for entry in tables.call_sites:
        proxy = tables.proxy_at.get(entry.proxy)
        if entry.is_way or proxy is None:
            continue
        site = read_site(tables, entry)
        body = range(*tables.body(proxy.trampoline))
        own = range(site.start, site.end)
        form = FORMS[site.kind] if site.kind != KEPT else ""
        yield Place(
            site.kind,
            site.address,
            site.size,
            site.start,
            form,
            proxy.key,
            tables.call_key_name(proxy.key),
            (own, body, *ways.get(proxy.address, [])),
        )


def _guard(tables: Tables, guard: Guard) -> Place:
    arch = tables.arch
    size = max(arch.instruction("nop").size, arch.branch("jump").size)
    own = range(guard.code, guard.code + size)
    key = tables.static_key_name(guard.key)
    return Place(
        GUARD,
        guard.code,
        size,
        guard.code,
        GUARD,
        guard.key,
        key,
        (own,),
        guard.target,
        guard.branch,
    )


__all__ = ["CALL", "CONDITIONAL", "GUARD", "KEPT", "TAIL", "TRAMPOLINE", "WAY", "Place", "Places"]
