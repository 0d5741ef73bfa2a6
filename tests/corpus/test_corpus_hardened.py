"""Hardened builds: each is made in turn, and a case with checked pointers passes in it."""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from transformer import verify
from transformer.arch import Arch, load, names
from transformer.corpus.levels import ALL, TURNS, hardened
from transformer.toolchain import Compiler, available

CASES = Path(__file__).parents[2] / "corpus"
ENGINE = importlib.import_module("transformer.corpus.verify")


def clang(arch: Arch) -> Compiler:
    return available(arch, ("clang",))[0]


@pytest.mark.parametrize("name", names())
def test_every_hardened_build_has_its_turn(name: str) -> None:
    arch, compiler = load(name), clang(load(name))
    seen = Counter(
        (mode, number)
        for turn in range(60)
        for mode in arch.modes
        for number, _ in hardened(arch, compiler, mode, TURNS, turn)
    )
    assert seen.total() == 60, "one in each turn"
    every = {(m, n) for m in arch.modes for n, _ in hardened(arch, compiler, m, ALL, 0)}
    assert set(seen) == every and every
    fitting = [v for v in arch.hardened if not v.compilers or "clang" in v.compilers]
    assert {n for _, n in every} == {len(arch.variants) + arch.hardened.index(v) for v in fitting}


def test_what_a_compiler_does_not_know_is_not_built() -> None:
    arch = load(names()[0])
    unknown = replace(arch.hardened[-1], cflags=("-fno-such-thing-as-this",), compilers=())
    strange = replace(arch, hardened=(unknown,))
    assert hardened(strange, clang(arch), arch.default_mode, ALL, 0) == []


@pytest.mark.parametrize("name", names())
def test_pointers_to_dynamic_functions_and_slot_paths(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ENGINE, "settings", lambda *_: [])
    report = verify(
        [CASES / "dynamic_callers"], arches=name, modes="slot", compilers="clang", levels=ALL
    )
    assert [f.render() for r in report.results for f in r.failures] == []
    assert report.ok and len(report.results) >= 1
    assert report.checks["flow"] and report.checks["unwind"]
