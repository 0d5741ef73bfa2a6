"""A line of source as a terminal shows it: tabs, wide characters, and what is no text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

TAB_STOP = 8
#: what turns the direction of text around, and so hides what is there
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Cell(NamedTuple):
    """One character: what is shown for it, in how many columns, for how many bytes."""

    text: str
    width: int
    size: int


def cells(line: str) -> Iterator[Cell]:
    """A line's characters; bytes that are no UTF-8 are lone surrogates there."""
    column = 0
    for character in line:
        cell = _cell(character, column)
        column += cell.width
        yield cell


def _cell(character: str, column: int) -> Cell:
    if " " <= character <= "~":
        return Cell(character, 1, 1)
    if character == "\t":
        width = TAB_STOP - column % TAB_STOP
        return Cell(" " * width, width, 1)
    data = character.encode("utf-8", "surrogateescape")
    category = unicodedata.category(character)
    if category == "Cs":
        return _escaped(f"<{data[0]:02x}>", data)
    if category == "Cc" or character in _TURNING:
        return _escaped(f"<U+{ord(character):04X}>", data)
    if category in ("Mn", "Me", "Cf"):
        return Cell(character, 0, len(data))
    wide = unicodedata.east_asian_width(character) in "WF"
    return Cell(character, 2 if wide else 1, len(data))


def _escaped(text: str, data: bytes) -> Cell:
    return Cell(text, len(text), len(data))


def character_column(line: str, column: int) -> int:
    """The number, from 1, of the character at a byte's column."""
    data = line.encode("utf-8", "surrogateescape")
    before = data[: column - 1].decode("utf-8", "surrogateescape")
    return len(before) + 1 + max(0, column - 1 - len(data))
