"""The corpus itself: every case somewhere in each run, everywhere in the full one."""

from __future__ import annotations

from pathlib import Path

import pytest

import transformer
from transformer import arch as arches

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
CASES = sorted(p.parent for p in CORPUS.glob("*/case.toml"))
NAMES = arches.names()
TOGETHER = 6  # one run checks its emulator and builds its runtime once
TURNS = [
    pytest.param(own[first : first + TOGETHER], name, id=f"{name}-{own[first].name}")
    for number, name in enumerate(NAMES)
    for own in [CASES[number :: len(NAMES)]]
    for first in range(0, len(own), TOGETHER)
]


def test_there_are_cases_to_run_and_cases_to_refuse() -> None:
    refused = [c for c in CASES if c.name.startswith("refuse_")]
    assert len(CASES) - len(refused) >= 30
    assert len(refused) >= 8


def test_every_case_has_its_turn() -> None:
    assert sorted(case for turn in TURNS for case in turn.values[0]) == CASES


@pytest.mark.parametrize(("cases", "name"), TURNS)
def test_cases_pass_in_their_turn_of_the_arches(cases: list[Path], name: str) -> None:
    report = transformer.verify(
        cases, arches=[name], modes=[arches.load(name).default_mode], compilers=["clang"]
    )
    wrong = [r for r in report.results if r.status != "pass"]
    assert report.ok, [(r.case, r.message, r.failures) for r in wrong]
    assert {r.case for r in report.results} == {case.name for case in cases}


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_case_passes_in_every_mode_with_every_compiler(case: Path, name: str) -> None:
    report = transformer.verify([case], arches=[name])
    assert report.ok, [(r.message, r.failures) for r in report.results if r.status != "pass"]
    assert {r.status for r in report.results} <= {"pass", "unfit"}


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_case_passes_inline_at_every_level(case: Path, name: str) -> None:
    modes = [m for m in arches.load(name).modes if m.startswith("inline")]
    report = transformer.verify([case], arches=[name], modes=modes, levels="all")
    wrong = [r for r in report.results if r.status not in ("pass", "unfit")]
    assert not wrong, [(r.name, r.message, r.failures) for r in wrong]
