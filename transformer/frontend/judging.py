"""Whether a guard's operand is an address constant, by tokens or by a function's tree."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from transformer.frontend.c_types import Types
from transformer.frontend.chunks import Chunk
from transformer.frontend.gnu import Unparsable, deeply, parse
from transformer.frontend.lexing import Token
from transformer.frontend.scopes import Scopes
from transformer.frontend.words import lookup

_BEFORE_EXPRESSION = {"return", "else", "do", "case", "goto", "sizeof"}


class Judge:
    """Judges the operands in one chunk; it is parsed only where tokens do not tell.

    ``keys`` are the keys declared at file scope so far, ``arrays`` those of
    them that are arrays.  ``failed`` is told of a function that does not parse.
    """

    def __init__(
        self,
        chunk: Chunk,
        found: list[Token],
        types: Types,
        keys: set[str],
        arrays: set[str],
        failed: Callable[[int, str], None],
    ) -> None:
        self.chunk, self.tokens, self.types = chunk, found, types
        self.keys, self.arrays, self.failed = keys, arrays, failed
        self.judged: dict[int, str] | None = None
        self.addressed: set[str] | None = None

    def reason(self, at: int, close: int) -> str:
        """Why a guard's operand is no address constant; "" where it is one."""
        if self._plainly_constant(at, close):
            return ""
        if self.judged is None:
            self.judged = self._judge_all()
        if at in self.judged:
            return self.judged[at]
        return _judge_by_tokens(self.tokens, at, close)

    def unknown(self, at: int, close: int) -> str:
        """The name in ``&name…`` that nothing declares, as far as can be told."""
        operand = [t for t in self.tokens[at + 2 : close] if t.text not in "()"]
        if len(operand) < 2 or operand[0].text != "&" or operand[1].kind != "id":
            return ""
        name = operand[1].text
        declared = name in self.keys or self.types.declarations.mentions(name)
        return "" if declared or not self._only_addressed(name) else name

    def undeclared(self, at: int) -> str:
        """The function that the word at ``at`` switches, where nothing declares it."""
        name = self.tokens[at + 2].text
        if self.tokens[at + 2].kind != "id" or self.types.declarations.mentions(name):
            return ""
        for index, token in enumerate(self.tokens):
            word = lookup(self.tokens[index - 2].text) if index > 1 else None
            if token.text == name and not (word and word[0].kind == "dynamic-operation"):
                return ""
        return name

    def _only_addressed(self, name: str) -> bool:
        """Whether the chunk says ``name`` only as ``&name``, so does not declare it."""
        if self.addressed is None:
            ids = [(b.text, a.text == "&") for a, b in pairwise(self.tokens) if b.kind == "id"]
            self.addressed = {n for n, _ in ids} - {n for n, direct in ids if not direct}
        return name in self.addressed

    def _plainly_constant(self, at: int, close: int) -> bool:
        """``&key`` of a key at file scope, in a function that only ever says ``&key``."""
        if close != at + 4 or self.tokens[at + 2].text != "&":
            return False
        name = self.tokens[at + 3].text
        return name in self.keys and self._only_addressed(name)

    def _judge_all(self) -> dict[int, str]:
        scopes = Scopes(self.types, frozenset(self.arrays))
        try:
            tree = parse(self.tokens, self.types.declarations.typedefs).tree
        except Unparsable as e:
            if not self.chunk.is_function or self.chunk.broken >= 0:
                return {}
            token = self.tokens[e.index] if 0 <= e.index < len(self.tokens) else self.tokens[0]
            self.failed(token.start, str(e))
            return {}
        with deeply():
            scopes.function(tree)
        return scopes.judged


def _judge_by_tokens(found: list[Token], at: int, close: int) -> str:
    """For a function that pycparser does not take: ``&name`` of no local name."""
    operand = [t for t in found[at + 2 : close] if t.text not in "()"]
    if len(operand) != 2 or operand[0].text != "&" or operand[1].kind != "id":
        return "its function could not be parsed"
    name = operand[1].text
    for index, token in enumerate(found):
        before = found[index - 1] if index else None
        if (
            token.text == name
            and before
            and (
                before.text == "*"
                or (before.kind == "id" and before.text not in _BEFORE_EXPRESSION)
            )
        ):
            return f"'{name}' may be a local variable"
    return ""
