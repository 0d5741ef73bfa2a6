"""A linked program as it lies in memory: what a loader makes of an ELF file.

Read by section, not by segment: a linker may make one segment of a hole of
8 GB.  Addresses are those of the running program, sizes are in bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection, RelrRelocationSection
from elftools.elf.sections import SymbolTableSection

from transformer.arch import Arch
from transformer.emulator.lines import LineTable, SourceLine, read_lines
from transformer.emulator.symtab import rows

DEFAULT_BASE = 0x1000_0000  # of a position-independent program, within 32 bits
_RANK = {"func": 0, "object": 1, "other": 2}


class ImageError(Exception):
    """The file is no program that can be loaded; the text names it and says why."""


@dataclass(frozen=True)
class Section:
    """A section that takes up memory; ``data`` is its first content, zeros for .bss.

    ``holds`` tells whether anything but zeros is in it at first.
    """

    name: str
    address: int
    data: bytes
    size: int
    writable: bool
    executable: bool
    holds: bool

    @property
    def end(self) -> int:
        return self.address + self.size


@dataclass(frozen=True)
class Symbol:
    """A defined symbol; ``kind`` is func, object or other, ``section`` a name."""

    name: str
    address: int
    size: int
    kind: str
    binding: str
    section: str


@dataclass(frozen=True)
class LeftRelocation:
    """A relocation that is not one of the arch's relative ones: no loader is here for it."""

    address: int
    type: int
    symbol: str


class Image:
    """One linked program or shared object, its relative relocations applied.

    ``debug_frame`` is the section of that name, which is not in memory and not
    relocated.
    """

    def __init__(self, path: Path, arch: Arch, elf: Any, base: int) -> None:
        self.path = path
        self.name = path.name
        self.arch = arch
        self.base = base
        self.left_relocations: list[LeftRelocation] = []
        self.relocated = 0
        sections = list(elf.iter_sections())
        contents = _contents(sections)
        self._relocate(sections, contents)
        self.entry_sections = [_section(s, base, data) for s, data in contents]
        self._by_address = sorted(self.entry_sections, key=lambda s: s.address)
        self.debug_frame = next((s.data() for s in sections if s.name == ".debug_frame"), b"")
        self.all_symbols = list(_symbols(sections, base))
        self.symbols = _by_name(self.all_symbols)

    @classmethod
    def load(cls, path: Path, arch: Arch, base: int | None = None) -> Image:
        """Reads a linked ELF file; ``ImageError`` for anything else.

        ``base`` is where address 0 of a position-independent program goes; a
        program with fixed addresses takes none.
        """
        try:
            with path.open("rb") as stream:
                elf = ELFFile(stream)
                return cls(path, arch, elf, _checked_base(path, arch, elf, base))
        except OSError as e:
            raise ImageError(f"{path}: {e.strerror}") from e
        except (ELFError, UnicodeDecodeError) as e:
            raise ImageError(f"{path}: no ELF file: {e}") from e

    # --- content ---

    def section_at(self, address: int) -> Section | None:
        """The section that holds this byte."""
        index = bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        section = self._by_address[index]
        return section if address < section.end else None

    def section(self, name: str) -> Section | None:
        """The first section of this name that takes up memory."""
        return next((s for s in self.entry_sections if s.name == name), None)

    def read(self, address: int, size: int) -> bytes:
        """The first content, relocated; ``ImageError`` outside of any section."""
        section = self.section_at(address)
        if section is None or address + size > section.end:
            raise ImageError(f"{self.name}: no section holds {size} bytes at {address:#x}")
        offset = address - section.address
        return section.data[offset : offset + size]

    def pointer(self, address: int) -> int:
        """The pointer that stands there at first."""
        return self._integer(self.read(address, self.arch.pointer_size))

    @cached_property
    def init_array(self) -> list[int]:
        """The constructors, in the order in which they run."""
        size = self.arch.pointer_size
        found: list[int] = []
        for name in (".preinit_array", ".init_array"):
            section = self.section(name)
            if section is not None:
                entries = range(section.address, section.end - size + 1, size)
                found += [self.pointer(a) for a in entries]
        return [f for f in found if f not in (0, (1 << 8 * size) - 1)]

    # --- names ---

    def symbol_at(self, address: int) -> tuple[Symbol, int] | None:
        """The symbol that covers the address, and how far into it that is.

        A symbol without a size covers what follows it in its section.
        """
        section = self.section_at(address)
        if section is None:
            return None
        index = bisect_right(self._symbol_starts, address)
        for symbol in reversed(self._ordered[max(0, index - 64) : index]):
            if symbol.address < section.address:
                break
            offset = address - symbol.address
            if offset < symbol.size or not symbol.size or not offset:
                return symbol, offset
        return None

    def line_at(self, address: int) -> SourceLine | None:
        """Where in the source this instruction comes from, by the DWARF line table."""
        return self._lines.at(address - self.base)

    def describe(self, address: int) -> str:
        """``symbol+0x10 (file.c:12)``, as much of it as is known."""
        found = self.symbol_at(address)
        line = self.line_at(address)
        if found is None:
            name = f"{address:#x}"
        else:
            name = found[0].name + (f"+{found[1]:#x}" if found[1] else "")
        return f"{name} ({line})" if line else name

    # --- making ---

    def _relocate(self, sections: list[Any], contents: _Contents) -> None:
        for relocation in _relocations(sections):
            if relocation.type is not None and not self._is_loadable(relocation):
                self.left_relocations.append(
                    LeftRelocation(
                        self.base + relocation.offset, relocation.type, relocation.symbol
                    )
                )
            else:
                self._apply(relocation, contents)

    def _is_loadable(self, relocation: _Relocation) -> bool:
        """Relative, or the address of a symbol that this image defines."""
        if relocation.type in self.arch.symbolic_relocations:
            return relocation.value != 0
        return relocation.type in self.arch.relocations

    def _apply(self, relocation: _Relocation, contents: _Contents) -> None:
        size = self.arch.pointer_size
        for index, (section, data) in enumerate(contents):
            at = relocation.offset - section["sh_addr"]
            if 0 <= at <= len(data) - size:
                if isinstance(data, bytes):
                    data = bytearray(data)
                    contents[index] = section, data
                addend = relocation.addend
                if addend is None:
                    addend = self._integer(data[at : at + size])
                value = (self.base + relocation.value + addend) % (1 << 8 * size)
                data[at : at + size] = self.word(value, size)
                self.relocated += 1
                return
        raise ImageError(
            f"{self.name}: a relocation at {relocation.offset:#x} lies outside of any section"
        )

    def word(self, value: int, size: int) -> bytes:
        """An unsigned integer as this program stores it."""
        return value.to_bytes(size, self.arch.byteorder)

    def _integer(self, data: bytes | bytearray) -> int:
        return int.from_bytes(data, self.arch.byteorder)

    @cached_property
    def _starts(self) -> list[int]:
        return [s.address for s in self._by_address]

    @cached_property
    def _ordered(self) -> list[Symbol]:
        named = [s for s in self.all_symbols if s.name and s.name[0] not in "$." and s.section]
        # The last of several at one address is looked at first.
        return sorted(
            named, key=lambda s: (s.address, -_RANK[s.kind], s.size > 0, s.binding != "STB_LOCAL")
        )

    @cached_property
    def _symbol_starts(self) -> list[int]:
        return [s.address for s in self._ordered]

    @cached_property
    def _lines(self) -> LineTable:
        try:
            with self.path.open("rb") as stream:
                return read_lines(ELFFile(stream))
        except (OSError, ELFError, DWARFError):
            return LineTable([])


@dataclass(frozen=True)
class _Relocation:
    """As in the file; ``type`` is None for RELR, ``addend`` where it stands in place.

    ``value`` is the symbol's, 0 where there is none or it is not defined here.
    """

    offset: int
    type: int | None
    addend: int | None
    symbol: str = ""
    value: int = 0


def _checked_base(path: Path, arch: Arch, elf: Any, base: int | None) -> int:
    header = elf.header
    if header["e_machine"] != arch.elf_machine or elf.elfclass != arch.elf_class:
        what = f"{header['e_machine']}, {elf.elfclass} bits"
        raise ImageError(
            f"{path}: made for another machine ({what}), not {arch.title} ({arch.elf_machine})"
        )
    if elf.little_endian != (arch.byteorder == "little"):
        raise ImageError(f"{path}: not in {arch.title}'s byte order ({arch.byteorder})")
    if header["e_type"] == "ET_DYN":
        return DEFAULT_BASE if base is None else base
    if header["e_type"] != "ET_EXEC":
        kind = "a relocatable object" if header["e_type"] == "ET_REL" else header["e_type"]
        raise ImageError(f"{path}: {kind}, no linked program: link it first")
    if base:
        raise ImageError(f"{path}: linked for fixed addresses, cannot be placed at {base:#x}")
    return 0


#: Sections with their bytes, in an array where a relocation has changed them.
_Contents = list[tuple[Any, bytes | bytearray]]


def _contents(sections: list[Any]) -> _Contents:
    """Sections that take up memory, with their bytes as in the file."""
    found: _Contents = []
    for section in sections:
        flags, kind = section["sh_flags"], section["sh_type"]
        thread_local = flags & SH_FLAGS.SHF_TLS and kind == "SHT_NOBITS"
        if flags & SH_FLAGS.SHF_ALLOC and not thread_local and section["sh_size"]:
            empty = kind == "SHT_NOBITS"
            found.append((section, bytes(section["sh_size"]) if empty else section.data()))
    return found


def _section(section: Any, base: int, data: bytes | bytearray) -> Section:
    flags = section["sh_flags"]
    empty = section["sh_type"] == "SHT_NOBITS" and isinstance(data, bytes)
    return Section(
        name=section.name,
        address=base + section["sh_addr"],
        data=bytes(data),
        size=len(data),
        writable=bool(flags & SH_FLAGS.SHF_WRITE),
        executable=bool(flags & SH_FLAGS.SHF_EXECINSTR),
        holds=not empty and bool(data.strip(b"\0")),
    )


def _relocations(sections: list[Any]) -> Iterator[_Relocation]:
    """What the loader must relocate: sections that are loaded themselves."""
    for section in sections:
        if not section["sh_flags"] & SH_FLAGS.SHF_ALLOC:
            continue
        if isinstance(section, RelrRelocationSection):
            for entry in section.iter_relocations():
                yield _Relocation(entry["r_offset"], None, None)
        elif isinstance(section, RelocationSection):
            symbols = sections[section["sh_link"]]
            for entry in section.iter_relocations():
                yield _entry(section, entry, symbols)


def _entry(section: Any, entry: Any, symbols: Any) -> _Relocation:
    addend = entry["r_addend"] if section.is_RELA() else None
    if not entry["r_info_sym"] or not isinstance(symbols, SymbolTableSection):
        return _Relocation(entry["r_offset"], entry["r_info_type"], addend)
    symbol = symbols.get_symbol(entry["r_info_sym"])
    value = symbol["st_value"]
    return _Relocation(entry["r_offset"], entry["r_info_type"], addend, symbol.name, value)


def _symbols(sections: list[Any], base: int) -> Iterator[Symbol]:
    named = {s.name: s for s in sections}
    table = named.get(".symtab") or named.get(".dynsym")
    if not isinstance(table, SymbolTableSection):
        return
    for row in rows(table):
        if not row.is_defined:
            continue
        yield Symbol(
            name=row.name,
            address=row.value + (0 if row.section is None else base),
            size=row.size,
            kind=row.kind,
            binding=row.binding,
            section="" if row.section is None else sections[row.section].name,
        )


def _by_name(symbols: list[Symbol]) -> dict[str, Symbol]:
    """A name's global symbol, else the first local one."""
    found: dict[str, Symbol] = {}
    for symbol in symbols:
        known = found.get(symbol.name)
        if known is None or (known.binding == "STB_LOCAL" != symbol.binding):
            found[symbol.name] = symbol
    return found
