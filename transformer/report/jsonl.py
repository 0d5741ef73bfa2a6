"""Results as JSON Lines, written as they come: one object on each line.

The kinds of lines are ``run`` (how much there is to do), ``selftest``,
``task`` (all results of a case on an arch by a compiler, with the ``key`` by
which a later run knows it again) and ``end``.  A file without an ``end``, or
whose last line is torn, is one of a run that was cut off: what it has is valid.
"""

from __future__ import annotations

import json
import os
import stat
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

from transformer.corpus.results import CaseResult, VerifyReport
from transformer.report.totals import totals

VERSION = 1


class Lines:
    """A file that holds whole lines only, whatever happens to the disk or to us.

    ``path`` None is standard output; pipes and devices are written to as they
    are.  With ``add`` lines come behind those that are there.
    """

    def __init__(self, path: Path | None, *, add: bool = False) -> None:
        self._file, self._end = os.dup(1) if path is None else _open(path, add), 0
        self._regular = stat.S_ISREG(os.fstat(self._file).st_mode) and path is not None
        if path is not None and add and self._regular:
            self._end = _whole(path)
        if self._regular:
            os.ftruncate(self._file, self._end)

    def write(self, record: dict[str, Any]) -> None:
        """Adds a line; ``OSError`` where that fails, and then the file is as before."""
        data = line(record).encode()
        done = 0
        try:
            while done < len(data):
                if self._regular:
                    done += os.pwrite(self._file, data[done:], self._end + done)
                else:
                    done += os.write(self._file, data[done:])
        except BaseException:
            if self._regular:
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(data)

    def close(self) -> None:
        os.close(self._file)


class JournalFile:
    """Writes to some files as results come; ``known`` are those of an earlier run."""

    def __init__(
        self, files: Sequence[Lines], known: Mapping[str, list[CaseResult]], shard: str
    ) -> None:
        self.known = known
        self._files = files
        self._shard = shard

    def begin(self, tasks: int, selftests: Sequence[CaseResult]) -> None:
        self._write(run_record(tasks, self._shard))
        for result in selftests:
            self._write(selftest_record(result))

    def add(self, key: str, results: Sequence[CaseResult]) -> None:
        self._write(task_record(key, results))

    def end(self, report: VerifyReport | None, why: str = "") -> None:
        """Call it once, whatever has happened."""
        try:
            self._write(end_record(report, why))
        finally:
            for file in self._files:
                file.close()

    def _write(self, record: dict[str, Any]) -> None:
        for file in self._files:
            file.write(record)


def _open(path: Path, add: bool) -> int:
    flags = os.O_RDWR if add else os.O_WRONLY
    return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o666)


def line(record: dict[str, Any]) -> str:
    """One record with its newline."""
    return json.dumps(record, separators=(",", ":")) + "\n"


def run_record(tasks: int, shard: str) -> dict[str, Any]:
    return {"kind": "run", "version": VERSION, "tasks": tasks, "shard": shard}


def selftest_record(result: CaseResult) -> dict[str, Any]:
    return {"kind": "selftest", "result": _slim(result)}


def task_record(key: str, results: Sequence[CaseResult]) -> dict[str, Any]:
    return {"kind": "task", "key": key, "results": [_slim(r) for r in results]}


def end_record(report: VerifyReport | None, why: str = "") -> dict[str, Any]:
    """``complete`` tells whether all was done, else ``why`` tells what cut it off."""
    if report is None:
        return {"kind": "end", "complete": False, "why": why}
    sums = asdict(totals(report))
    return {"kind": "end", "complete": True, "ok": report.ok, "totals": sums}


def finished(path: Path) -> dict[str, list[CaseResult]]:
    """The results of each finished task of a file by its key; {} where there is no file.

    What ended in an error is not finished: it is tried again.
    """
    found = {}
    for record in _records(path):
        if record.get("kind") == "task":
            results = [result_of(r) for r in record["results"]]
            if all(r.status != "error" for r in results):
                found[str(record["key"])] = results
    return found


def result_of(data: dict[str, Any]) -> CaseResult:
    """The result that a line tells of."""
    result: CaseResult = _build(CaseResult, data)
    return result


def _slim(result: CaseResult) -> dict[str, Any]:
    """Without what is as it is when nothing is said."""
    whole, plain = asdict(result), asdict(CaseResult("", "", "", "", ""))
    return {k: v for k, v in whole.items() if v != plain[k]}


def _records(path: Path) -> Iterable[dict[str, Any]]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    for row in data.splitlines(keepends=True):
        if row.endswith(b"\n"):
            record = json.loads(row)
            if not isinstance(record, dict):
                raise ValueError("a line holds no object")
            yield record


def _whole(path: Path) -> int:
    """How many bytes of the file are whole lines."""
    return path.read_bytes().rfind(b"\n") + 1


def _build(kind: Any, data: Any) -> Any:
    """A value of a type from what ``asdict`` and JSON made of one."""
    if data is None or kind in (Any, None):
        return data
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _build(next(k for k in inner if k is not types.NoneType), data)
    if origin in (list, tuple):
        return origin(_build(inner[0], item) for item in data)
    if origin is dict:
        return {k: _build(inner[1], v) for k, v in data.items()}
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        known = {f.name for f in fields(kind)} & data.keys()
        return typing.cast(Any, kind)(**{n: _build(hints[n], data[n]) for n in known})
    return data
