"""The sites of a linked program: where it depends on a key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transformer.arch import Arch
from transformer.emulator.code import code_of
from transformer.emulator.image import Image
from transformer.emulator.lines import SourceLine
from transformer.emulator.tables import Tables


@dataclass(frozen=True)
class Site:
    """``kind`` is call, tail or guard; ``key`` the key's name without a prefix.

    ``address`` and ``size`` are those of the instruction that branches (the
    second one of a pair).  ``trampoline`` is 0 for a guard.
    """

    address: int
    size: int
    kind: str
    key: str
    trampoline: int
    line: SourceLine | None


def find_sites(image: Image, arch: Arch) -> list[Site]:
    """Direct branches to trampolines, and guards by their table; sorted by address.

    A call through a loaded slot (mode generic) leaves no trace and is no site
    here.
    """
    tables = Tables(image)
    return sorted([*_calls(image, tables), *_guards(image, arch, tables)], key=lambda s: s.address)


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
