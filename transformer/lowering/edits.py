"""Edits queued on the original bytes, sorted, checked for overlaps, applied once."""

from __future__ import annotations

import bisect
import itertools
from typing import NamedTuple


class Edit(NamedTuple):
    """``new`` takes the place of the bytes ``start .. end``; ``owner`` says for what.

    ``at`` is the byte where the idiom starts that wants it: the edits of one
    idiom, by ``at`` and ``owner``, are made together or not at all.
    """

    start: int
    end: int
    new: str
    owner: str
    at: int = -1


class Overlap(ValueError):
    """Two edits claim the same bytes; names both owners."""


class EditBuffer:
    """Edits of one text.  Insertions at one place keep the order of their queueing.

    ``at`` is that of the edits that are queued next.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = -1
        self._edits: list[Edit] = []
        self._ordered: tuple[Edit, ...] | None = None

    def replace(self, start: int, end: int, new: str, owner: str) -> None:
        self._edits.append(Edit(start, end, new, owner, self.at))
        self._ordered = None

    def insert(self, at: int, new: str, owner: str) -> None:
        self.replace(at, at, new, owner)

    def edits(self) -> tuple[Edit, ...]:
        """All edits in order; ``Overlap`` where two claim the same bytes."""
        if self._ordered is None:
            self._ordered = self._in_order()
        return self._ordered

    def _in_order(self) -> tuple[Edit, ...]:
        ordered = sorted(self._edits, key=lambda e: (e.start, e.end))
        for first, second in itertools.pairwise(ordered):
            if second.start < first.end:
                raise Overlap(
                    f"{first.owner} (bytes {first.start} to {first.end}) overlaps "
                    f"{second.owner} (bytes {second.start} to {second.end})"
                )
        return tuple(ordered)

    def apply(self) -> str:
        """The edited text."""
        return self.applied(0, len(self.text))

    def applied(self, start: int, end: int) -> str:
        """The part from ``start`` to ``end``, edited."""
        edits = self.edits()
        parts, last = [], start
        for index in range(bisect.bisect_left(edits, start, key=lambda e: e.start), len(edits)):
            edit = edits[index]
            if edit.end > end:
                break
            parts += [self.text[last : edit.start], edit.new]
            last = edit.end
        return "".join([*parts, self.text[last:end]])


class Origins:
    """Finds back from offsets in an edited text to offsets in the original."""

    def __init__(self, edits: tuple[Edit, ...]) -> None:
        self._new = [0]
        self._old = [0]
        shift = 0
        for edit in edits:
            self._new.append(edit.start + shift)
            self._old.append(edit.start)
            shift += len(edit.new) - (edit.end - edit.start)
            self._new.append(edit.end + shift)
            self._old.append(edit.end)

    def original(self, offset: int) -> int:
        """The original offset; within new text, that of the edit's start."""
        index = bisect.bisect_right(self._new, offset) - 1
        inside = index % 2 == 1
        return self._old[index] + (0 if inside else offset - self._new[index])


def fit(new: str, old: str) -> str:
    """``new`` made as long as ``old`` by blanks, with the lines of ``old``."""
    lines = old.count("\n")
    if not lines:
        return new + " " * (len(old) - len(new))
    ends = "\r\n" if "\r\n" in old else "\n"
    return new + ends * lines + " " * (len(old) - old.rfind("\n") - 1)
