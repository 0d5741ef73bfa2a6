"""Linux's idioms in one of its units: by tokens, where they are spelled and what is left alone.

The unit is compiled by Linux's own macros, or by others in their place, so a
word is replaced by a word and nothing else changes: no type and no scope
decides anything, and nothing is parsed.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from typing import NamedTuple

from transformer.frontend.lexing import raw_tokens, tokens
from transformer.frontend.marking import Marked
from transformer.frontend.source import Place, Source
from transformer.frontend.spans import Spans, find_spans, opens
from transformer.frontend.words import CONFIGURED, LINUX_WORDS, MARK, Word

#: why a word that the file spells is not replaced
IN_MACRO = "a directive spells it; where a macro brings it, the headers expand it"
NOT_COMPILED = "the preprocessor drops this part of the file, or a macro this argument"
IN_STRING = "a macro makes a string of it, too; the headers expand it"
NO_CALL = "no parenthesis follows: it is the name of something else"
UNCLOSED = "no parenthesis closes it"
MEMBER = "it is the name of a member"
OWN_MACRO = "the file defines a macro of this name"

_LANDED = re.compile(rf"{MARK}(\d{{1,18}})_\w+")
_OPENS = re.compile(r"\s*(?:^[ \t]*\#[^\n]*\n\s*)*\(", re.MULTILINE)
_NAMING_FILES = ("include", "include_next", "import")


class Spelled(NamedTuple):
    """An idiom of the user's file; ``name`` is its key or operand as it stands there."""

    word: Word
    spelled: str
    name: str
    place: Place
    spans: Spans


class Left(NamedTuple):
    """An idiom word of the user's file that stays, and why."""

    spelled: str
    place: Place
    reason: str


class Found:
    """Every idiom word of a file, in its order, in one of two lists."""

    def __init__(self) -> None:
        self.spelled: list[Spelled] = []
        self.left: list[Left] = []


def find(source: Source, marked: Marked, text: str) -> Found:
    """``text`` is the preprocessed copy of ``marked``, made with Linux's words unexpanded."""
    landed = _landed(text)
    found = Found()
    offsets = set(marked.offsets)
    for offset, word, directive in marked.spelled:
        if directive:
            found.left += _in_directive(source, offset, word)
            continue
        place = Place(source.path, *source.position(offset), offset)
        spans = find_spans(source.text, offset)
        reason = landed.get(offset, NOT_COMPILED) if offset in offsets else OWN_MACRO
        if reason or spans is None:
            unclosed = UNCLOSED if opens(source.text, offset) else NO_CALL
            found.left.append(Left(word, place, reason or unclosed))
        else:
            name = _name(source, LINUX_WORDS[word], spans)
            found.spelled.append(Spelled(LINUX_WORDS[word], word, name, place, spans))
    return found


def _name(source: Source, word: Word, spans: Spans) -> str:
    at = 1 if word.variant == CONFIGURED else 0
    arguments = spans.arguments[at : at + 1]
    return " ".join(source.text[slice(*arguments[0])].split()) if arguments else ""


def _in_directive(source: Source, start: int, text: str) -> Iterator[Left]:
    words = [t for t in raw_tokens(text, 1) if t.kind == "id"]
    if words and words[0].text in _NAMING_FILES:
        return
    for token in words:
        if token.text in LINUX_WORDS:
            offset = start + token.start
            place = Place(source.path, *source.position(offset), offset)
            yield Left(token.text, place, IN_MACRO)


def _landed(text: str) -> dict[int, str]:
    """What forbids the replacement of each marked word that came through; "" is nothing."""
    reasons: dict[int, str] = {}
    line = _Line(text)
    for match in _LANDED.finditer(text):
        offset = int(match[1])
        reasons[offset] = reasons.get(offset) or line.reason(match.start(), match.end())
    return reasons


class _Line:
    """The line of preprocessed text that was looked at last, as tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.start = self.end = -1

    def reason(self, start: int, end: int) -> str:
        if not self.start <= start < self.end:
            self._read(start)
        at = bisect.bisect_left(self.starts, start)
        if at == len(self.starts) or self.starts[at] != start:
            return IN_STRING  # within a token
        if at and self.tokens[at - 1].text in (".", "->"):
            return MEMBER
        return "" if _OPENS.match(self.text, end) else NO_CALL

    def _read(self, at: int) -> None:
        self.start = self.text.rfind("\n", 0, at) + 1
        end = self.text.find("\n", at)
        self.end = len(self.text) if end < 0 else end
        self.tokens = tokens(self.text, self.start, self.end)
        self.starts = [t.start for t in self.tokens]
