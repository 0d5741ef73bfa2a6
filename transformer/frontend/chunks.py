"""Preprocessed text split into its top-level declarations and definitions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from transformer.frontend.lexing import DIGRAPHS, Token, many, matching, tokens

_DEEP = 2  # brackets in brackets that are skipped at once
_PLAIN = r"""[^(){}"'/\n%]*+"""
_STRING = r'"(?<!R")[^"\\\n]*+' + many(r'\\.[^"\\\n]*+') + '"'
_CHARACTER = r"'[^'\\\n]*+" + many(r"\\.[^'\\\n]*+") + "'"
_HIDING = rf"{_STRING}|{_CHARACTER}|\n[ \t]*+(?:\#[^\n]*+)?+|/(?![*/])|(?<!<)%(?!>)"


def _within(depth: int) -> str:
    """What may stand between two brackets, as a pattern that never goes back."""
    inner = _within(depth - 1) if depth else ""
    deeper = rf"|\({inner}\)|\{{{inner}\}}" if depth else ""
    return _PLAIN + many(rf"(?:{_HIDING}{deeper}){_PLAIN}")


#: Brackets, and what may hide them; those that soon have a partner, with all that lies
#: between, are one step.  First stands one set of characters, which Python searches for
#: faster than for alternatives.
_STEP = re.compile(
    rf"""[(){{}};<%"'/\n\#](?:
         (?:(?<=\(){_within(1)}\)|(?<={{){_within(_DEEP)}}})(?P<whole>)
       | (?:(?<=[(){{}};])|(?<=<)%|(?<=%)>)(?P<op>)
       | (?<=R")(?P<fence>[^()\\\s]{{0,16}})\([\s\S]*?\)(?P=fence)"
       | (?<=")(?:[^"\\\n]|\\.)*"
       | (?<=')(?:[^'\\\n]|\\.)*'
       | (?<=\n)[ \t]*\#[^\n]*
       | (?<![\s\S]\#)(?<=\#)[^\n]*
       | (?<=/)(?:\*[\s\S]*?\*/|/[^\n]*))""",
    re.VERBOSE,
)
_BLANK = re.compile(r"(?:\s+|^[ \t]*\#[^\n]*|/\*[\s\S]*?\*/|//[^\n]*)+", re.MULTILINE)
_AGGREGATE = re.compile(r"\b(?:struct|union|enum)\b")
_ATTRIBUTES = ("__attribute__", "__attribute", "_Alignas", "alignas", "__declspec")
_TAGS = ("struct", "union", "enum")
_CLOSING = re.compile(r"^\}", re.MULTILINE)
_KR_HEAD = re.compile(r"\)\s*(?:\#[^\n]*\s*)*[A-Za-z_]")


@dataclass(frozen=True)
class Chunk:
    """One top-level chunk: ``text[start:end]``.

    ``body`` is the offset of the brace that opens a function's body, or -1.
    ``broken`` tells that its brackets do not match.
    """

    start: int
    end: int
    body: int = -1
    broken: int = -1

    @property
    def is_function(self) -> bool:
        return self.body >= 0

    @property
    def head_end(self) -> int:
        return self.body if self.body >= 0 else self.end


def split(text: str) -> list[Chunk]:
    """Every top-level chunk of preprocessed text, in order."""
    return _Splitter(text).run()


class _Splitter:
    def __init__(self, text: str) -> None:
        self.text = text
        self.chunks: list[Chunk] = []
        self.start = 0
        self.stack: list[tuple[str, int]] = []
        self.brace = -1
        self.broken = -1

    def run(self) -> list[Chunk]:
        """A chunk that nothing closes ends at a brace in the first column, as functions do."""
        self._scan(0)
        while self.stack and (closing := _CLOSING.search(self.text, self.stack[0][1])):
            if not 0 <= self.broken < closing.end():
                self.broken = self.stack[0][1]
            self._finish(closing.end(), self._body())
            self._scan(closing.end())
        self._tail()
        return self.chunks

    def _scan(self, start: int) -> None:
        for match in _STEP.finditer(self.text, start):
            if match.lastgroup != "whole":
                self._step(match)
            elif not self.stack and match[0][0] == "{":
                self._block(*match.span())

    def _block(self, start: int, end: int) -> None:
        """Braces at the top level, with all that lies between them."""
        self.brace = start
        if self._is_function():
            self._finish(end, start)

    def _step(self, match: re.Match[str]) -> None:
        if match.lastgroup != "op":
            return
        op, at = match[0], match.start()
        if op in ("(", "{", "<%"):
            if op != "(" and not self.stack:
                self.brace = at
            self.stack.append((DIGRAPHS.get(op, op), at))
        elif op == ";":
            if not self.stack:
                self._finish(at + 1, -1)
        else:
            self._close(DIGRAPHS.get(op, op), at, match.end())

    def _close(self, op: str, at: int, end: int) -> None:
        if not self.stack:
            self.broken = at
            self._finish(end, -1)
            return
        opener, place = self.stack.pop()
        if op == ")" and opener == "{":  # one too many: the block goes on
            self.broken = at
            self.stack.append((opener, place))
            return
        if op == "}" and opener == "(":
            self.broken = place
            while self.stack and self.stack[-1][0] == "(":
                self.stack.pop()
            if self.stack:
                self.stack.pop()
        if op == "}" and not self.stack and self._is_function():
            self._finish(end, self.brace)

    def _is_function(self) -> bool:
        """Whether the braces that are open are a function's body, by what stands before them."""
        head = self.text[self.start : self.brace]
        if "=" in head and _has_top_level_equals(tokens(head)):
            return False
        if not _AGGREGATE.search(head):
            return True
        words = head.split()
        if words[-1] in _TAGS or (words[-2:-1] and words[-2] in _TAGS and words[-1].isidentifier()):
            return False
        return _ends_in_arguments(head) or not _ends_in_aggregate(tokens(head))

    def _finish(self, end: int, body: int) -> None:
        blank = _BLANK.match(self.text, self.start)
        start = blank.end() if blank and blank.end() < end else self.start
        if body >= 0 and start == body and self.chunks:
            start = self._merge_head(start)
        self.chunks.append(Chunk(start, end, body, self.broken))
        self.start, self.stack, self.brace, self.broken = end, [], -1, -1

    def _merge_head(self, start: int) -> int:
        """A body alone belongs to the K&R head that semicolons cut up before it."""
        for index in range(len(self.chunks) - 1, -1, -1):
            chunk = self.chunks[index]
            if chunk.is_function:
                return start
            if _KR_HEAD.search(self.text, chunk.start, chunk.end):
                del self.chunks[index:]
                return chunk.start
        return start

    def _tail(self) -> None:
        blank = _BLANK.match(self.text, self.start)
        start = blank.end() if blank else self.start
        if start < len(self.text):
            if self.stack and self.broken < 0:
                self.broken = self.stack[0][1]
            self.chunks.append(Chunk(start, len(self.text), self._body(), self.broken))

    def _body(self) -> int:
        return self.brace if self.brace >= 0 and self._is_function() else -1


def _has_top_level_equals(found: list[Token]) -> bool:
    depth = 0
    for token in found:
        if token.kind == "op":
            depth += {"(": 1, ")": -1, "[": 1, "]": -1}.get(token.text, 0)
            if token.text == "=" and depth == 0:
                return True
    return False


def _ends_in_arguments(head: str) -> bool:
    """Whether a head ends in ``name(...)``, which is no attribute: most do."""
    if not head.rstrip().endswith(")"):
        return False
    at, depth = len(head), 0
    while depth or at == len(head):
        at = max(head.rfind("(", 0, at), head.rfind(")", 0, at))
        if at < 0:
            return False
        depth += 1 if head[at] == ")" else -1
    before = head[:at].split()[-1:]
    return bool(before) and before[0].isidentifier() and before[0] not in _ATTRIBUTES


def _ends_in_aggregate(found: list[Token]) -> bool:
    """Whether a head ends in ``struct tag`` (or union, enum), attributes aside."""
    texts = without_attributes(found)
    if (texts and texts[-1] in _TAGS) or (len(texts) > 1 and texts[-2] in _TAGS):
        return True
    return ":" in texts and "enum" in texts and ")" not in texts


def without_attributes(found: list[Token]) -> list[str]:
    """The texts of tokens, without ``__attribute__((...))`` and ``[[...]]``."""
    texts, index = [], 0
    while index < len(found):
        if found[index].text in _ATTRIBUTES:
            close = matching(found, index + 1)
            index = close + 1 if close > 0 else len(found)
            continue
        if [t.text for t in found[index : index + 2]] == ["[", "["]:
            index = matching(found, index) + 1 or len(found)
            continue
        texts.append(found[index].text)
        index += 1
    return texts
