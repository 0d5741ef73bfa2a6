"""Check 4 on a whole case: a scenario that is interrupted does what it does without."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import transformer
from transformer.arch import Arch
from transformer.corpus import cell
from transformer.corpus.interrupted import check_interrupts
from transformer.corpus.results import CaseResult

CASE = Path(__file__).resolve().parents[1] / "damage" / "case"


def verified(arch: Arch, mode: str) -> CaseResult:
    report = transformer.verify(
        [CASE], arches=[arch.name], compilers=["clang"], modes=[mode], levels=["-O2"]
    )
    return report.results[0]


@pytest.mark.parametrize("mode", ["trampoline", "inline"])
def test_a_scenario_is_interrupted_in_all_its_places(arch: Arch, mode: str) -> None:
    result = verified(arch, mode)
    assert result.status == "pass", result.failures
    assert result.checks["interrupts"] > 100
    assert result.counts["interrupts"] > 100


def test_a_handler_that_overwrites_the_stack_fails(
    arch: Arch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell, "check_interrupts", partial(check_interrupts, below=-0x60))
    result = verified(arch, "trampoline")
    told = [f.message for f in result.failures if f.check == "interrupts"]
    assert any("with interrupts taken on its way" in m for m in told), result.failures
