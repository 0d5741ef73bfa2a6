"""Whether two objects hold the same machine code, data, tables and relocations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import Relocation, RelocationSection
from elftools.elf.sections import Section

ALLOCATED = 2  # SHF_ALLOC
ENTRY = 16  # of __jump_table: two 32-bit fields and one of 64 bits
OBJTOOL_NOPS = 2  # in an entry's flags: a jump that Linux's objtool will make a NOP
NOPS = (b"\x0f\x1f\x44\x00\x00", b"\x66\x90", b"\x1f\x20\x03\xd5")
Content = dict[str, tuple[object, ...]]


def content(path: Path) -> Content:
    """Each section that is loaded, or that the linker reads: bytes, and relocations by name."""
    found: Content = {}
    with path.open("rb") as file:
        elf = ELFFile(file)
        sections = list(elf.iter_sections())
        seen: Counter[str] = Counter()
        labels: dict[int, str] = {}
        for number, section in enumerate(sections):
            if section["sh_flags"] & ALLOCATED or section.name.startswith(".discard"):
                held = section["sh_size"] if section["sh_type"] == "SHT_NOBITS" else section.data()
                seen[section.name] += 1  # several may have one name
                labels[number] = f"{section.name}#{seen[section.name]}"
                found[labels[number]] = (held, section["sh_flags"])
        for section in sections:
            if isinstance(section, RelocationSection) and section["sh_info"] in labels:
                found[f"rela{labels[section['sh_info']]}"] = _relocations(elf, section)
    return found


def _relocations(elf: ELFFile, section: RelocationSection) -> tuple[object, ...]:
    symbols = elf.get_section(section["sh_link"])
    return tuple(
        (r["r_offset"], r["r_info_type"], _symbol(elf, symbols.get_symbol(r["r_info_sym"])),
         r["r_addend"])
        for r in section.iter_relocations()
    )  # fmt: skip


def _symbol(elf: ELFFile, symbol: Section) -> str:
    index = symbol["st_shndx"]
    if not symbol.name and isinstance(index, int):
        return f"section {elf.get_section(index).name}"
    return str(symbol.name)


def difference(first: Path, second: Path) -> str:
    """Where two objects differ; "" where they hold the same."""
    if first.read_bytes() == second.read_bytes():
        return ""
    one, two = content(first), content(second)
    names = sorted(n.split("#")[0] for n in one.keys() | two.keys() if one.get(n) != two.get(n))
    return ", ".join(dict.fromkeys(names))


def guards(path: Path) -> Counter[tuple[str, int, bool, bool]]:
    """The entries of ``__jump_table``: key, offset in it, branch, whether it starts as a NOP."""
    found: Counter[tuple[str, int, bool, bool]] = Counter()
    with path.open("rb") as file:
        elf = ELFFile(file)
        table = elf.get_section_by_name(".rela__jump_table")
        if table is None:
            return found
        symbols = elf.get_section(table["sh_link"])
        rows = {r["r_offset"]: r for r in table.iter_relocations()}
        for start in sorted(offset for offset in rows if offset % ENTRY == 0):
            code, key = rows[start], rows[start + 8]
            symbol = symbols.get_symbol(key["r_info_sym"])
            flags = key["r_addend"] & 3
            nop = bool(flags & OBJTOOL_NOPS) or _bytes(elf, symbols, code).startswith(NOPS)
            found[_symbol(elf, symbol), key["r_addend"] - flags, bool(flags & 1), nop] += 1
    return found


def _bytes(elf: ELFFile, symbols: Section, relocation: Relocation) -> bytes:
    """The first bytes at the place that a relocation names."""
    symbol = symbols.get_symbol(relocation["r_info_sym"])
    start = symbol["st_value"] + relocation["r_addend"]
    return bytes(elf.get_section(symbol["st_shndx"]).data()[start : start + 5])
