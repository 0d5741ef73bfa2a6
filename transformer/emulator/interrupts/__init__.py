"""Check 4: an interrupt at any instruction of a site or trampoline, and what its handler may do."""

from transformer.emulator.interrupts.cpu import GuestFault, InterruptibleMachine
from transformer.emulator.interrupts.handler import Handler, Runtime
from transformer.emulator.interrupts.judge import Finding
from transformer.emulator.interrupts.places import Place, find_places
from transformer.emulator.interrupts.trials import EXHAUSTIVE, Bounds, Trials

__all__ = [
    "EXHAUSTIVE",
    "Bounds",
    "Finding",
    "GuestFault",
    "Handler",
    "InterruptibleMachine",
    "Place",
    "Runtime",
    "Trials",
    "find_places",
]
