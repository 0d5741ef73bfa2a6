"""arch.toml's encodings are the assembler's."""

from __future__ import annotations

import pytest
from emulator_build import assemble

from transformer.arch import Arch, Branch
from transformer.emulator import disassemble
from transformer.emulator.transfers import classify, indirect_row

# How each row of arch.toml is spelled, by the machine: {} is the displacement from the
# instruction's own address.
SPELLINGS = {
    ("EM_X86_64", "jump"): "jmp.d32 . + {}",
    ("EM_X86_64", "call"): "call . + {}",
    ("EM_X86_64", "call_relaxed"): "addr32 call . - 1 + {}",
    ("EM_X86_64", "conditional"): "jo.d32 . + {}",
    ("EM_AARCH64", "jump"): "b . + {}",
    ("EM_AARCH64", "call"): "bl . + {}",
    ("EM_AARCH64", "conditional"): "b.eq . + {}",
    ("EM_AARCH64", "compare"): "cbz w0, . + {}",
    ("EM_AARCH64", "test"): "tbz w0, #0, . + {}",
    ("EM_RISCV", "jump"): "jal zero, . + {}",
    ("EM_RISCV", "call"): "jal ra, . + {}",
    ("EM_RISCV", "jump_short"): "c.j . + {}",
}
PROLOGUE = {"EM_RISCV": ".option norelax\n.option rvc\n"}

# Instructions by what arch.toml must take them for: (kind, needs a pad), or None.
CALL, JUMP = ("call", True), ("jump", True)
INDIRECT = {
    "EM_X86_64": {
        "call *%rax": CALL,
        "call *%r11": CALL,
        "call *8(%rax,%rbx,4)": CALL,
        "call *x(%r12)": CALL,
        "jmp *%rdi": JUMP,
        "jmp *%r15": JUMP,
        "jmp *64(%rip)": JUMP,
        ".byte 0xf2; jmp *%rax": JUMP,
        ".byte 0xf2; call *%r9": CALL,
        "notrack jmp *%rax": ("jump", False),
        "notrack jmp *%r8": ("jump", False),
        "notrack call *%rcx": ("call", False),
        "ret": ("return", False),
        "ret $8": ("return", False),
        "rep ret": ("return", False),
        "nop": None,
        "push 8(%rax)": None,
        "incl %eax": None,
        "jmp . + 16": None,
        "call . + 16": None,
    },
    "EM_AARCH64": {
        "blr x8": CALL,
        "br x16": JUMP,
        "br x17": JUMP,
        "br x3": JUMP,
        "ret": ("return", False),
        "ret x1": ("return", False),
        "b . + 8": None,
        "bl . + 8": None,
        "nop": None,
    },
    "EM_RISCV": {
        "jalr ra, 0(a0)": CALL,
        "jalr ra, 16(t2)": ("call", False),
        "jalr zero, 0(a0)": JUMP,
        "c.jr a0": JUMP,
        "c.jalr a0": CALL,
        "jalr zero, 0(t2)": ("jump", False),
        "c.jr t2": ("jump", False),
        "jalr zero, 0(ra)": ("return", False),
        "c.jr ra": ("return", False),
        "jal ra, . + 16": None,
        "c.j . + 16": None,
        "c.mv a0, a1": None,
        "c.add a0, a1": None,
        "c.ebreak": None,
        "addi zero, zero, 0": None,
    },
}


def spelled(arch: Arch, row: Branch, distance: int) -> bytes:
    """The assembler's bytes of a branch ``distance`` bytes from its own first byte."""
    text = SPELLINGS[arch.elf_machine, row.name].format(distance)
    return assemble(arch, PROLOGUE.get(arch.elf_machine, "") + text)


def distances(row: Branch) -> list[int]:
    """From the instruction's own address: both signs, each bit, the extremes."""
    limit = 1 << (row.bits - 1)
    bits = [1 << b for b in range(row.step.bit_length() - 1, row.bits - 1)]
    ends = [limit - row.step, -limit, 0, limit // 3 // row.step * row.step]
    return [d + row.bias for d in [*bits, *(-b for b in bits), *ends]]


def test_every_row_has_a_spelling(arch: Arch) -> None:
    assert {n for m, n in SPELLINGS if m == arch.elf_machine} == set(arch.branches)


def test_rows_are_the_assemblers_bytes(arch: Arch) -> None:
    prologue = PROLOGUE.get(arch.elf_machine, "")
    for row in arch.branches.values():
        wanted = distances(row)
        spelling = SPELLINGS[arch.elf_machine, row.name]
        text = "\n".join(spelling.format(d) for d in wanted)
        code = assemble(arch, prologue + text)
        assert len(code) == row.size * len(wanted)
        source = 0x4000_0000
        for index, distance in enumerate(wanted):
            theirs = code[index * row.size : (index + 1) * row.size]
            assert row.encode(source, source + distance) == theirs, (row.name, distance)
            assert row.decode(source, theirs) == source + distance, (row.name, distance)


def test_out_of_reach_raises(arch: Arch) -> None:
    for row in arch.branches.values():
        limit = 1 << (row.bits - 1)
        source = 1 << 40
        for distance in (limit, -limit - row.step, 1 << 36, -(1 << 36)):
            target = source + row.bias + distance
            assert not row.reaches(source, target)
            with pytest.raises(ValueError, match="does not reach"):
                row.encode(source, target)
        if row.step > 1:
            with pytest.raises(ValueError, match="does not reach"):
                row.encode(source, source + row.bias + 1)


def test_rows_decode_nothing_else(arch: Arch) -> None:
    others = [i.code for i in arch.instructions.values()]
    others += [b.encode(0x1000, 0x1000 + b.bias) for b in arch.branches.values()]
    for row in arch.branches.values():
        own = row.encode(0x1000, 0x1000 + row.bias)
        assert row.decode(0x1000, own[:-1]) is None
        for other in others:
            if other != own:
                padded = other + bytes(8)
                assert row.decode(0x1000, padded) is None, (row.name, other.hex())


def test_a_conditional_branch_has_any_condition(arch: Arch) -> None:
    for row in arch.branches.values():
        if row.ignored:
            base = int.from_bytes(row.encode(0, row.bias + 64), "little")
            bits = [1 << b for b in range(row.size * 8) if row.ignored >> b & 1]
            for number in [row.ignored, *bits]:
                word = (base & ~row.ignored) | number
                assert row.decode(0, word.to_bytes(row.size, "little")) == row.bias + 64


#: What stands in a pair, by kind, in the order of arch.toml
PAIRS = {
    "call": ["auipc ra, {hi}\njalr ra, {lo}(ra)"],
    "jump": ["auipc t1, {hi}\njr {lo}(t1)", "auipc t2, {hi}\njr {lo}(t2)"],
}


def test_pairs_are_the_assemblers_bytes(arch: Arch) -> None:
    for kind, spellings in PAIRS.items() if arch.pairs else ():
        pairs = [p for p in arch.pairs if p.kind == kind]
        for pair, spelling in zip(pairs, spellings, strict=True):
            for distance in (0x12345, -0x12345, 0x7FF, 0x800, -0x800, 0x7FFF_F7FF, -0x8000_0000):
                low = ((distance & 0xFFF) ^ 0x800) - 0x800
                high = (distance - low) >> 12 & 0xFFFFF
                text = spelling.format(hi=high, lo=low)
                code = assemble(arch, f".option norelax\n.option norvc\n{text}")
                assert pair.decode(0x8000_0000, code) == 0x8000_0000 + distance
                assert pair.decode(0, b"\0\0" + code) is None


def test_indirect_branches_are_told_from_others(arch: Arch) -> None:
    for text, wanted in INDIRECT[arch.elf_machine].items():
        code = assemble(arch, PROLOGUE.get(arch.elf_machine, "") + ".set x, 8\n" + text)
        row = indirect_row(arch, code)
        got = (row.kind, row.needs_pad) if row is not None else None
        assert got == wanted, text
        transfer = classify(arch, 0x1000, code)
        assert transfer.size == len(code), text
        if wanted is None:
            direct = text.split()[0] in ("jmp", "call", "b", "bl", "jal", "c.j")
            assert transfer.kind.startswith("direct") == direct, text


def test_snippets_are_their_assembly(arch: Arch) -> None:
    needed = {"return", "one", "two", "store", "trap", "jump_register"}
    assert needed <= set(arch.emulation.snippets)
    for name, snippet in arch.emulation.snippets.items():
        prologue = PROLOGUE.get(arch.elf_machine, "").replace("rvc", "norvc")
        assert assemble(arch, prologue + snippet.assembly) == snippet.code, name


def test_fixed_instructions_disassemble_to_their_names(arch: Arch) -> None:
    nop = arch.instruction("nop")
    lines = disassemble(arch, nop.code, 0x1000)
    assert len(lines) == 1
    assert lines[0].split(nop.code.hex(" "))[1].split()[0] == "nop"


def test_landing_pads_are_one_instruction_each(arch: Arch) -> None:
    pads = {*arch.landing_pads, *(p for row in arch.indirect for p in row.pads)}
    for pad in pads:
        lines = disassemble(arch, pad, 0x1000)
        assert len(lines) == 1
        assert ".byte" not in lines[0]


def test_forms_name_rows(arch: Arch) -> None:
    for form in arch.forms.values():
        for state in form.states:
            assert state in arch.instructions or state in arch.branches
        sizes = {(arch.instructions.get(s) or arch.branch(s)).size for s in form.states}
        assert len(sizes) == 1, "one store replaces any state by any other"
        assert sizes.pop() <= arch.unit
