"""The line of C that a place of the assembly came from, by .file and .loc."""

from __future__ import annotations

import re
from functools import cached_property

from transformer.assembly.model import Place

_LOC = re.compile(rb"\.loc[ \t]+(\d+)[ \t]+(\d+)")
_FILE = re.compile(
    rb'^[ \t]*\.file[ \t]+(\d+)[ \t]+"((?:[^"\\]|\\.)*)"(?:[ \t]+"((?:[^"\\]|\\.)*)")?',
    re.MULTILINE,
)
_MARKER = re.compile(rb'^# (\d+) "([^"\n]*)"', re.MULTILINE)


class Places:
    """Places of one unit.  Inline asm without debug information has GCC's own markers."""

    def __init__(self, text: bytes) -> None:
        self.text = text

    def of(self, offset: int, entered: int) -> Place | None:
        """The place of what stands at ``offset``; nothing before ``entered`` tells of it."""
        open_, close = (self.text.rfind(word, entered, offset) for word in (b"#APP", b"#NO_APP"))
        if open_ > close:
            markers = list(_MARKER.finditer(self.text, open_, offset))
            if markers:
                return Place(_text(markers[-1][2]), int(markers[-1][1]))
        at = self.text.rfind(b"\t.loc", entered, offset)
        if at < 0 or not (loc := _LOC.match(self.text, at + 1)):
            return None
        name = self.files.get(int(loc[1]))
        return Place(name, int(loc[2])) if name else None

    @cached_property
    def files(self) -> dict[int, str]:
        found = {}
        for row in _FILE.finditer(self.text):
            folder, name = (row[2], row[3]) if row[3] is not None else (b"", row[2])
            absolute = not folder or name.startswith(b"/")
            found[int(row[1])] = _text(name if absolute else folder + b"/" + name)
        return found


def _text(name: bytes) -> str:
    return name.decode(errors="replace")
