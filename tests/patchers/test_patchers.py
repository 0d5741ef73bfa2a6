"""Wrong patchers, each real in the history of such code, and the right one.

Each is C that is compiled for every arch where it makes sense, and most do what they should when
nobody runs meanwhile: that is what a test sees. It runs as the CPU that updates; the model finds
what other CPUs may see of it, and must say so in words that a porter understands.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from patcher_program import CODE, PORTS, Base, PatcherProgram

from transformer import arch as arches
from transformer.emulator.fetch import (
    Schedule,
    WriteLog,
    check_legal,
    check_order,
    explore,
)

ALL = tuple(arches.names())
OLD, NEW = (8, 8), (9, 9)

LEGAL, ORDER, FETCH = "legal", "order", "fetch"
NONE_OF = r"leaves {}, which is none of the instructions that may stand there"
OLD_OR_NEW = r"; right would be: one\b.* or (two\b|0x500012345000)"


@dataclass(frozen=True)
class Wrong:
    """``told`` is by check, a regular expression for what must be said."""

    patcher: str
    told: dict[str, str]
    update: str = "to_two"
    mode: str = "trampoline"
    arches: tuple[str, ...] = ALL
    unit: str = "unit"
    pads: bool = False
    alone: bool = True  # it does what it should when nobody runs meanwhile

    @property
    def more(self) -> dict[str, object]:
        """What its program has that others have not."""
        unit = {"unit": self.unit} if self.unit != "unit" else {}
        return {**unit, **({"pads": True} if self.pads else {})}


WRONG = (
    Wrong("bytewise", {FETCH: r"it went to (?!(one|two)\b(?!\+)).*" + OLD_OR_NEW}),
    Wrong("bytewise", {FETCH: r"it went to .*" + OLD_OR_NEW}, mode="inline"),
    Wrong(
        "no_breakpoint",
        {FETCH: OLD_OR_NEW, LEGAL: NONE_OF.format(r".*")},
        "to_far",
        arches=("x86_64",),
    ),
    Wrong(
        "no_breakpoint",
        {FETCH: r"it went to (?!(one|two)\b(?!\+)).*" + OLD_OR_NEW},
        arches=("arm64", "riscv64"),
    ),
    Wrong("tail_before_head", {FETCH: OLD_OR_NEW}, "to_far"),
    Wrong(
        "breakpoint_unhandled",
        {LEGAL: NONE_OF.format("(cc|00 00 20 d4|73 00 10 00).*"), FETCH: OLD_OR_NEW},
    ),
    Wrong("zero_first", {LEGAL: NONE_OF.format("00 00 00 00( 00)?"), FETCH: OLD_OR_NEW}),
    Wrong(
        "nop_in_pieces",
        {LEGAL: NONE_OF.format("(90 90|01 00).*"), FETCH: OLD_OR_NEW},
        "to_far",
        arches=("riscv64", "x86_64"),
    ),
    Wrong(
        "slot_last", {ORDER: r"__SCT__key is stored before the target that it loads, __SCK__key"}
    ),
    Wrong("slot_null_first", {FETCH: r"(NULL|at 0x0).*" + OLD_OR_NEW}, "to_far"),
    Wrong("unpublished", {ORDER: r"__SCK__key is not published before the code at __SCT__key"}),
    Wrong(
        "uncleaned",
        {ORDER: r"the store to code at __SCT__key .*is not followed by (dc cvau|fence\.i|cpuid)"},
    ),
    Wrong(
        "cleaned_once",
        {ORDER: r"the store to code at by_call\+.* is not followed by dc cvau"},
        mode="inline",
        arches=("arm64",),
    ),
    Wrong(
        "unsynchronised",
        {
            ORDER: r"never synchronised behind the store to code at __SCT__key",
            FETCH: r"it went to one\b.*; right would be: two\b",
        },
    ),
    Wrong(
        "synchronised_early",
        {
            ORDER: r"synchronised before the last store to code, at by_\w+",
            FETCH: r"it went to one\b.*; right would be: two\b",
        },
        mode="inline",
    ),
    Wrong(
        "forgotten_site",
        {FETCH: r"it went to one\b.*; right would be: two\b"},
        mode="inline",
        alone=False,
    ),
    Wrong("displacement_from_start", {FETCH: r"it went to .*" + OLD_OR_NEW}, alone=False),
    Wrong("truncated", {FETCH: r"it went to .*" + OLD_OR_NEW}, "to_far", alone=False),
    Wrong(
        "label_instead_of_place",
        {LEGAL: r"hits no place that a table names"},
        arches=("arm64", "x86_64"),
        pads=True,
        alone=False,
    ),
    Wrong(
        "whole_unit",
        {LEGAL: r"changes bytes beside the place too"},
        mode="inline",
        arches=("x86_64",),
        alone=False,
    ),
    Wrong(
        "condition_lost",
        {LEGAL: NONE_OF.format("e9 .*"), FETCH: r"its condition does not hold, and yet it went to"},
        mode="inline",
        arches=("x86_64",),
    ),
    Wrong("ret_live", {LEGAL: NONE_OF.format("c0 03 5f d6")}, "to_null", "inline", ("arm64",)),
    Wrong("move_live", {LEGAL: NONE_OF.format("00 00 80 d2")}, "to_zero", "inline", ("arm64",)),
    Wrong(
        "pair_apart",
        {
            LEGAL: r"pair_site\+0x6 hits no place that a table names",
            FETCH: r"call site pair_site of key: .*; right would be: one\b",
        },
        arches=("riscv64",),
        unit="pair",
    ),
)
PORT = {
    "sync_forgotten": {ORDER: r"never synchronised behind the store to code at __SCT__key"},
    "publish_forgotten": {ORDER: r"__SCK__key is not published before the code at __SCT__key"},
    "write_bytewise": {FETCH: r"it went to (?!(one|two)\b(?!\+)).*" + OLD_OR_NEW},
}

Make = Callable[..., PatcherProgram]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Programs, of which those that differ in the patcher alone share their other objects."""
    bases: dict[tuple[object, ...], Base] = {}

    def made(patcher: str, name: str, mode: str, port: str = "", **more: object) -> PatcherProgram:
        key = (name, mode, *sorted(more.items()))
        if key not in bases:
            folder = tmp_path_factory.mktemp("base") / "objects"
            bases[key] = Base(name, mode, folder, **more)  # type: ignore[arg-type]
        return PatcherProgram(bases[key].linked(patcher, port))

    return made


def problems(program: PatcherProgram, log: WriteLog) -> tuple[dict[str, list[str]], list[Schedule]]:
    """All that is said about one update, by check; and the schedules that show it."""
    found, describe = defaultdict(list), program.machine.describe
    for wrong in check_legal(program.arch, program.places, log, describe):
        found[LEGAL].append(wrong.message)
    for wrong in check_order(program.arch, program.places, log, describe, hooks=True):
        found[ORDER].append(wrong.message)
    places = program.places
    explored = explore(program.machine, [log], places.places, nulls=places.nulls)
    found[FETCH] += [f"{f.reader}: {f.outcome}" for f in explored.failures]
    return {check: said for check, said in found.items() if said}, explored.failures


def marks(index: int, name: str, arches: tuple[str, ...]) -> tuple[pytest.MarkDecorator, ...]:
    """Each is tried on one arch, in turns; on all of them with the exhaustive tests."""
    return () if name == arches[index % len(arches)] else (pytest.mark.full,)


CELLS = [
    pytest.param(
        name,
        wrong,
        id=f"{wrong.patcher}-{wrong.mode}-{wrong.update}-{name}",
        marks=marks(index, name, wrong.arches),
    )
    for index, wrong in enumerate(WRONG)
    for name in wrong.arches
]
PORT_CELLS = [
    pytest.param(name, port, id=f"{port}-{name}", marks=marks(index, name, ALL))
    for index, port in enumerate(PORT)
    for name in ALL
]


@pytest.mark.parametrize(("name", "wrong"), CELLS)
def test_a_wrong_patcher_is_caught_with_a_message_for_a_porter(
    name: str, wrong: Wrong, make: Make
) -> None:
    program = make(wrong.patcher, name, wrong.mode, **wrong.more)
    log = program.update(wrong.update)
    if wrong.alone and wrong.update == "to_two":
        assert program.seen() == NEW
    said, schedules = problems(program, log)
    for check, wanted in wrong.told.items():
        assert any(re.search(wanted, s) for s in said.get(check, [])), (check, wanted, said)
    for schedule in schedules:
        understood(schedule)


def understood(schedule: Schedule) -> None:
    """What a person needs who sees only this: who did what, where, and where it went."""
    assert schedule.update.startswith("update key = ")
    kinds = {(s.cpu > 0, s.kind) for s in schedule.steps}
    assert (True, "start") in kinds and (True, "fetch") in kinds, schedule.steps
    assert all(s.place and s.text for s in schedule.steps)
    assert "right would be: " in schedule.outcome or "and yet" in schedule.outcome
    text = "\n".join(schedule.render())
    assert schedule.outcome in text and "CPU 1" in text


@pytest.mark.parametrize("mode", ["trampoline", "inline"])
@pytest.mark.parametrize("name", ALL)
def test_the_right_patcher_passes(name: str, mode: str, make: Make) -> None:
    program = make("right", name, mode)
    assert program.seen() == OLD
    for update, seen in (("to_two", NEW), ("to_far", None), ("to_one", OLD)):
        log = program.update(update)
        assert problems(program, log) == ({}, [])
        assert seen is None or program.seen() == seen


@pytest.mark.parametrize(("name", "port"), PORT_CELLS)
def test_the_runtime_with_a_wrong_port_is_caught(name: str, port: str, make: Make) -> None:
    program = make("", name, "trampoline", port=port)
    log = program.update("to_two")
    assert program.seen() == NEW
    said, _ = problems(program, log)
    for check, wanted in PORT[port].items():
        assert any(re.search(wanted, s) for s in said.get(check, [])), (check, wanted, said)


@pytest.mark.parametrize("name", ALL)
def test_the_runtime_with_a_right_port_passes(name: str, make: Make) -> None:
    program = make("", name, "trampoline", port="right")
    for update in ("to_two", "to_far", "to_one"):
        assert problems(program, program.update(update)) == ({}, [])


def test_each_piece_of_code_is_tried_and_says_what_it_gets_wrong() -> None:
    parts = {"start", "unit", "pair", "ports", "right"}
    assert {p.stem for p in CODE.glob("*.c")} == {w.patcher for w in WRONG} | parts
    assert {p.stem for p in PORTS.glob("*.h")} == {*PORT, "right"}
    for path in [*CODE.glob("*.c"), *PORTS.glob("*.h")]:
        comment = path.read_text().split("/*", 2)[2].split("*/")[0]
        assert len(comment.split()) > 3, path
