"""C text to idioms: spans, line markers, GNU C lexing, pycparser, scopes.

Pure: it reads no file and runs no compiler.
"""

from typing import TYPE_CHECKING

from transformer.lazy import names

if TYPE_CHECKING:
    from transformer.frontend.analysis import Analysis
    from transformer.frontend.checks import check, missing_defines
    from transformer.frontend.marking import Marked, mark
    from transformer.frontend.source import LineMap, Place, Source

__all__ = [
    "Analysis",
    "LineMap",
    "Marked",
    "Place",
    "Source",
    "check",
    "mark",
    "missing_defines",
]

if not TYPE_CHECKING:  # mypy would take any name
    __getattr__ = names(
        __name__,
        {
            "analysis": "Analysis",
            "checks": "check missing_defines",
            "marking": "Marked mark",
            "source": "LineMap Place Source",
        },
    )
