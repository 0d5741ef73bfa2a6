"""What the lowered code costs, in instructions that the emulator executed."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

from transformer import arch as arches
from transformer.toolchain import available

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import instructions  # noqa: E402  (benchmarks/ is no package)

CELLS = [
    (name, cc.family, lowering)
    for name in arches.names()
    for cc in available(arches.load(name))
    for lowering in ("key", "call")
]


@cache
def _costs(name: str, family: str, lowering: str) -> instructions.Costs:
    arch = arches.load(name)
    return instructions.measure(arch, available(arch, (family,))[0], lowering)


@pytest.mark.parametrize(("name", "family", "lowering"), CELLS)
def test_a_trampoline_costs_one_branch_and_its_landing_pad(
    name: str, family: str, lowering: str
) -> None:
    pads = arches.load(name).variants[-1].pads
    costs = _costs(name, family, lowering)
    assert costs.trampoline == 1 + pads
    assert costs.slot > costs.trampoline


@pytest.mark.parametrize(("name", "family"), [c[:2] for c in CELLS if c[2] == "key"])
def test_an_inline_site_costs_what_a_direct_call_costs(name: str, family: str) -> None:
    """Six sites in a row lie in each part of a unit: none has padding that is executed."""
    costs = _costs(name, family, "key")
    assert (costs.inline, costs.inline_many) == (0, 0)


@pytest.mark.parametrize(("name", "family"), [c[:2] for c in CELLS if c[2] == "key"])
def test_a_function_that_is_off_sets_up_no_frame(name: str, family: str) -> None:
    """The guard, what sets the result, the return, and a landing pad and padding before them."""
    arch = arches.load(name)
    costs = _costs(name, family, "key")
    assert arch.instruction("nop").code in costs.off_code
    assert costs.off <= 3 + arch.variants[-1].pads + (arch.instruction_alignment < arch.unit)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        c[:2]
        for c in CELLS
        if c[2] == "key" and arches.load(c[0]).instruction_alignment == arches.load(c[0]).unit
    ],
)
def test_fixed_width_code_is_four_instructions_off_and_two_more_on(name: str, family: str) -> None:
    """Landing pad, NOP, one that sets the result to 0, return: no load, no prologue."""
    arch = arches.load(name)
    costs = _costs(name, family, "key")
    assert costs.off == 4
    assert costs.off_code[0] in arch.landing_pads
    assert costs.off_code[1] == arch.instruction("nop").code
    assert costs.on <= costs.plain + 2


def test_the_readme_tells_these_figures() -> None:
    """Rows of the README for the compilers that are here."""
    readme = (ROOT / "README.md").read_text()
    rows = instructions.table([_costs(*cell) for cell in CELLS])
    versions = {"gcc": "12", "clang": "22"}
    for (name, family, _), row in zip(CELLS, rows[2:], strict=True):
        cc = available(arches.load(name), (family,))[0]
        if f" {versions[family]}." in cc.version:
            assert row in readme
