"""Turns what went wrong into words on standard error and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from transformer.cli.common import Usage
from transformer.diagnostics import Diagnostic, ScError, palette
from transformer.extras import MissingExtra

PROGRAM = "sc-transform"
WRONG, USAGE = 1, 2


def diagnosed(error: Exception) -> tuple[Diagnostic, ...]:
    """The diagnostics that an error stands for; none where it is no matter of the input."""
    if isinstance(error, ScError):
        return error.diagnostics
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        text = error.strerror or str(error)
        return (Diagnostic("error", "sc-input", text, str(error.filename or "")),)
    return ()


def status_of(error: Exception) -> int:
    return USAGE if isinstance(error, MissingExtra) else WRONG


def show(found: Iterable[Diagnostic]) -> None:
    """Messages as a compiler's, on standard error."""
    colours = palette(sys.stderr)
    for diagnostic in found:
        print(diagnostic.render(colours), file=sys.stderr)


def report(error: Exception) -> int:
    """Tells the user of ``error``; raises it again only where SC_DEBUG is set."""
    if os.environ.get("SC_DEBUG"):
        raise error
    from transformer.arch import UnknownArch

    if isinstance(error, ScError):
        show(error.diagnostics)
        return status_of(error)
    if isinstance(error, Usage | UnknownArch):
        return _say(str(error), USAGE)
    if isinstance(error, OSError):
        return _say(f"{error.filename or 'input or output'}: {error.strerror or error}", WRONG)
    text = f"internal error: {type(error).__name__}: {error} (SC_DEBUG=1 shows where)"
    return _say(text, USAGE)


def _say(text: str, status: int) -> int:
    print(f"{PROGRAM}: error: {text}", file=sys.stderr)
    return status
