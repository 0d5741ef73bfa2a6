"""Where things stand: lines and columns of files, and line markers of ``-E`` output."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

_MARKER = re.compile(
    r'\n[ \t]*#[ \t]*(?:line[ \t]+)?(\d{1,18})(?:[ \t]+"((?:[^"\\\n]|\\.)*)"[^\n]*)?(?=\n|\Z)'
)
_ESCAPE = re.compile(r"\\([0-7]{1,3}|.)")


class Place(NamedTuple):
    """Where an idiom is spelled.

    ``offset`` is the byte in the user's file, or None where a header or a
    macro spells the idiom; ``line`` and ``column`` count from 1 (column 0 is
    unknown).
    """

    path: str
    line: int
    column: int
    offset: int | None

    @property
    def editable(self) -> bool:
        return self.offset is not None


class Source:
    """A file's text (Latin-1, one character for each byte) and its lines."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path

    @cached_property
    def starts(self) -> list[int]:
        return [0] + [m.end() for m in re.finditer("\n", self.text)]

    @property
    def files(self) -> Sequence[Source]:
        """The files that make up the text: here it is one."""
        return (self,)

    def place(self, offset: int) -> Place:
        """Where a byte stands."""
        return Place(self.path, *self.position(offset), offset)

    def end(self, offset: int) -> int:
        """Where the file ends that holds a byte."""
        return len(self.text)

    def shown(self, path: str, number: int) -> str:
        """A line of a file by name, as ``line``; empty for files of which nothing is known."""
        return self.line(number) if path == self.path else ""

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a byte."""
        line = bisect.bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its end; empty where there is none."""
        if not 1 <= number <= len(self.starts):
            return ""
        start = self.starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")

    def offset(self, line: int, column: int = 1) -> int:
        """The byte at a line and column; clipped to the text."""
        if line > len(self.starts):
            return len(self.text)
        return min(self.starts[max(line, 1) - 1] + max(column, 1) - 1, len(self.text))


class Files(Source):
    """A file and headers of its project as one text, in which an offset tells both apart.

    A newline stands between two files.  ``line`` and ``offset`` are those of
    the first, which gives the whole its path.
    """

    def __init__(self, files: Sequence[Source]) -> None:
        super().__init__("\n".join(f.text for f in files), files[0].path)
        self._files = tuple(files)
        self._named = {f.path: f for f in files}
        self.bases = [0]
        for file in files[:-1]:
            self.bases.append(self.bases[-1] + len(file.text) + 1)

    @property
    def files(self) -> Sequence[Source]:
        return self._files

    def index(self, offset: int) -> int:
        """Which of the files holds a byte."""
        return bisect.bisect_right(self.bases, offset) - 1

    def place(self, offset: int) -> Place:
        return Place(self._files[self.index(offset)].path, *self.position(offset), offset)

    def end(self, offset: int) -> int:
        index = self.index(offset)
        return self.bases[index] + len(self._files[index].text)

    def shown(self, path: str, number: int) -> str:
        return self._named[path].line(number) if path in self._named else ""

    def position(self, offset: int) -> tuple[int, int]:
        index = self.index(offset)
        return self._files[index].position(offset - self.bases[index])

    def line(self, number: int) -> str:
        return self._files[0].line(number)

    def offset(self, line: int, column: int = 1) -> int:
        return self._files[0].offset(line, column)


class LineMap:
    """Which file and line each offset of preprocessed text came from."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._offsets = [0]
        self._rows: list[tuple[str, int]] = [(path, 1)]
        for match in _MARKER.finditer("\n" + text):
            name = self._rows[-1][0] if match[2] is None else unescape(match[2])
            self._offsets.append(match.end())
            self._rows.append((name, int(match[1])))

    def place(self, offset: int) -> tuple[str, int]:
        """The path and the line that ``offset`` came from."""
        index = bisect.bisect_right(self._offsets, offset) - 1
        path, line = self._rows[index]
        return path, line + self._text.count("\n", self._offsets[index], offset)

    def regions(self) -> list[tuple[int, int, str]]:
        """(start, end, path) of each run of text between two markers."""
        ends = [*self._offsets[1:], len(self._text)]
        return [
            (start, end, row[0])
            for start, end, row in zip(self._offsets, ends, self._rows, strict=True)
        ]


def unescape(name: str) -> str:
    """A file name of a line marker: C escapes, bytes as Latin-1."""

    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code, 8) & 255) if code[0] in "01234567" else code

    return _ESCAPE.sub(one, name) if "\\" in name else name
