"""Parts of a run: which tasks a shard gets, and how a finished task is known again."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import transformer
from transformer.arch import templates_dir
from transformer.corpus.case import Case

T = TypeVar("T")

_INCLUDE = re.compile(rb"""^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]""", re.MULTILINE)
_PACKAGES = ("pycparser", "jinja2", "pyelftools", "unicorn", "capstone")
_FILES = ("-include", "-imacros")
_FOLDERS = ("-iquote", "-isystem", "-idirafter", "-I")


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
    """Of all that a task's results hang on: the tool, the files that it reads, the settings.

    It is the same wherever the case's folder lies.
    """
    digest = hashlib.sha256(tool_digest().encode())
    for path in _files(case):
        name = os.path.relpath(path, case.folder)
        digest.update(f"{name}\0".encode() + path.read_bytes())
    digest.update(repr(what).encode())
    return digest.hexdigest()[:32]


def _files(case: Case) -> list[Path]:
    """The case's own files, and those that they include from elsewhere."""
    found = dict.fromkeys(case.units)
    if not case.invented:
        found |= dict.fromkeys(sorted(f for f in case.folder.rglob("*") if f.is_file()))
    folders, named = _searched(case.flags)
    found |= dict.fromkeys(f for f in named if f.is_file())
    left = list(found)
    while left:
        path = left.pop()
        for word in _INCLUDE.findall(path.read_bytes()):
            places = (folder / os.fsdecode(word) for folder in (path.parent, *folders))
            file = next((Path(os.path.normpath(p)) for p in places if p.is_file()), None)
            if file is not None and file not in found:
                found[file] = None
                left.append(file)
    return list(found)


def _searched(flags: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """The folders that flags name for includes, and the files that they include."""
    folders: list[Path] = []
    files: list[Path] = []
    words = iter(flags)
    for word in words:
        option = next((o for o in (*_FOLDERS, *_FILES) if word.startswith(o)), "")
        if option:
            value = Path(word.removeprefix(option) or next(words, ""))
            (folders if option in _FOLDERS else files).append(value.absolute())
    return folders, files


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # it was not installed by pip
        return ""


@cache
def tool_digest() -> str:
    """Of the tool itself, templates included, and of the packages that it does its work by."""
    digest = hashlib.sha256(repr([_version(p) for p in _PACKAGES]).encode())
    for folder in (Path(transformer.__file__).parent, templates_dir()):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.read_bytes())
    return digest.hexdigest()
