"""A fast part of the fuzzer's work, and that it sees what it is to see."""

from __future__ import annotations

from pathlib import Path

import fuzz
import pytest
from pure_stages import Rewritten

from transformer.lowering import Edit

EXECUTIONS = 300


def test_damaged_files_are_rewritten_or_refused(tmp_path: Path) -> None:
    fuzzer = fuzz.Fuzzer(tmp_path, size=1200)
    for number in range(EXECUTIONS):
        fuzzer.run(number)
    assert not fuzzer.found
    assert fuzzer.outcomes.total() == EXECUTIONS
    assert min(fuzzer.outcomes[what] for what in ("rewritten", "refused", "the same")) > 30


DATA = b'int f(void) { return static_call(k)(1); } /* static_call(k) */ char *s = "x";\n'
GOOD = Edit(21, 32, "__sc_call", "static_call(k)")


@pytest.mark.parametrize(
    ("text", "edits", "said"),
    [
        (DATA + b"\n", (GOOD,), "a line more or less"),
        (DATA.replace(b"int", b"lng"), (Edit(0, 3, "lng", "?"),), "an edit of 'int'"),
        (DATA.replace(b"/* s", b"/* S"), (Edit(45, 45, "S", "?"),), "within a string or comment"),
        (DATA, (GOOD,), "edits that change nothing"),
        (DATA.replace(b"(1)", b"(2)"), (), "a second rewriting changes"),
    ],
)
def test_broken_promises_are_found(
    monkeypatch: pytest.MonkeyPatch, text: bytes, edits: tuple[Edit, ...], said: str
) -> None:
    again = Rewritten(DATA, (GOOD,))
    monkeypatch.setattr(fuzz, "rewritten", lambda *_: again)
    with pytest.raises(fuzz.Broken, match=said):
        fuzz._judged(DATA, Rewritten(text, edits), fuzz.Way(), False)


def test_exceptions_and_hangs_are_findings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def hangs(*_: object) -> str:
        while True:
            pass

    def fails(*_: object) -> str:
        raise KeyError("x")

    monkeypatch.setattr(fuzz, "_SECONDS", 1)
    fuzzer = fuzz.Fuzzer(tmp_path, size=1200)
    for wrong in (hangs, fails, fails):
        monkeypatch.setattr(fuzz, "tried", wrong)
        fuzzer.try_(DATA, 7)
    assert [kind.split()[0] for kind in fuzzer.found] == ["Hang", "KeyError"]
    assert sorted(f.suffix for f in tmp_path.iterdir()) == [".c", ".c", ".txt", ".txt"]
    assert fuzzer.outcomes == {"found": 3}
    assert "found: Hang" in capsys.readouterr().out
