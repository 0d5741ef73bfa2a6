"""What calls that are written as asm need to know of a unit."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from transformer.frontend import idioms as I
from transformer.frontend.c_types import Types
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
        for pattern, reason in _REFUSED:
            for match in pattern.finditer(self.types.declarations.text):
                if self.lines.place(match.start())[0] == main:
                    yield match.start(), f"{reason} cannot stand beside calls by inline asm"
