"""The marked copy: each idiom word of a file renamed to carry its byte offset.

After preprocessing, a marked word names where it came from, however macros
moved, repeated or dropped it.  Words in comments, strings, character constants
and directives are left alone; so are words that the file defines as macros of
its own.  The copy has the same number of lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from transformer.frontend.lexing import MARKABLE, raw_tokens
from transformer.frontend.words import WORDS, Word, marked

#: what the quick search does not see: words cut by a newline, directives after a comment
_ODD = re.compile(r"[\w$/]\\[ \t]*\r?\n|\*/[ \t\f\v\r]*(?:#|%:)|%:")


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


def mark(text: bytes, known: Mapping[str, Word] = WORDS) -> Marked:
    """Mark every idiom word that the file spells outside its directives."""
    source = text.decode("latin-1")
    own: set[str] = set()
    places: list[int] = []
    for start, spelled, directive in spelled_words(source, known):
        if directive:
            own.update(_defined(spelled))
        elif spelled not in own:
            places.append(start)
    parts, last = [], 0
    for place in places:
        parts += [source[last:place], marked(place, "")]
        last = place
    parts.append(source[last:])
    return Marked("".join(parts).encode("latin-1"), tuple(places))


def _defined(directive: str) -> Iterator[str]:
    """The macro that a directive defines, or undefines, however it is spelled."""
    words = (t.text for t in raw_tokens(directive, 1) if t.kind == "id")
    if next(words, "") in ("define", "undef"):
        yield next(words, "")


def spelled_words(
    source: str, known: Mapping[str, Word] = WORDS
) -> Iterator[tuple[int, str, bool]]:
    """(offset, text, whether it is a directive) of idiom words and directives."""
    return (_slowly if _ODD.search(source) else _quickly)(source, known)


def _slowly(source: str, known: Mapping[str, Word]) -> Iterator[tuple[int, str, bool]]:
    for token in raw_tokens(source, directives=True):
        if token.kind == "directive":
            yield token.start, token.text, True
        elif token.kind == "id" and token.text in known:
            yield token.start, token.text, False


def _quickly(source: str, known: Mapping[str, Word]) -> Iterator[tuple[int, str, bool]]:
    """The same, by a search that skips all other tokens."""
    for match in MARKABLE.finditer(source):
        if match.lastgroup == "word" and match["word"] in known:
            yield match.start(), match["word"], False
        elif match.lastgroup == "directive":
            yield match.start("directive"), match["directive"], True
