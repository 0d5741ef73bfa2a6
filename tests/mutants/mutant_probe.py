"""A program in the emulator that asks the runtime itself: what verify's cases cannot see."""

from __future__ import annotations

from pathlib import Path

from transformer.arch import Arch
from transformer.toolchain import Compiler


def run(arch: Arch, compiler: Compiler, folder: Path) -> str:
    """What is wrong; empty where all is right."""
    return ""
