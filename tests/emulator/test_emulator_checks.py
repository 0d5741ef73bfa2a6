"""The observers: landing pads and the ABI, each with what it must catch."""

from __future__ import annotations

import pytest
from emulator_build import assemble, having, program, started

from transformer.arch import Arch
from transformer.emulator import (
    AbiCheck,
    Image,
    Machine,
    Outcome,
    PadCheck,
    TypeWordCheck,
    selftest,
)
from transformer.emulator.tables import Tables

CALLS = ("call", "call_tail", "call_hook", "guards")
FLIPS = ("to_sub", "flip")


def padded(arch: Arch) -> int:
    """A variant with landing pads that the wheel's Clang makes in its common configuration."""
    return next(i for i, v in enumerate(arch.variants) if v.pads)


def other_pads(arch: Arch) -> set[bytes]:
    """Landing pads that are none for every kind of branch."""
    return {p for row in arch.indirect for p in row.pads} - set(arch.landing_pads)


pads = having(lambda arch: any(v.pads for v in arch.variants))


def run(cpu: Machine, image: Image, *names: str) -> None:
    for name in names:
        assert cpu.run(image.symbols[name].address).ok, name


def result(cpu: Machine, image: Image) -> int:
    return cpu.integer(cpu.read(image.symbols["result"].address, 4))


# --- landing pads ---


def test_an_arch_with_landing_pads_has_a_variant_that_uses_them(arch: Arch) -> None:
    variants = (*arch.variants, *arch.hardened)
    assert any(v.pads for v in variants) == bool(arch.landing_pads)


@pads
@pytest.mark.parametrize("mode", ["generic", "slot", "trampoline"])
def test_padded_programs_land_on_pads(arch: Arch, mode: str) -> None:
    cpu, image = started(program(arch.name, mode, padded(arch)), stepping=True)
    check = PadCheck()
    cpu.attach(check)
    run(cpu, image, *CALLS, *FLIPS, *CALLS)
    assert check.violations == []
    assert (check.count > 0) == (mode != "trampoline"), "only slots are reached indirectly"


@pads
def test_a_missing_pad_is_seen_at_each_site(arch: Arch) -> None:
    cpu, image = started(program(arch.name, "slot", padded(arch)), stepping=True)
    add = image.symbols["add"].address
    pad = next(p for p in arch.landing_pads if cpu.read(add, len(p)) == p)
    nop = assemble(arch, "nop")
    cpu.poke(add, nop * (len(pad) // len(nop)))
    check = PadCheck()
    cpu.attach(check)
    run(cpu, image, "call", "call", "call_tail")
    assert check.count == 3
    assert len(check.violations) == 1, "once for each pair of branch and landing"
    violation = check.violations[0]
    assert violation.check == "pads"
    assert violation.pc == add
    assert "__SCT__op" in violation.site and "add" in violation.message
    assert "there must be one of" in violation.message
    assert f"and there is {nop.hex(' ')}" in violation.message
    assert image.symbol_at(violation.site_address)[0].name == "__SCT__op"  # type: ignore[index]


@having(lambda arch: arch.landing_pads)
def test_code_without_pads_breaks_the_rule(arch: Arch) -> None:
    bare = next(i for i, v in enumerate(arch.variants) if not v.pads)
    cpu, image = started(program(arch.name, "generic", bare), stepping=True)
    check = PadCheck()
    cpu.attach(check)
    run(cpu, image, "call")
    assert len(check.violations) == 1


@having(lambda arch: other_pads(arch) and any(v.pads for v in arch.variants))
def test_a_pad_of_another_kind_is_none(arch: Arch) -> None:
    """One for jumps, where a call lands."""
    others = other_pads(arch)
    cpu, image = started(program(arch.name, "generic", padded(arch)), stepping=True)
    check = PadCheck()
    cpu.attach(check)
    cpu.poke(image.symbols["add"].address, min(others))
    run(cpu, image, "call")
    (violation,) = check.violations
    assert violation.message.startswith("indirect-call at call")
    assert f"there is {min(others).hex(' ')}" in violation.message


# --- type words ---


def typed(arch: Arch) -> int:
    return next(i for i, v in enumerate(arch.hardened) if v.type_word) + len(arch.variants)


def words(cpu: Machine, arch: Arch) -> TypeWordCheck:
    check = TypeWordCheck(arch.hardened[typed(arch) - len(arch.variants)].type_word)
    cpu.attach(check)
    return check


@pytest.mark.parametrize("mode", ["slot", "inline"])
def test_targets_of_a_key_have_one_type_word(arch: Arch, mode: str) -> None:
    cpu, image = started(program(arch.name, mode, typed(arch)), stepping=True)
    check = words(cpu, arch)
    run(cpu, image, *CALLS, *FLIPS, *CALLS)
    assert check.violations == []
    assert check.count >= 4


def test_another_type_word_is_told(arch: Arch) -> None:
    cpu, image = started(program(arch.name, "slot", typed(arch)), stepping=True)
    check = words(cpu, arch)
    sub = image.symbols["sub"].address
    cpu.poke(sub - 4, bytes(4))
    run(cpu, image, *CALLS, *FLIPS, *CALLS)
    assert [v.check for v in check.violations] == ["flow"]
    message = check.violations[0].message
    assert "has the type word 0x00000000" in message and "add" in message and "sub" in message


# --- the ABI ---


@pytest.mark.parametrize("mode", ["slot", "trampoline"])
def test_trampolines_keep_the_abi(arch: Arch, mode: str) -> None:
    for variant in range(len(arch.variants)):
        cpu, image = started(program(arch.name, mode, variant), stepping=True)
        check = AbiCheck()
        cpu.attach(check)
        run(cpu, image, *CALLS)
        assert result(cpu, image) & 2
        run(cpu, image, *FLIPS, *CALLS)
        assert check.violations == []
        assert check.count == 6, "three calls through a trampoline, twice"


def test_indirect_calls_keep_the_abi(arch: Arch) -> None:
    cpu, image = started(program(arch.name, "generic", 0), stepping=True)
    check = AbiCheck()
    cpu.attach(check)
    run(cpu, image, "call", "call_tail", "call_hook")
    assert check.count == 3
    assert check.violations == []


# What a damaged trampoline may do in the place of its NOP: by machine, its assembly, and
# what is reported.  Each fits into the patchable instruction.
DAMAGES = {
    "EM_X86_64": [
        ("movl %esi, %edi\nnopl (%rax)", "RDI was 0x7 and is 0x3"),
        ("movl $1, %ebx", "RBX was"),
        ("movl $1, %eax", "RAX was"),
        ("pushq %rax\nnopl (%rax,%rax)", "the stack pointer is -8 bytes off"),
        ("movb $3, (%rsp)\nnop", "the return address is"),
    ],
    "EM_AARCH64": [
        ("mov x0, x1", "X0 was 0x7 and is 0x3"),
        ("mov x19, #1", "X19 was"),
        ("mov x8, #1", "X8 was"),
        ("sub sp, sp, #16", "the stack pointer is -16 bytes off"),
        ("mov x30, x1", "the return address is"),
    ],
    "EM_RISCV": [
        (".option norvc\nmv a0, a1", "A0 was 0x7 and is 0x3"),
        (".option norvc\nli s2, 1", "S2 was"),
        (".option norvc\naddi sp, sp, -16", "the stack pointer is -16 bytes off"),
        (".option norvc\nmv ra, a1", "the return address is"),
    ],
}


def test_clobbers_in_a_trampoline_are_seen(arch: Arch) -> None:
    size = arch.instruction("nop").size
    for text, wanted in DAMAGES[arch.elf_machine]:
        code = assemble(arch, text)
        assert len(code) == size
        built = program(arch.name, "slot", 0)
        cpu, image = started(built, stepping=True)
        proxy = next(p for p in Tables(image).proxies if Tables(image).call_key_name(p.key) == "op")
        cpu.poke(proxy.insn, code)
        check = AbiCheck()
        cpu.attach(check)
        cpu.run(image.symbols["call"].address, limit=10_000)
        messages = [v.message for v in check.violations]
        assert any(wanted in m for m in messages), (text, messages)
        assert all(v.check == "abi" for v in check.violations)
        assert "call" in check.violations[0].site, "the site is named"


def test_a_wrong_return_address_of_a_call_is_seen(arch: Arch) -> None:
    """The site's own call is damaged on the way: the link register, or the stack's top."""
    cpu, image = started(program(arch.name, "slot", 0), stepping=True)
    trampoline = image.symbols["__SCT__op"].address
    check = AbiCheck()
    cpu.attach(check)
    link = arch.registers.link

    def divert(cpu: Machine, arrival: object) -> None:
        if link is None:
            cpu.write(cpu.sp, cpu.word(0x1234, arch.pointer_size))
        else:
            cpu.set_reg(link, 0x1234)

    cpu.run(image.symbols["call"].address, stops={trampoline: divert}, limit=1000)
    assert any("return address is 0x1234" in v.message for v in check.violations)


def test_a_misaligned_stack_is_seen(arch: Arch) -> None:
    cpu, image = started(program(arch.name, "generic", 0), stepping=True)
    check = AbiCheck()
    cpu.attach(check)
    call = image.symbols["call"].address
    trace = cpu.run(call, trace=True).trace
    site = max(
        a
        for a in trace
        if image.symbol_at(a)[0].name == "call"
        and (  # type: ignore[index]
            cpu.transfers[a].kind == "indirect-call"
        )
    )

    def shift(cpu: Machine, arrival: object) -> None:
        cpu.set_reg(arch.registers.sp, cpu.sp - arch.pointer_size)

    assert check.violations == []
    cpu.run(call, stops={site: shift}, limit=1000)
    assert any("bytes off its alignment" in v.message for v in check.violations)


# --- the machine proves itself ---


def test_the_selftest_passes(arch: Arch) -> None:
    results = selftest(arch)
    assert len(results) >= 9
    assert [r for r in results if not r.ok] == []


@pytest.mark.parametrize(
    ("method", "test"),
    [
        ("poke", "a poke is seen"),
        ("_finish", "a fault is a fault"),
        ("_stepper", "each instruction is stepped once"),
    ],
)
def test_the_selftest_can_fail(
    arch: Arch, monkeypatch: pytest.MonkeyPatch, method: str, test: str
) -> None:
    broken = {
        "poke": lambda self, address, code: self._uc.mem_write(address, code),
        "_finish": lambda self, *arguments: Outcome("returned", 0, "", 5),
        "_stepper": lambda self, *arguments: lambda address: False,
    }
    monkeypatch.setattr(Machine, method, broken[method])
    failed = {r.name: r.detail for r in selftest(arch) if not r.ok}
    assert test in failed
    assert failed[test]
