"""A folder of made files: written whole or not at all, and made anew only if it is ours.

A list of what was written, with its hashes, stays in the folder (``LIST``, in
the form that ``sha256sum -c`` reads).  By it the next run tells what it may
replace or remove.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from transformer.diagnostics import Diagnostic, ScError

LIST = ".sc-transform.sha256"


def write_folder(folder: Path, files: Mapping[str, str], *, force: bool = False) -> None:
    """Fills ``folder``, which is made where it is not there.

    ``ScError``, and nothing has changed, where it holds something that is not
    ours, or of ours but changed since, or where the system refuses.  With
    ``force`` what is ours by name is replaced, and the rest stays as it is.
    """
    data = {name: text.encode() for name, text in files.items()}
    data[LIST] = _list(data)
    try:
        folder = folder.resolve()
        if not folder.is_dir():
            _create(folder, data)
            return
        listed = _listed(folder)
        if not force:
            _only_ours(folder, listed)
        _nothing_in_the_way(folder, data)
        gone = [n for n in listed if n not in data and _digest(folder / n) == listed[n]]
        _replace(folder, data, gone)
    except OSError as e:
        raise _error(folder, f"cannot write here: {e.strerror or e}") from e


def _error(path: Path, text: str) -> ScError:
    return ScError(Diagnostic("error", "sc-input", text, str(path)))


def _list(data: Mapping[str, bytes]) -> bytes:
    rows = [f"{hashlib.sha256(data[name]).hexdigest()}  {name}\n" for name in sorted(data)]
    return "".join(rows).encode()


def _listed(folder: Path) -> dict[str, str]:
    """The hashes of what was written here, by name; empty where nothing was."""
    path = folder / LIST
    if path.is_symlink() or not path.is_file():
        return {}
    rows = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = [row.split("  ", 1) for row in rows]
    return {p[1]: p[0] for p in pairs if len(p) == 2 and _is_below(folder, p[1])}


def _is_below(folder: Path, name: str) -> bool:
    """Whether a name in a list, which anybody may have written, stays in the folder."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts:
        return False
    return not any((folder / p).is_symlink() for p in [pure, *pure.parents])


def _digest(path: Path) -> str | None:
    if path.is_symlink() or not path.is_file():
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _only_ours(folder: Path, listed: Mapping[str, str]) -> None:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name == LIST or (path.is_dir() and not path.is_symlink()):
            continue
        if name not in listed:
            text = "was not written by sc-transform: give an empty folder, or --force to keep it"
            raise _error(path, f"{text} and replace the rest")
        if _digest(path) != listed[name]:
            raise _error(path, "was changed since sc-transform wrote it: --force replaces it")


def _nothing_in_the_way(folder: Path, data: Mapping[str, bytes]) -> None:
    for name in data:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            raise _error(path, "is a folder, where a file is to be written")
        for parent in PurePosixPath(name).parents:
            above = folder / parent
            if above.is_symlink() or (above.exists() and not above.is_dir()):
                raise _error(above, "is no folder, where one is needed")


def _create(folder: Path, data: Mapping[str, bytes]) -> None:
    """A new folder, under another name until it is whole."""
    made = _make_folder(folder.parent)
    try:
        with _staged(folder.parent, data) as stage:
            (stage / "new").rename(folder)
    except BaseException:
        for path in reversed(made):
            path.rmdir()
        raise


def _replace(folder: Path, data: Mapping[str, bytes], gone: list[str]) -> None:
    """Moves files into a folder and ``gone`` out of it; all goes back where one fails."""
    with _staged(folder, data) as stage:
        moved: list[tuple[Path, Path]] = []
        made: list[Path] = []
        try:
            for name in [*gone, *data]:
                if os.path.lexists(folder / name):
                    moved.append(_move(folder / name, stage / "old" / name))
            for name in data:
                made += _make_folder((folder / name).parent)
                moved.append(_move(stage / "new" / name, folder / name))
        except BaseException:
            for source, target in reversed(moved):
                target.rename(source)
            for path in reversed(made):
                path.rmdir()
            raise
    for name in gone:
        _remove_empty(folder, PurePosixPath(name).parent)


def _move(source: Path, target: Path) -> tuple[Path, Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)
    return source, target


def _make_folder(path: Path) -> list[Path]:
    """Makes it and those above it; gives the new ones, the outermost first."""
    if path.is_dir():
        return []
    made = _make_folder(path.parent)
    path.mkdir()
    return [*made, path]


def _remove_empty(folder: Path, name: PurePosixPath) -> None:
    path = folder / name
    while path != folder and path.is_dir() and not any(path.iterdir()):
        path.rmdir()
        path = path.parent


@contextmanager
def _staged(beside: Path, data: Mapping[str, bytes]) -> Iterator[Path]:
    """A temporary folder that holds the files, in ``new``; gone at the end."""
    stage = Path(tempfile.mkdtemp(prefix=".sc-transform-", dir=beside))
    try:
        for name, text in data.items():
            path = stage / "new" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
