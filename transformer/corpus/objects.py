"""Compiled objects by content: what was compiled once, by anybody, is not compiled again.

An object hangs on the compiler, its flags, the source's text and the files that
the source includes.  The compiler lists the latter (``-MD``); an entry holds
where each of them lay and a digest of it, and is used while all are the same.
Several processes may use a cache at once: files appear whole, by a rename.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from transformer.runtime import cache_dir
from transformer.toolchain import Compiler, Completed

_MOST_BYTES = 1 << 30
_LEAST_AGE = 3600.0  # seconds since its last use, before which nothing is thrown away
_LINK = "objects"
_MOST_ENTRIES = 8  # of one source text, whose headers differ
_CONTINUED = re.compile(r"\\\n")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")

Compile = Callable[[Path, Path, Sequence[str]], Completed]  # (source, output, flags)


class ObjectCache:
    """The objects in a folder; without one nothing is kept, and all is compiled."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def make(
        self,
        how: str,
        compiler: Compiler,
        source: Path,
        output: Path,
        flags: Sequence[str],
        run: Compile,
        *,
        cwd: Path,
    ) -> Completed:
        """``output`` from the cache, else by ``run``, and then it is kept.

        ``how`` is what ``run`` does.  ``source`` is relative to ``cwd`` where its
        name shows in the object, which then does not hang on where ``cwd`` lies.
        """
        if self.folder is None:
            return run(source, output, flags)
        name = source.name if source.is_absolute() else str(source)
        words = (how, compiler.command, compiler.version, tuple(flags), name)
        key = _digest(repr(words).encode() + (cwd / source).read_bytes())
        entry = self.folder / key[:2] / f"{key}.json"
        if _find(entry, output, cwd):
            return Completed((how,), 0, b"", "")
        output.unlink(missing_ok=True)  # it may be a kept object, which must not be written
        listed = output.with_name(f"{output.name}.d")
        done = run(source, output, [*flags, "-MD", "-MF", str(listed)])
        if done.ok:
            with contextlib.suppress(OSError):  # a full disk: then it is not kept
                _keep(entry, output, _included(listed, cwd))
        listed.unlink(missing_ok=True)
        return done


def cache_in(shared: Path) -> ObjectCache:
    """The cache of a run, whose folder of shared files has a link to it, if there is one."""
    link = shared / _LINK
    return ObjectCache(link if link.is_dir() else None)


def use_cache(shared: Path) -> None:
    """Has the run with this folder of shared files keep its objects."""
    with contextlib.suppress(OSError):
        default_folder().mkdir(parents=True, exist_ok=True)
        (shared / _LINK).symlink_to(default_folder(), target_is_directory=True)


def default_folder() -> Path:
    """Where objects are kept, unless a user says that none are."""
    return cache_dir() / "objects"


def prune(folder: Path, most: int = _MOST_BYTES) -> None:
    """Throws away what was not used for longest, until at most ``most`` bytes are left."""
    found = []
    for path in folder.glob("*/*"):
        with contextlib.suppress(OSError):  # another process was faster
            seen = path.stat()
            found.append((seen.st_mtime, seen.st_size, path))
    size, now = sum(f[1] for f in found), time.time()
    for used, bytes_, path in sorted(found):
        if size <= most or now - used < _LEAST_AGE:
            return
        path.unlink(missing_ok=True)
        size -= bytes_


def _find(entry: Path, output: Path, cwd: Path) -> bool:
    """Makes ``output`` what was kept of the same text and the same included files."""
    for includes, name in _entries(entry):
        if all(_file_digest(cwd / path) == digest for path, digest in includes):
            with contextlib.suppress(OSError):
                os.utime(entry)
            return _take(entry.parent / name, output)
    return False


def _take(kept: Path, output: Path) -> bool:
    """Makes ``output`` the same file, and notes that it was used."""
    try:
        output.unlink(missing_ok=True)
        os.utime(kept)
        try:
            os.link(kept, output)
        except OSError:  # on another disk
            shutil.copyfile(kept, output)
    except OSError:
        return False
    return True


def _keep(entry: Path, output: Path, includes: Sequence[tuple[str, str]]) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    data = output.read_bytes()
    kept = entry.parent / f"{_digest(data)}.o"
    if not kept.is_file():
        _write(kept, data)
    rows = [(i, n) for i, n in _entries(entry) if n != kept.name]
    rows = [(list(includes), kept.name), *rows][:_MOST_ENTRIES]
    _write(entry, json.dumps(rows).encode())


def _write(path: Path, data: bytes) -> None:
    """The whole file or none of it."""
    handle, fresh = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def _entries(entry: Path) -> list[tuple[list[tuple[str, str]], str]]:
    """(what was included, object's name) for each version of the headers."""
    try:
        rows = json.loads(entry.read_bytes())
        return [([(str(p), str(d)) for p, d in includes], str(name)) for includes, name in rows]
    except (OSError, ValueError, TypeError):
        return []


def _included(listed: Path, cwd: Path) -> list[tuple[str, str]]:
    """The files that a compiler says it read, with their digests; an assembler says nothing."""
    if not listed.is_file():
        return []
    return [(path, _file_digest(cwd / path)) for path in _prerequisites(listed)]


def _prerequisites(listed: Path) -> Iterator[str]:
    """Of a Makefile's one rule, without the target; blanks in names are escaped."""
    text = _CONTINUED.sub(" ", listed.read_text(encoding="utf-8", errors="surrogateescape"))
    _, _, names = text.partition(": ")
    for word in dict.fromkeys(_WORD.findall(names)):
        yield re.sub(r"\\(.)", r"\1", word).replace("$$", "$")


def _file_digest(path: Path) -> str:
    """Of a file's content, "" where there is none; headers are read once while they stay."""
    try:
        seen = path.stat()
        return _content(str(path), seen.st_mtime_ns, seen.st_size, seen.st_ino)
    except OSError:
        return ""


@cache
def _content(path: str, *_: int) -> str:
    return _digest(Path(path).read_bytes())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
