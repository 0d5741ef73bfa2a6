"""The static check and the sites: a sound program passes, each damage is named."""

from __future__ import annotations

import pytest
from emulator_build import Built, damaged, plain, program, started
from machines import construct

from transformer.arch import Arch
from transformer.emulator import (
    Image,
    Machine,
    StaticReport,
    disassemble,
    find_sites,
    static_check,
)
from transformer.emulator.tables import Guard, Proxy, Tables


def check(built: Built, image: Image, cpu: Machine | None = None) -> StaticReport:
    return static_check(image, built.arch, built.mode, built.variant.pads, cpu)


def checked(built: Built, *patches: tuple[int, bytes]) -> list[str]:
    """The problems, with their sites, of a program with these damages."""
    return [f"{p.site}: {p.message}" for p in check(built, damaged(built, *patches)).problems]


def fixed(arch: Arch, mode: str = "trampoline") -> Built:
    return program(arch.name, mode, next(i for i, v in enumerate(arch.variants) if not v.pie))


def proxy(image: Image, key: str = "op") -> Proxy:
    tables = Tables(image)
    return next(p for p in tables.proxies if tables.call_key_name(p.key) == key)


def guards(image: Image) -> list[Guard]:
    return Tables(image).guards


def number(image: Image, value: int, size: int = 4) -> bytes:
    return image.word(value % (1 << 8 * size), size)


# --- what is sound ---


@pytest.mark.parametrize("mode", ["generic", "slot", "trampoline"])
def test_sound_programs_have_no_problem(arch: Arch, mode: str) -> None:
    for variant in range(len(arch.variants)):
        built = program(arch.name, mode, variant)
        report = check(built, built.image())
        assert report.problems == []
        patched, called = mode == "trampoline", mode != "generic"
        assert report.counts["guards"] == (4 if patched else 0)
        assert report.counts["trampolines"] == (2 if called else 0)
        # `hook` is called once, `op` by a call, a tail, and a call that inlined the tail.
        assert report.counts["sites"] >= (3 if called else 0)
        assert report.counts["symbols"] > 10


def test_a_started_program_holds_what_its_keys_ask_for(arch: Arch) -> None:
    for variant in range(len(arch.variants)):
        built = program(arch.name, "trampoline", variant)
        image = built.image()
        cpu = Machine(arch, [image], stepping=False)
        before = [p.message for p in check(built, image, cpu).problems]
        assert any("its patchable instruction goes to the NOP" in m for m in before)
        construct(cpu, image)
        assert check(built, image, cpu).problems == []
        for name in ("to_sub", "flip"):
            assert cpu.run(image.symbols[name].address).ok
            assert check(built, image, cpu).problems == []


def test_a_started_program_with_a_stale_place_is_seen(arch: Arch) -> None:
    built = fixed(arch)
    cpu, image = started(built)
    insn = proxy(image).insn
    cpu.poke(insn, arch.branch("jump").encode(insn, image.symbols["sub"].address))
    cpu.poke(guards(image)[0].code, arch.instruction("nop").code)
    cpu.poke(guards(image)[1].code, arch.instruction("nop").code)
    cpu.poke(guards(image)[2].code, arch.instruction("nop").code)
    found = [f"{p.site}: {p.message}" for p in check(built, image, cpu).problems]
    assert any("__SCT__op" in f and "key's target is add" in f and "sub" in f for f in found)
    assert any("guards+" in f and "should be a jump" in f for f in found)


# --- trampolines ---


def test_an_unknown_patchable_instruction(arch: Arch) -> None:
    built = fixed(arch)
    insn = proxy(built.image()).insn
    other = arch.emulation.snippets["one"].code
    found = checked(built, (insn, other))
    assert any("none of the instructions that may stand here" in f for f in found)
    assert any("__SCT__op" in f and "static_call_proxies[" in f for f in found)


def test_a_trampoline_that_starts_as_a_jump(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    insn = proxy(image).insn
    jump = arch.branch("jump").encode(insn, image.symbols["add"].address)
    assert any("is a jump, not the NOP" in f for f in checked(built, (insn, jump)))


def test_a_patchable_instruction_that_straddles_its_unit(arch: Arch) -> None:
    """The proxy names a place that no single store covers."""
    built = fixed(arch)
    image = built.image()
    entry = proxy(image)
    field = entry.address + 2 * arch.pointer_size + 4
    shifted = entry.insn + arch.unit - 2
    nop = arch.instruction("nop").code
    found = checked(built, (field, number(image, shifted - field)), (shifted, nop))
    assert any("straddle" in f for f in found)


def test_a_proxy_that_names_another_trampoline(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    one, other = proxy(image, "op"), proxy(image, "hook")
    field = one.address + 2 * arch.pointer_size
    found = checked(built, (field, number(image, other.trampoline - field)))
    assert any("two proxies have one trampoline" in f for f in found)
    assert any("__SCT__op: no proxy names this trampoline" in f for f in found)
    assert any("names the key op, not hook" in f for f in found)


def test_a_proxy_without_its_key(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    entry = proxy(image)
    size = arch.pointer_size
    assert any("names no key" in f for f in checked(built, (entry.address, bytes(size))))
    misaligned = number(image, entry.key + 4, size)
    found = checked(built, (entry.address, misaligned))
    assert any("not the start of a key" in f for f in found)
    assert any("is not aligned" in f for f in found)


def test_a_key_that_holds_null(arch: Arch) -> None:
    built = fixed(arch)
    key = proxy(built.image()).key
    found = checked(built, (key, bytes(arch.pointer_size)))
    assert any("its key holds NULL" in f for f in found)


def test_a_proxy_for_another_mode(arch: Arch) -> None:
    built = fixed(arch)
    entry = proxy(built.image())
    flags = entry.address + 2 * arch.pointer_size + 8
    assert any("not to patch it" in f for f in checked(built, (flags, bytes(4))))
    report = static_check(built.image(), arch, "slot", False)
    assert any("in mode slot" in p.message for p in report.problems)
    report = static_check(built.image(), arch, "generic", False)
    assert any("has no trampolines" in p.message for p in report.problems)
    assert any("writes no text" in p.message for p in report.problems)


def test_a_slot_path_that_leads_nowhere(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    _, end = Tables(image).body(proxy(image).trampoline)
    nop = arch.instruction("nop").code
    after = proxy(image).insn + len(nop)
    filler = (nop * 8)[: (end - after) // len(nop) * len(nop)]
    found = checked(built, (after, filler))
    assert any("its slot path" in f for f in found)
    jump = arch.branch("jump").encode(after, image.symbols["add"].address)
    assert any("its slot path has a direct-jump" in f for f in checked(built, (after, jump)))


def test_missing_pads(arch: Arch) -> None:
    padded = [i for i, v in enumerate(arch.variants) if v.pads]
    for variant in padded:
        built = program(arch.name, "trampoline", variant)
        image = built.image()
        entry = proxy(image)
        blank = b"\x90" * (entry.insn - entry.trampoline)
        assert blank
        found = checked(built, (entry.trampoline, blank))
        assert any("it starts with no landing pad" in f for f in found)
        found = checked(built, (image.symbols["add"].address, blank))
        assert any("its target add" in f and "no landing pad" in f for f in found)
    if arch.landing_pads:
        bare = fixed(arch)
        report = static_check(bare.image(), arch, "trampoline", True)
        assert any("no landing pad" in p.message for p in report.problems)


# --- guards ---


def test_a_guard_in_the_wrong_state(arch: Arch) -> None:
    """Each guard, turned from NOP to jump or back, contradicts its key."""
    built = fixed(arch)
    image = built.image()
    nop = arch.instruction("nop").code
    for guard in guards(image):
        is_nop = image.read(guard.code, len(nop)) == nop
        other = arch.branch("jump").encode(guard.code, guard.target) if is_nop else nop
        found = checked(built, (guard.code, other))
        assert len(found) == 1
        assert f"should be a {'nop' if is_nop else 'jump'}" in found[0]
        assert "guards+" in found[0] and f"__jump_table[{guard.index}]" in found[0]


def test_a_wrong_branch_bit_and_a_wrong_key(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    guard = guards(image)[0]
    field = guard.address + 8
    value = guard.cell - field + (not guard.branch)
    assert any("branch bit" in f for f in checked(built, (field, number(image, value, 8))))
    null = (guard.cell, bytes(arch.pointer_size))
    assert any("holds no key" in f for f in checked(built, null))


def test_a_guard_that_jumps_elsewhere(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    nop = arch.instruction("nop").code
    guard = next(g for g in guards(image) if image.read(g.code, len(nop)) != nop)
    wrong = arch.branch("jump").encode(guard.code, guard.code + 64)
    assert any("it jumps to" in f and "not to" in f for f in checked(built, (guard.code, wrong)))


def test_table_entries_that_point_beside_their_code(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    guard = guards(image)[0]
    beside = number(image, guard.code + 1 - guard.address)
    found = checked(built, (guard.address, beside))
    assert any("not where an instruction starts" in f for f in found)
    field = guard.address + 4
    beside = number(image, guard.target + 1 - field)
    found = checked(built, (field, beside))
    assert any("its target" in f and "not where an instruction starts" in f for f in found)
    away = number(image, image.symbols["add"].address - field)
    assert any("lies in another function" in f for f in checked(built, (field, away)))


def test_two_entries_for_one_guard(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    one, other = guards(image)[:2]
    found = checked(built, (other.address, number(image, one.code - other.address)))
    assert any("two entries name one guard" in f for f in found)


def test_a_guard_that_straddles_its_unit(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    guard = guards(image)[0]
    shifted = guard.code // arch.unit * arch.unit + arch.unit - 2
    entry = number(image, shifted - guard.address)
    found = checked(built, (guard.address, entry), (shifted, arch.instruction("nop").code))
    assert any("straddle" in f or "not where an instruction starts" in f for f in found)


# --- the rest of the file ---


def test_a_linkers_veneer_is_seen(arch: Arch) -> None:
    for name in ("__far_veneer", "__LongThunk_far"):
        image = plain(arch, f"void {name}(void) {{}}\nvoid f(void) {{ {name}(); }}")
        report = static_check(image, arch, "generic", False)
        assert [p.site for p in report.problems] == [name]


def test_a_branch_into_the_midst_of_a_trampoline(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    site = next(s for s in find_sites(image, arch) if s.kind != "guard" and s.key == "op")
    inside = site.trampoline + arch.instruction("nop").size
    row = arch.branch("jump")
    report = check(built, damaged(built, (site.address, row.encode(site.address, inside))))
    found = [p for p in report.problems if "into the midst of __SCT__op" in p.message]
    if not arch.pairs:
        assert [p.address for p in found] == [site.address]


# --- sites ---


def test_sites_are_found_with_their_lines(arch: Arch) -> None:
    for variant in range(len(arch.variants)):
        built = program(arch.name, "trampoline", variant)
        image = built.image()
        sites = find_sites(image, arch)
        assert [s.address for s in sites] == sorted(s.address for s in sites)
        functions = {(image.symbol_at(s.address)[0].name, s.kind, s.key) for s in sites}  # type: ignore[index]
        assert ("call", "call", "op") in functions
        assert ("tail", "tail", "op") in functions
        assert ("call_hook", "call", "hook") in functions
        assert {f for f in functions if f[1] == "guard"} == {
            ("guards", "guard", "off"),
            ("guards", "guard", "on"),
        }
        for site in sites:
            assert site.line is not None and site.line.path.endswith(".c")
            assert site.size == 4 or not arch.pairs
            named = image.symbols.get(f"__SCT__{site.key}")
            assert site.trampoline == (named.address if named and site.kind != "guard" else 0)


def test_executed_sites_are_the_previous_of_their_arrivals(arch: Arch) -> None:
    """A site's address is that of the instruction that branches, pairs included."""
    cpu, image = started(program(arch.name, "slot", 0), stepping=True)
    sites = {s.address: s.kind for s in find_sites(image, arch)}
    seen = []
    trampoline = image.symbols["__SCT__op"].address
    stops = {trampoline: lambda _, arrival: seen.append((arrival.previous, arrival.kind))}
    for name in ("call", "call_tail", "tail"):
        cpu.run(image.symbols[name].address, stops=stops)
    assert len(seen) == 3
    for previous, kind in seen:
        assert sites[previous] == ("call" if kind == "direct-call" else "tail")


def test_a_program_without_keys_has_no_sites(arch: Arch) -> None:
    image = plain(arch, "int f(void) { return 1; }")
    assert find_sites(image, arch) == []
    assert static_check(image, arch, "trampoline", False).problems == []


# --- disassembly ---


def test_disassembly_names_what_branches_go_to(arch: Arch) -> None:
    jump = arch.branch("jump")
    image = plain(arch, "int f(void) { return 1; }")
    f = image.symbols["f"].address
    lines = disassemble(arch, jump.encode(f - 64, f), f - 64, image)
    assert len(lines) == 1
    assert lines[0].lstrip().startswith(f"{f - 64:x}:")
    assert lines[0].endswith("<f>")
    assert disassemble(arch, jump.encode(f - 64, f), f - 64)[0].endswith(f"<{f:#x}>")


def test_disassembly_of_no_instruction_is_bytes(arch: Arch) -> None:
    lines = disassemble(arch, b"\xff" * 2 * arch.instruction_alignment, 0x1000)
    assert any(".byte 0xff" in line for line in lines)
