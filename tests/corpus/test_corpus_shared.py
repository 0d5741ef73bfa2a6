"""What the builds of a case share is compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest

from transformer import runtime
from transformer.arch import Variant, host, load, names
from transformer.corpus.build import ORACLE, Builder, Setting
from transformer.corpus.case import find_cases
from transformer.corpus.oracle import build_oracle, compile_plain
from transformer.corpus.symbols import is_runtime, read_symbols
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


def test_a_unit_is_asked_for_its_names_without_the_plain_runtime(tmp_path: Path) -> None:
    setting = Setting(ARCH, available(ARCH)[-1], ORACLE, "-O0")
    builder, case = Builder(setting, tmp_path / "plain", tmp_path), find_cases(CASE)[0]
    (own,), _ = compile_plain(case, builder, typed=False)
    source = builder.write("whole.c", f'#include "{case.units[0]}"\n')
    headers = runtime.header_dir("plain")
    whole = read_symbols(builder.unit(source, headers, case.flags, "the unit"))
    bodies = {n for n in whole.functions if is_runtime(n)}
    assert "static_key_enable" in bodies
    assert not any(is_runtime(n) for n in own.functions)
    assert {n: s for n, s in whole.functions.items() if not is_runtime(n)} == own.functions
    assert own.keys == whole.keys
    left = {n for n in own.undefined if not is_runtime(n)}
    assert left <= whole.undefined
    assert whole.undefined - left <= {"memcpy", "memset"}  # the bodies', and models have them
