"""Setting up: once, whole, and anew where it was cut off.  Python is a stand-in here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Logs what it is asked; makes an environment that holds a copy of itself.
STAND_IN = """\
#!/bin/sh
echo "$*" >>"$LOG"
case "$1 $2" in
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip") exit "${PIP_STATUS:-0}" ;;
--version*) echo "Python 3.11.0" ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout under a path with a space, with ``python3`` first in PATH."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").touch()
    (folder / "transformer" / "launcher").mkdir(parents=True)
    (folder / "transformer" / "launcher" / "sc-transform").touch()
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python3"
    python.write_text(STAND_IN)
    python.chmod(0o755)
    return folder


def make(clone: Path, target: str, **env: str) -> tuple[int, list[str]]:
    """Exit status, and what Python was asked to do."""
    log = clone.parent / "log"
    log.write_text("")
    path = f"{clone.parent / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["make", target],
        cwd=clone,
        env={**os.environ, "PATH": path, "LOG": str(log), **env, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
    )
    asked = [row for row in log.read_text().splitlines() if row.startswith("-m ")]
    return done.returncode, [row.split()[1] for row in asked]


def test_the_first_run_sets_up_and_the_second_does_not(clone: Path) -> None:
    assert make(clone, "test") == (0, ["venv", "pip", "pytest"])
    assert make(clone, "test") == (0, ["pytest"])


def test_a_set_up_that_was_cut_off_begins_anew(clone: Path) -> None:
    status, asked = make(clone, "test", PIP_STATUS="1")
    assert (status != 0, asked) == (True, ["venv", "pip"])
    half = clone / ".venv" / "half-installed"
    half.touch()
    assert make(clone, "test") == (0, ["venv", "pip", "pytest"])
    assert not half.exists()


def test_new_requirements_are_installed_into_what_is_there(clone: Path) -> None:
    make(clone, "test")
    kept = clone / ".venv" / "kept"
    kept.touch()
    later = (clone / ".venv" / ".ready").stat().st_mtime + 5
    os.utime(clone / "pyproject.toml", (later, later))
    assert make(clone, "test") == (0, ["pip", "pytest"])
    assert kept.exists()


def test_lint_needs_more_and_sets_it_up_once(clone: Path) -> None:
    assert make(clone, "lint") == (0, ["venv", "pip", "pip", "ruff", "ruff", "mypy"])
    assert make(clone, "lint") == (0, ["ruff", "ruff", "mypy"])


def test_clean_leaves_nothing(clone: Path) -> None:
    for folder in ("transformer", "tests", "benchmarks"):
        (clone / folder / "__pycache__").mkdir(parents=True)
    make(clone, "test")
    assert make(clone, "clean")[0] == 0
    assert not (clone / ".venv").exists()
    assert not list(clone.rglob("__pycache__"))
