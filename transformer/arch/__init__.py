"""Arch descriptions, read from ``templates/<arch>/arch.toml``: the ground floor."""

from transformer.arch.load import UnknownArch, host, load, names, templates_dir
from transformer.arch.model import (
    Arch,
    Branch,
    Emulation,
    Field,
    Form,
    IndirectBranch,
    Instruction,
    Pair,
    Registers,
    Snippet,
    Synchronise,
    TextProperty,
    Toolchain,
    Variant,
)

__all__ = [
    "Arch",
    "Branch",
    "Emulation",
    "Field",
    "Form",
    "IndirectBranch",
    "Instruction",
    "Pair",
    "Registers",
    "Snippet",
    "Synchronise",
    "TextProperty",
    "Toolchain",
    "UnknownArch",
    "Variant",
    "host",
    "load",
    "names",
    "templates_dir",
]
