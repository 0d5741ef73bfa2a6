"""The folder that rewritten units and headers are put into, by several processes at once.

A header is decided word by word, by every unit that reads it.  What one unit
does not see stays as it is spelled until another sees it; where two decide
differently it stays so for ever, and the lowered headers expand it.  (Of a
guard, the form that loads a flag is right for both.)  So the copy is the same
whatever the order.  The decisions are kept beside the copies, with a digest of
the header: a header that has changed is decided anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from transformer.diagnostics import Diagnostic, ScError
from transformer.frontend.words import FLAG_WORDS, may_hold_idioms
from transformer.lowering.edits import Edit, EditBuffer
from transformer.rewriting.headers import Header, WithHeaders

_KEPT = ".sc-transform"
_LOCK = "lock"
_NAME = re.compile(r" *['(].*", re.DOTALL)
_Change = tuple[int, int, str]
#: by the place and the owner of the edits; None where units do not agree
_Decisions = dict[str, list[_Change] | None]


@dataclass(frozen=True)
class Store:
    """``folder`` is made if need be; ``options`` tells runs apart whose words differ."""

    folder: Path
    options: str

    def put(self, done: WithHeaders, beside: Mapping[str, str]) -> None:
        """A unit, its headers and texts whose names are the unit's with a suffix.

        Headers and texts that are the same already are left alone, times and all.
        """
        for path, place in ((done.path, done.place), *((h.path, h.place) for h in done.headers)):
            copy = self.folder / place
            if copy.exists() and not copy.is_symlink() and copy.samefile(path):
                raise ScError(_refused(copy, "the result would take the place of the file itself"))
        for header in done.headers:
            if not may_hold_idioms(header.text.encode("latin-1")):
                self._link(header)
        with self._locked():
            for header in done.headers:
                if may_hold_idioms(header.text.encode("latin-1")):
                    self._write(header.place, self._decided(header), anew=False)
        for suffix, text in beside.items():
            self._write(done.place + suffix, text.encode("utf-8", "surrogateescape"), anew=False)
        self._write(done.place, done.unit.text, anew=True)

    def _decided(self, header: Header) -> bytes:
        """The header's copy with what this unit and others before it have decided."""
        place = str(Path(_KEPT, header.place + ".json"))
        digest = hashlib.sha256(header.text.encode("latin-1")).hexdigest()
        known = {"header": digest, "options": self.options}
        decisions = joined([self._kept(place, known), decided(header.edits)])
        text = json.dumps({**known, "decisions": decisions}, indent=1, sort_keys=True)
        self._write(place, text.encode(), anew=False)
        return applied(header.text, decisions).encode("latin-1")

    def _kept(self, place: str, known: dict[str, str]) -> _Decisions:
        try:
            kept = json.loads(self._path(place).read_text())
            if {name: kept[name] for name in known} != known:
                return {}
            return {
                key: None if found is None else [(int(s), int(e), str(n)) for s, e, n in found]
                for key, found in kept["decisions"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}  # none yet, or spoilt

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


def _refused(path: Path, text: str) -> Diagnostic:
    return Diagnostic("error", "sc-input", text, str(path))


def decided(edits: Iterable[Edit]) -> _Decisions:
    """One unit's edits of a header, by idiom: units may know its key by other names."""
    found: _Decisions = {}
    for edit in edits:
        kind = _NAME.sub("", edit.owner)
        changes = found.setdefault(f"{edit.at} {kind}", [])
        assert changes is not None
        changes.append((edit.start, edit.end, edit.new))
    return found


def joined(all_: Sequence[_Decisions]) -> _Decisions:
    """What several units decided: the same in whatever order, and however often."""
    found: _Decisions = {}
    for decisions in all_:
        for key, changes in decisions.items():
            agreed = key not in found or found[key] == changes
            found[key] = changes if agreed else _flag(found[key], changes)
    return found


def _flag(one: list[_Change] | None, other: list[_Change] | None) -> list[_Change] | None:
    """Of two decisions that differ, the one by which a guard loads a flag, if there is one."""
    for changes in (one, other):
        if changes and any(c[2].strip() in FLAG_WORDS.values() for c in changes):
            return changes
    return None


def applied(text: str, decisions: _Decisions) -> str:
    """A header with what was decided of it."""
    buffer = EditBuffer(text)
    for key, changes in sorted(decisions.items()):
        for start, end, new in changes or ():
            buffer.replace(start, end, new, key)
    return buffer.apply()
