"""Results as JSON Lines: what is written is whole, and is read back as it was."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from transformer.corpus.results import CaseResult, Failure, Schedule, Step
from transformer.report.jsonl import JournalFile, Lines, finished, line, result_of, task_record


def a_result(status: str = "pass") -> CaseResult:
    result = CaseResult("case", "some", "slot", "clang", "plain-O2", status, level="-O2")
    result.count("dispatch", 3)
    result.counts["schedules"] = 70
    return result


def a_failure() -> CaseResult:
    result = a_result()
    steps = (Step(0, "store", 16, "f+0x4 (a.c:1)", "stores e9"), Step(1, "fetch", 16, "f", "jmp"))
    schedule = Schedule("update k = b", "call site", steps, "it called NULL", ("nop", "jmp"))
    result.fail(Failure("fetch", "wrong", "f+0x4", disassembly=("0: nop",), schedule=schedule))
    return result


def through_json(result: CaseResult) -> CaseResult:
    return result_of(json.loads(line(task_record("key", [result])))["results"][0])


@pytest.mark.parametrize("result", [a_result(), a_failure()])
def test_a_result_is_read_back_as_it_was(result: CaseResult) -> None:
    assert through_json(result) == result


def test_finished_tasks_are_known_by_their_keys_and_errors_are_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    journal = JournalFile([Lines(path)], {}, "1/1")
    journal.begin(3, [])
    journal.add("good", [a_result()])
    journal.add("bad", [a_failure()])
    journal.add("broken", [a_result("error")])
    journal.end(None, "interrupted")
    assert finished(path) == {"good": [a_result()], "bad": [a_failure()]}


def test_no_file_is_an_empty_one(tmp_path: Path) -> None:
    assert finished(tmp_path / "none.jsonl") == {}


def test_a_torn_last_line_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"kind":"run"}\n{"kind":"task","key":"ab')
    assert finished(path) == {}
    lines = Lines(path, add=True)
    lines.write({"kind": "end"})
    lines.close()
    assert [json.loads(row)["kind"] for row in path.read_text().splitlines()] == ["run", "end"]


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.jsonl"
    lines = Lines(path)
    lines.write({"kind": "run"})
    write, calls = os.pwrite, []

    def full(file: int, data: bytes, offset: int) -> int:
        calls.append(offset)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[:5], offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        lines.write({"kind": "task", "key": "k"})
    lines.close()
    assert path.read_text() == '{"kind":"run"}\n'
