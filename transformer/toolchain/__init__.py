"""Finds C compilers for an arch and runs them: preprocess, compile, assemble, link."""

from transformer.toolchain.find import available, find, identified
from transformer.toolchain.model import FAMILIES, Compiler, CompilerMissing, Completed
from transformer.toolchain.run import (
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
    "assemble",
    "available",
    "check_syntax",
    "compile_assembly",
    "compile_object",
    "find",
    "identified",
    "link",
    "preprocess",
    "run",
]
