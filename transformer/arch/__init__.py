"""Arch descriptions, read from ``templates/<arch>/arch.toml``: the ground floor."""

from transformer.arch.assembly import Assembly, PrintedBranch, RelocatedBranch
from transformer.arch.frames import Authentication, Unwind
from transformer.arch.load import UnknownArch, host, load, names
from transformer.arch.model import (
    Arch,
    Branch,
    Emulation,
    Field,
    Form,
    IndirectBranch,
    InlineAsm,
    Instruction,
    Pair,
    Registers,
    Snippet,
    Synchronise,
    TextProperty,
    Toolchain,
    Variant,
)
from transformer.places import templates_dir

__all__ = [
    "Arch",
    "Assembly",
    "Authentication",
    "Branch",
    "Emulation",
    "Field",
    "Form",
    "IndirectBranch",
    "InlineAsm",
    "Instruction",
    "Pair",
    "PrintedBranch",
    "Registers",
    "RelocatedBranch",
    "Snippet",
    "Synchronise",
    "TextProperty",
    "Toolchain",
    "UnknownArch",
    "Unwind",
    "Variant",
    "host",
    "load",
    "names",
    "templates_dir",
]
