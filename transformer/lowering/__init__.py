"""Idioms to edits to C: one module for each family of idioms, and the edit buffer.

Pure: it reads no file and runs no compiler.
"""

from typing import TYPE_CHECKING

from transformer.lazy import names

if TYPE_CHECKING:
    from transformer.lowering.edits import Edit, EditBuffer, Origins, Overlap, fit
    from transformer.lowering.linux import lower_linux
    from transformer.lowering.lowered import Lowered, Options, lower

__all__ = [
    "Edit",
    "EditBuffer",
    "Lowered",
    "Options",
    "Origins",
    "Overlap",
    "fit",
    "lower",
    "lower_linux",
]

if not TYPE_CHECKING:  # mypy would take any name
    __getattr__ = names(
        __name__,
        {
            "edits": "Edit EditBuffer Origins Overlap fit",
            "linux": "lower_linux",
            "lowered": "Lowered Options lower",
        },
    )
