"""What the loader makes of an ELF file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from emulator_build import FLAGS, Built, assemble, compile_to, folder, plain, program

from transformer import arch as arches
from transformer.arch import Arch
from transformer.emulator import Image, ImageError

SOURCE = """
static int counter = 3;
int zeros[1000];
int *volatile pointer = &counter, *volatile other = &counter;
const char text[] = "hello";
__attribute__((constructor)) void first(void)
{
    *pointer += 1;
}
int f(int a)
{
    return a + *other;
}
"""


def pie(arch: Arch) -> int:
    return next(i for i, v in enumerate(arch.variants) if v.pie)


def fixed(arch: Arch) -> int:
    return next(i for i, v in enumerate(arch.variants) if not v.pie)


def test_symbols_and_sections(arch: Arch) -> None:
    image = plain(arch, SOURCE, variant=fixed(arch))
    f, zeros, text = (image.symbols[n] for n in ("f", "zeros", "text"))
    assert (f.kind, f.binding, f.section) == ("func", "STB_GLOBAL", ".text")
    assert (zeros.kind, zeros.size) == ("object", 4000)
    assert image.symbols["counter"].binding == "STB_LOCAL"
    assert image.base == 0
    assert image.read(text.address, 6) == b"hello\0"
    assert image.read(zeros.address, 4000) == bytes(4000)
    code = image.section_at(f.address)
    assert code is not None and code.executable and not code.writable
    data = image.section_at(image.symbols["pointer"].address)
    assert data is not None and data.writable and not data.executable


def test_a_symbol_is_found_by_any_address_in_it(arch: Arch) -> None:
    image = plain(arch, SOURCE)
    zeros = image.symbols["zeros"]
    assert image.symbol_at(zeros.address + 3999) == (zeros, 3999)
    found = image.symbol_at(zeros.address + 4000)
    assert found is None or found[0] != zeros
    assert image.symbol_at(8) is None
    assert image.describe(zeros.address + 8) == "zeros+0x8"


def test_a_fixed_program_takes_no_base(arch: Arch) -> None:
    path = plain(arch, SOURCE, variant=fixed(arch)).path
    assert Image.load(path, arch, 0).base == 0
    with pytest.raises(ImageError, match="fixed addresses"):
        Image.load(path, arch, 0x5000_0000)


@pytest.mark.parametrize("base", [0x2000_0000, 0x12_3456_7000])
def test_relative_relocations_follow_the_base(arch: Arch, base: int) -> None:
    path = plain(arch, SOURCE, variant=pie(arch)).path
    image = Image.load(path, arch, base)
    assert image.base == base
    counter = image.symbols["counter"].address
    assert counter > base
    for name in ("pointer", "other"):
        assert image.pointer(image.symbols[name].address) == counter
    assert image.relocated >= 3
    assert image.left_relocations == []
    assert image.init_array == [image.symbols["first"].address]


def test_packed_relative_relocations(arch: Arch) -> None:
    """RELR: the same program, its relocations rewritten into addresses and places."""
    path = plain(arch, SOURCE, variant=pie(arch)).path
    packed = with_relr(path)
    usual, other = Image.load(path, arch, 0x3000_0000), Image.load(packed, arch, 0x3000_0000)
    assert other.relocated == usual.relocated >= 3
    for section in usual.entry_sections:
        if section.writable or section.name.startswith(".data"):
            assert other.read(section.address, section.size) == section.data, section.name


def with_relr(path: Path) -> Path:
    """Turns the file's only table of (all relative) RELA entries into one of RELR."""
    data = bytearray(path.read_bytes())
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        number, table = next(
            (i, s) for i, s in enumerate(elf.iter_sections()) if s.name == ".rela.dyn"
        )
        entries = [(r["r_offset"], r["r_addend"]) for r in table.iter_relocations()]
        sections = [s.header for s in elf.iter_sections()]
        header = elf["e_shoff"] + number * elf["e_shentsize"]
    for offset, addend in entries:
        home = next(
            s for s in sections if s["sh_flags"] & 2 and 0 <= offset - s["sh_addr"] < s["sh_size"]
        )
        at = home["sh_offset"] + offset - home["sh_addr"]
        data[at : at + 8] = struct.pack("<q", addend)
    words = b"".join(struct.pack("<Q", offset) for offset, _ in entries)
    data[table["sh_offset"] : table["sh_offset"] + len(words)] = words
    data[header + 4 : header + 8] = struct.pack("<I", 19)  # SHT_RELR
    data[header + 32 : header + 40] = struct.pack("<Q", len(words))
    data[header + 56 : header + 64] = struct.pack("<Q", 8)
    packed = path.with_name(path.name + "-relr")
    packed.write_bytes(data)
    return packed


def test_other_relocations_are_left_and_named(arch: Arch) -> None:
    """A shared object that needs a symbol from elsewhere."""
    source = "extern int elsewhere; int *address = &elsewhere; int f(void) { return 1; }"
    flags = [f for f in FLAGS if not f.startswith("-Wl,-e")]
    path = compile_to(arch, [source], folder() / f"so-{arch.name}", *flags, "-shared", "-fPIC")
    image = Image.load(path, arch)
    assert [r.symbol for r in image.left_relocations] == ["elsewhere"]
    assert image.left_relocations[0].address == image.symbols["address"].address


def test_lines_come_from_dwarf(arch: Arch) -> None:
    for variant in (fixed(arch), pie(arch)):
        image = plain(arch, SOURCE, variant=variant)
        line = image.line_at(image.symbols["f"].address)
        assert line is not None
        assert line.line in (10, 11, 12)
        assert line.path.endswith(".c") and Path(line.path).name in str(line)
        assert "first" in image.describe(image.symbols["first"].address)
        assert f":{line.line})" in image.describe(image.symbols["f"].address)
        assert image.line_at(image.symbols["zeros"].address) is None


def test_lines_are_those_of_the_units(arch: Arch) -> None:
    """In each version and format of them."""
    for flags in ((), ("-gdwarf-4",), ("-gdwarf64",)):
        image = plain(arch, SOURCE, *flags, variant=fixed(arch))
        with image.path.open("rb") as stream:
            dwarf = ELFFile(stream).get_dwarf_info()
            programs = [dwarf.line_program_for_CU(unit) for unit in dwarf.iter_CUs()]
            states = [e.state for p in programs for e in p.get_entries() if e.state is not None]
        lines = {s.address: s.line for s in states if s.line and not s.end_sequence}
        found = {a: image.line_at(a) for a in lines}
        assert lines and {a: r.line for a, r in found.items() if r is not None} == lines


def test_only_what_the_file_fills_holds_something(arch: Arch) -> None:
    image = plain(arch, SOURCE, variant=pie(arch))
    for section in image.entry_sections:
        assert section.holds == any(section.data)
    zeros, pointer = (image.section_at(image.symbols[n].address) for n in ("zeros", "pointer"))
    assert zeros is not None and not zeros.holds
    assert pointer is not None and pointer.holds


def test_no_dwarf_is_no_error(arch: Arch) -> None:
    image = plain(arch, SOURCE, "-g0")
    assert image.line_at(image.symbols["f"].address) is None
    assert image.describe(image.symbols["f"].address) == "f"


def test_what_is_no_program_is_refused(arch: Arch, tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("this is no ELF file, however long it is" * 4)
    with pytest.raises(ImageError, match=r"a\.txt: no ELF file"):
        Image.load(text, arch)
    with pytest.raises(ImageError, match="No such file"):
        Image.load(tmp_path / "missing", arch)
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(ImageError):
        Image.load(tmp_path / "empty", arch)
    program = plain(arch, SOURCE).path.read_bytes()
    (tmp_path / "cut").write_bytes(program[: len(program) // 3])
    with pytest.raises(ImageError):
        Image.load(tmp_path / "cut", arch)


def test_an_object_must_be_linked_first(arch: Arch) -> None:
    assemble(arch, "nop")
    path = compile_to(arch, ["int f(void) { return 1; }"], folder() / f"o-{arch.name}", "-c")
    with pytest.raises(ImageError, match=r"relocatable object.*link it first"):
        Image.load(path, arch)


def test_another_machines_program_is_refused(arch: Arch) -> None:
    path = plain(arch, SOURCE).path
    for name in arches.names():
        other = arches.load(name)
        if other.elf_machine != arch.elf_machine:
            with pytest.raises(ImageError, match=f"not {other.title}"):
                Image.load(path, other)


def test_reading_outside_of_sections_is_an_error(arch: Arch) -> None:
    image = plain(arch, SOURCE)
    with pytest.raises(ImageError, match="no section"):
        image.read(0x7777_0000_0000, 4)
    zeros = image.symbols["zeros"]
    section = image.section_at(zeros.address)
    assert section is not None
    with pytest.raises(ImageError, match="no section"):
        image.read(section.end - 2, 4)


def test_transformed_programs_load_whole(arch: Arch) -> None:
    for variant in range(len(arch.variants)):
        built: Built = program(arch.name, "trampoline", variant)
        image = built.image()
        assert image.left_relocations == []
        assert len(image.init_array) >= 1
