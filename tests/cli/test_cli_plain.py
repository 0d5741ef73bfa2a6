"""Plain command lines are taken as argparse takes them, and cost no import of it."""

from __future__ import annotations

import contextlib
import random
import shlex

import pytest

from transformer.cli import rewrite
from transformer.cli.main import _parsed, _plain
from transformer.cli.plain import Plain

PARTS = [
    "-o out.c", "-o ''", "-o -", "-o -x", "-o", "--arch arm64", "--mode slot", "--cc gcc", "-I x",
    "-I y", "-Iz", "-D A=1", "--dynamic f=1", "--dynamic g=", "--profile linux", "--profile none",
    "--profile=sc", "--prof linux", "--left", "--diff", "--diff", "--no-check", "--root .",
    "--out-dir d", "--dynamic-lowering key", "--diagnostics-format json", "--help", "--none", "-",
    "-h", "''", "b.c", "--no-check=1",
]  # fmt: skip


def test_they_give_what_argparse_gives(capsys: pytest.CaptureFixture[str]) -> None:
    chance, taken = random.Random(6), 0
    for _ in range(1500):
        some = [*chance.sample(PARTS, chance.randrange(5)), *chance.choices(["a.c", ""], [9, 1])]
        chance.shuffle(some)
        words = shlex.split(" ".join(some))
        found = _plain(rewrite, words, ["-O2"])
        if found is not None:
            assert vars(found) == vars(_parsed("rewrite", rewrite, words, ["-O2"])), words
            taken += 1
    assert taken > 300


@pytest.mark.parametrize(
    "line",
    ["a.c", "a.c -o out.c", "--profile linux --no-check --cc gcc -o out.c a.c", "-I x -I y a.c"],
)
def test_what_a_build_says_needs_no_argparse(line: str) -> None:
    assert _plain(rewrite, line.split(), []) is not None


@pytest.mark.parametrize("line", ["", "a.c b.c", "--help", "a.c -o", "a.c --profile x", "-Ix a.c"])
def test_what_argparse_has_a_say_in_is_left_to_it(line: str) -> None:
    assert _plain(rewrite, line.split(), []) is None
    with contextlib.suppress(SystemExit):
        _parsed("rewrite", rewrite, line.split(), [])


def test_values_of_one_line_are_not_those_of_the_next() -> None:
    plain = Plain()
    rewrite.add_arguments(plain)  # type: ignore[arg-type]
    first, second = plain.parsed(["-I", "x", "a.c"]), plain.parsed(["a.c"])
    assert first and second
    assert (first.include, second.include) == (["x"], [])
