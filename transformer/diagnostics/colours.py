"""Whether a stream takes colours, and which: ``NO_COLOR``, ``TERM`` and ``GCC_COLORS``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

#: GCC's own; ``caret``, which older ones have, is the severity's unless it is set
_DEFAULT = {
    "error": "01;31", "warning": "01;35", "note": "01;36", "locus": "01", "quote": "01",
    "range1": "32", "fixit-insert": "32",
    "diff-filename": "01", "diff-hunk": "32", "diff-delete": "31", "diff-insert": "32",
}  # fmt: skip
_KNOWN = {*_DEFAULT, "caret"}
_SGR = re.compile(r"[0-9;]*")


class Palette(dict[str, str]):
    """What is printed how: SGR parameters by GCC's names of capabilities."""

    def paint(self, what: str, text: str) -> str:
        """``text`` between the sequences that GCC writes; plain for what has no colour."""
        if what not in self or not text:
            return text
        return f"\033[{self[what]}m\033[K{text}\033[m\033[K"


def colors(stream: object) -> bool:
    """Whether a stream is a terminal whose owner has not asked for plain text."""
    isatty = getattr(stream, "isatty", None)
    if not (isatty and isatty()):
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def palette(stream: object) -> Palette | None:
    """The colours of messages on a stream; None for plain text."""
    return palette_of(os.environ) if colors(stream) else None


def palette_of(environment: Mapping[str, str]) -> Palette | None:
    """What ``GCC_COLORS`` says, on top of GCC's defaults; None where it is empty.

    As in GCC's ``parse_gcc_colors``: what is malformed ends it, and what came
    before counts.
    """
    wanted = environment.get("GCC_COLORS")
    if wanted == "":
        return None
    found = Palette(_DEFAULT)
    for part in wanted.split(":") if wanted else ():
        name, equals, value = part.partition("=")
        if (equals and not name) or not _SGR.fullmatch(value):
            break
        if equals and name in _KNOWN:
            found[name] = value
    return found
