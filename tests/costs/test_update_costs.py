"""The programs that measure updates, and what else could be used, measure what they say."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import pytest
from readme_text import section

from transformer import arch as arches
from transformer.toolchain import find

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import peers  # noqa: E402  (benchmarks/ is no package)
import updates  # noqa: E402

HOST = arches.host()


@cache
def _table() -> dict[str, list[str]]:
    """Rows of the README's table of what else could be used, by their first cell."""
    rows = re.findall(r"^\|(.*)\|$", section("What else could be used"), re.MULTILINE)
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    return {first: rest for first, *rest in cells}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return updates.build(HOST, find(HOST), "inline", tmp_path_factory.mktemp("updates"), 200)


def test_each_subject_is_updated_and_has_a_bare_cost(program: Path) -> None:
    """Its text changes, or there were no bare cost; the program checks where its sites go."""
    found = {row.name: row for row in updates.latencies(program, 0, 1)}
    assert set(found) == set(updates.TITLES)
    assert all(row.bare > 0 and row.update > 0 for row in found.values())


def test_a_program_whose_text_is_not_written_has_no_bare_cost(tmp_path: Path) -> None:
    slot = updates.build(HOST, find(HOST), "slot", tmp_path, 200)
    assert updates.latencies(slot, 0, 1) == []
    assert set(updates.rates(slot, 0, 0.01)) == set(updates.TITLES)


def test_a_missed_target_is_said() -> None:
    assert "MISSED" in updates._verdict(3.5, 3.0, most=True)
    assert "MISSED" in updates._verdict(99.0, 100.0, most=False)
    assert "met" in updates._verdict(2.5, 3.0, most=True)
    assert updates._verdict(2.5, None, most=True) == ""


def test_the_readme_has_each_point_of_the_comparison() -> None:
    assert {point.title for point in peers.POINTS} <= set(_table())


def _cells() -> list[object]:
    """Each point for our two ways; in the fast suite what no other test builds."""
    return [
        pytest.param(
            point, number, marks=() if fast else pytest.mark.full, id=f"{way.title}, {point.title}"
        )
        for point in peers.POINTS
        for number, way in enumerate(peers.OURS)
        for fast in [point.program == "shared" and number == 1]
    ]


@pytest.mark.parametrize(("point", "number"), _cells())
def test_the_readme_says_of_patched_calls_what_the_programs_show(
    point: peers.Point, number: int, tmp_path: Path
) -> None:
    cc, musl = peers.compilers(HOST)
    cell, reason = peers.outcome(peers.OURS[number], point, musl if point.musl else cc, tmp_path)
    assert cell == _table()[point.title][number], reason
