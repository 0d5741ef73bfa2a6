"""Real compilers' assembly: annotated, assembled, and its tables checked against the object."""

from __future__ import annotations

from pathlib import Path

import pytest
from assembly_unit import BUILDS, build

from transformer.arch import Arch
from transformer.assembling import build_object, check_object
from transformer.assembly import annotate
from transformer.toolchain import Compiler, assemble, compile_object

LEVELS = [
    ["-O0"],
    ["-O2", "-fPIC", "-g"],
    ["-Os", "-fno-plt", "-fPIE", "-ffunction-sections"],
    ["-O3", "-fno-pie"],
]
# Ways of printing that one arch alone has.
OWN = {
    "x86_64": [["-O2", "-mcmodel=kernel", "-fno-pie"], ["-O2", "-fcf-protection=full"]],
    "arm64": [["-O2", "-mbranch-protection=standard"]],
    "riscv64": [["-O2", "-mcmodel=medany"], ["-O2", "-mno-relax"]],
}
SITES = 14


def test_every_site_has_its_entry(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    arch, cc = pair
    for flags in [*LEVELS, *OWN.get(arch.name, [])]:
        built = build(arch, cc, tmp_path, flags)
        assert built.ok, (flags, built.completed.stderr, built.diagnostics)
        assert built.annotated is not None
        assert len(built.annotated.sites) == SITES, flags
        assert {s.key for s in built.annotated.sites} == {"k", "foreign", "v", "b"}
        assert [d.id for d in built.diagnostics] == ["sc-trampoline-address"], flags
        assert bool(built.annotated.ways) == bool(arch.assembly and arch.assembly.way)


def test_linux_profile(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    arch, cc = pair
    built = build(arch, cc, tmp_path, ["-O2"], profile="linux")
    assert built.ok, (built.completed.stderr, built.diagnostics)
    assert built.annotated is not None
    assert len(built.annotated.sites) == SITES


def test_tails_are_told_from_calls(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    built = build(*pair, tmp_path, ["-O2"])
    assert built.annotated is not None
    kinds = [s.kind for s in built.annotated.sites]
    assert kinds.count("call") >= 9
    assert kinds.count("tail") + kinds.count("conditional") >= 2


def test_a_place_names_the_line_of_c(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    built = build(*pair, tmp_path, ["-O1", "-g"])
    assert built.annotated is not None
    lines = (tmp_path / "unit.c").read_text().splitlines()
    placed = [s.place for s in built.annotated.sites if s.place]
    assert len(placed) >= SITES - 1  # all but the one in the assembler's own function
    for place in placed:
        path, _, line = place.rpartition(":")
        assert path.endswith("unit.c")
        assert any(word in lines[int(line) - 1] for word in ("static_call", "IN_ASM"))
    note = next(d for d in built.diagnostics if d.id == "sc-trampoline-address")
    assert "address" in lines[note.line - 1]


# --- negative controls: a table that is damaged is found ---


def found(pair: tuple[Arch, Compiler], folder: Path, old: str, new: str, count: int = 1) -> str:
    """What is said of the object, once its assembly has ``old`` replaced."""
    arch, cc = pair
    assert build(arch, cc, folder, ["-O2", "-fno-pie"]).ok
    text = (folder / "unit.s").read_text()
    assert old in text
    (folder / "unit.s").write_text(text.replace(old, new, count))
    done = assemble(cc, folder / "unit.s", folder / "unit.o", arch.toolchain.cflags)
    assert done.ok, done.stderr
    told = check_object(folder / "unit.o", arch)
    assert {d.id for d in told} <= {"sc-annotation"}
    assert {d.severity for d in told} <= {"error"}
    return "\n".join(d.text for d in told)


def entry(text: str, number: int) -> str:
    """The entry of one site, as it is written."""
    start = text.index(f"\t.long .Lsc_site{number}")
    return text[start : text.index("\t.popsection", start)]


def test_the_check_passes_what_is_right(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    assert found(pair, tmp_path, "\n", "\n") == ""


def test_a_lost_entry_is_found(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    arch, cc = pair
    assert build(arch, cc, tmp_path, ["-O2"]).ok
    text = (tmp_path / "unit.s").read_text()
    label = ".Lsc_way0" if arch.assembly and arch.assembly.way else ".Lsc_site0"
    start = text.index(f"\t.long {label}")
    lost = text[start : text.index("\t.popsection", start)]
    assert "has no entry" in found(pair, tmp_path, lost, "")


def test_an_entry_too_many_is_found(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    arch, cc = pair
    assert build(arch, cc, tmp_path, ["-O2"]).ok
    once = entry((tmp_path / "unit.s").read_text(), 0)
    assert "has 2 entries" in found(pair, tmp_path, once, once + once)
    aside = once.replace(" - .\n", " + 64 - .\n", 1)
    assert "no branch to its trampoline" in found(pair, tmp_path, once, once + aside)


def test_a_wrong_key_is_found(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    arch, cc = pair
    assert build(arch, cc, tmp_path, ["-O2"]).ok
    once = entry((tmp_path / "unit.s").read_text(), 0)
    told = found(pair, tmp_path, once, once.replace("__SCP__", "__SCP__not_"))
    assert "not_" in told


def test_a_wrong_flag_is_found(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    arch, cc = pair
    assert build(arch, cc, tmp_path, ["-O2"]).ok
    first = entry((tmp_path / "unit.s").read_text(), 0)
    assert "with the flags 1" in found(pair, tmp_path, first, first.rstrip() + " + 1\n")


def test_a_site_of_the_wrong_form_is_found(pair: tuple[Arch, Compiler], tmp_path: Path) -> None:
    arch, _ = pair
    assert arch.assembly is not None
    row = arch.assembly.branches[0]
    if row.site:
        plain = f"{row.mnemonics[0]}\t__SCT__foreign"
        told = found(pair, tmp_path, row.site.format(way=".Lsc_way0"), plain)
        assert "has not the form" in told
    elif row.align:
        told = found(pair, tmp_path, row.align[0], "\t.p2align 3\n\t.skip 5, 0x90", 20)
        assert "one aligned unit" in told
    else:
        assert arch.unit == arch.instruction_alignment


def test_code_that_was_never_annotated_is_found(
    pair: tuple[Arch, Compiler], tmp_path: Path
) -> None:
    arch, cc = pair
    (tmp_path / "plain.c").write_text("int __SCT__k(int); int f(int a) { return __SCT__k(a) + 1; }")
    done = compile_object(cc, tmp_path / "plain.c", tmp_path / "plain.o", arch.toolchain.cflags)
    assert done.ok, done.stderr
    for profile in ("sc", "linux"):
        (told,) = check_object(tmp_path / "plain.o", arch, None, profile)
        assert "the branch to the trampoline of 'k' has no entry" in told.text
        assert ".text" in told.text


def test_what_is_no_object(tmp_path: Path, pair: tuple[Arch, Compiler]) -> None:
    (tmp_path / "x.o").write_bytes(b"text")
    assert "no object" in check_object(tmp_path / "x.o", pair[0])[0].text


# --- ways of printing that no header of ours allows everywhere ---

BARE = """
int __SCT__k(int);
int f(int a) { return __SCT__k(a) + 1; }
int g(int a) { return __SCT__k(a); }
"""
BARE_FLAGS = {
    "intel": (["-O2", "-masm=intel"], ["call", "tail"], set()),
    "plt": (["-O2", "-fPIC"], ["call", "tail"], set()),
    "no-plt": (["-O2", "-fPIC", "-fno-plt"], [], {"indirect"}),
    "large": (["-O2", "-mcmodel=large", "-fno-pic"], [], {"address"}),
}


@pytest.mark.parametrize("name", BARE_FLAGS)
def test_what_x86_prints(name: str, tmp_path: Path) -> None:
    flags, kinds, whys = BARE_FLAGS[name]
    (tmp_path / "bare.c").write_text(BARE)
    for arch, cc in BUILDS:
        if arch.name == "x86_64":
            built = build_object(cc, tmp_path / "bare.c", tmp_path / "bare.o", flags, arch)
            assert built.ok, (built.completed.stderr, built.diagnostics)
            assert built.annotated is not None
            assert [s.kind for s in built.annotated.sites] == kinds
            assert {r.why for r in built.annotated.references} == whys


# --- forms that no compiler of today prints, or only some do ---

WRITTEN = {
    "x86_64": "\tjne __SCT__k\n\tjs __SCT__k\n\tnop; call __SCT__k; jmp __SCT__k\n"
    "\tds call __SCT__k\n\t.intel_syntax noprefix\n\tcall __SCT__k\n\tje __SCT__k\n",
    "arm64": "\tb.eq __SCT__k\n\tcbz x0, __SCT__k\n\ttbnz w0, #3, __SCT__k\n"
    "\tbl __SCT__k; b __SCT__k\n",
    "riscv64": "\tjal __SCT__k\n\tjal ra, __SCT__k\n\tj __SCT__k\n\tjump __SCT__k, t0\n"
    "\tcall __SCT__k@plt; tail __SCT__k\n\tbnez a0, __SCT__k\n\tbeq a0, a1, __SCT__k\n",
}  # fmt: skip


@pytest.mark.parametrize("profile", ["sc", "linux"])
def test_written_forms(pair: tuple[Arch, Compiler], tmp_path: Path, profile: str) -> None:
    arch, cc = pair
    body = WRITTEN[arch.name]
    text = (
        f"\t.text\nf:\n{body}"
        '\t.section .text.one,"axG",%progbits,one,comdat\none:\n' + body.splitlines(True)[0] +
        f"\t.previous\n\t.subsection 1\n{body}\t.previous\n"
        ".macro m k\n\tnop\n.endm\n\tm __SCT__k\n"
    )  # fmt: skip
    done = annotate(text.encode(), arch, profile=profile)
    (tmp_path / "x.s").write_bytes(done.text)
    run = assemble(cc, tmp_path / "x.s", tmp_path / "x.o", arch.toolchain.cflags)
    assert run.ok, run.stderr
    assert check_object(tmp_path / "x.o", arch, done, profile) == []
    statements = [s for row in body.splitlines() for s in row.split(";") if "__SCT__" in s]
    fixed = [r for r in done.references if r.why == "fixed"]
    # Twice the body and once its first line, less what is reported.
    assert len(done.sites) + len(fixed) == 2 * len(statements) + 1
    assert bool(fixed) == (arch.name == "riscv64")
