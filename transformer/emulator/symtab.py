"""Reads ELF symbol tables by the layout that pyelftools tells of.

To ask it for one symbol after the other takes 30 times as long.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_KINDS = {"STT_OBJECT": "object", "STT_FUNC": "func", "STT_LOOS": "func"}  # the last: GNU_IFUNC
_NO_SYMBOLS = ("STT_SECTION", "STT_FILE", "STT_TLS")
_BINDINGS = ("STB_LOCAL", "STB_WEAK")
_RESERVED = 0xFF00  # SHN_LORESERVE: from here on an index stands for no section
_FIELDS = ("st_name", "st_info", "st_shndx", "st_value", "st_size")
_LETTERS = {1: "B", 2: "H", 4: "I", 8: "Q"}  # of the module struct, by the size in bytes


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
    fields = table.structs.Elf_Sym.subcons
    order = "<" if table.structs.little_endian else ">"
    layout = order + "".join(_LETTERS[f.sizeof()] for f in fields)
    at, info, index, value, size = ([f.name for f in fields].index(n) for n in _FIELDS)
    meanings = _Meanings(fields[info])
    names = table.stringtable.data()
    for found in struct.iter_unpack(layout, table.data()):
        kind, binding = meanings[found[info]]
        start = found[at]
        if kind and start:
            name = names[start : names.index(b"\0", start)].decode("utf-8", "replace")
            section = found[index] if found[index] < _RESERVED else None
            yield Row(name, kind, binding, section, found[value], found[size])


class _Meanings(dict[int, tuple[str, str]]):
    """Kind and binding by what the field holds that tells both; no kind where it is no symbol."""

    def __init__(self, field: Any) -> None:
        super().__init__()
        self._field = field

    def __missing__(self, value: int) -> tuple[str, str]:
        found = self._field.parse(value.to_bytes(1, "little"))
        kind = "" if found.type in _NO_SYMBOLS else _KINDS.get(found.type, "other")
        self[value] = kind, found.bind if found.bind in _BINDINGS else "STB_GLOBAL"
        return self[value]
