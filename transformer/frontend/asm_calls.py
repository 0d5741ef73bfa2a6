"""What calls that are written as asm need to know of a unit."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from transformer.frontend import idioms as I
from transformer.frontend.c_types import Types
from transformer.frontend.chunks import Chunk
from transformer.frontend.lexing import CONTROL, Token, matching, tokens
from transformer.frontend.openings import Openings
from transformer.frontend.prototypes import prototype
from transformer.frontend.source import LineMap

#: an attribute or a pragma that compiles functions for other registers than the rest
_TARGET = re.compile(
    r"""\b(?:__)?target(?:_clones|_version)?(?:__)?\s*\(\s*"
      |^[ \t]*\#[ \t]*pragma[ \t]+(?:GCC[ \t]+target\b|clang[ \t]+attribute\b[^\n]*\btarget\b)""",
    re.MULTILINE | re.VERBOSE,
)

_SETJMP = re.compile(r"\b(?:__builtin_|__?)?(?:sig)?setjmp\s*\(")
_REFUSED = (
    # a call's asm says what it clobbers by the unit's registers, and compilers put
    # one function into another
    (_TARGET, "functions compiled for other registers than the rest of the unit"),
    # to the compiler an asm is no call, so nothing that it runs can jump back here
    (_SETJMP, "a function to which longjmp may return"),
)
_LABEL = re.compile(r"\b__label__\b")
_NOT_LOCAL = "a goto out of a nested function"  # does what longjmp does


class AsmCalls:
    """Fills in ``unit`` for the keys that it calls; ``most`` arguments fit in registers."""

    def __init__(self, unit: I.Unit, types: Types, lines: LineMap, most: int) -> None:
        self.unit, self.types, self.lines, self.most = unit, types, lines, most
        self.calls: dict[str, list[I.Idiom]] = defaultdict(list)
        for idiom in unit.idioms:
            if isinstance(idiom, I.Call):
                self.calls[idiom.name].append(idiom)
        self.keys = [
            i
            for i in unit.idioms
            if isinstance(i, I.CallDefinition | I.CallDeclaration) and i.name in self.calls
        ]

    def prototypes(self) -> None:
        for key in self.keys:
            if key.func not in self.unit.prototypes:
                self.unit.prototypes[key.func] = prototype(self.types, key.func, self.most)

    def openings(self, openings: Openings) -> None:
        """Before a key's first call in the user's file, else before its first declaration."""
        for key in self.keys:
            if key.name in self.unit.openings:
                continue
            after = [c.position for c in self.calls[key.name] if c.position > key.position]
            places = (openings.before(c, key.position) for c in after)
            at = next((p for p in places if p is not None), None)
            at = openings.after(key.position) if at is None else at
            if at is not None:
                self.unit.openings[key.name] = at

    def refusals(self, main: str) -> Iterator[tuple[int, str]]:
        """What of the user's own code cannot stand beside calls by inline asm, and why."""
        if not self.keys:
            return
        for offset, reason in self._hazards():
            if self.lines.place(offset)[0] == main:
                yield offset, f"{reason} cannot stand beside calls by inline asm"

    def _hazards(self) -> Iterator[tuple[int, str]]:
        declarations = self.types.declarations
        for pattern, reason in _REFUSED:
            for match in pattern.finditer(declarations.text):
                yield match.start(), reason
        places = (m.start() for m in _LABEL.finditer(declarations.text))
        for chunk in dict.fromkeys(map(declarations.chunk_at, places)):
            if chunk is not None and chunk.is_function:
                for offset in _gotos_out(declarations.text, chunk):
                    yield offset, _NOT_LOCAL


def _gotos_out(text: str, chunk: Chunk) -> Iterator[int]:
    """Where a function nested in this one goes to a label that it has not declared itself."""
    found = tokens(text, chunk.body, chunk.end)
    for opening, closing in _nested(found):
        inside = found[opening:closing]
        own = _declared(inside) | {
            a.text for a, b in pairwise(inside) if a.kind == "id" and b.text == ":"
        }
        outer = _declared(found[:opening])
        for word, label in pairwise(inside):
            if word.text == "goto" and label.text in outer - own:
                yield word.start


def _nested(found: list[Token]) -> Iterator[tuple[int, int]]:
    """The bodies of functions within a function: ``name(...) {``, from brace to brace."""
    for at, (word, opening) in enumerate(pairwise(found)):
        if word.kind != "id" or word.text in CONTROL or opening.text != "(":
            continue
        behind = matching(found, at + 1) + 1
        if 0 < behind < len(found) and found[behind].text == "{":
            yield behind, matching(found, behind)


def _declared(found: list[Token]) -> set[str]:
    """The labels that ``__label__ a, b;`` declares."""
    labels: set[str] = set()
    declaring = False
    for token in found:
        declaring = token.text == "__label__" or (declaring and token.text != ";")
        if declaring and token.kind == "id":
            labels.add(token.text)
    return labels
