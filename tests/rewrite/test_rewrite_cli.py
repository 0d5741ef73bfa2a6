"""`sc-transform rewrite` and its configuration."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rewrite_builds import BUILDS

import transformer
from transformer.cli.common import Usage
from transformer.cli.main import main
from transformer.configuration import Configuration, configuration

ROOT = str(Path(transformer.__file__).parents[1])
ARCH = BUILDS[0][0]
GOOD = "#include <sc/sc.h>\nint f(int);\nDEFINE_STATIC_CALL(k, f);\n"
WRONG = GOOD + "int t(void) { return static_call(none)(1); }\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("ARCH", "MODE", "CC"):
        monkeypatch.delenv(f"SC_TRANSFORM_{name}", raising=False)
    (tmp_path / "t.c").write_text(GOOD)
    return tmp_path


def run(*words: str) -> int:
    return main(["rewrite", "--arch", ARCH, *words])


def test_output_goes_to_standard_output_or_a_file(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run("t.c") == 0
    text = capfdbinary.readouterr().out
    assert b"__sc_define_call  (k, f, 1);" in text
    assert run("t.c", "-o", "out.c") == 0
    assert (folder / "out.c").read_bytes() == text


def test_standard_input(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "near.h").write_text("int f(int);\n")
    text = io.TextIOWrapper(io.BytesIO(b'#include "near.h"\n' + WRONG.encode()))
    monkeypatch.setattr("sys.stdin", text)
    assert run("-") == 1
    assert "<stdin>:5:22: error: no static call 'none'" in capfd.readouterr().err


def test_errors_leave_the_output_alone(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "t.c").write_text(WRONG)
    (folder / "out.c").write_text("before")
    assert run("t.c", "-o", "out.c") == 1
    assert (folder / "out.c").read_text() == "before"
    assert sorted(p.name for p in folder.iterdir()) == ["out.c", "t.c"]
    assert "t.c:4:22: error:" in capfd.readouterr().err


def told(capfd: pytest.CaptureFixture[str], form: str) -> list[dict[str, Any]]:
    """The results of the document that was written to standard error."""
    whole = json.loads(capfd.readouterr().err)
    results: list[dict[str, Any]] = whole if form == "json" else whole["runs"][0]["results"]
    return results


def test_diagnostics_as_json(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "t.c").write_text(WRONG)
    assert run("t.c", "--diagnostics-format", "json") == 1
    (found,) = told(capfd, "json")
    assert (found["id"], found["line"], found["column"]) == ("sc-unknown-key", 4, 22)


def test_diagnostics_as_sarif(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "t.c").write_text(WRONG)
    assert run("t.c", "--diagnostics-format=sarif") == 1
    (found,) = told(capfd, "sarif")
    place = found["locations"][0]["physicalLocation"]
    assert found["ruleId"] == "sc-unknown-key"
    assert place["artifactLocation"]["uri"] == "t.c"
    assert (place["region"]["startLine"], place["region"]["startColumn"]) == (4, 22)


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_a_document_is_whole_whatever_happens(
    form: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("t.c", "-o", "out.c", f"--diagnostics-format={form}") == 0
    assert told(capfd, form) == []
    for words in (["none.c"], ["t.c", "-o", "no/such/x.c"], ["t.c", "--cc", "/no/such/cc"]):
        assert run(*words, f"--diagnostics-format={form}") == 1
        (found,) = told(capfd, form)
        assert found.get("id", found.get("ruleId")) in ("sc-input", "sc-compiler")


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_wrong_usage_is_told_as_text(
    form: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("t.c", "--mode", "fast", f"--diagnostics-format={form}") == 2
    assert capfd.readouterr().err.startswith("sc-transform: error: ")


def test_a_terminal_gets_colours(folder: Path) -> None:
    (folder / "t.c").write_text(WRONG)
    words = [sys.executable, "-m", "transformer", "rewrite", "--arch", ARCH, "t.c"]
    environment = {**os.environ, "TERM": "xterm", "GCC_COLORS": "error=34", "PYTHONPATH": ROOT}
    environment.pop("NO_COLOR", None)
    for more, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        try:
            ours, theirs = pty.openpty()
        except OSError as e:
            pytest.skip(f"no terminal can be made here: {e}")
        subprocess.run(words, stderr=theirs, env={**environment, **more}, check=False)
        os.close(theirs)
        said = os.read(ours, 100_000)
        os.close(ours)
        assert (b"\033[34m\033[Kerror: \033[m\033[K" in said) == coloured
        assert (b"\033" in said) == coloured and b"error: " in said


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["none.c"], 1, "cannot read this file"),
        (["t.c", "-o", "no/such/folder/x.c"], 1, "no/such/folder"),
        (["t.c", "--mode", "fast"], 2, "no mode 'fast'"),
        (["t.c", "--dynamic", "f"], 2, "FUNCTION=VALUE"),
        (["t.c", "--dynamic", "none=0"], 1, "defines no function 'none'"),
        (["t.c", "--dynamic-lowering", "both"], 2, "invalid choice"),
        (["t.c", "--cc", "/no/such/cc"], 1, "/no/such/cc"),
        ([], 2, "FILE"),
    ],
)
def test_what_is_refused(
    words: list[str], status: int, said: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == status
    assert said in capfd.readouterr().err


def test_an_unknown_arch_is_wrong_usage(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["rewrite", "t.c", "--arch", "vax"]) == 2
    assert "unknown arch 'vax'" in capfd.readouterr().err


def test_a_full_disk_is_an_error_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, os.strerror(28), str(path))

    monkeypatch.setattr("transformer.cli.common.write_whole", full)
    assert run("t.c", "-o", "out.c") == 1
    assert "No space left" in capfd.readouterr().err and not (folder / "out.c").exists()


def test_flags_reach_the_compiler(folder: Path) -> None:
    (folder / "inc").mkdir()
    (folder / "inc" / "x.h").write_text("int f(int);\n")
    (folder / "t.c").write_text(
        "#include <sc/sc.h>\n#include <x.h>\n#if defined A && defined B\n"
        "DEFINE_STATIC_CALL(k, f);\n#endif\n"
    )
    assert run("t.c", "-o", "out.c", "-I", "inc", "-D", "A", "--", "-DB=1") == 0
    assert "static" not in (folder / "out.c").read_text().lower().replace("__sc_", "")


def test_dynamic_functions_from_the_command_line(folder: Path) -> None:
    (folder / "t.c").write_text("#include <sc/sc.h>\nint f(int a) { return a; }\n")
    assert run("t.c", "-o", "out.c", "--dynamic", "f=-1", "--dynamic-lowering", "key") == 0
    assert "__sc_dynamic_guard(f, -1)" in (folder / "out.c").read_text()


def test_configuration_is_the_nearest_file_and_the_environment_wins(folder: Path) -> None:
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.sc-transform]\nmode = "slot"\n')
    assert configuration(inner, {}) == Configuration(mode="slot")
    (folder / "a" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert configuration(inner, {}).mode == "slot"
    (folder / "a" / "sc-transform.toml").write_text(
        'arch = "a"\ncc = "gcc -m64"\ncflags = ["-O2"]\ndynamic-lowering = "call"\n'
        'dynamic = { f = 0, g = "", h = "NULL", i = true }\n'
    )
    found = configuration(inner, {"SC_TRANSFORM_ARCH": "b", "SC_TRANSFORM_MODE": ""})
    assert found == Configuration(
        "b", None, "gcc -m64", ("-O2",), {"f": "0", "g": "", "h": "NULL", "i": "1"}, "call"
    )


@pytest.mark.parametrize(
    "text", ['mod = "slot"', "mode = 3", "cflags = [1]", "dynamic = 3", "mode = "]
)
def test_wrong_configuration_is_wrong_usage(text: str, folder: Path) -> None:
    (folder / "sc-transform.toml").write_text(text + "\n")
    with pytest.raises(Usage, match=r"sc-transform\.toml"):
        configuration(folder, {})
    assert run("t.c") == 2


def test_the_command_line_wins(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "sc-transform.toml").write_text('mode = "fast"\n')
    assert run("t.c") == 2
    assert run("t.c", "--mode", "slot") == 0
    assert "'fast'" in capfd.readouterr().err


def test_a_projects_dynamic_functions_touch_only_the_files_that_define_them(folder: Path) -> None:
    (folder / "sc-transform.toml").write_text(
        'dynamic-lowering = "key"\ndynamic = { f = 0, g = "1", h = "2" }\n'
    )
    (folder / "t.c").write_text("#include <sc/sc.h>\nint g(int);\nint f(int a) { return g(a); }\n")
    assert run("t.c", "-o", "out.c") == 0
    text = (folder / "out.c").read_text()
    assert "__sc_dynamic_guard(f, 0)" in text and "int g(int);" in text
