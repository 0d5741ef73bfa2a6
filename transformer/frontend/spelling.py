"""Which name was meant: the nearest of those that there are."""

from __future__ import annotations

from collections.abc import Iterable

_STEP, _CASE = 2, 1  # what a change costs, and what a change of case alone
_LONGEST = 100  # a longer "name" is an expression, and the work grows with the square


def nearest(word: str, known: Iterable[str]) -> str:
    """The name that ``word`` most likely misspells; "" where none is near enough.

    As GCC has it: about a third of the longer name's letters may differ.
    """
    best, found = _STEP * _LONGEST, ""
    for name in dict.fromkeys(known) if len(word) <= _LONGEST else ():
        most = min(best - 1, _cutoff(len(word), len(name)))
        if 0 < (far := distance(word, name, most)) <= most:
            best, found = far, name
    return found


def _cutoff(one: int, other: int) -> int:
    """``get_edit_distance_cutoff`` of GCC's spellcheck.cc."""
    longer, shorter = max(one, other), min(one, other)
    if longer - shorter <= 1:
        return _STEP * max(longer // 3, 1)
    return _STEP * ((longer + 2) // 3)


def distance(one: str, other: str, most: int) -> int:
    """Damerau and Levenshtein's: letters put in, left out, exchanged, or swapped with the next.

    Some number above ``most`` where it is more than that.
    """
    if abs(len(one) - len(other)) * _STEP > most:
        return most + 1
    before: list[int] = []
    row = [_STEP * n for n in range(len(other) + 1)]
    for i, a in enumerate(one, 1):
        last, row, older = row, [_STEP * i], before
        for j, b in enumerate(other, 1):
            best = min(last[j] + _STEP, row[j - 1] + _STEP, last[j - 1] + _changed(a, b))
            if i > 1 and j > 1 and (a, one[i - 2]) == (other[j - 2], b):
                best = min(best, older[j - 2] + _STEP)
            row.append(best)
        if min(row) > most and min(last) > most:
            return most + 1
        before = last
    return row[-1]


def _changed(one: str, other: str) -> int:
    if one == other:
        return 0
    return _CASE if one.lower() == other.lower() else _STEP
