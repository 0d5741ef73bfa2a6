"""One message, its notes and its suggestions; and the exception that carries messages."""

from __future__ import annotations

from typing import NamedTuple

from transformer.diagnostics.colours import Palette
from transformer.diagnostics.text import rendered

SEVERITIES = ("error", "warning", "note")
TEXT, JSON, SARIF = FORMATS = ("text", "json", "sarif")


class Fixit(NamedTuple):
    """A suggestion: ``text`` in the place of ``length`` bytes of the diagnostic's file."""

    line: int
    column: int
    length: int
    text: str


class Diagnostic(NamedTuple):
    """One message.  ``line`` and ``column`` count from 1, columns bytes; 0 is unknown.

    ``id`` is the name after ``-W``, such as ``sc-unknown-key``; a note that
    belongs to another message has none.  ``length`` is the number of bytes that
    the caret underlines.  Bytes of ``source_line`` that are no UTF-8 stand there
    as with the error handler "surrogateescape".  ``children`` are notes about
    this message, ``fixits`` what may be written instead.
    """

    severity: str
    id: str
    text: str
    path: str = ""
    line: int = 0
    column: int = 0
    source_line: str = ""
    length: int = 1
    children: tuple[Diagnostic, ...] = ()
    fixits: tuple[Fixit, ...] = ()

    def where(self) -> str:
        """``path:line:column``, as much of it as is known."""
        parts = [self.path or "sc-transform"]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)

    def render(self, palette: Palette | None = None) -> str:
        """The message and its notes as GCC would print them, without a final newline."""
        return rendered(self, palette)


class ScError(Exception):
    """Carries the diagnostics that ended the work."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(d.render() for d in diagnostics))
        self.diagnostics = diagnostics
