"""What the tool says to a user, in the form that compilers use."""

from __future__ import annotations

import os
from dataclasses import dataclass

SEVERITIES = ("error", "warning", "note")
_COLOURS = {"error": "\033[1;31m", "warning": "\033[1;35m", "note": "\033[1;36m"}


@dataclass(frozen=True)
class Diagnostic:
    """One message.  ``line`` and ``column`` count from 1; 0 is unknown.

    ``id`` is the name after ``-W``, such as ``sc-unknown-key``.  ``length`` is
    the number of columns that the caret underlines.
    """

    severity: str
    id: str
    text: str
    path: str = ""
    line: int = 0
    column: int = 0
    source_line: str = ""
    length: int = 1

    def where(self) -> str:
        """``path:line:column``, as much of it as is known."""
        parts = [self.path or "sc-transform"]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)

    def render(self, *, color: bool = False) -> str:
        """The message as GCC would print it, without a final newline."""
        severity = f"{self.severity}:"
        if color:
            severity = f"{_COLOURS[self.severity]}{severity}\033[0m"
        lines = [f"{self.where()}: {severity} {self.text} [-W{self.id}]"]
        if self.source_line and self.column:
            lines += self._excerpt()
        return "\n".join(lines)

    def _excerpt(self) -> list[str]:
        number = f"{self.line:5d} | "
        before = self.source_line[: self.column - 1]
        blanks = "".join("\t" if c == "\t" else " " for c in before)
        marks = "^" + "~" * (max(self.length, 1) - 1)
        return [number + self.source_line, " " * 5 + " | " + blanks + marks]


class ScError(Exception):
    """Carries the diagnostics that ended the work."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(d.render() for d in diagnostics))
        self.diagnostics = diagnostics


def colors(stream: object) -> bool:
    """Whether a stream is a terminal whose owner has not asked for plain text."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and not os.environ.get("NO_COLOR")
