"""Inline sites: a sound program passes in each of its states, and each damage is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from emulator_build import Built, damaged, having, program, started

from transformer.arch import Arch
from transformer.emulator import (
    AbiCheck,
    CallSite,
    Image,
    InlineSite,
    Machine,
    Tables,
    find_sites,
    inline_sites,
    static_check,
)


def built(arch: Arch, variant: int | None = None) -> Built:
    fixed = next(i for i, v in enumerate(arch.variants) if not v.pie)
    return program(arch.name, "inline", fixed if variant is None else variant)


def problems(made: Built, image: Image, cpu: Machine | None = None, mode: str = "inline") -> str:
    report = static_check(image, made.arch, mode, made.variant.pads, cpu)
    return "\n".join(f"{p.site}: {p.message}" for p in report.problems)


def run(cpu: Machine, image: Image, name: str) -> int:
    assert cpu.run(image.symbols[name].address).ok, name
    return cpu.integer(cpu.read(image.symbols["result"].address, 4))


def site(image: Image, kind: str = "call", key: str = "op") -> InlineSite:
    tables = Tables(image)
    return next(
        s
        for s in inline_sites(tables)
        if s.kind == kind and s.proxy and tables.call_key_name(s.proxy.key) == key
    )


def field(image: Image, entry: CallSite, value: int) -> tuple[int, bytes]:
    """Makes an entry's place of code another one."""
    return entry.address, image.word((value - entry.address) % (1 << 32), 4)


def test_a_sound_program_passes_before_it_starts_and_in_each_state(arch: Arch) -> None:
    for variant in range(len(arch.variants)):
        made = built(arch, variant)
        assert problems(made, made.image()) == ""
        cpu, image = started(made)
        assert problems(made, image, cpu) == ""
        for name in ("to_sub", "flip"):
            run(cpu, image, name)
            assert problems(made, image, cpu) == ""


def test_each_source_site_is_an_entry_with_its_kind_and_line(arch: Arch) -> None:
    image = built(arch).image()
    found = [s for s in find_sites(image, arch) if s.kind in ("call", "tail")]
    assert {(s.kind, s.key) for s in found} >= {("call", "op"), ("tail", "op"), ("call", "hook")}
    assert all(s.patched and s.line for s in found)


def test_before_the_start_every_site_goes_to_its_trampoline(arch: Arch) -> None:
    image = built(arch).image()
    tables = Tables(image)
    ways = {e.code for e in tables.call_sites if e.is_way}
    assert bool(ways) == bool(arch.pairs), "where a call is a pair, sites have way stations"
    homes = {*tables.trampolines, *ways}
    assert all(s.effect == "branch" and s.target in homes for s in inline_sites(tables))


def test_after_the_start_every_site_goes_to_its_target(arch: Arch) -> None:
    cpu, image = started(built(arch))
    tables = Tables(image, cpu)
    add = image.symbols["add"].address
    for found in inline_sites(tables):
        assert found.proxy is not None
        if tables.call_key_name(found.proxy.key) == "op":
            assert found.target == add


def test_the_abi_is_checked_at_sites(arch: Arch) -> None:
    cpu, image = started(built(arch), stepping=True)
    check = AbiCheck()
    cpu.attach(check)
    for name, value in (("call", 10), ("call_tail", 10), ("to_sub", 10), ("call", 4)):
        assert run(cpu, image, name) == value
    assert check.violations == []
    assert check.count >= 3


def test_a_site_that_calls_with_a_crooked_stack_is_seen(arch: Arch) -> None:
    cpu, image = started(built(arch), stepping=True)
    check = AbiCheck()
    cpu.attach(check)
    found = site(image)

    def push(machine: Machine, arrival: object) -> None:
        machine.set_reg(arch.registers.sp, machine.sp - arch.emulation.stack_alignment // 2)

    cpu.run(image.symbols["call"].address, stops={found.start: push})
    assert any("off its alignment" in v.message for v in check.violations)


Patch = Callable[[Built, Image], list[tuple[int, bytes]]]


def _nop(made: Built, image: Image) -> list[tuple[int, bytes]]:
    return [(site(image).address, made.arch.instruction("nop").code)]


def _other(made: Built, image: Image) -> list[tuple[int, bytes]]:
    return [(site(image).address, made.arch.emulation.snippets["trap"].code)]


def _target(made: Built, image: Image) -> list[tuple[int, bytes]]:
    at = site(image).address
    return [(at, made.arch.branch("call").encode(at, image.symbols["add"].address))]


def _twice(made: Built, image: Image) -> list[tuple[int, bytes]]:
    one, other = (e for e in Tables(image).call_sites[:2])
    return [field(image, other, one.code)]


def _inside(made: Built, image: Image) -> list[tuple[int, bytes]]:
    found = site(image)
    return [field(image, found.entry, found.address + made.arch.instruction_alignment)]


def _no_proxy(made: Built, image: Image) -> list[tuple[int, bytes]]:
    entry = site(image).entry
    value = (image.symbols["result"].address & -8) - (entry.address + 4)
    return [(entry.address + 4, image.word(value % (1 << 32), 4))]


def _flag(made: Built, image: Image) -> list[tuple[int, bytes]]:
    entry = site(image).entry
    data = image.read(entry.address + 4, 4)
    return [(entry.address + 4, bytes([data[0] ^ 1]) + data[1:])]


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        pytest.param(_nop, "it starts with the instruction 'nop'", id="a NOP"),
        pytest.param(_other, "none of the instructions", id="another instruction"),
        pytest.param(_target, "not with a branch to its trampoline", id="the target"),
        pytest.param(_twice, "two entries name one site", id="twice"),
        pytest.param(_twice, "but no entry names it", id="lost"),
        pytest.param(_inside, "instruction", id="into an instruction"),
        pytest.param(_no_proxy, "which is no proxy", id="no proxy"),
        pytest.param(_flag, "none of the instructions", id="another kind"),
    ],
)
def test_a_damaged_site_is_named(arch: Arch, patch: Patch, words: str) -> None:
    made = built(arch)
    image = made.image()
    found = problems(made, damaged(made, *patch(made, image)))
    assert words in found
    assert "static_call_sites[" in found or "no entry names it" in found


def test_arches_whose_branches_are_pairs_have_way_stations(arch: Arch) -> None:
    entries = Tables(built(arch).image()).call_sites
    assert any(e.is_way for e in entries) == bool(arch.pairs)


@having(lambda arch: arch.pairs)
def test_a_way_station_that_leads_elsewhere_is_named(arch: Arch) -> None:
    made = built(arch)
    image = made.image()
    way = next(e for e in Tables(image).call_sites if e.is_way)
    size = arch.branch("jump").size
    jump = arch.branch("jump").encode(way.code, image.symbols["add"].address)
    assert size <= 4
    assert "no branch to its key's trampoline" in problems(made, damaged(made, (way.code, jump)))


def test_entries_in_another_mode_are_named(arch: Arch) -> None:
    made = built(arch)
    assert "patches no sites, but here are entries" in problems(
        made, made.image(), mode="trampoline"
    )


def test_a_stale_site_and_an_unsorted_table_are_named(arch: Arch) -> None:
    made = built(arch)
    cpu, image = started(made)
    at = site(image).address
    cpu.poke(at, arch.branch("call").encode(at, image.symbols["sub"].address))
    start, end = Tables(image).extent("static_call_sites")
    first, last = cpu.read(start, 8), cpu.read(end - 8, 8)
    found = problems(made, image, cpu)
    assert "its key's target is add" in found and "a call to sub" in found
    by = end - 8 - start

    def moved(entry: bytes, by: int) -> bytes:
        words = (cpu.integer(entry[:4]), cpu.integer(entry[4:]))
        return b"".join(cpu.word((w + by) % (1 << 32), 4) for w in words)

    cpu.write(start, moved(last, by))
    cpu.write(end - 8, moved(first, -by))
    assert "not sorted" in problems(made, image, cpu)
