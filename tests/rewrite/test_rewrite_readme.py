"""What the README says of `rewrite` in a build is what happens."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import header_project as project
import pytest
from readme_text import blocks, section

import transformer
from transformer.runtime import header_dir, runtime_source

TITLE = "Rewriting in a build"
ROOT = str(Path(transformer.__file__).parents[1])
CC = project.COMPILERS[0]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    project.write(tmp_path, project.FILES)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, words in (
        ("sc-transform", f"{shlex.quote(sys.executable)} -m transformer"),
        ("cc", _cc()),
    ):
        (bin_folder / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (bin_folder / name).chmod(0o755)
    return tmp_path


def _cc() -> str:
    return shlex.join(CC.hosted if CC.linker else CC.command)


def shell(*words: str) -> str:
    path = f"{Path('bin').absolute()}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": ROOT, "LC_ALL": "C"}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_for_make(desk: Path) -> None:
    if not shutil.which("make"):
        pytest.skip("no make here")
    (rules,) = blocks(TITLE, "make")
    runtime = f"-I{header_dir('plain')} {runtime_source(project.HOST)} -pthread"
    link = f"prog: out/src/a.o out/src/b.o\n\tcc $^ {runtime}"
    flags = "CFLAGS = -O2 -Iinclude\nCC = cc\n"
    (desk / "Makefile").write_text(f"{flags}{link} -o $@\n{rules}")
    assert "rewrite" in shell("make", "-j2", "prog")
    assert shell("./prog") == project.OUTPUT
    assert "up to date" in shell("make", "prog")
    header = desk / "include/x.h"
    header.write_text(header.read_text().replace("? 1 : 2", "? 8 : 9"))
    again = shell("make", "prog")
    assert "rewrite --out-dir out src/a.c" in again and "rewrite --out-dir out src/b.c" in again
    assert shell("./prog") == project.OUTPUT.replace("8 0 2 ", "8 0 9 ").replace(
        "20 1 1 ", "20 1 8 "
    )


def test_what_is_written(desk: Path) -> None:
    assert project.rewrite("src/a.c", "--out-dir", "out") == 0
    said = section(TITLE)
    for name in ("out/src/a.c", "out/include/x.h", "out/src/a.c.cflags", "out/src/a.c.d"):
        assert f"`{name}`" in said and (desk / name).is_file()


def test_a_diff(desk: Path) -> None:
    assert "`sc-transform rewrite --diff demo.c`" in section(TITLE)
    shutil.copy("src/b.c", "demo.c")
    shell("sc-transform", "rewrite", "--diff", "demo.c", "--", "-Iinclude")
