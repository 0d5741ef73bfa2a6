"""The shadow stack, and what signs return addresses: what they must pass, and must catch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from emulator_build import assemble, having, program, started

from transformer.arch import Arch
from transformer.emulator import Arrival, Image, Machine, ShadowCheck, UnwindCheck
from transformer.emulator.disassembly import instructions

CALLS = ("call", "call_tail", "call_hook", "guards", "to_sub", "flip", "call", "call_tail")
MODES = ("generic", "slot", "trampoline", "inline")


def shadowed(arch: Arch, mode: str, variant: int = 0) -> tuple[Machine, Image, ShadowCheck]:
    cpu, image = started(program(arch.name, mode, variant), stepping=True)
    check = ShadowCheck()
    cpu.attach(check)
    return cpu, image, check


def signing(arch: Arch) -> int:
    """The variant that signs return addresses, of an arch that can."""
    return next(i for i, v in enumerate(arch.variants) if v.pads)


def thunking(arch: Arch) -> list[int]:
    """The variants whose indirect branches are retpolines, which the wheel's Clang makes."""
    hardened = enumerate(arch.hardened, len(arch.variants))
    return [n for n, v in hardened if v.retpolines and "clang" in v.compilers]


signs = having(lambda arch: arch.authentication)


def place(cpu: Machine, image: Image, function: str, kind: str) -> int:
    """The function's first instruction that signs, or authenticates."""
    symbol = image.symbols[function]
    step = cpu.arch.instruction_alignment
    for address in range(symbol.address, symbol.address + symbol.size, step):
        row = cpu.transfers[address].authentication
        if row is not None and row.kind == kind:
            return address
    raise AssertionError(f"{function} has nothing that would {kind}")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("variant", [0, 1])
def test_calls_and_returns_pair(arch: Arch, mode: str, variant: int) -> None:
    cpu, image, check = shadowed(arch, mode, variant)
    for name in CALLS:
        assert cpu.run(image.symbols[name].address).ok
    check.end()
    assert check.violations == []
    assert check.count > 8
    assert check.frames == []


def test_a_return_that_was_sent_elsewhere_is_told(arch: Arch) -> None:
    cpu, image, check = shadowed(arch, "trampoline")
    symbols = image.symbols
    run(cpu, symbols["call"].address, symbols["add"].address, lambda: sent(cpu, symbols["tail"]))
    found = [v for v in check.violations if v.check == "flow"]
    assert "add" in found[0].site
    assert "the return goes to tail" in found[0].message
    assert "call+0x" in found[0].message and "would have it return to call+0x" in found[0].message


def test_the_last_return_of_a_run_counts_too(arch: Arch) -> None:
    cpu, image, check = shadowed(arch, "trampoline")
    symbols = image.symbols
    run(cpu, symbols["call"].address, symbols["add"].address, lambda: back(cpu, cpu.sentinel))
    check.end()
    assert len(check.violations) == 1
    assert "the caller's return address" in check.violations[0].message


@signs
def test_what_is_signed_is_authenticated(arch: Arch) -> None:
    cpu, image, check = shadowed(arch, "trampoline", signing(arch))
    assert cpu.run(image.symbols["call"].address).ok
    cpu.poke(place(cpu, image, "call", "authenticate"), assemble(arch, "nop"))
    assert cpu.run(image.symbols["call"].address).ok
    check.end()
    assert [v.check for v in check.violations] == ["flow"]
    assert "it uses an address that call" in check.violations[0].message


@signs
def test_what_is_not_signed_is_not_authenticated(arch: Arch) -> None:
    cpu, image, check = shadowed(arch, "trampoline", signing(arch))
    cpu.poke(place(cpu, image, "call", "sign"), assemble(arch, "nop"))
    assert cpu.run(image.symbols["call"].address).ok
    check.end()
    assert len(check.violations) == 1
    assert "authenticates what nothing in this frame signed" in check.violations[0].message


@signs
def test_both_keys_are_told_apart(arch: Arch) -> None:
    cpu, image, check = shadowed(arch, "trampoline", signing(arch))
    at = place(cpu, image, "call", "authenticate")
    now = cpu.transfers[at].authentication
    assert now is not None
    other = next(
        r
        for r in arch.authentication
        if r.kind == now.kind and r.key != now.key and r.what[:3] == now.what[:3]
    )
    cpu.poke(at, other.value.to_bytes(other.size, arch.byteorder))
    assert cpu.run(image.symbols["call"].address).ok
    assert [v.message for v in check.violations if f"uses key {other.key}" in v.message]


def test_a_branch_that_is_no_retpoline_is_told(arch: Arch) -> None:
    cpu, image = started(program(arch.name, "slot", 0), stepping=True)
    check = ShadowCheck(thunks=True)
    cpu.attach(check)
    assert cpu.run(image.symbols["call"].address).ok
    check.end()
    assert [v.check for v in check.violations] == ["flow"]
    assert "__SCT__op" in check.violations[0].site
    assert "the indirect-jump is not made by a retpoline" in check.violations[0].message


@having(thunking)
def test_retpolines_are_no_returns(arch: Arch) -> None:
    built = program(arch.name, "slot", thunking(arch)[0])
    cpu, image = started(built, stepping=True)
    check = ShadowCheck(thunks=True)
    unwind = UnwindCheck(check)
    cpu.attach(check)
    cpu.attach(unwind)
    for name in CALLS:
        assert cpu.run(image.symbols[name].address).ok
    check.end()
    assert check.violations == [] and unwind.violations == []
    strict = ShadowCheck()
    cpu, image = started(built, stepping=True)
    cpu.attach(strict)
    assert cpu.run(image.symbols["call"].address).ok
    assert strict.violations, "else the retpoline was not executed"


def run(cpu: Machine, start: int, at: int, then: Callable[[], None]) -> None:
    def stop(machine: Machine, arrival: Arrival) -> None:
        then()

    cpu.run(start, stops={at: stop}, limit=5000)


def back(cpu: Machine, address: int) -> None:
    """What the function that was just entered will return to."""
    link = cpu.arch.registers.link
    if link is None:
        cpu.write(cpu.sp, cpu.word(address, cpu.arch.pointer_size))
    else:
        cpu.set_reg(link, address)


def sent(cpu: Machine, symbol: object) -> None:
    back(cpu, symbol.address)  # type: ignore[attr-defined]


@having(thunking)
def test_speculation_of_a_retpoline_is_caught_in_a_loop(arch: Arch) -> None:
    """Nothing comes there but a mispredicted return: no run tells (Intel, Retpoline, 2.2)."""
    image = program(arch.name, "slot", thunking(arch)[0]).image()
    trampoline = image.symbols["__SCT__op"]
    code = image.read(trampoline.address, trampoline.size)
    found = {i.address: i for i in instructions(arch, code, trampoline.address, image)}
    words = [i.text.split()[0] for i in found.values()]
    call = words.index("call")
    assert words[call:] == ["call", "pause", "lfence", "jmp", "mov", "ret", "int3"]
    loop, jump, load = (list(found)[call + n] for n in (1, 3, 4))
    assert int(found[list(found)[call]].text.split()[1], 16) == load
    assert int(found[jump].text.split()[1], 16) == loop
