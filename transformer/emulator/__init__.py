"""Loads linked programs, runs them, and checks them: the proof's machinery."""

from transformer.emulator.disassembly import disassemble
from transformer.emulator.events import (
    Arrival,
    CodeWrite,
    Observer,
    Outcome,
    ReadWatch,
    StopHandler,
    Violation,
)
from transformer.emulator.image import Image, ImageError, Section, Symbol
from transformer.emulator.library import UcError
from transformer.emulator.lines import SourceLine
from transformer.emulator.machine import Machine
from transformer.emulator.pads import PadCheck
from transformer.emulator.selftest import SelfTestResult, selftest

__all__ = [
    "Arrival",
    "CodeWrite",
    "Image",
    "ImageError",
    "Machine",
    "Observer",
    "Outcome",
    "PadCheck",
    "ReadWatch",
    "Section",
    "SelfTestResult",
    "SourceLine",
    "StopHandler",
    "Symbol",
    "UcError",
    "Violation",
    "disassemble",
    "selftest",
]
