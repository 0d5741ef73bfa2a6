"""What ``verify`` hands on, and what it makes of the results; the proof itself is elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import transformer.corpus
from transformer import arch
from transformer.cli import verify as command
from transformer.cli.main import main
from transformer.corpus.results import CaseResult, Failure, VerifyReport
from transformer.toolchain import CompilerMissing

NAMES = arch.names()


class Proof:
    """Stands in for the proof: keeps what it was asked, gives what it was told."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.report = VerifyReport([CaseResult("c", NAMES[0], "slot", "gcc", "plain")], [], 1.0)

    def __call__(self, paths: list[Path], **more: Any) -> VerifyReport:
        self.asked = {"paths": paths, **more}
        return self.report


@pytest.fixture
def proof(monkeypatch: pytest.MonkeyPatch) -> Proof:
    made = Proof()
    monkeypatch.setattr(transformer.corpus, "verify", made)
    return made


def missing(arch: object, family: str) -> None:
    raise CompilerMissing(f"no {family}")


def test_all_is_the_default(proof: Proof) -> None:
    assert main(["verify", "a", "b"]) == 0
    modes = {m for n in NAMES for m in arch.load(n).modes}
    assert proof.asked["paths"] == [Path("a"), Path("b")]
    assert proof.asked["arches"] == NAMES
    assert set(proof.asked["modes"]) == modes
    assert proof.asked["compilers"] == ["gcc", "clang"]
    assert proof.asked["pattern"] is None
    assert proof.asked["progress"] is None  # no terminal here


def test_what_is_given_again_is_added(proof: Proof) -> None:
    assert main(["verify", "a", "--mode", "slot", "--mode", "generic,inline"]) == 0
    assert proof.asked["modes"] == ["slot", "generic", "inline"]


@pytest.mark.parametrize(
    ("words", "levels"),
    [
        ([], "turns"),
        (["--levels", "all"], "all"),
        (["--levels", "turns"], "turns"),
        (["--levels", "O3,O0"], ["-O3", "-O0"]),
        (["--levels=-Os"], ["-Os"]),
    ],
)
def test_levels(proof: Proof, words: list[str], levels: object) -> None:
    assert main(["verify", "a", *words]) == 0
    assert proof.asked["levels"] == levels


def test_an_unknown_level_is_wrong_usage(proof: Proof, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "a", "--levels", "O2,O9"]) == 2
    assert "unknown level 'O9'; there are: O0, O1, O2, O3, Os" in capsys.readouterr().err


def test_what_is_chosen_is_handed_on(proof: Proof) -> None:
    words = ["--arch", f"{NAMES[1]},{NAMES[0]}", "--mode", "slot", "--compiler", "clang"]
    assert main(["verify", "a", *words, "-j", "3", "-k", "log*"]) == 0
    assert proof.asked["arches"] == [NAMES[1], NAMES[0]]
    assert proof.asked["modes"] == ["slot"]
    assert proof.asked["compilers"] == ["clang"]
    assert (proof.asked["jobs"], proof.asked["pattern"]) == (3, "log*")


@pytest.mark.parametrize(("status", "exit_status"), [("pass", 0), ("fail", 1), ("error", 1)])
def test_the_exit_status_is_the_verdict(proof: Proof, status: str, exit_status: int) -> None:
    proof.report.results[0].status = status
    assert main(["verify", "a"]) == exit_status


def test_a_failed_self_test_of_the_emulator_fails_the_run(proof: Proof) -> None:
    proof.report.selftests.append(CaseResult("blind", NAMES[0], "", "", "", "fail"))
    assert main(["verify", "a"]) == 1


def test_nothing_verified_is_no_success(proof: Proof, capsys: pytest.CaptureFixture[str]) -> None:
    proof.report.results.clear()
    assert main(["verify", "a", "-k", "nothing"]) == 2
    assert "nothing to verify" in capsys.readouterr().err


def test_an_emulator_that_fails_its_self_tests_is_no_wrong_usage(
    proof: Proof, capsys: pytest.CaptureFixture[str]
) -> None:
    blind = CaseResult("blind", NAMES[0], "", "", "", "fail", failures=[Failure("selftest", "no")])
    proof.report = VerifyReport([], [blind], 0.1)
    assert main(["verify", "a"]) == 1
    assert "FAIL blind" in capsys.readouterr().out


def test_a_missing_compiler_is_noted_or_refused_where_it_was_asked_for(
    proof: Proof, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find", missing)
    assert main(["verify", "a"]) == 0
    assert "note: not verified: no gcc" in capsys.readouterr().out
    assert main(["verify", "a", "--compiler", "gcc"]) == 1
    assert "no gcc [-Wsc-compiler]" in capsys.readouterr().err


def test_reports_go_to_files_whole(
    proof: Proof, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = CaseResult("d", NAMES[0], "slot", "gcc", "plain")
    failed.fail(Failure("dispatch", "wrong target", "d.c:3", "f", "g"))
    proof.report.results.append(failed)
    for form in ("json", "junit", "text", "html"):
        output = tmp_path / form
        assert main(["verify", "a", "--format", form, "--output", str(output)]) == 1
    assert json.loads((tmp_path / "json").read_text())["totals"]["cells"] == {"pass": 1, "fail": 1}
    assert ET.parse(tmp_path / "junit").getroot().get("failures") == "1"
    assert "d.c:3: wrong target" in (tmp_path / "text").read_text()
    assert "<title>Wrong: 1 of" in (tmp_path / "html").read_text()
    assert capsys.readouterr().out == ""
    assert len(list(tmp_path.iterdir())) == 4
