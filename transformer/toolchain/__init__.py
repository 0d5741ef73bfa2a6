"""Finds C compilers for an arch and runs them: preprocess, compile, assemble, link."""

from typing import TYPE_CHECKING

from transformer.lazy import names

if TYPE_CHECKING:
    from transformer.toolchain.finding import asked, available, find, identified, named
    from transformer.toolchain.model import FAMILIES, Compiler, CompilerMissing, Completed
    from transformer.toolchain.running import (
        STATIC_PIE,
        assemble,
        check_syntax,
        compile_assembly,
        compile_object,
        link,
        preprocess,
        run,
    )

__all__ = [
    "FAMILIES",
    "STATIC_PIE",
    "Compiler",
    "CompilerMissing",
    "Completed",
    "asked",
    "assemble",
    "available",
    "check_syntax",
    "compile_assembly",
    "compile_object",
    "find",
    "identified",
    "link",
    "named",
    "preprocess",
    "run",
]

if not TYPE_CHECKING:  # mypy would take any name
    __getattr__ = names(
        __name__,
        {
            "finding": "asked available find identified named",
            "model": "FAMILIES Compiler CompilerMissing Completed",
            "running": "STATIC_PIE assemble check_syntax compile_assembly compile_object link"
            " preprocess run",
        },
    )
