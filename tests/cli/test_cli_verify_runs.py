"""Runs of ``verify`` that are parts of others, go on from others, or are cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from transformer.arch import host, names

ARCH = str(getattr(host(), "name", None) or names()[0])
CASE = "corpus/refuse_bare_call"
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
