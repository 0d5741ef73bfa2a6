"""Units with idioms: what a build sees is the plain compiler's, and the objects link and run."""

from __future__ import annotations

import shlex
from pathlib import Path

import commandlines
import pytest
from differential import Bench, Outcome, compare
from launching import FAMILIES

LOWERED = b"__sc_register"
OBJECTS = (".o", ".s", ".bc", ".dwo", ".su")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), cache, commandlines.IDIOM_FILES)


def without_objects(outcome: Outcome) -> Outcome:
    """Objects, and what tells of their code, by their names alone."""
    files = {n: b"" if n.endswith(OBJECTS) else data for n, data in outcome.files.items()}
    return Outcome(outcome.status, outcome.stdout, outcome.stderr, files)


def check(family: str, text: str, product: str, bench: Bench) -> None:
    command = [family, *shlex.split(text)]
    plain = without_objects(bench.run(command, **bench.offered()))
    launched = bench.launched(command)
    assert compare(plain, plain, without_objects(launched)) == []
    transformed = {n for n, data in launched.files.items() if n.endswith(".o") and LOWERED in data}
    assert transformed == ({product} if product else set())
    if product:
        linked = bench.launched([family, product, "-o", "prog"], fill=False)
        assert (linked.status, linked.stderr) == (0, b"")
        assert bench.run(["./prog"], fill=False).stdout.decode() == commandlines.SAYS


@pytest.mark.parametrize(("text", "product"), commandlines.IDIOMS[::2])
def test_all_but_the_object_is_the_compilers(text: str, product: str, bench: Bench) -> None:
    check(FAMILIES[0], text, product, bench)


@pytest.mark.full
@pytest.mark.parametrize(("text", "product"), commandlines.IDIOMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_for_all_lines_and_compilers(
    family: str, text: str, product: str, bench: Bench
) -> None:
    check(family, text, product, bench)
