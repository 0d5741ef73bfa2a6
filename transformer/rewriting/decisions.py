"""What units decide of the words in a header, put together: the same in every order.

What one unit does not see stays as it is spelled unless another sees it.  So
does what two decide differently: the lowered headers expand it.  Of a guard,
the form that loads a flag is right for both.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from transformer.frontend.words import FLAG_WORDS
from transformer.lowering.edits import Edit, EditBuffer

_NAME = re.compile(r" *['(].*", re.DOTALL)
_Change = tuple[int, int, str]
#: the changes for each idiom, by its place and what it is; None where units do not agree
Decisions = dict[str, list[_Change] | None]


def decided(edits: Iterable[Edit]) -> Decisions:
    """One unit's edits of a file, by idiom: units may know its key by other names."""
    found: Decisions = {}
    for edit in edits:
        kind = _NAME.sub("", edit.owner)
        changes = found.setdefault(f"{edit.at} {kind}", [])
        assert changes is not None
        changes.append((edit.start, edit.end, edit.new))
    return found


def joined(all_: Iterable[Decisions]) -> Decisions:
    found: Decisions = {}
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


def applied(text: str, decisions: Decisions) -> str:
    """A file with what was decided of it."""
    buffer = EditBuffer(text)
    for key, changes in sorted(decisions.items()):
        for start, end, new in changes or ():
            buffer.replace(start, end, new, key)
    return buffer.apply()


def _changes(found: Mapping[str, Iterable[Iterable[object]]]) -> Decisions:
    return {
        key: [(int(str(start)), int(str(end)), str(new)) for start, end, new in changes]
        for key, changes in found.items()
    }


@dataclass(frozen=True)
class Kept:
    """What is known of one file's text, as ``document`` writes it: who decided what.

    Units that decided the same are kept together, since most do.  All is
    forgotten where the text or the ``options`` of the run are others.  ``root``
    is the folder that the file was found in.
    """

    text: str
    options: str
    root: str = ""
    groups: tuple[tuple[tuple[str, ...], Decisions], ...] = ()

    @property
    def _about(self) -> dict[str, str]:
        digest = hashlib.sha256(self.text.encode("latin-1")).hexdigest()
        return {"text": digest, "options": self.options, "root": self.root}

    def read(self, document: str) -> Kept:
        """With what a document says, if it is whole and about the same."""
        try:
            found = json.loads(document)
            if {name: found[name] for name in self._about} != self._about:
                return self
            groups = [
                (tuple(map(str, g["by"])), _changes(g["changes"])) for g in found["decisions"]
            ]
        except (ValueError, KeyError, TypeError, AttributeError):
            return self
        return replace(self, groups=tuple(groups))

    def by(self, unit: str, decisions: Decisions) -> Kept:
        """With what a unit decides now, in the place of what it had decided."""
        groups: list[tuple[tuple[str, ...], Decisions]] = []
        mine = {unit}
        for units, others in self.groups:
            if others == decisions:
                mine.update(units)
            elif left := tuple(u for u in units if u != unit):
                groups.append((left, others))
        groups.append((tuple(sorted(mine)), decisions))
        return replace(self, groups=tuple(sorted(groups, key=lambda g: g[0])))

    def document(self) -> str:
        groups = [{"by": units, "changes": changes} for units, changes in self.groups]
        return json.dumps({**self._about, "decisions": groups}, indent=1, sort_keys=True)

    def is_of(self, document: str) -> bool:
        """Whether a document is about a file that was found in the same folder."""
        try:
            return bool(json.loads(document)["root"] == self.root)
        except (ValueError, KeyError, TypeError):
            return False

    def result(self) -> str:
        """The file's text after all that units agree on."""
        return applied(self.text, joined(changes for _, changes in self.groups))
