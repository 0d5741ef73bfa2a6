"""What is remembered by bytes is right wherever the bytes lie."""

from __future__ import annotations

from elftools.elf.elffile import ELFFile
from emulator_build import damaged, program

from transformer.arch import Arch
from transformer.emulator.code import code_of
from transformer.emulator.pieces import reader
from transformer.emulator.symtab import rows
from transformer.emulator.transfers import classify, direct_kind

DISTANCES = (0x40, -0x40)


def test_code_has_the_same_branches_wherever_it_lies(arch: Arch) -> None:
    for row in arch.branches.values():
        for distance in DISTANCES:
            code = arch.padding + row.encode(len(arch.padding), len(arch.padding) + distance)
            piece = reader(arch).read(code)
            at = len(arch.padding)
            assert dict(zip(piece.offsets, piece.sizes, strict=True)) == {0: len(code)}
            assert piece.branches == ((at, direct_kind(row.is_call), row.size, at + distance),)


def test_data_that_looks_like_a_branch_is_none(arch: Arch) -> None:
    nop, jump = arch.instruction("nop").code, arch.branch("jump").encode(0, 0x40)
    piece = reader(arch).read(nop + jump)
    assert [at for at, *_ in piece.branches] == [len(nop)]
    assert not reader(arch).read(nop).branches


def test_a_pair_may_go_on_in_the_next_piece(arch: Arch) -> None:
    for pair in arch.pairs:
        code = pair.value.to_bytes(pair.size, "little")
        whole, first = reader(arch).read(code), reader(arch).read(code[: pair.second])
        assert [at for at, *_ in whole.branches] == [pair.second]
        assert not first.branches and first.open == (0,)


def test_an_instruction_that_was_seen_goes_where_its_address_says(arch: Arch) -> None:
    for row in arch.branches.values():
        for address in (0x1000, 0x2000, 0x1000):
            code = arch.padding + row.encode(address, address + 0x40) + bytes(8)
            found = classify(arch, address - len(arch.padding), code)
            assert found.target == address + 0x40
            assert found.size == len(arch.padding) + row.size


def test_code_that_was_changed_is_read_anew(arch: Arch) -> None:
    built, nop = program(arch.name, "trampoline", 0), arch.instruction("nop").code
    whole = code_of(built.image()).branches
    at = next(a for a, t in whole.items() if t.size == len(nop))
    changed = code_of(damaged(built, (at, nop))).branches
    assert at not in changed and changed == {a: t for a, t in whole.items() if a != at}
    assert code_of(built.image()).branches == whole


def test_symbols_are_those_of_pyelftools(arch: Arch) -> None:
    with program(arch.name, "trampoline", 0).path.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        kinds = {"STT_FUNC": "func", "STT_OBJECT": "object"}
        wanted = [
            (s.name, kinds.get(s["st_info"]["type"], "other"), s["st_value"], s["st_size"])
            for s in table.iter_symbols()
            if s.name and s["st_info"]["type"] not in ("STT_SECTION", "STT_FILE", "STT_TLS")
        ]
        assert [(r.name, r.kind, r.value, r.size) for r in rows(table)] == wanted
