"""Where an idiom's parts stand in the user's file."""

from __future__ import annotations

from typing import NamedTuple

from transformer.frontend.lexing import Token, raw_tokens


class Spans(NamedTuple):
    """An idiom as the user's file spells it: ``word ( a , b )``.

    ``word`` and ``arguments`` are half-open spans, ``opening`` and ``closing``
    the offsets of the parentheses, ``commas`` those between arguments.
    """

    word: tuple[int, int]
    opening: int
    closing: int
    commas: tuple[int, ...]
    arguments: tuple[tuple[int, int], ...]


def spells(text: str, offset: int, word: str) -> bool:
    """Whether ``word`` stands at ``offset``: a user may write what looks like a mark."""
    found = next(raw_tokens(text, offset), None) if offset < len(text) else None
    return found is not None and (found.start, found.text) == (offset, word)


def opens(text: str, offset: int) -> bool:
    """Whether a parenthesis follows the word that starts at ``offset``."""
    stream = raw_tokens(text, offset)
    next(stream, None)
    opening = next(stream, None)
    return opening is not None and opening.text == "("


def find_spans(text: str, offset: int, end: int | None = None) -> Spans | None:
    """The spans of the idiom whose word starts at ``offset`` of a file that ends at ``end``.

    None where no parenthesis follows (a macro provides it) or none closes it.
    """
    stream = raw_tokens(text, offset, end)
    word = next(stream, None)
    opening = next(stream, None)
    if word is None or opening is None or opening.text != "(":
        return None
    depth = 1
    commas: list[int] = []
    first: Token | None = None
    last: Token | None = None
    arguments: list[tuple[int, int]] = []
    for token in stream:
        ends = False
        if token.kind == "op":
            depth += (token.text in "([{") - (token.text in ")]}")
            ends = depth == 0 or (depth == 1 and token.text == ",")
        if not ends:
            first, last = first or token, token
            continue
        if first and last:
            arguments.append((first.start, last.end))
        elif depth or commas:
            arguments.append((token.start, token.start))
        first = last = None
        if depth == 0:
            return Spans(
                (word.start, word.end), opening.start, token.start, tuple(commas), tuple(arguments)
            )
        commas.append(token.start)
    return None
