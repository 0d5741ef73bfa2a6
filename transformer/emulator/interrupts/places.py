"""Where a program can be interrupted on its way through a key: sites, ways, trampolines, guards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transformer.arch import Arch
from transformer.emulator.code import code_of
from transformer.emulator.image import Image
from transformer.emulator.sites import WAY, branch_at, inline_sites, is_inline
from transformer.emulator.tables import Guard, Proxy, Tables

TRAMPOLINE, GUARD, CALL = "trampoline", "guard", "call"


@dataclass(frozen=True)
class Place:
    """Some instructions that belong to one key, from ``start`` up to ``end``.

    ``kind`` is trampoline, guard, or one of ``InlineSite.kind``; ``address`` is the key's.
    ``window`` is a trampoline's patchable instruction: from there on the
    runtime must tell that a target may have been loaded; 0 in other places.
    """

    kind: str
    start: int
    end: int
    key: str
    address: int
    window: int = 0
    guard: Guard | None = None

    def in_window(self, pc: int) -> bool:
        """Whether the table of proxies says that this instruction lies in a window."""
        return 0 < self.window <= pc < self.end


def find_places(image: Image, arch: Arch) -> list[Place]:
    """All places of an image that its tables name, and the branches to its trampolines."""
    tables = Tables(image)
    proxies = {p.trampoline: p for p in tables.proxies}
    found = [_trampoline(tables, t, p) for t, p in proxies.items()]
    found += _entries(tables)
    named = {p.end for p in found}
    for address, transfer in code_of(image).branches.items():
        if transfer.target in proxies and address + transfer.size not in named:
            kind = CALL if transfer.kind == "direct-call" else "tail"
            end, proxy = address + transfer.size, proxies[transfer.target]
            found.append(_place(tables, kind, _first_of_pair(image, address), end, proxy))
    return [*found, *_guards(tables)]


def _place(tables: Tables, kind: str, start: int, end: int, proxy: Proxy) -> Place:
    return Place(kind, start, end, tables.call_key_name(proxy.key), proxy.key)


def _trampoline(tables: Tables, start: int, proxy: Proxy) -> Place:
    end, name = tables.body(start)[1], tables.trampolines[start]
    return Place(TRAMPOLINE, start, end, name, proxy.key, proxy.insn)


def _entries(tables: Tables) -> Iterator[Place]:
    """What the table of call sites names: sites, and the way stations behind them."""
    for site in inline_sites(tables):
        if site.proxy is not None:
            yield _place(tables, site.kind, site.start, site.end, site.proxy)
    for entry in tables.call_sites if is_inline(tables.arch) else ():
        proxy, found = tables.proxy_at.get(entry.proxy), branch_at(tables.image, entry.code)
        if entry.is_way and proxy is not None and found is not None:
            yield _place(tables, WAY, entry.code, sum(found), proxy)


def _first_of_pair(image: Image, branching: int) -> int:
    """Where the instruction before stands, if both are one branch."""
    for pair in image.arch.pairs:
        start = branching - pair.second
        begins = code_of(image).size_at(start) is not None
        if begins and pair.decode(start, image.read(start, pair.size)):
            return start
    return branching


def _guards(tables: Tables) -> Iterator[Place]:
    size = tables.arch.instruction("nop").size
    for guard in tables.guards:
        name = tables.static_key_name(guard.key)
        yield Place(GUARD, guard.code, guard.code + size, name, guard.key, guard=guard)
