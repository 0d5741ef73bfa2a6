"""A leaf: temporary folders without ``tempfile``, which imports what compresses and draws lots."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_VARIABLES = ("TMPDIR", "TEMP", "TMP")
_FOLDERS = ("/tmp", "/var/tmp", "/usr/tmp", ".")


@contextmanager
def scratch(prefix: str = "sc-transform-") -> Iterator[Path]:
    """A new folder, the user's alone, that is gone afterwards; ``OSError`` where none can be.

    It is made where ``tempfile`` would make it (library reference, "gettempdir").
    """
    folder = _made(prefix)
    try:
        yield folder
    finally:
        _remove(folder)


def _made(prefix: str) -> Path:
    where = [value for name in _VARIABLES if (value := os.environ.get(name))]
    for folder in (*where, *_FOLDERS):
        path = Path.cwd() / folder / f"{prefix}{os.urandom(6).hex()}"
        try:
            path.mkdir(0o700)
        except OSError as e:
            error = e
        else:
            return path
    raise error


def _remove(folder: Path) -> None:
    try:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    except OSError:  # a folder within, or all is gone already
        from shutil import rmtree

        rmtree(folder, ignore_errors=True)
