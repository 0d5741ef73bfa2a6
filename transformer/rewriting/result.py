"""What a rewrite gives."""

from __future__ import annotations

from typing import NamedTuple

from transformer.diagnostics import Diagnostic
from transformer.lowering.edits import Edit


class Site(NamedTuple):
    """One idiom: ``kind`` as in ``transformer.frontend.words.Word``.

    ``key`` is the key, the function or the operand; ``column`` is 0 where a
    header or a macro spells the idiom.  ``static`` tells of a definition that
    no other unit sees.
    """

    kind: str
    key: str
    path: str
    line: int
    column: int
    static: bool = False


class RewriteResult(NamedTuple):
    """``text`` is the new file; that of the input where there are errors.

    ``keys`` are the names of the static calls and static keys that the unit
    declares or defines, ``sites`` all idioms in the order of the unit.
    ``edits`` are on the bytes of the input; none where the output is
    preprocessed text.  ``left`` are the idiom words of a unit of Linux that
    stay as they are, each a note with the reason.
    """

    text: bytes
    edits: tuple[Edit, ...] = ()
    keys: tuple[str, ...] = ()
    sites: tuple[Site, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    left: tuple[Diagnostic, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no error among the diagnostics."""
        return all(d.severity != "error" for d in self.diagnostics)
