"""How a command tells its diagnostics: as text at once, or as one document at its end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from transformer import __version__
from transformer.cli.failure import diagnosed, show, status_of
from transformer.diagnostics import FORMATS, TEXT, Diagnostic

if TYPE_CHECKING:
    import argparse

Tell = Callable[[Iterable[Diagnostic]], None]


def add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--diagnostics-format", choices=FORMATS, default=TEXT,
        help="how messages are written to standard error: as a compiler's, or as one "
        "document, a JSON array or a SARIF 2.1.0 log (default: text)",
    )  # fmt: skip


@contextmanager
def messages(form: str) -> Iterator[Tell]:
    """Gives the function that tells; errors that end the work are told with the rest."""
    if form == TEXT:
        yield show
        return
    found: list[Diagnostic] = []
    status = 0
    try:
        yield found.extend
    except Exception as e:
        ended = diagnosed(e)
        if not ended or os.environ.get("SC_DEBUG"):
            raise
        found += ended
        status = status_of(e)
    from transformer.diagnostics.documents import document

    print(document(found, form, __version__), file=sys.stderr)
    if status:
        sys.exit(status)
