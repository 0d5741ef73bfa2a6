"""The constants that a unit's text speaks of: the best guesses at what its functions act on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

_LARGEST = 1 << 31
_LONGEST = 40
_MOST_ROWS = 24
_COLUMNS = 4
_CHARACTER = re.compile(r"'(?:\\(?:[0-7]{1,3}|x[0-9a-fA-F]+|.)|[^'\\\n])'")
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
_NUMBER = re.compile(r"(?<![\w.])(?:0[xX][0-9a-fA-F]+|\d+)(?![\w.])")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|^[ \t]*#[^\n]*", re.DOTALL | re.MULTILINE)


def rows(texts: Iterable[str]) -> list[tuple[tuple[int, ...], str]]:
    """(four integers, the C spelling of a string) for each way of calling.

    Each integer stands in each column of one row, so that every parameter
    gets every value.
    """
    code = _COMMENT.sub(" ", "\n".join(texts))
    strings = list(dict.fromkeys(s for s in _STRING.findall(code) if 2 < len(s) <= _LONGEST))
    integers = list(dict.fromkeys(_integers(_STRING.sub(" ", code))))
    count = min(_MOST_ROWS, max(len(integers), len(strings)))
    integers, strings = integers or [0], strings or ['"12"']
    return [
        (
            tuple(integers[(i + 5 * column) % len(integers)] for column in range(_COLUMNS)),
            strings[i % len(strings)],
        )
        for i in range(count)
    ]


def _integers(code: str) -> Iterator[int]:
    for text in _CHARACTER.findall(code):
        try:
            yield ord(ast.literal_eval(text))
        except (SyntaxError, ValueError, TypeError):
            continue
    for text in _NUMBER.findall(_CHARACTER.sub(" ", code)):
        value = int(text, 16) if text[:2] in ("0x", "0X") else int(text, 10)
        if value < _LARGEST:
            yield value
