"""Loads linked programs, runs them, and checks them: the proof's machinery."""

from transformer.emulator.disassembly import disassemble
from transformer.emulator.image import Image, ImageError, Section, Symbol
from transformer.emulator.lines import SourceLine
from transformer.emulator.machine import (
    Arrival,
    CodeWrite,
    Machine,
    Observer,
    Outcome,
    ReadWatch,
    StopHandler,
)

__all__ = [
    "Arrival",
    "CodeWrite",
    "Image",
    "ImageError",
    "Machine",
    "Observer",
    "Outcome",
    "ReadWatch",
    "Section",
    "SourceLine",
    "StopHandler",
    "Symbol",
    "disassemble",
]
