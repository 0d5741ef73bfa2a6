"""Calls written as asm, in programs that run: registers, stack, conversions, unwinding."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile
from inline_asm_unit import CHECKS, MAIN, TARGETS, UNIT
from machines import construct
from runtime_program import compiled, compiler, linked, runner

import transformer
from transformer import arch as arches
from transformer.emulator import Image, Machine, static_check
from transformer.emulator.sites import inline_sites
from transformer.emulator.tables import Tables
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import available, compile_object, find, link, run

MODE = "inline-asm"
LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os")
COMPILERS = [(n, cc.family) for n in arches.names() for cc in available(arches.load(n))]


@cache
def rewritten(name: str, family: str) -> bytes:
    cc = compiler(name, family)
    done = transformer.rewrite(UNIT + TARGETS[name], path="unit.c", arch=name, mode=MODE, cc=cc)
    assert done.ok, done.diagnostics
    return done.text


def headers(name: str, folder: Path, old: str = "", new: str = "") -> Path:
    """The lowered headers; with ``old`` a copy that is damaged."""
    plain = header_dir("lowered", arches.load(name), MODE)
    if not old:
        return plain
    copy = folder / "damaged"
    shutil.copytree(plain, copy)
    file = copy / "sc" / "inline_asm.h"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    return copy


def objects(
    name: str, family: str, folder: Path, include: Path, *flags: str, text: bytes | None = None
) -> list[Path]:
    """The unit and the runtime."""
    arch, cc = arches.load(name), compiler(name, family)
    (folder / "unit.c").write_bytes(text or rewritten(name, family))
    sources = ("unit.c", runtime_source(arch))
    return compiled(cc, arch, folder, sources, "-w", "-I", str(include), *flags)


def program(name: str, family: str, folder: Path, include: Path, *flags: str) -> tuple[int, str]:
    """Status and output of the program."""
    arch, gcc = arches.load(name), find(arches.load(name), "gcc")
    (folder / "main.c").write_text(MAIN)
    tables = "-fasynchronous-unwind-tables"
    done = compile_object(gcc, folder / "main.c", folder / "main.o", ("-O1", "-fno-pie", tables))
    assert done.ok, done.stderr
    found = objects(name, family, folder, include, "-fno-pie", tables, *flags)
    done = link(gcc, [folder / "main.o", *found], folder / "main", ("-static", "-no-pie"))
    assert done.ok, done.stderr
    told = run([*(runner(arch) or []), str(folder / "main")])
    return told.returncode, told.stdout.decode()


#: GCC links them all, whoever compiled the unit: nothing else does so quickly
PROGRAMS = [
    c for c in COMPILERS if (c[0], "gcc") in COMPILERS and runner(arches.load(c[0])) is not None
]

CELLS = [
    (name, family, level)
    for name, family in PROGRAMS
    for level in (LEVELS if name == arches.host().name else ("-O0", "-O2", "-Os"))
]


@pytest.mark.parametrize(("name", "family", "level"), CELLS)
def test_a_program_behaves_and_unwinds(name: str, family: str, level: str, tmp_path: Path) -> None:
    status, told = program(
        name, family, tmp_path, headers(name, tmp_path), level, "-fomit-frame-pointer"
    )
    # An unsigned int in a register: extended as this arch's compilers do.
    extended = {"riscv64": "ffffffff80000000"}.get(name, "80000000")
    assert (status, told.split()) == (0, [extended])


#: (arch, what the headers lose, what they get, a check that must fail)
DAMAGES = [
    ("x86_64", "q -136(%%rsp)", "q -8(%%rsp)", "red_zone"),
    ("x86_64", "q $-16, %%rsp", "q $-8, %%rsp", "aligned"),
    ("x86_64", '"m"(*(const char *)__builtin_frame_address(0))', "", "walk_leaf"),
    ("x86_64", '"m"(*(const char *)__builtin_frame_address(0))', "", "walk_red_zone"),
    (
        "x86_64",
        ', "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7"',
        "",
        "live_reals",
    ),
    ("x86_64", "(unsigned char)__sc_value", "__sc_value", "converted"),
    ("x86_64", '"r10", "r11", ', '"r10", ', "live_integers"),
    ("arm64", '"x8", "x9", "x10", "x11", ', "", "live_integers"),
    (
        "arm64",
        ', "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15"',
        "",
        "live_vectors|live_reals",
    ),
    ("arm64", "__SC_ARCH_CLOBBERS_FP __SC_ARCH_CLOBBERS_SVE", "", "live_reals"),
    ("riscv64", '"t3", "t4", "t5", "t6", ', "", "live_integers"),
    ("riscv64", "sizeof(x) == 4", "0", "80000000"),
]


@pytest.mark.parametrize(
    ("name", "family", "old", "new", "check"),
    [(d[0], family, *d[1:]) for d in DAMAGES for name, family in PROGRAMS if name == d[0]],
)
def test_the_program_notices_damage(
    name: str, family: str, old: str, new: str, check: str, tmp_path: Path
) -> None:
    include = headers(name, tmp_path, old, new)
    status, told = program(name, family, tmp_path, include, "-O2", "-fomit-frame-pointer")
    assert set(check.split("|")) & set(told.split()) or status < 0, (status, told)


LEAVES = b"""#include <stdlib.h>
#include <sc/static_call.h>
void leave(int status) { exit(status); }
DEFINE_STATIC_CALL(k_leave, leave);
static const int table[4] = { 1, 2, 3, 4 };
volatile int far = 1 << 28, zero, sum;
int main(void)
{
	int at = far, by = zero;
	for (int i = 0; i < 9; i++) {
		static_call(k_leave)(7);
		sum += table[at] + at % by;
	}
	return 1;
}
"""


def left(name: str, family: str, folder: Path, include: Path, level: str) -> int:
    """The status of a program that would trap if it came back from its call."""
    arch, cc = arches.load(name), compiler(name, family)
    done = transformer.rewrite(LEAVES, path="unit.c", arch=name, mode=MODE, cc=cc)
    assert done.ok, done.diagnostics
    found = objects(name, family, folder, include, "-fno-pie", level, text=done.text)
    linking = link(find(arch, "gcc"), found, folder / "main", ("-static", "-no-pie"))
    assert linking.ok, linking.stderr
    return run([*(runner(arch) or []), str(folder / "main")]).returncode


@pytest.mark.parametrize(("name", "family"), PROGRAMS)
@pytest.mark.parametrize("level", ["-O1", "-O2"])
def test_what_may_trap_waits_for_a_call_that_may_not_return(
    name: str, family: str, level: str, tmp_path: Path
) -> None:
    assert left(name, family, tmp_path, headers(name, tmp_path), level) == 7


@pytest.mark.parametrize("name", [n for n, family in PROGRAMS if family == "gcc"])
def test_gcc_takes_asm_for_what_always_returns(name: str, tmp_path: Path) -> None:
    include = headers(name, tmp_path, '__asm__ goto("" : : : : __sc_stays)', "")
    assert left(name, "gcc", tmp_path, include, "-O2") != 7


FREESTANDING = "\nnothing walk(void) { noted++; }\nvoid _start(void) { }\n"


FLAGS = [
    ("-O2", "-fno-pie"),
    *(pytest.param(f, marks=pytest.mark.full) for f in (("-O0", "-fPIC"), ("-Os", "-fno-pie"))),
]


@pytest.mark.parametrize(("name", "family"), COMPILERS)
@pytest.mark.parametrize("flags", FLAGS)
def test_sites_are_right_before_and_after_the_runtime_patches_them(
    name: str, family: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    arch = arches.load(name)
    more = (*flags, "-DSC_FREESTANDING")
    text = rewritten(name, family) + FREESTANDING.encode()
    found = objects(name, family, tmp_path, headers(name, tmp_path), *more, text=text)
    image = linked(compiler(name, family), arch, tmp_path / "program", found)
    report = static_check(image, arch, MODE, pads=False)
    assert not report.problems, [str(p) for p in report.problems]
    assert report.counts["entries"] >= 25 and not report.counts.get("without entry")
    machine = Machine(arch, [image], stepping=False)
    _check_all(machine, image)
    construct(machine, image)
    report = static_check(image, arch, MODE, pads=False, memory=machine)
    assert not report.problems, [str(p) for p in report.problems]
    _check_all(machine, image)


def _check_all(machine: Machine, image: Image) -> None:
    result = machine.arch.registers.returns[0]
    for check in CHECKS:
        assert machine.run(image.symbols[check].address).ok, check
        assert machine.reg(result) & 0xFFFFFFFF == 0, check


#: DWARF numbers: what the frame must not be counted from at a site, and the return address.
FRAME = {"x86_64": (7, 16), "arm64": (None, 30), "riscv64": (None, 1)}


@pytest.mark.parametrize(("name", "family"), COMPILERS)
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_frame_information_holds_where_the_stack_pointer_moves(
    name: str, family: str, level: str, tmp_path: Path
) -> None:
    assert not list(lost_frames(name, family, headers(name, tmp_path), level, tmp_path))


@pytest.mark.parametrize("family", [f for n, f in COMPILERS if n == "x86_64"])
def test_the_frame_is_lost_unless_its_pointer_is_forced(family: str, tmp_path: Path) -> None:
    forced = '"m"(*(const char *)__builtin_frame_address(0))'
    include = headers("x86_64", tmp_path, forced, "")
    assert list(lost_frames("x86_64", family, include, "-O2", tmp_path))


def lost_frames(
    name: str, family: str, include: Path, level: str, folder: Path
) -> Iterator[tuple[int, object]]:
    """Sites at which an unwinder would not find the caller."""
    arch = arches.load(name)
    flags = (level, "-fno-pie", "-fomit-frame-pointer", "-fasynchronous-unwind-tables")
    text = rewritten(name, family) + FREESTANDING.encode()
    found = objects(name, family, folder, include, *flags, "-DSC_FREESTANDING", text=text)
    image = linked(compiler(name, family), arch, folder / "program", found)
    stack, back = FRAME[name]
    sites = inline_sites(Tables(image))
    assert len(sites) >= 25
    with (folder / "program").open("rb") as file:
        table = [
            (fde.header["initial_location"], fde.header["address_range"], fde.get_decoded().table)
            for fde in ELFFile(file).get_dwarf_info().EH_CFI_entries()
            if isinstance(fde, FDE)
        ]
    for site in sites:
        rows = next(t for start, size, t in table if 0 <= site.address - start < size)
        row = [r for r in rows if r["pc"] <= site.address][-1]
        saved = row.get(back)
        moved = stack is not None and row["cfa"].reg == stack
        if moved or saved is None or saved.type == "SAME_VALUE":
            yield site.address, row
