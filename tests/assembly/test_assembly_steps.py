"""Compiling by way of assembly gives what compiling in one go gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from assembly_unit import build
from elftools.elf.elffile import ELFFile

from transformer.arch import Arch
from transformer.toolchain import Compiler, assemble, compile_assembly, compile_object

UNIT = """
struct s { int a; double d; char c[40]; };
static int table[40];
extern int ext(struct s *);
extern int printf(const char *, ...);
__attribute__((__cold__)) void bad(int x) { printf("bad %d\\n", x); }
int choose(int x)
{
	switch (x) {
	case 1: return ext(0);
	case 2: return 5;
	case 3: return 9;
	case 4: return table[x];
	case 5: return 77;
	}
	if (x < -5)
		bad(x);
	return 0;
}
int loop(int n)
{
	int s = 0;
	for (int i = 0; i < n; i++) {
		s += choose(i) * table[i & 31];
		__asm__ volatile("nop");
	}
	return s;
}
static __thread int local;
int thread(void) { return ++local; }
"""
FLAGS = [
    ["-O0"],
    ["-O2", "-g", "-Wall", "-Werror", "-std=gnu11", "-DX=1", "-I.", "-x", "c"],
    ["-Os", "-fPIC", "-gdwarf-4", "-ffunction-sections"],
    ["-O2", "-gz", "-g", "-fno-plt", "-pipe"],
    ["-O2", "--coverage"],
]


def steps(cc: Compiler, folder: Path, flags: list[str], named: Path) -> bytes:
    text, output = folder / "elsewhere" / "unit.s", folder / "elsewhere" / "unit.o"
    text.parent.mkdir(exist_ok=True)
    source = Path("unit.c")
    done = compile_assembly(cc, source, text, flags, cwd=folder, named=named)
    assert (done.ok, done.stderr) == (True, "")
    done = assemble(cc, text, output, flags, cwd=folder, named=named)
    assert (done.ok, done.stderr) == (True, "")
    return output.read_bytes()


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_the_object_is_that_of_a_direct_compilation(
    pair: tuple[Arch, Compiler], tmp_path: Path, flags: list[str]
) -> None:
    """Byte for byte; with Clang the sections of the object that it makes by way of a file.

    Its assembler, in one go or not, pads code and lists files in its own way.
    """
    arch, cc = pair
    (tmp_path / "unit.c").write_text(UNIT)
    (tmp_path / "out").mkdir()
    flags = [*arch.toolchain.cflags, *flags]
    if cc.family == "gcc":
        flags.append("-frandom-seed=1")  # else profiles have a stamp of their own
    for named in (Path("out/unit.o"), Path("other.o")):
        ours, direct = tmp_path / "ours.o", tmp_path / named
        ours.write_bytes(steps(cc, tmp_path, flags, named))
        compiled(cc, tmp_path, named, flags)
        if cc.family == "gcc":
            assert ours.read_bytes() == direct.read_bytes()
            continue
        assert lines_version(ours) == lines_version(direct)
        compiled(cc, tmp_path, named, [*flags, "-via-file-asm"])
        assert contents(ours, ".debug_line") == contents(direct, ".debug_line")


def lines_version(path: Path) -> set[bytes]:
    """The version of DWARF's line tables."""
    return {table[4:6] for table in contents(path).get(".debug_line", [])}


def compiled(cc: Compiler, folder: Path, named: Path, flags: list[str]) -> None:
    done = compile_object(cc, Path("unit.c"), named, flags, cwd=folder)
    assert done.ok, done.stderr


def test_the_name_of_the_object_is_needed_for_that(
    pair: tuple[Arch, Compiler], tmp_path: Path
) -> None:
    """The negative control: profiles would be written beside the assembly."""
    arch, cc = pair
    (tmp_path / "unit.c").write_text(UNIT)
    flags = [*arch.toolchain.cflags, "--coverage"]
    text = tmp_path / "gone" / "unit.s"
    text.parent.mkdir()
    done = compile_assembly(cc, tmp_path / "unit.c", text, flags, cwd=tmp_path)
    assert done.ok
    assert b"gone/unit.gcda" in text.read_bytes()
    done = compile_assembly(
        cc, tmp_path / "unit.c", text, flags, cwd=tmp_path, named=Path("unit.o")
    )
    assert done.ok
    assert b"gone/unit.gcda" not in text.read_bytes()
    assert b"unit.gcda" in text.read_bytes()


def contents(path: Path, but: str = "") -> dict[str, list[bytes]]:
    """The sections that hold a program's own bytes, by name."""
    found: dict[str, list[bytes]] = {}
    with path.open("rb") as file:
        elf: Any = ELFFile(file)
        for section in elf.iter_sections():
            if section["sh_type"] in ("SHT_PROGBITS", "SHT_NOTE") and section.name != but:
                found.setdefault(section.name, []).append(section.data())
    return found


# All that the profile may add.
WRITTEN = re.compile(
    r"\.Lsc_site\d+:\n\t?|\t?\.pushsection \.static_call_sites,.*\n(\t\..*\n){3}\t\.popsection\n"
)


@pytest.mark.parametrize("level", ["-O2", "-O0"])
def test_linux_tables_change_no_other_section(
    pair: tuple[Arch, Compiler], tmp_path: Path, level: str
) -> None:
    arch, cc = pair
    flags = [level, "-g"]
    if arch.name == "x86_64":
        wa = "-Wa," if cc.family == "gcc" else ""
        flags.append(f"{wa}-mbranches-within-32B-boundaries")
    built = build(arch, cc, tmp_path, flags, profile="linux")
    assert built.ok, (built.completed.stderr, built.diagnostics)
    table = ".static_call_sites"
    annotated = contents(tmp_path / "unit.o", table)
    text = tmp_path / "plain.s"
    text.write_text(WRITTEN.sub("", (tmp_path / "unit.s").read_text()))
    assert "Lsc_site" not in text.read_text()
    assert assemble(cc, text, tmp_path / "plain.o", [*arch.toolchain.cflags, *flags]).ok
    assert annotated == contents(tmp_path / "plain.o", table)


def test_a_failing_compilation_is_told(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    built = build(*pair, tmp_path, ["-DIN_ASM=", "-include", "nowhere.h"])
    assert not built.ok
    assert "nowhere.h" in built.completed.stderr
    assert not (tmp_path / "unit.o").exists()
