"""The launcher's own options, variables and files: which wins, and what is wrong usage."""

from __future__ import annotations

from pathlib import Path

import pytest
from launching import CALLS, FAMILIES, PLAIN, Desk

from transformer.launcher.settings import Settings, Wrong, settle, take
from transformer.launcher.state import State


def settled(folder: Path, *words: str, **env: str) -> Settings:
    environment = {"SC_CACHE": str(folder / "cache"), **env}
    return settle(take(list(words))[0], environment, str(folder), State(environment))


def test_own_options_are_taken_from_anywhere_and_all_else_is_kept() -> None:
    words = ["--sc-mode=slot", "gcc", "-c", "--sc-log", "a log", "a.c", "-DX=--sc-no", "--", "-s"]
    own, rest = take(words)
    assert own == {"mode": ["slot"], "log": ["a log"]}
    assert rest == ["gcc", "-c", "a.c", "-DX=--sc-no", "--", "-s"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sc-mod=slot"], "unknown option '--sc-mod=slot'"),
        (["gcc", "--sc-mode"], "needs a value"),
    ],
)
def test_options_that_are_none(words: list[str], said: str) -> None:
    with pytest.raises(Wrong, match=said):
        take(words)


@pytest.mark.parametrize(
    "words",
    [
        ["--sc-mode=fast"],
        ["--sc-profile=bsd"],
        ["--sc-dynamic-lowering=both"],
        ["--sc-dynamic=f"],
        ["--sc-dynamic=1f=0"],
        ["--sc-config=/no/such/file.toml"],
    ],
)
def test_values_that_are_wrong(words: list[str], tmp_path: Path) -> None:
    with pytest.raises(Wrong):
        settled(tmp_path, *words)


def test_the_command_line_wins_over_the_environment_over_the_file(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "sc-transform.toml").write_text('mode = "slot"\n[dynamic]\nf = 0\n')
    assert settled(inner).mode == "slot"
    assert settled(inner, SC_TRANSFORM_MODE="generic").mode == "generic"
    both = settled(inner, "--sc-mode=trampoline", SC_TRANSFORM_MODE="generic")
    assert both.mode == "trampoline"
    assert settled(inner, "--sc-config=").mode is None


def test_dynamic_functions_come_together(tmp_path: Path) -> None:
    (tmp_path / "sc-transform.toml").write_text("[dynamic]\nf = 0\ng = 1\n")
    found = settled(
        tmp_path, "--sc-dynamic=g=2", "--sc-dynamic=v=", SC_TRANSFORM_DYNAMIC="h=-1;f=3"
    )
    assert found.dynamic == {"f": "3", "g": "2", "h": "-1", "v": ""}


def test_of_two_files_the_nearest_of_a_project_with_our_table_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a"
    inner.mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.sc-transform]\nlog = "x.log"\n')
    (inner / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert settled(inner).log == str(tmp_path / "x.log")  # relative to the file that names it
    (inner / "sc-transform.toml").write_text('profile = "linux"\n')
    assert settled(inner).profile == "linux"


def test_what_was_parsed_once_is_parsed_again_only_where_the_file_changed(tmp_path: Path) -> None:
    path = tmp_path / "sc-transform.toml"
    path.write_text('mode = "slot"\n')
    assert settled(tmp_path).mode == "slot"
    path.write_text('mode = "generic"\n')
    assert settled(tmp_path).mode == "generic"
    path.unlink()
    assert settled(tmp_path).mode is None


@pytest.mark.parametrize("content", [b"", b"junk", b"\xe3\x00"])
def test_a_memory_that_is_broken_is_made_anew(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "sc-transform.toml").write_text('mode = "slot"\n')
    settled(tmp_path)
    (state,) = (tmp_path / "cache").glob("*.state")
    assert state.stat().st_size
    state.write_bytes(content)
    assert settled(tmp_path).mode == "slot"


def test_wrong_options_end_it_before_the_compiler_runs(desk: Desk) -> None:
    desk.write("plain.c", PLAIN)
    desk.script("marking-gcc", "echo run >ran")
    for words in (["--sc-mode=fast"], ["--sc-nothing=1"], ["--sc-config=none.toml"]):
        done = desk.cc(*words, "marking-gcc", "-c", "plain.c", status=2)
        assert done.stderr.startswith("sc-transform: error: ") and "[-Wsc-launcher]" in done.stderr
    desk.write("sc-transform.toml", "mode = 3\n")
    done = desk.cc("marking-gcc", "-c", "plain.c", status=2)
    assert "sc-transform.toml" in done.stderr
    assert not (desk.folder / "ran").exists()


def test_an_arch_or_mode_that_there_is_not_is_wrong_usage(desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    done = desk.cc("--sc-arch=pdp11", FAMILIES[0], "-c", "demo.c", status=2)
    assert "no arch is called 'pdp11'" in done.stderr


def test_without_a_compiler_and_with_one_that_there_is_not(desk: Desk) -> None:
    assert desk.cc(status=2).stderr.startswith("usage: sc-transform cc")
    assert desk.cc("--help").stdout.startswith("usage: sc-transform cc")
    done = desk.cc("no-such-gcc", "-c", "x.c", status=127)
    assert done.stderr == "sc-transform: no-such-gcc: command not found\n"
    desk.write("no-program-gcc", "x")
    assert "ermission" in desk.cc("./no-program-gcc", "--version", status=126).stderr


def test_the_variables_reach_a_build(desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.cc(FAMILIES[0], "-c", "demo.c", SC_TRANSFORM_MODE="generic")
    assert b"__sc_register" not in desk.data("demo.o")
    desk.cc(FAMILIES[0], "-c", "demo.c", SC_TRANSFORM_MODE="slot")
    assert b"__sc_register" in desk.data("demo.o")
