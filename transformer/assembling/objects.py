"""Reads an object's branches to trampolines and the entries of its site table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformer.arch import Arch, Assembly, RelocatedBranch
from transformer.assembly.table import PROFILES, TRAMPOLINE

ENTRY_SIZE, FIELD_SIZE = 8, 4
EXECUTABLE = 4  # SHF_EXECINSTR

Where = tuple[int, int]  # the number of a section, and the offset in it


@dataclass(frozen=True)
class Branch:
    """A direct branch that the linker completes.

    ``target`` is the trampoline's key, or the place in the object itself.
    """

    where: Where
    row: RelocatedBranch
    key: str | None
    target: Where


@dataclass(frozen=True)
class Entry:
    """One entry of the table; ``key`` is None where it names no key."""

    where: Where | None
    key: str | None
    flags: int


class ObjectReader:
    """One relocatable file.  Where sections are numbered, numbers are the file's."""

    def __init__(self, path: Path, arch: Arch, profile: str) -> None:
        from elftools.elf.elffile import ELFFile  # here: slow, and not on every launcher's way

        assert arch.assembly is not None
        self.syntax: Assembly = arch.assembly
        self.byteorder, self.profile = arch.byteorder, PROFILES[profile]
        with path.open("rb") as file:
            self.elf = ELFFile(file)
            self.sections: list[Any] = list(self.elf.iter_sections())
            self.names = [section.name for section in self.sections]
            self.alignments = [section["sh_addralign"] for section in self.sections]
            self.code: dict[int, bytes] = {
                n: s.data() for n, s in enumerate(self.sections) if s["sh_flags"] & EXECUTABLE
            }
            self.trampolines = self._trampolines()
            self.branches = [b for s in self._relocations(EXECUTABLE) for b in self._branches(s)]
            self.entries = [e for s in self._tables() for e in self._entries(s)]

    def landing(self, where: Where, arch: Arch) -> tuple[str, Where] | None:
        """Kind and target of a branch that the assembler itself completed."""
        code = self.code[where[0]][where[1] :]
        for row in arch.branches.values():
            if (target := row.decode(where[1], code)) is not None:
                return "call" if row.is_call else "tail", (where[0], target)
        return None

    def name(self, where: Where | None) -> str:
        return f"{self.names[where[0]]}+{where[1]:#x}" if where else "an unknown place"

    def _relocations(self, flags: int) -> Iterator[Any]:
        """Relocation sections of sections that have all of ``flags``."""
        for section in self.sections:
            if section["sh_type"] in ("SHT_RELA", "SHT_REL"):
                target = self.sections[section["sh_info"]]
                if target["sh_flags"] & flags == flags:
                    yield section

    def _tables(self) -> Iterator[Any]:
        for section in self._relocations(0):
            if self.names[section["sh_info"]] == self.profile.section:
                yield section

    def _trampolines(self) -> dict[Where, str]:
        """Keys by where their trampolines are, for relocations against sections."""
        tables = (s for s in self.sections if s["sh_type"] == "SHT_SYMTAB")
        return {
            (symbol["st_shndx"], symbol["st_value"]): symbol.name[len(TRAMPOLINE) :]
            for table in tables
            for symbol in table.iter_symbols()
            if symbol.name.startswith(TRAMPOLINE) and isinstance(symbol["st_shndx"], int)
        }

    def _symbol(self, section: Any, relocation: Any) -> tuple[str, Where]:
        """The symbol of a relocation, and where it is (section -1: elsewhere)."""
        symbol = self.sections[section["sh_link"]].get_symbol(relocation["r_info_sym"])
        number = symbol["st_shndx"]
        number = number if isinstance(number, int) else -1
        return symbol.name, (number, symbol["st_value"])

    def _branches(self, section: Any) -> Iterator[Branch]:
        number = section["sh_info"]
        code = self.code[number]
        for relocation in section.iter_relocations():
            if not any(relocation["r_info_type"] in row.types for row in self.syntax.relocated):
                continue
            name, (home, value) = self._symbol(section, relocation)
            for row in self.syntax.relocated:
                start = relocation["r_offset"] - row.at
                word = int.from_bytes(code[start : start + row.size], self.byteorder)
                fits = relocation["r_info_type"] in row.types and word & row.mask == row.value
                if not fits or start < 0:
                    continue
                # The displacement of some arches counts from the instruction's end.
                past = row.size - row.at if row.at else 0
                target = (home, value + relocation["r_addend"] + past)
                key = self._key(name, target, value)
                yield Branch((number, start), row, key, target)
                break

    def _key(self, name: str, target: Where, value: int) -> str | None:
        if name.startswith(TRAMPOLINE):
            return name[len(TRAMPOLINE) :] if target[1] == value else None
        return self.trampolines.get(target)

    def _entries(self, section: Any) -> Iterator[Entry]:
        fields = {}
        for relocation in section.iter_relocations():
            if relocation["r_info_type"] in self.syntax.word_relocations:
                name, (home, value) = self._symbol(section, relocation)
                fields[relocation["r_offset"]] = name, home, value, relocation["r_addend"]
        for at in range(0, self.sections[section["sh_info"]]["sh_size"], ENTRY_SIZE):
            site, key = fields.get(at), fields.get(at + FIELD_SIZE)
            where = (site[1], site[2] + site[3]) if site else None
            names = [key[0][len(p) :] for p in self.profile.keys if key and key[0].startswith(p)]
            yield Entry(where, names[0] if names else None, key[3] if key else 0)
