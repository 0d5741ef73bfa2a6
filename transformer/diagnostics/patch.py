"""What a rewrite changes, as a unified diff: ``patch -p0`` and ``git apply -p0`` take it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from transformer.diagnostics.colours import Palette

_CONTEXT = 3
_LINE = re.compile(r"[^\n]*\n|[^\n]+")  # a CR, a form feed or a byte of UTF-8 ends no line
_COLOURS = {"-": "diff-delete", "+": "diff-insert", "@": "diff-hunk"}
_NO_NEWLINE = "\n\\ No newline at end of file\n"


def unified(path: str, old: bytes, new: bytes, palette: Palette | None = None) -> bytes:
    """The diff of a file's two texts, byte for byte; nothing where they are the same."""
    if old == new:
        return b""
    colours = Palette() if palette is None else palette
    before, after = (_LINE.findall(text.decode("latin-1")) for text in (old, new))
    name = path.encode("utf-8", "surrogateescape").decode("latin-1") + ("\t" * (" " in path))
    head = [colours.paint("diff-filename", f"{sign} {name}") + "\n" for sign in ("---", "+++")]
    if len(before) == len(after):
        body = _line_by_line(before, after)
    else:
        found = difflib.unified_diff(before, after, n=_CONTEXT)
        body = (line for number, line in enumerate(found) if number >= len(head))
    return "".join([*head, *(_painted(line, colours) for line in body)]).encode("latin-1")


def _line_by_line(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The hunks where each line has stayed in its place: this takes linear time."""
    changed = [n for n, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    while changed:
        count = 1
        while count < len(changed) and changed[count] - changed[count - 1] <= 2 * _CONTEXT:
            count += 1
        first = max(changed[0] - _CONTEXT, 0)
        last = min(changed[count - 1] + _CONTEXT + 1, len(before))
        size = f"{first + 1},{last - first}"
        yield f"@@ -{size} +{size} @@\n"
        yield from _hunk(before[first:last], after[first:last])
        del changed[:count]


def _hunk(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Neighbours that changed stand together, the old ones first."""
    new: list[str] = []
    for old, line in zip(before, after, strict=True):
        if old != line:
            yield f"-{old}"
            new.append(f"+{line}")
            continue
        yield from new
        new = []
        yield f" {old}"
    yield from new


def _painted(line: str, colours: Palette) -> str:
    text = line.removesuffix("\n")
    end = "\n" if text != line else _NO_NEWLINE
    return colours.paint(_COLOURS.get(line[0], ""), text) + end
