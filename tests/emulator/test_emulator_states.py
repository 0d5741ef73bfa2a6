"""Every state of every place: a sound program passes, each damage is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from emulator_build import Built, damaged, having, program, started

from transformer.arch import Arch
from transformer.emulator import Image, static_check
from transformer.emulator.code import code_of
from transformer.emulator.islands import islands
from transformer.emulator.states import StateCheck
from transformer.emulator.tables import Tables

MODES = ("generic", "slot", "trampoline", "inline")


def fixed(arch: Arch, mode: str = "inline") -> Built:
    return program(arch.name, mode, next(i for i, v in enumerate(arch.variants) if not v.pie))


def states(image: Image) -> list[str]:
    return [f"{p.site}: {p.message}" for p in StateCheck(Tables(image)).problems()]


def number(image: Image, value: int, size: int = 4) -> bytes:
    return image.word(value % (1 << 8 * size), size)


@pytest.mark.parametrize("mode", MODES)
def test_every_place_of_a_sound_program_is_tried_in_every_state(arch: Arch, mode: str) -> None:
    for variant in range(len(arch.variants)):
        image = program(arch.name, mode, variant).image()
        check = StateCheck(Tables(image))
        assert list(check.problems()) == []
        forms = [p.form for p in check.places]
        patched = mode in ("trampoline", "inline")
        assert forms.count("trampoline") == (2 if patched else 0)
        assert forms.count("guard") == (4 if patched else 0)
        assert sum(f.endswith("_site") for f in forms) == (3 if mode == "inline" else 0)
        assert check.counts["states"] >= sum(1 + 2 for _ in forms)
        assert list(islands(Tables(image), code_of(image))) == []


# --- what stands there does not fit ---


#: With instructions that are shorter than what updates write.
shorter = having(lambda arch: arch.instruction_alignment < arch.instruction("nop").size)


@shorter
def test_a_state_that_covers_what_follows_is_seen(arch: Arch) -> None:
    """A guard's entry names a shorter instruction than what an update writes there."""
    image = fixed(arch).image()
    tables = Tables(image)
    size = arch.instruction("nop").size
    short = next(a for a, n in code_of(image).starts.items() if n < size)
    entry = tables.guards[0]
    found = states(damaged(fixed(arch), (entry.address, number(image, short - entry.address))))
    assert any("covers part of what follows" in f and "__jump_table[0]" in f for f in found)


@shorter
def test_a_branch_into_the_midst_of_a_place_is_seen(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    guard = Tables(image).guards[0]
    inside = guard.code + arch.instruction_alignment
    field = guard.address + 4  # the guard's own target
    found = states(damaged(built, (field, number(image, inside - field))))
    assert any("goes into the midst of its" in f and "guards+" in f for f in found)


def test_two_entries_for_one_place_are_seen(arch: Arch) -> None:
    built = fixed(arch)
    image = built.image()
    one, other = Tables(image).guards[:2]
    found = states(damaged(built, (other.address, number(image, one.code - other.address))))
    assert any("it overlaps guards+" in f for f in found)


def test_a_site_that_reaches_no_way_back_is_seen(arch: Arch) -> None:
    """Its proxy's trampoline lies beyond the reach of the branch that stands there."""
    built = fixed(arch)
    image = built.image()
    tables = Tables(image)
    far = min(1 << arch.branch("call").bits, 1 << 31)  # what an entry's own field can tell
    patches = []
    for entry in tables.call_sites:
        if entry.is_way:
            patches.append((entry.address, number(image, entry.code + far - entry.address)))
    for proxy in tables.proxies:
        field = proxy.address + 2 * arch.pointer_size
        patches.append((field, number(image, proxy.trampoline + far - field)))
    found = states(damaged(built, *patches))
    assert any("no call there reaches" in f for f in found) or far == 1 << 31


# --- what the rows of the arch say is not what the CPU does ---


def row_damaged(arch: Arch, name: str, **changes: object) -> Arch:
    row = replace(arch.branch(name), **changes)  # type: ignore[arg-type]
    return replace(arch, branches={**arch.branches, name: row})


def wrong_rows(arch: Arch) -> list[dict[str, object]]:
    row = arch.branch("jump")
    narrow = replace(row.fields[0], width=row.fields[0].width - 1)
    nop = int.from_bytes(arch.instruction("nop").code, arch.byteorder)
    return [
        {"bias": row.bias + 4},
        {"base": nop & ~row.mask},
        {"fields": (narrow, *row.fields[1:])} if len(row.fields) > 1 else {"bias": row.bias + 8},
    ]


def test_a_row_that_does_not_encode_a_branch_is_seen(arch: Arch) -> None:
    """The disassembler has the last word: another bias, another instruction, other bits."""
    image = fixed(arch, "trampoline").image()
    said = ("goes elsewhere", "is no branch", "does not decode", "is not one instruction")
    for changes in wrong_rows(arch):
        image.arch = row_damaged(arch, "jump", **changes)
        assert any(w in f for f in states(image) for w in said), changes


def test_a_call_that_goes_elsewhere_is_seen(arch: Arch) -> None:
    image = fixed(arch).image()
    image.arch = row_damaged(arch, "call", bias=arch.branch("call").bias + 4)
    assert any("its call over" in f and "goes elsewhere" in f for f in states(image))


def test_a_fixed_state_that_is_no_instruction_is_seen(arch: Arch) -> None:
    image = fixed(arch).image()
    nop = arch.instruction("nop")
    found = []
    for byte in (b"\x06", b"\x00", b"\xff"):  # each is no instruction somewhere
        broken = replace(nop, code=byte * nop.size)
        image.arch = replace(arch, instructions={**arch.instructions, "nop": broken})
        found += states(image)
    assert any("is no instruction" in f for f in found)


# --- in between ---


def test_a_branch_to_code_of_no_function_is_seen(arch: Arch) -> None:
    """As a linker's veneer is, where nothing names it."""
    built = fixed(arch, "trampoline")
    image = built.image()
    starts = {s.address for s in image.all_symbols if s.kind == "func"}
    starts -= set(Tables(image).trampolines)
    branches = code_of(image).branches
    source, target = next((a, t.target) for a, t in branches.items() if t.target in starts)
    image.all_symbols = [s for s in image.all_symbols if s.address != target]
    report = static_check(image, arch, built.mode, built.variant.pads)
    found = [p for p in report.problems if "where no function is" in p.message]
    assert source in [p.address for p in found]


def test_a_function_that_lost_its_name_may_branch_within_itself(arch: Arch) -> None:
    """As the copy of a weak function does that another object's stands for."""
    built = fixed(arch, "trampoline")
    image = built.image()
    inner = {a: t.target for a, t in code_of(image).branches.items()}
    symbol, source = next(
        (s, a)
        for s in image.all_symbols
        for a, target in inner.items()
        if s.kind == "func"
        and s.size
        and {a, target} <= {*range(s.address + 1, s.address + s.size)}
    )
    inside = range(symbol.address, symbol.address + symbol.size)
    image.all_symbols = [s for s in image.all_symbols if s.address not in inside]
    report = static_check(image, arch, built.mode, built.variant.pads)
    found = {p.address for p in report.problems if "where no function is" in p.message}
    assert source not in found and not found & set(inside)


def test_a_proxy_that_its_key_does_not_know_is_seen(arch: Arch) -> None:
    built = fixed(arch, "trampoline")
    cpu, image = started(built)
    key = Tables(image).proxies[0].key
    cpu.write(key + arch.pointer_size, bytes(arch.pointer_size))
    report = static_check(image, arch, built.mode, built.variant.pads, cpu)
    assert any("no update comes to it" in p.message for p in report.problems)


def test_data_in_code_ends_at_the_next_function(arch: Arch) -> None:
    """An assembler that was in a subsection says nothing of where code begins again."""
    built = fixed(arch)
    image, marked = built.image(), built.image()
    functions = sorted(s.address for s in image.all_symbols if s.kind == "func" and s.size)
    sizes = {s.address: s.size for s in image.all_symbols if s.kind == "func"}
    first, second = (a for a in functions[:2])
    symbol = next(s for s in image.all_symbols if s.address == first)
    others = [s for s in marked.all_symbols if not s.name.startswith("$")]
    marked.all_symbols = [*others, replace(symbol, name="$d", kind="other", size=0)]
    assert first in code_of(image).starts and first not in code_of(marked).starts
    within = range(second, second + sizes[second])
    wanted = [a for a in code_of(image).starts if a in within]
    assert wanted and all(a in code_of(marked).starts for a in wanted)
