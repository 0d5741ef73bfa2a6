"""sc-transform annotate: a filter between the compiler and the assembler."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from transformer.arch import load
from transformer.assembly import annotate
from transformer.cli.main import main

TEXT = b"f:\n\tcall\t__SCT__k\n\tjmp\t__SCT__k\n\tcall\t__SCT__other\n"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    path = tmp_path / "unit.s"
    path.write_bytes(TEXT)
    return path


def test_it_writes_what_the_library_gives(unit: Path, tmp_path: Path) -> None:
    for profile in ("sc", "linux"):
        words = ["-o", str(tmp_path / "out.s"), "--arch", "x86_64", "--profile", profile]
        assert main(["annotate", str(unit), *words]) == 0
        wanted = annotate(TEXT, load("x86_64"), profile=profile)
        assert (tmp_path / "out.s").read_bytes() == wanted.text
    assert unit.read_bytes() == TEXT


def test_a_file_may_be_replaced_by_itself(unit: Path) -> None:
    assert main(["annotate", str(unit), "-o", str(unit), "--arch", "x86_64"]) == 0
    assert b"static_call_sites" in unit.read_bytes()
    assert list(unit.parent.iterdir()) == [unit]


def test_standard_input_and_output(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    assert main(["annotate", "-", "--arch", "arm64"]) == 0
    assert capfdbinary.readouterr().out == annotate(TEXT, load("arm64")).text


def test_the_list_tells_sites_by_key(unit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["-o", "/dev/null", "--arch", "x86_64", "--list"]
    assert main(["annotate", str(unit), *words]) == 0
    rows = capsys.readouterr().err.splitlines()
    assert rows[0].split() == ["k", "2"]
    assert rows[1].split() == ["call", ".text", "line", "2"]
    assert rows[2].split() == ["tail", ".text", "line", "3"]
    assert rows[-1] == "3 sites of 2 keys"


def test_addresses_are_told_but_not_in_linux(
    unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unit.write_text('\t.file 1 "a.c"\n\t.loc 1 5 2\n\tleaq\t__SCT__k(%rip), %rax\n')
    words = [str(unit), "-o", "/dev/null", "--arch", "x86_64"]
    assert main(["annotate", *words]) == 0
    told = capsys.readouterr().err
    assert told.startswith("a.c:5: note: the address of the trampoline of 'k' is taken")
    assert "[-Wsc-trampoline-address]" in told
    for more in (["--quiet"], ["--profile", "linux"]):
        assert main(["annotate", *words, *more]) == 0
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_notes_as_a_document(form: str, unit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unit.write_text('\t.file 1 "a.c"\n\t.loc 1 5 2\n\tleaq\t__SCT__k(%rip), %rax\n')
    words = ["-o", "/dev/null", "--arch", "x86_64", f"--diagnostics-format={form}"]
    counts = []
    for file, more, status in ((unit, [], 0), (unit, ["--quiet"], 0), ("none.s", [], 1)):
        assert main(["annotate", str(file), *words, *more]) == status
        whole = json.loads(capsys.readouterr().err)
        counts.append(len(whole if form == "json" else whole["runs"][0]["results"]))
    assert counts == [1, 0, 1]
    assert main(["annotate", str(unit), *words, "--list"]) == 2


def test_what_cannot_be_read_or_written(
    unit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["annotate", str(tmp_path / "none.s"), "--arch", "x86_64"]) == 1
    assert "none.s: error: cannot read this file" in capsys.readouterr().err
    assert main(["annotate", str(unit), "-o", str(tmp_path / "no/x.s"), "--arch", "x86_64"]) == 1
    assert "cannot write this file" in capsys.readouterr().err
    assert main(["annotate", str(unit), "--arch", "none"]) == 2
    assert main(["annotate", str(unit), "--profile", "bsd"]) == 2
