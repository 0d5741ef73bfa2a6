"""Parts of a run: which tasks a shard gets, and how a finished task is known again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import transformer
from transformer.arch import templates_dir
from transformer.corpus.case import Case

T = TypeVar("T")


def part(tasks: Sequence[T], size: Callable[[T], int], number: int, count: int) -> list[T]:
    """The tasks of one of ``count`` shards, 1 and up.

    Each task goes to the shard that has the least so far, so that the shards
    take about as long as one another; together they are all tasks, each once.
    """
    loads = [0] * count
    found = []
    for task in tasks:
        least = loads.index(min(loads))
        loads[least] += size(task)
        if least == number - 1:
            found.append(task)
    return found


def fingerprint(case: Case, *what: object) -> str:
    """Of all that a task's results hang on: the tool, the case's files, the settings."""
    digest = hashlib.sha256(tool_digest().encode())
    files = list(case.units)
    if not case.invented:
        files += sorted(f for f in case.folder.rglob("*") if f.is_file() and f not in files)
    for path in files:
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    digest.update(repr(what).encode())
    return digest.hexdigest()[:32]


@cache
def tool_digest() -> str:
    """Of the tool itself, templates included."""
    digest = hashlib.sha256()
    for folder in (Path(transformer.__file__).parent, templates_dir()):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.read_bytes())
    return digest.hexdigest()
