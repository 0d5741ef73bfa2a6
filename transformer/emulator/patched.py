"""A place that is patched: what stands in it, and whether one store can change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transformer.arch import Arch
from transformer.emulator.tables import Memory
from transformer.emulator.transfers import UNREADABLE


@dataclass(frozen=True)
class PatchedPlace:
    """``state`` is one of the names in the place's form, None if none fits.

    ``target`` is where a branch goes, ``size`` that of the largest state.
    """

    arch: Arch
    address: int
    size: int
    code: bytes
    state: str | None
    target: int | None

    @property
    def straddles(self) -> bool:
        """Whether no single store changes it."""
        unit = self.arch.unit
        return self.address // unit != (self.address + self.size - 1) // unit

    def problems(self) -> Iterator[str]:
        """What is wrong with it, whatever its key says."""
        if self.state is None:
            yield f"{self.code.hex(' ')} is none of the instructions that may stand here"
        if self.straddles:
            yield (
                f"its {self.size} bytes at {self.address:#x} straddle a unit of "
                f"{self.arch.unit} bytes: no one store changes them"
            )


def read_place(arch: Arch, form: str, memory: Memory, address: int) -> PatchedPlace:
    """What ``memory`` holds at a place of this form (a row of ``arch.forms``)."""
    states = arch.forms[form].states
    sizes = {s: _size(arch, s) for s in states}
    try:
        code = memory.read(address, max(sizes.values()))
    except UNREADABLE:
        code = b""
    for state in states:
        if state in arch.instructions:
            if code.startswith(arch.instruction(state).code):
                return PatchedPlace(arch, address, max(sizes.values()), code, state, None)
            continue
        target = arch.branch(state).decode(address, code)
        if target is not None:
            return PatchedPlace(arch, address, max(sizes.values()), code, state, target)
    return PatchedPlace(arch, address, max(sizes.values()), code, None, None)


def _size(arch: Arch, state: str) -> int:
    return (arch.instructions.get(state) or arch.branch(state)).size
