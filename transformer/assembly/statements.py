"""Finds the statements of an assembly file that hold a certain word.

A line holds statements between ``;``, after labels; strings and comments are
no code.  Lines without the word are never looked at: kernel units have a
million of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from transformer.arch import Assembly

_LABEL = re.compile(rb'(?:[\w.$\x80-\xff]+|"(?:[^"\\]|\\.)*")[ \t]*:[ \t]*')
_WORD = re.compile(rb"[^\s,]+")


@dataclass(frozen=True)
class Statement:
    """One statement; ``start`` and ``end`` are offsets in the file, labels left out.

    ``words`` are what stands before the operands, in lower case: prefixes and
    the mnemonic, or the directive.  ``operands`` is free of comments.
    """

    start: int
    end: int
    words: tuple[str, ...]
    operands: bytes

    @property
    def mnemonic(self) -> str:
        return self.words[-1] if self.words else ""


class Reader:
    """Reads the statements of one file of assembly."""

    def __init__(self, text: bytes, syntax: Assembly) -> None:
        self.text = text
        self.prefixes = frozenset(syntax.prefixes)
        comments = b"|".join(re.escape(c.encode()) for c in syntax.comments) or rb"(?!)"
        self.tokens = re.compile(
            rb'"(?:[^"\\]|\\.)*"|(?P<block>/\*.*?(?:\*/|\Z))|(?P<line>(?:%s).*)|(?P<end>;)'
            % comments,
            re.DOTALL,
        )
        self.line_comments = tuple(c.encode() for c in syntax.line_comments)
        self.blocks = _comment_blocks(text, self.tokens) if b"/*" in text else []

    def holding(self, word: bytes) -> Iterator[Statement]:
        """The statements with ``word`` in them, in the file's order."""
        at = self.text.find(word)
        while at >= 0:
            start, end = self.line_around(at)
            for statement in self.line(start, end):
                if word in self.text[statement.start : statement.end]:
                    yield statement
            at = self.text.find(word, end)

    def line_around(self, offset: int) -> tuple[int, int]:
        """Start and end of a line, without its newline."""
        end = self.text.find(b"\n", offset)
        return self.text.rfind(b"\n", 0, offset) + 1, len(self.text) if end < 0 else end

    def line(self, start: int, end: int) -> Iterator[Statement]:
        """The statements of one line."""
        start = min(self.after_block(start), end)
        line = self.text[start:end]
        if line.lstrip().startswith(self.line_comments or (b"\0",)):
            return
        code, cuts = bytearray(line), []
        for token in self.tokens.finditer(line):
            if token["end"]:
                cuts.append(token.start())
            elif token.lastgroup:
                code[token.start() : token.end()] = b" " * (token.end() - token.start())
        begin = 0
        for cut in (*cuts, len(line)):
            yield self.statement(bytes(code[begin:cut]), start + begin)
            begin = cut + 1

    def statement(self, code: bytes, offset: int) -> Statement:
        """Takes apart ``code``, which stands at ``offset`` of the file."""
        body = code.rstrip()
        at = len(body) - len(body.lstrip())
        while label := _LABEL.match(body, at):
            at = label.end()
        start, words = at, []
        while word := _WORD.match(body, at):
            words.append(word[0].decode("latin-1").lower())
            at = word.end()
            if words[-1] not in self.prefixes:
                break
            at += len(body[at:]) - len(body[at:].lstrip())
        return Statement(offset + start, offset + len(body), tuple(words), body[at:].strip())

    def after_block(self, offset: int) -> int:
        """``offset``, or the end of the comment of several lines that it lies in."""
        if not self.blocks:
            return offset
        index = bisect_right(self.blocks, (offset, len(self.text))) - 1
        return max(offset, self.blocks[index][1]) if index >= 0 else offset


def _comment_blocks(text: bytes, tokens: re.Pattern[bytes]) -> list[tuple[int, int]]:
    """Start and end of each comment that goes over the end of its line."""
    found: list[tuple[int, int]] = []
    at = text.find(b"/*")
    while at >= 0:
        start = max(text.rfind(b"\n", 0, at) + 1, found[-1][1] if found else 0)
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        for token in tokens.finditer(text[start:end]):
            if token["block"] and not (len(token[0]) >= 4 and token[0].endswith(b"*/")):
                close = text.find(b"*/", start + token.start() + 2)
                found.append((start + token.start(), len(text) if close < 0 else close + 2))
                end = found[-1][1]
        at = text.find(b"/*", end)
    return found
