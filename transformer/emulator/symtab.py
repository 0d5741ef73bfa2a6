"""Symbol tables (System V gABI, chapter 4), read at once.

pyelftools takes 50 µs for each symbol, and every program of the corpus has
some hundred of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

UNDEFINED, RESERVED = 0, 0xFF00  # section indexes: SHN_UNDEF, and absolute ones from here on
_TYPES = {1: "object", 2: "func", 3: "section", 4: "file", 6: "tls", 10: "func"}  # 10: GNU_IFUNC
_BINDINGS = {0: "STB_LOCAL", 1: "STB_GLOBAL", 2: "STB_WEAK"}


class RawSymbol(NamedTuple):
    """``kind`` is object, func, section, file, tls or other; ``section`` a number."""

    name: str
    value: int
    size: int
    kind: str
    binding: str
    section: int


def read_symbol_table(elf: Any, section: Any) -> Iterator[RawSymbol]:
    """The symbols of a table of pyelftools, but for the empty first one."""
    order, wide = "<" if elf.little_endian else ">", elf.elfclass == 64
    names = elf.get_section(section["sh_link"]).data()
    rows = struct.Struct(order + ("IBBHQQ" if wide else "IIIBBH")).iter_unpack(section.data())
    next(rows, None)
    for row in rows:
        if wide:
            name, info, _, index, value, size = row
        else:
            name, value, size, info, _, index = row
        text = names[name : names.index(b"\0", name)].decode(errors="replace")
        kind = _TYPES.get(info & 15, "other")
        yield RawSymbol(text, value, size, kind, _BINDINGS.get(info >> 4, "other"), index)
