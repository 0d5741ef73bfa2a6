"""Relaxed instruction fetch (DESIGN §7.3): what other CPUs see while one updates."""

from transformer.emulator.fetch.schedule import Schedule, Step

__all__ = ["Schedule", "Step"]
