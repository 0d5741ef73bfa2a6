"""The folder that rewritten units and headers are put into, by several processes at once.

Each file there is put together from what every unit decides that reads it, so
that it is the same whatever the order; who decided what is kept beside, in a
folder of its own.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from transformer.diagnostics import Diagnostic, ScError
from transformer.quick import may_hold_idioms
from transformer.rewriting.decisions import Kept, decided
from transformer.rewriting.headers import Header, WithHeaders

_KEPT = ".sc-transform"
_LOCK = "lock"


@dataclass(frozen=True)
class Store:
    """``folder`` is made if need be; ``root`` is that of the layout.

    ``options`` tells runs apart whose words differ.
    """

    folder: Path
    root: str
    options: str

    def put(self, done: WithHeaders, beside: Mapping[str, str]) -> None:
        """A unit, its headers and texts whose names are the unit's with a suffix.

        Headers and texts that are the same already are left alone, times and all.
        """
        for file in (done.own, *done.headers):
            copy = self.folder / file.place
            if copy.exists() and not copy.is_symlink() and copy.samefile(file.path):
                raise ScError(_refused(copy, "the result would take the place of the file itself"))
        spelling: list[Header] = []
        for header in done.headers:
            if _spells(header):
                spelling.append(header)
            else:
                self._link(header)
        place = done.own.place
        with self._locked():
            self._forget()
            for header in spelling:
                self._write(header.place, self._decided(header, place), anew=False)
            plain = done.preprocessed or not (done.own.edits or _spells(done.own))
            unit = done.unit.text if plain else self._decided(done.own, place)
        for suffix, text in beside.items():
            self._write(place + suffix, text.encode("utf-8", "surrogateescape"), anew=False)
        self._write(place, unit, anew=True)

    def _forget(self) -> None:
        """Copies of files that are gone must not be found before what is included instead.

        A link to such a file leads nowhere, and compilers pass it by.
        """
        records = self.folder / _KEPT
        for record in sorted(records.rglob("*.json")):
            place = record.relative_to(records).with_suffix("")
            gone = not os.path.lexists(Path(self.root, place))
            if gone and self._kept("").is_of(record.read_text(errors="replace")):
                self._path(str(place)).unlink(missing_ok=True)
                record.unlink()

    def _kept(self, text: str) -> Kept:
        return Kept(text, self.options, os.path.realpath(self.root))

    def _decided(self, file: Header, unit: str) -> bytes:
        """A file's copy with what this unit and others decide."""
        place = str(Path(_KEPT, file.place + ".json"))
        kept = self._kept(file.text)
        path = self._path(place)
        if path.is_file():
            kept = kept.read(path.read_bytes().decode("utf-8", "replace"))
        kept = kept.by(unit, decided(file.edits))
        self._write(place, kept.document().encode(), anew=False)
        return kept.result().encode("latin-1")

    def _path(self, place: str) -> Path:
        """Where a file is put; ``ScError`` where links lead it out of the folder."""
        path = self.folder / place
        real = Path(os.path.realpath(path.parent))
        if not real.is_relative_to(os.path.realpath(self.folder)):
            raise ScError(_refused(path, "a link leads out of the folder for the results here"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _write(self, place: str, data: bytes, *, anew: bool) -> None:
        path = self._path(place)
        if not anew and not path.is_symlink() and path.is_file() and path.read_bytes() == data:
            return
        with _replacing(path) as temporary:
            temporary.write_bytes(data)

    def _link(self, header: Header) -> None:
        """A header that spells no idiom stays the user's own, and up to date."""
        path = self._path(header.place)
        target = os.path.relpath(os.path.realpath(header.path), os.path.realpath(path.parent))
        if path.is_symlink() and str(path.readlink()) == target:
            return
        with _replacing(path) as temporary:
            temporary.symlink_to(target)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._path(str(Path(_KEPT, _LOCK))).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A new file's name, in a folder of its own: it takes the old one's place, links' too."""
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        yield temporary
        temporary.replace(path)


def _spells(file: Header) -> bool:
    return may_hold_idioms(file.text.encode("latin-1"))


def _refused(path: Path, text: str) -> Diagnostic:
    return Diagnostic("error", "sc-input", text, str(path))
