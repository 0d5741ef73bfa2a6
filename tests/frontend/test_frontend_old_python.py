"""Python before 3.11.5 gets other patterns, which match alike (CPython's issue 106052)."""

from __future__ import annotations

import random
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from transformer.frontend import chunks, lexing

OLD = sys.version_info < (3, 11, 5)  # this Python itself
ROOT = Path(__file__).resolve().parents[2]
PIECES = ["/*", "*/", "*", "//", "\\\n", "\\ \r\n", "\\", "\n", '"', "'", "#", "# 1", "%:", "/",
          "(", ")", "{", "}", "static_call", "x", "u8", 'R"', 'R"a(', ')a"', "\\u00e1", "\\n", " ",
          "DEFINE_STATIC_KEY_TRUE", "<%", "%>", "1e+", ";"]  # fmt: skip


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The two modules as an old Python has them."""
    monkeypatch.setattr(sys, "version_info", (3, 11, 2, "final", 0))
    names = runpy.run_path(lexing.__file__)
    monkeypatch.setattr(lexing, "many", names["many"])
    return names | {"_STEP": runpy.run_path(chunks.__file__)["_STEP"]}


def texts() -> list[str]:
    chance = random.Random(6)
    made = ["".join(chance.choices(PIECES, k=chance.randrange(1, 40))) for _ in range(3000)]
    return made + [p.read_text("latin-1") for p in (ROOT / "corpus").rglob("*.[ch]")]


def test_the_patterns_are_others(old: dict[str, Any]) -> None:
    for name in ("_RAW", "MARKABLE", "_DIRECTIVE_RE", "_PREPROCESSED"):
        assert "(?>" in old[name].pattern
        assert ("(?>" in getattr(lexing, name).pattern) is OLD
    assert "(?>" in old["_STEP"].pattern
    assert ("(?>" in chunks._STEP.pattern) is OLD


def test_they_match_alike(old: dict[str, Any]) -> None:
    seen = 0
    for text in texts():
        for directives in (False, True):
            tokens = list(lexing.raw_tokens(text, directives=directives))
            assert list(old["raw_tokens"](text, directives=directives)) == tokens, text
        assert old["tokens"](text) == lexing.tokens(text), text
        for name, now in (("MARKABLE", lexing.MARKABLE), ("_STEP", chunks._STEP)):
            spans = [m.span() for m in now.finditer(text)]
            assert [m.span() for m in old[name].finditer(text)] == spans, text
            seen += len(spans)
    assert seen > 20_000
