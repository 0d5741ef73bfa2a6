"""Unwinding by call-frame information: right from every place, and each way to be wrong."""

from __future__ import annotations

import pytest
from emulator_build import Built, damaged, having, program, started

from transformer.arch import Arch
from transformer.emulator import CallFrames, Image, Machine, ShadowCheck, UnwindCheck

CALLS = ("call", "call_tail", "call_hook", "guards", "to_sub", "flip", "call", "call_tail")
MODES = ("slot", "trampoline", "inline", "inline-asm")


def watched(cpu: Machine) -> UnwindCheck:
    shadow = ShadowCheck()
    check = UnwindCheck(shadow)
    cpu.attach(shadow)
    cpu.attach(check)
    return check


def run(built: Built, image: Image) -> UnwindCheck:
    """From the first instruction on, so that the slot paths are executed too."""
    cpu = Machine(built.arch, [image], stepping=True)
    check = watched(cpu)
    for name in ("call", "call_tail"):
        cpu.run(image.symbols[name].address)
    return check


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("variant", [0, 1])
def test_every_place_leads_to_its_caller(arch: Arch, mode: str, variant: int) -> None:
    cpu, image = started(program(arch.name, mode, variant), stepping=True)
    check = watched(cpu)
    for name in CALLS:
        assert cpu.run(image.symbols[name].address).ok
    assert check.violations == []
    assert check.count > 3


@pytest.mark.parametrize("mode", ["slot", "inline"])
def test_slot_paths_and_way_stations_too(arch: Arch, mode: str) -> None:
    built = program(arch.name, mode, 1)
    check = run(built, built.image())
    assert check.violations == []
    assert check.walks > 5


def entry_of(image: Image, symbol: str) -> int:
    """Where the extent of the function's description lies in ``.eh_frame`` (LSB core, 10.6.1)."""
    section = image.section(".eh_frame")
    assert section is not None
    for at in range(8, section.size - 8, 4):
        data = section.data[at : at + 8]
        relative = int.from_bytes(data[:4], image.arch.byteorder, signed=True)
        if section.address + at + relative == image.symbols[symbol].address:
            return section.address + at + 4
    raise AssertionError(f"{symbol} has no call-frame information")


def test_a_trampoline_without_information_is_told(arch: Arch) -> None:
    built = program(arch.name, "slot", 0)
    extent = entry_of(built.image(), "__SCT__op")
    check = run(built, damaged(built, (extent, bytes(4))))
    message = check.violations[0].message
    assert check.violations[0].check == "unwind"
    assert message.startswith("at __SCT__op") and "no call-frame information covers it" in message


def test_what_leads_elsewhere_is_told(arch: Arch) -> None:
    """The frames of ``call`` are described as those of a function that has pushed nothing."""
    built = program(arch.name, "slot", 0)
    image = built.image()
    extent = entry_of(image, "call")
    length = image.read(extent - 12, 4)
    rest = int.from_bytes(length, arch.byteorder) - 12  # behind the extent: augmentation and rules
    check = run(built, damaged(built, (extent + 4 + 1, bytes(rest - 1))))
    messages = [v.message for v in check.violations]
    assert any("leads to" in m and "but the call returns to" in m for m in messages), messages


@having(lambda arch: arch.unwind.sign_state)
def test_a_signed_address_that_is_not_told_of(arch: Arch) -> None:
    built = program(arch.name, "slot", 1)
    image = built.image()
    extent = entry_of(image, "call")
    length = int.from_bytes(image.read(extent - 12, 4), arch.byteorder)
    rules = image.read(extent + 4, length - 12)
    toggle = bytes([arch.unwind.sign_state])
    assert toggle in rules
    found = run(built, damaged(built, (extent + 4, rules.replace(toggle, b"\0"))))
    assert any("is not signed, but it is" in v.message for v in found.violations)
    right = CallFrames(image).at(image.symbols["call"].address + 0x20)
    assert right is not None
