"""Addresses to source lines, from DWARF line tables (DWARF 5, 6.2)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from elftools.dwarf.structs import DWARFStructs

_EXTENDED = b"\xff\xff\xff\xff"  # a length that says that 64 bits follow


@dataclass(frozen=True)
class SourceLine:
    """``line`` and ``column`` count from 1; column 0 is unknown."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class LineRow:
    """From ``address`` on, up to the next row; without a line where a sequence ends."""

    address: int
    source: SourceLine | None


class LineTable:
    """Rows sorted by address."""

    def __init__(self, rows: Iterable[LineRow]) -> None:
        # An end and a start may share an address: the start holds.
        self._rows = sorted(rows, key=lambda r: (r.address, r.source is not None))
        self._starts = [r.address for r in self._rows]

    def at(self, address: int) -> SourceLine | None:
        index = bisect_right(self._starts, address) - 1
        return self._rows[index].source if index >= 0 else None


def read_lines(elf: Any) -> LineTable:
    """The line table of a whole linked file; an empty one where there is no DWARF."""
    if not elf.has_dwarf_info():
        return LineTable([])
    dwarf = elf.get_dwarf_info(relocate_dwarf_sections=False)
    return LineTable(row for program in _programs(dwarf) for row in _rows(program))


def _programs(dwarf: Any) -> Iterator[Any]:
    """The line programs, which lie one behind the other.

    Not by the units that name them: to read a unit pyelftools reads the forms
    of all its entries first, which takes it as long as the lines themselves.
    """
    section = dwarf.debug_line_sec
    offset = 0
    while section is not None and offset < section.size:
        section.stream.seek(offset)
        structs = DWARFStructs(
            little_endian=dwarf.config.little_endian,
            dwarf_format=64 if section.stream.read(4) == _EXTENDED else 32,
            address_size=dwarf.config.default_address_size,
        )
        program = dwarf._parse_line_program_at_offset(offset, structs)
        yield program
        offset = program.program_end_offset


def _rows(program: Any) -> Iterator[LineRow]:
    names: dict[int, str] = {}
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if state.end_sequence:
            yield LineRow(state.address, None)
            continue
        if state.file not in names:
            names[state.file] = _file_name(program.header, state.file)
        line = SourceLine(names[state.file], state.line, state.column)
        yield LineRow(state.address, line if state.line else None)


def _file_name(header: Any, index: int) -> str:
    """The path of a file entry as the compiler was given it; "?" where the table is short."""
    first = 0 if header["version"] >= 5 else 1
    files, folders = header["file_entry"], header["include_directory"]
    if not 0 <= index - first < len(files):
        return "?"
    entry = files[index - first]
    name = _text(entry.name)
    folder = entry.dir_index - first
    if name.startswith("/") or not 0 <= folder < len(folders) or entry.dir_index == 0:
        return name
    return f"{_text(folders[folder])}/{name}"


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
