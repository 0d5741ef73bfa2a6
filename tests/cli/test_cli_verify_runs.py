"""Runs of ``verify`` that are parts of others, go on from others, or are cut off."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transformer.arch import host, load, names
from transformer.corpus import shards
from transformer.corpus.case import find_cases
from transformer.corpus.verify import _tasks
from transformer.toolchain import available

ARCH = str(getattr(host(), "name", None) or names()[0])
CASE = "corpus/refuse_bare_call"
CASE_COMPILERS = available(load(ARCH))
COMMAND = [sys.executable, "-m", "transformer", "verify", "--arch", ARCH]


def verify(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, CASE, *words], capture_output=True, text=True, check=False, **more
    )


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.read_text().splitlines()]


def cells(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    tasks = [r for r in rows if r["kind"] == "task"]
    names = ("case", "arch", "mode", "compiler")
    return [tuple(c[n] for n in names) for t in tasks for c in t["results"]]


def test_shards_are_the_whole_run_each_cell_once(tmp_path: Path) -> None:
    every: list[tuple[str, ...]] = []
    for k in (1, 2):
        path = tmp_path / f"{k}.jsonl"
        assert (
            verify("--shard", f"{k}/2", "--format", "jsonl", "--output", str(path)).returncode == 0
        )
        every += cells(records(path))
    whole = verify("--format", "jsonl")
    assert sorted(every) == sorted(cells([json.loads(r) for r in whole.stdout.splitlines()]))
    assert len(set(every)) == len(every) > 1


def test_a_run_goes_on_where_another_ended(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    assert verify("--resume", str(path)).returncode == 0
    first = records(path)
    again = verify("--resume", str(path))
    added = [r["kind"] for r in records(path)[len(first) :]]
    assert again.returncode == 0 and "task" not in added and added[-1] == "end"
    assert "refused" in again.stdout or "passed" in again.stdout


def test_a_page_of_restored_results_is_the_page_of_the_run(tmp_path: Path) -> None:
    path, pages = tmp_path / "run.jsonl", [tmp_path / "1.html", tmp_path / "2.html"]
    words = ["--mode", "slot,inline", "--levels", "few", "--format", "html"]
    for page in pages:
        done = subprocess.run(
            [*COMMAND, "corpus/twelve_arguments", *words, "--resume", path, "--output", page],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    first, second = (re.sub(r"<b>[\d.]+</b> s<", "", p.read_text()) for p in pages)
    assert "__SCT__" in first and first == second
    assert [r["kind"] for r in records(path)].count("task") == len(CASE_COMPILERS)


def keys(folder: Path, **changed: Any) -> list[str]:
    """Of the tasks of a folder's cases on one arch."""
    chosen = [load(ARCH)]
    tasks = _tasks(find_cases(folder), chosen, "all", "all", "few", folder)
    return [replace(t, **changed).key for t in tasks]


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case's folder, which reads a header beside it."""
    folder = tmp_path / "one" / "case"
    shutil.copytree("corpus/twelve_arguments", folder)
    (folder.parent / "near.h").write_text("#define NEAR 1\n")
    unit = next(folder.glob("*.c"))
    unit.write_text(f'#include "../near.h"\n{unit.read_text()}')
    return folder


def test_a_task_is_known_again_in_another_folder(case: Path, tmp_path: Path) -> None:
    other = tmp_path / "two" / "deeper" / "case"
    shutil.copytree(case.parent, other.parent)
    assert len(set(keys(case))) == len(CASE_COMPILERS) and keys(case) == keys(other)


@pytest.mark.parametrize("what", ["places", "second", "exhaustive"])
def test_a_task_that_is_asked_for_more_is_another(case: Path, what: str) -> None:
    assert not set(keys(case)) & set(keys(case, **{what: True}))


@pytest.mark.parametrize("file", ["case/case.toml", "case/*.c", "near.h"])
def test_a_task_whose_files_changed_is_another(case: Path, file: str) -> None:
    before = keys(case)
    path = next(case.parent.glob(file))
    path.write_text(path.read_text() + "\n")
    assert not set(before) & set(keys(case))


@pytest.mark.parametrize("package", ["unicorn", "capstone", "pycparser"])
def test_a_task_by_another_version_of_a_package_is_another(
    case: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = keys(case)
    found = shards.version
    monkeypatch.setattr(shards, "version", lambda p: "0.0" if p == package else found(p))
    shards.tool_digest.cache_clear()
    try:
        assert not set(before) & set(keys(case))
    finally:
        shards.tool_digest.cache_clear()


def test_what_flags_have_a_task_read_is_in_its_key(case: Path, tmp_path: Path) -> None:
    folder, forced = tmp_path / "include", tmp_path / "forced.h"
    folder.mkdir()
    (folder / "far.h").write_text("")
    forced.write_text("#include <far.h>\n")
    found = [replace(c, cflags=("-include", str(forced), f"-I{folder}")) for c in find_cases(case)]

    def key() -> str:
        return next(iter(_tasks(found, [load(ARCH)], "all", "all", "few", case))).key

    before = key()
    assert before == key()
    (folder / "far.h").write_text("#define FAR 1\n")
    assert before != key()


@pytest.mark.parametrize("words", [("--shard", "3/2"), ("--shard", "x"), ("--shard", "0/1")])
def test_a_shard_that_is_none_is_wrong_usage(words: tuple[str, ...]) -> None:
    done = verify(*words)
    assert done.returncode == 2 and "--shard takes K/N" in done.stderr


def test_a_file_that_holds_no_results_is_not_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("[1]\n")
    done = verify("--resume", str(path))
    assert done.returncode == 2 and "no results to go on from" in done.stderr
    assert path.read_text() == "[1]\n"


@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGINT, "1"), (signal.SIGTERM, "2")])
def test_an_interrupted_run_leaves_whole_lines_and_nothing_else(
    tmp_path: Path, number: signal.Signals, jobs: str
) -> None:
    path, temporary = tmp_path / "run.jsonl", tmp_path / "tmp"
    temporary.mkdir()
    words = ["-j", jobs, "--no-cache", "--mode", "generic,slot", "--resume", str(path)]
    command = [*COMMAND, "corpus/twelve_arguments", *words]
    child = subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        start_new_session=True,
    )
    begun = f"sc-verify-*/{'*' if jobs == '2' else child.pid}-*/*"
    while child.poll() is None and not list(temporary.glob(begun)):
        time.sleep(0.01)
    os.kill(child.pid, number)
    told = child.communicate(timeout=30)[0]
    assert child.returncode == 128 + number, told
    rows = records(path)
    assert rows[-1] == {"kind": "end", "complete": False, "why": "interrupted"}
    assert list(temporary.iterdir()) == []
