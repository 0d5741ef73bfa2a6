"""What is wrong with an idiom, as a diagnostic at the user's line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from transformer.diagnostics import Diagnostic, Fixit
from transformer.frontend.source import Place, Source

if TYPE_CHECKING:
    from transformer.frontend import idioms as I

_UNIVERSAL = re.compile(r"\\U(000[0-9a-f]{5})")


def diagnostic(
    source: Source,
    place: Place,
    severity: str,
    id_: str,
    text: str,
    length: int = 1,
    children: tuple[Diagnostic, ...] = (),
    fixits: tuple[Fixit, ...] = (),
) -> Diagnostic:
    """A message at a place; the source line is shown if it is of the user's files."""
    return Diagnostic(
        severity,
        id_,
        _readable(text),
        place.path,
        place.line,
        place.column,
        decoded(source.shown(place.path, place.line)) if place.line else "",
        length,
        children,
        fixits,
    )


def decoded(line: str) -> str:
    """A Latin-1 view of a line as the UTF-8 that it is; other bytes as lone surrogates."""
    return line.encode("latin-1").decode("utf-8", "surrogateescape")


def _readable(text: str) -> str:
    """A message in which names stand as the analysis sees them.

    That is a character for each byte, or as GCC preprocesses letters beyond ASCII.
    """
    text = _UNIVERSAL.sub(lambda m: chr(int(m[1], 16)), text)
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def note(source: Source, idiom: I.Idiom, text: str) -> Diagnostic:
    """What an idiom has to do with another message, at the name that it declares."""
    place, length = _name_in(source, idiom, idiom.name) or (idiom.place, len(idiom.spelled))
    return diagnostic(source, place, "note", "", text, length if place.editable else 1)


def _name_in(source: Source, idiom: I.Idiom, name: str) -> tuple[Place, int] | None:
    """Where the user's file spells a name in an idiom's first argument, and its length."""
    if idiom.spans is None or not idiom.spans.arguments:
        return None
    start, end = idiom.spans.arguments[0]
    found = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", source.text[start:end])
    if found is None:
        return None
    offset = start + found.start()
    return source.place(offset), len(name)


class Finding(NamedTuple):
    """Something wrong with an idiom.

    ``about`` are other idioms that tell why, each with what it is.
    ``misspelt`` is the name for which ``meant`` should stand, if that is known.
    """

    idiom: I.Idiom
    severity: str
    id: str
    text: str
    about: tuple[tuple[I.Idiom, str], ...] = ()
    misspelt: str = ""
    meant: str = ""

    def told(self, source: Source) -> Diagnostic:
        idiom = self.idiom
        length = len(idiom.spelled) if idiom.place.editable else 1
        text = self.text + (f"; did you mean '{self.meant}'?" if self.meant else "")
        children = tuple(note(source, other, said) for other, said in self.about)
        fixits = self._fixits(source)
        return diagnostic(
            source, idiom.place, self.severity, self.id, text, length, children, fixits
        )

    def _fixits(self, source: Source) -> tuple[Fixit, ...]:
        found = _name_in(source, self.idiom, self.misspelt) if self.meant else None
        if found is None:
            return ()
        place, length = found
        return (Fixit(place.line, place.column, length, self.meant),)


def in_order(found: Iterable[Diagnostic], source: Source) -> list[Diagnostic]:
    """Each diagnostic once, in the order of the source, other files after it."""
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda d: (d.path != source.path, d.path, d.line, d.column))
