"""Addresses to source lines, from DWARF line tables (DWARF 5, 6.2)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


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
    """The line table of a whole file; an empty one where there is no DWARF."""
    if not elf.has_dwarf_info():
        return LineTable([])
    dwarf = elf.get_dwarf_info()
    rows: list[LineRow] = []
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is not None:
            rows += _rows(program)
    return LineTable(rows)


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
