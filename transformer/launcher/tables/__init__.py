"""Which options the compilers have: rows (name, form, role) for each family.

Forms, what belongs to an option besides its name:

flag      nothing: the word is the name
joined    the rest of the word, which may be empty (``-O``, ``-O2``, ``-fpic``)
separate  the next word
either    the rest of the word, or if there is none the next word (``-Ix``, ``-I x``)
equals    what follows ``=`` in the word, or the next word
comma     the rest of the word, split at commas (``-Wl,a,b``)
prefix    the rest of the word and the next word (``-Xarch_x value``)
two, three  as many next words

The longest name wins; a whole word comes before the start of one.  An option that
no row describes is a single word that concerns nobody here.

A family's own rows come before the common ones.  ``roles`` are listed with what is
done for each in ``transformer.launcher.roles``.
"""

from transformer.launcher.tables import common

FAMILIES = ("gcc", "clang")
FORMS = ("flag", "joined", "separate", "either", "equals", "comma", "prefix", "two", "three")
WHOLE = ("flag", "joined", "separate", "either", "equals", "comma", "two", "three")

_Row = tuple[str, str, str]


class Table:
    """A family's options: by whole word, and by how a word starts."""

    __slots__ = ("starts", "whole")

    def __init__(self, rows: tuple[_Row, ...]) -> None:
        self.whole: dict[str, _Row] = {}
        self.starts: dict[str, list[_Row]] = {}
        for row in rows:
            name, form, _role = row
            if form != "prefix" and name not in self.whole:
                self.whole[name] = row
            if form in ("joined", "either", "comma", "prefix"):
                self.starts.setdefault(name[:2], []).append(row)
            elif form == "equals":
                self.starts.setdefault(name[:2], []).append((name + "=", form, row[2]))
        for candidates in self.starts.values():
            candidates.sort(key=_length, reverse=True)

    def row(self, word: str) -> "_Row | None":
        """The row of a word, or None; ``equals`` rows are named with ``=`` if the word is."""
        row = self.whole.get(word)
        if row is None:
            for candidate in self.starts.get(word[:2], ()):
                if word.startswith(candidate[0]):
                    return candidate
        return row


def _length(row: _Row) -> int:
    return len(row[0])


def rows(family: str) -> tuple[_Row, ...]:
    """A family's rows: its own, then those of the common table."""
    if family == "clang":
        from transformer.launcher.tables import clang

        return clang.ROWS + common.ROWS
    from transformer.launcher.tables import gcc

    return gcc.ROWS + common.ROWS
