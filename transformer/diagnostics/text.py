"""Messages as GCC prints them: a location, a text, the source line and what is marked in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from transformer.diagnostics.cells import Cell, cells
from transformer.diagnostics.colours import Palette

if TYPE_CHECKING:
    from transformer.diagnostics.model import Diagnostic

_QUOTED = re.compile(r"(?<!\w)'[^'\n]+'(?!\w)|\u2018[^\u2019\n]+\u2019")  # GCC's own too
_PLAIN = Palette()
_MARGIN = 5  # columns for a line's number, at the least


def rendered(found: Diagnostic, palette: Palette | None) -> str:
    """A message and its notes, without a final newline."""
    colours = _PLAIN if palette is None else palette
    lines = [_message(found, colours)]
    if found.source_line and found.column:
        lines += _Excerpt(found, colours).lines()
    return "\n".join([*lines, *(rendered(child, palette) for child in found.children)])


def _message(found: Diagnostic, colours: Palette) -> str:
    where = colours.paint("locus", f"{found.where()}:")
    severity = colours.paint(found.severity, f"{found.severity}: ")
    text = found.text
    if "quote" in colours:
        text = _QUOTED.sub(lambda m: _quoted(m, colours), text)
    option = f" [{colours.paint(found.severity, f'-W{found.id}')}]" if found.id else ""
    return f"{where} {severity}{text}{option}"


def _quoted(match: re.Match[str], colours: Palette) -> str:
    whole = match[0]
    return whole[0] + colours.paint("quote", whole[1:-1]) + whole[-1]


class _Excerpt:
    """A source line, below it marks and suggestions: each span of bytes has its colour."""

    def __init__(self, found: Diagnostic, colours: Palette) -> None:
        self.found = found
        self.colours = colours
        self.cells = list(cells(found.source_line))
        self.fixits = [f for f in found.fixits if f.line == found.line]
        self.caret = "caret" if "caret" in colours else found.severity

    def lines(self) -> Iterator[str]:
        number = str(self.found.line)
        margin = max(_MARGIN, len(number))
        empty = f"{' ' * margin} | "
        yield f"{number:>{margin}} | " + self._source()
        yield empty + self._marks()
        for fixit in self.fixits:
            blanks = " " * self._width(fixit.column)
            yield empty + blanks + self.colours.paint("fixit-insert", fixit.text)

    def _span(self, at: int) -> str:
        """The colour of the byte at an offset in the line; "" outside of all spans."""
        start = self.found.column - 1
        if start <= at < start + max(self.found.length, 1):
            return self.caret
        inside = any(f.column - 1 <= at < f.column - 1 + f.length for f in self.fixits)
        return "range1" if inside else ""

    def _painted(self, shown: Iterable[Cell], text: Callable[[str, int, Cell], str]) -> str:
        """The texts of cells, neighbours of one colour painted together."""
        parts, run, colour, at = [], "", "", 0
        for cell in shown:
            now = self._span(at)
            if now != colour:
                parts.append(self.colours.paint(colour, run))
                run, colour = "", now
            run += text(now, at, cell)
            at += cell.size
        return "".join([*parts, self.colours.paint(colour, run)]).rstrip(" ")

    def _padded(self) -> list[Cell]:
        """The line's cells, and blanks up to a caret that stands after its end."""
        size = sum(c.size for c in self.cells)
        return self.cells + [Cell(" ", 1, 1)] * (self.found.column - size)

    def _source(self) -> str:
        return self._painted(self.cells, lambda _, __, cell: cell.text)

    def _marks(self) -> str:
        return self._painted(self._padded(), self._mark)

    def _mark(self, colour: str, at: int, cell: Cell) -> str:
        if not colour:
            return " " * cell.width
        here = at <= self.found.column - 1 < at + cell.size
        return ("^" if here else "~").ljust(cell.width, "~")[: cell.width]

    def _width(self, column: int) -> int:
        """How many columns stand before the byte at ``column``."""
        at = width = 0
        for cell in self.cells:
            if at + cell.size > column - 1:
                break
            at, width = at + cell.size, width + cell.width
        return width
