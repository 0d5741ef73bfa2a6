"""Places between the user's own declarations, where one more can be put."""

from __future__ import annotations

from functools import cached_property

from transformer.frontend.declarations import Declarations
from transformer.frontend.lexing import Token, raw_tokens
from transformer.frontend.source import LineMap, Source


class Openings:
    """``main`` is what the preprocessed text calls the user's file ``source``."""

    def __init__(
        self, declarations: Declarations, source: Source, lines: LineMap, main: str
    ) -> None:
        self.chunks = declarations.chunks
        self.declarations, self.source, self.lines, self.main = declarations, source, lines, main

    def before(self, position: int, key: int) -> int | None:
        """The byte before the declaration that holds ``position`` of the preprocessed text.

        None where that is not behind the declaration of the key at ``key``.
        """
        return self._before(self.declarations.index_at(position), self.declarations.index_at(key))

    def after(self, key: int) -> int | None:
        """The byte before the user's first declaration after that of a key, or the end."""
        behind = self.declarations.index_at(key)
        for index in range(behind + 1, len(self.chunks)):
            if self.lines.place(self.chunks[index].start)[0] == self.main:
                at = self._before(index, behind)
                if at is not None:
                    return at
        return self._end

    def _before(self, index: int, behind: int) -> int | None:
        """Before a declaration, and before all that ends on its line; None if that is not so."""
        while index > behind:
            path, line = self.lines.place(self.chunks[index].start)
            if path != self.main:
                return None
            last = self.lines.place(self.chunks[index - 1].end - 1)
            if last != (path, line):
                token = self._first.get(line)
                return token.start if token and token.kind in ("id", "op") else None
            index -= 1
        return None

    @cached_property
    def _end(self) -> int | None:
        """Behind the file's last ``;``, brace or parenthesis, if nothing else comes last."""
        tokens = list(raw_tokens(self.source.text, 0, self.source.end(0)))
        return tokens[-1].end if tokens and tokens[-1].kind == "op" else None

    @cached_property
    def _first(self) -> dict[int, Token]:
        """The first token of each line that no parenthesis surrounds."""
        found: dict[int, Token] = {}
        seen, depth = 0, 0
        for token in raw_tokens(self.source.text, 0, self.source.end(0)):
            line = self.source.position(token.start)[0]
            if line != seen and depth == 0:
                found[line] = token
            seen = line
            if token.kind == "op":
                depth += (token.text == "(") - (token.text == ")")
        return found
