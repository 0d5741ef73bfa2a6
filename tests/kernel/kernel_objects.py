"""Whether two objects hold the same machine code, data, tables and relocations."""

from __future__ import annotations

from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import Section

ALLOCATED = 2  # SHF_ALLOC
Content = dict[str, tuple[object, ...]]


def content(path: Path) -> Content:
    """Each section that is loaded, or that the linker reads: bytes, and relocations by name."""
    found: Content = {}
    with path.open("rb") as file:
        elf = ELFFile(file)
        sections = list(elf.iter_sections())
        for number, section in enumerate(sections):
            if section["sh_flags"] & ALLOCATED or section.name.startswith(".discard"):
                held = section["sh_size"] if section["sh_type"] == "SHT_NOBITS" else section.data()
                found[f"{section.name}#{number}"] = (held, section["sh_flags"])
        for section in sections:
            if isinstance(section, RelocationSection):
                target = sections[section["sh_info"]]
                if target["sh_flags"] & ALLOCATED or target.name.startswith(".discard"):
                    found[f"{section.name}#{section['sh_info']}"] = _relocations(elf, section)
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
