"""What the builds of a case share is compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest

from transformer.arch import Variant, host, load, names
from transformer.corpus.build import Builder, Setting
from transformer.corpus.case import find_cases
from transformer.corpus.oracle import build_oracle
from transformer.corpus.transformed import build_transformed, rewrite_case
from transformer.corpus.truth import find_truth
from transformer.toolchain import available

ARCH = host() or load(names()[0])
CASE = Path(__file__).parents[2] / "corpus" / "my_key"
MODE = "trampoline"


@pytest.mark.parametrize(("variant", "compiled"), [(ARCH.variants[-1], 1), (None, 2)])
def test_the_oracle_takes_the_harness_of_the_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variant: Variant | None, compiled: int
) -> None:
    texts: list[str] = []
    harness = Builder.harness

    def seen(builder: Builder, name: str, text: str) -> Path:
        texts.append(text)
        return harness(builder, name, text)

    monkeypatch.setattr(Builder, "harness", seen)
    compiler, case = available(ARCH)[-1], find_cases(CASE)[0]
    rewritten = rewrite_case(case, ARCH, MODE, compiler)
    built = build_oracle(case, ARCH, compiler, tmp_path / "oracle", tmp_path, variant)
    for level in ("-O0", "-O2"):
        setting = Setting(ARCH, compiler, ARCH.variants[-1], level)
        build_transformed(built, rewritten, setting, MODE, tmp_path / f"built{level}", tmp_path)
    assert len(texts) == compiled
    assert len(set(texts)) == 1
    assert find_truth(built, ARCH, rewritten.sites).actions
