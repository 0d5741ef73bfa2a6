"""The marked copy: each idiom word of a file renamed to carry its byte offset.

After preprocessing, a marked word names where it came from, however macros
moved, repeated or dropped it.  Words in comments, strings, character constants
and directives are left alone; so are words that the file defines as macros of
its own.  The copy has the same number of lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transformer.frontend.lexing import raw_tokens
from transformer.frontend.words import WORDS, marked

_DEFINES = re.compile(r"(?:#|%:)\s*(?:define|undef)\s+(\w+)")


@dataclass(frozen=True)
class Marked:
    """``text`` is the marked copy, ``offsets`` where its words stand in the file."""

    text: bytes
    offsets: tuple[int, ...]

    def original(self, offset: int) -> int:
        """The offset in the file of an offset in the copy."""
        shift = 0
        for place in self.offsets:
            width = len(marked(place, ""))
            if offset < place + shift + width:
                return min(offset - shift, place)
            shift += width
        return offset - shift


def mark(text: bytes) -> Marked:
    """Mark every idiom word that the file spells outside its directives."""
    source = text.decode("latin-1")
    own: set[str] = set()
    places: list[int] = []
    for token in raw_tokens(source, directives=True):
        if token.kind == "directive":
            own.update(_DEFINES.findall(token.text))
        elif token.kind == "id" and token.text in WORDS and token.text not in own:
            places.append(token.start)
    parts, last = [], 0
    for place in places:
        parts += [source[last:place], marked(place, "")]
        last = place
    parts.append(source[last:])
    return Marked("".join(parts).encode("latin-1"), tuple(places))
