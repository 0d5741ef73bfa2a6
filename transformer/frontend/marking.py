"""The marked copy: each idiom word of a file renamed to carry its byte offset.

After preprocessing, a marked word names where it came from, however macros
moved, repeated or dropped it.  Words in comments, strings, character constants
and directives are left alone; so are words that the file defines as macros of
its own.  The copy has the same number of lines, and counts them as the file
does: ``#line``, by which a generator names its own input, is blank there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from transformer.frontend.lexing import MARKABLE, raw_tokens
from transformer.frontend.words import WORDS, Word, marked

#: what the quick search does not see: words cut by a newline, directives after a comment
_ODD = re.compile(r"[\w$/]\\[ \t]*\r?\n|\*/[ \t\f\v\r]*(?:#|%:)|%:")
_LINE = re.compile(r"(?:#|%:)\s*(?:line\b|\d)")


class Spelled(NamedTuple):
    """An idiom word of a file, or one of its directives."""

    start: int
    text: str
    directive: bool


class Marked(NamedTuple):
    """``text`` is the marked copy, ``offsets`` where its words stand in the file.

    ``spelled`` are those words, and those that are not marked, and the directives;
    ``blank`` the half-open spans of directives that the copy has not.
    """

    text: bytes
    offsets: tuple[int, ...]
    spelled: tuple[Spelled, ...] = ()
    blank: tuple[tuple[int, int], ...] = ()

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
    blank: list[tuple[int, int]] = []
    parts, last = [], 0
    words = tuple(spelled_words(source, known))
    for start, spelled, directive in words:
        if directive and _LINE.match(spelled):
            end = start + len(spelled)
            blank.append((start, end))
            parts += [source[last:start], blanked(spelled)]
            last = end
        elif directive:
            own.update(defined(spelled))
        elif spelled not in own:
            places.append(start)
            parts += [source[last:start], marked(start, "")]
            last = start
    parts.append(source[last:])
    return Marked("".join(parts).encode("latin-1"), tuple(places), words, tuple(blank))


def blanked(text: str) -> str:
    """Blanks in the place of a text, with its lines."""
    return re.sub(r"[^\r\n]", " ", text)


def defined(directive: str) -> Iterator[str]:
    """The macro that a directive defines, or undefines, however it is spelled."""
    words = (t.text for t in raw_tokens(directive, 1) if t.kind == "id")
    if next(words, "") in ("define", "undef"):
        yield next(words, "")


def spelled_words(source: str, known: Mapping[str, Word] = WORDS) -> Iterator[Spelled]:
    """Idiom words and directives, in their order."""
    return (_slowly if _ODD.search(source) else _quickly)(source, known)


def _slowly(source: str, known: Mapping[str, Word]) -> Iterator[Spelled]:
    for token in raw_tokens(source, directives=True):
        if token.kind == "directive":
            yield Spelled(token.start, token.text, True)
        elif token.kind == "id" and token.text in known:
            yield Spelled(token.start, token.text, False)


def _quickly(source: str, known: Mapping[str, Word]) -> Iterator[Spelled]:
    """The same, by a search that skips all other tokens."""
    for match in MARKABLE.finditer("\n" + source):
        if match.lastgroup == "word" and match[0] in known:
            yield Spelled(match.start() - 1, match[0], False)
        elif match.lastgroup == "directive":
            yield Spelled(match.start("directive") - 1, match["directive"], True)
