"""The corpus itself: every case somewhere in each run, everywhere in the full one."""

from __future__ import annotations

from pathlib import Path

import pytest

import transformer
from transformer import arch as arches

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
CASES = sorted(p.parent for p in CORPUS.glob("*/case.toml"))
NAMES = arches.names()
TURNS = [pytest.param(case, NAMES[i % len(NAMES)], id=case.name) for i, case in enumerate(CASES)]


def test_there_are_cases_to_run_and_cases_to_refuse() -> None:
    refused = [c for c in CASES if c.name.startswith("refuse_")]
    assert len(CASES) - len(refused) >= 30
    assert len(refused) >= 8


@pytest.mark.parametrize(("case", "name"), TURNS)
def test_a_case_passes_in_its_turn_of_the_arches(case: Path, name: str) -> None:
    report = transformer.verify(
        [case], arches=[name], modes=[arches.load(name).default_mode], compilers=["clang"]
    )
    assert report.ok, [(r.message, r.failures) for r in report.results if r.status != "pass"]


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
