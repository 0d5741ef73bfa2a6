"""Loads linked programs, runs them, and checks them: the proof's machinery."""

from transformer.emulator.abi import AbiCheck
from transformer.emulator.callframes import CallFrames
from transformer.emulator.disassembly import Instruction, disassemble, instructions
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
from transformer.emulator.inspect import Site, find_sites
from transformer.emulator.library import UcError
from transformer.emulator.lines import SourceLine
from transformer.emulator.machine import Machine
from transformer.emulator.pads import PadCheck, TypeWordCheck
from transformer.emulator.problem import Problem, StaticReport
from transformer.emulator.selftest import SelfTestResult, selftest
from transformer.emulator.shadow import ShadowCheck, ShadowFrame
from transformer.emulator.sites import InlineSite, SiteCheck, inline_sites
from transformer.emulator.static import static_check
from transformer.emulator.tables import CallSite, Guard, Proxy, Tables
from transformer.emulator.unwind import UnwindCheck

__all__ = [
    "AbiCheck",
    "Arrival",
    "CallFrames",
    "CallSite",
    "CodeWrite",
    "Guard",
    "Image",
    "ImageError",
    "InlineSite",
    "Instruction",
    "Machine",
    "Observer",
    "Outcome",
    "PadCheck",
    "Problem",
    "Proxy",
    "ReadWatch",
    "Section",
    "SelfTestResult",
    "ShadowCheck",
    "ShadowFrame",
    "Site",
    "SiteCheck",
    "SourceLine",
    "StaticReport",
    "StopHandler",
    "Symbol",
    "Tables",
    "TypeWordCheck",
    "UcError",
    "UnwindCheck",
    "Violation",
    "disassemble",
    "find_sites",
    "inline_sites",
    "instructions",
    "selftest",
    "static_check",
]
