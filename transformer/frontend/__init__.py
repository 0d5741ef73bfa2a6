"""C text to idioms: spans, line markers, GNU C lexing, pycparser, scopes.

Pure: it reads no file and runs no compiler.
"""

from transformer.frontend.analysis import Analysis
from transformer.frontend.checks import check, missing_defines
from transformer.frontend.marking import Marked, mark
from transformer.frontend.source import LineMap, Place, Source
from transformer.frontend.words import may_hold_idioms

__all__ = [
    "Analysis",
    "LineMap",
    "Marked",
    "Place",
    "Source",
    "check",
    "mark",
    "may_hold_idioms",
    "missing_defines",
]
