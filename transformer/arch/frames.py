"""Frames: how a caller is found, and what protects where it goes on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Authentication:
    """An instruction that signs the return address in the link register, or authenticates it.

    By its bits.  ``kind`` is sign or authenticate, ``key`` names the key; both
    take the stack pointer into account.
    """

    what: str
    kind: str
    key: str
    mask: int
    value: int
    size: int


@dataclass(frozen=True)
class Unwind:
    """How call-frame information names things.

    ``registers`` are the emulator's names by their DWARF numbers, ``sp`` is the
    number of the stack pointer.  ``sign_state`` is the instruction that says
    that the return address is signed from here on, or no longer is; 0: none.
    """

    registers: tuple[str, ...]
    sp: int
    sign_state: int = 0
