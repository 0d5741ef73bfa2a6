"""The sites of a linked program: where it depends on a key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transformer.arch import Arch
from transformer.emulator.code import code_of
from transformer.emulator.image import Image
from transformer.emulator.lines import SourceLine
from transformer.emulator.sites import KEPT, WAY, branch_at, is_inline, read_site
from transformer.emulator.tables import Tables


@dataclass(frozen=True)
class Site:
    """``key`` is the key's name without a prefix, ``trampoline`` 0 for a guard.

    ``kind`` is call, tail, guard or, of what the table of call sites names,
    conditional, kept or way too.  ``address`` and ``size`` are those of the
    instruction that branches (the second one of a pair).  ``patched`` tells
    that the runtime writes it.
    """

    address: int
    size: int
    kind: str
    key: str
    trampoline: int
    line: SourceLine | None
    patched: bool = False


def find_sites(image: Image, arch: Arch) -> list[Site]:
    """Call sites by their table, other branches to trampolines, guards; sorted by address.

    A call through a loaded slot (mode generic) leaves no trace and is no site
    here.
    """
    tables = Tables(image)
    entries = [*_entries(image, tables)]
    named = {s.address for s in entries}
    others = (s for s in _calls(image, tables) if s.address not in named)
    return sorted([*entries, *others, *_guards(image, arch, tables)], key=lambda s: s.address)


def _entries(image: Image, tables: Tables) -> Iterator[Site]:
    """What the table of call sites names: sites, and way stations."""
    for entry in tables.call_sites if is_inline(tables.arch) else ():
        proxy = tables.proxy_at.get(entry.proxy)
        if proxy is None:
            continue
        key, line = tables.call_key_name(proxy.key), image.line_at(entry.code)
        if entry.is_way:
            found = branch_at(image, entry.code)
            address, size = found if found is not None else (entry.code, 0)
            yield Site(address, size, WAY, key, proxy.trampoline, line)
            continue
        site = read_site(tables, entry)
        patched = site.kind != KEPT
        yield Site(entry.code, site.size, site.kind, key, proxy.trampoline, line, patched)


def _calls(image: Image, tables: Tables) -> Iterator[Site]:
    trampolines = tables.trampolines
    for address, transfer in code_of(image).branches.items():
        target = transfer.target
        if target in trampolines:
            kind = "call" if transfer.kind == "direct-call" else "tail"
            key = trampolines[target]
            yield Site(address, transfer.size, kind, key, target, image.line_at(address))


def _guards(image: Image, arch: Arch, tables: Tables) -> Iterator[Site]:
    starts = code_of(image).starts
    for guard in tables.guards:
        size = starts.get(guard.code, arch.instruction("nop").size)
        key = tables.static_key_name(guard.key)
        yield Site(guard.code, size, "guard", key, 0, image.line_at(guard.code))
