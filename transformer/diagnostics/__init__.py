"""What the tool says to a user, in the form that compilers use."""

from transformer.diagnostics.colours import Palette, colors, palette
from transformer.diagnostics.model import FORMATS, SEVERITIES, TEXT, Diagnostic, Fixit, ScError

__all__ = [
    "FORMATS",
    "SEVERITIES",
    "TEXT",
    "Diagnostic",
    "Fixit",
    "Palette",
    "ScError",
    "colors",
    "palette",
]
