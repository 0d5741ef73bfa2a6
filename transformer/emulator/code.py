"""The instructions of an image, function by function."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from transformer.arch import Arch
from transformer.emulator.disassembly import decoder
from transformer.emulator.image import Image, Section
from transformer.emulator.transfers import Transfer, classify


class Code:
    """Where instructions begin, and which are direct branches.

    Decoded in a straight line from each function symbol on; bytes that are no
    instruction (data in text) are stepped over.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self.arch: Arch = image.arch

    @cached_property
    def starts(self) -> dict[int, int]:
        """Each instruction's address with its size."""
        found: dict[int, int] = {}
        for section in self.image.entry_sections:
            if section.executable:
                for start, end in self._pieces(section):
                    found.update(self._sweep(section, start, end))
        return found

    def branches(self, targets: set[int], inside: list[range]) -> Iterator[tuple[int, Transfer]]:
        """Direct branches to any of ``targets`` or into any range of ``inside``."""
        for address, size in self.starts.items():
            code = self.image.read(address, size)
            transfer = self._direct(address, code)
            if transfer is None or transfer.target is None:
                continue
            to = transfer.target
            if to in targets or any(to in r for r in inside):
                yield address, transfer

    def is_instruction(self, address: int) -> bool:
        return address in self.starts

    def _direct(self, address: int, code: bytes) -> Transfer | None:
        for name, branch in self.arch.branches.items():
            target = branch.decode(address, code)
            if target is not None:
                kind = "direct-call" if name == "call" else "direct-jump"
                return Transfer(kind, branch.size, target)
        return None

    def _pieces(self, section: Section) -> Iterator[tuple[int, int]]:
        """From symbol to symbol: a function starts anew whatever lay before it."""
        cuts = {section.address, section.end}
        for symbol in self.image.all_symbols:
            if section.address <= symbol.address < section.end:
                cuts.add(symbol.address)
                if symbol.kind == "func" and symbol.address + symbol.size < section.end:
                    cuts.add(symbol.address + symbol.size)
        ordered = sorted(cuts)
        yield from zip(ordered, ordered[1:], strict=False)

    def _sweep(self, section: Section, start: int, end: int) -> Iterator[tuple[int, int]]:
        step = self.arch.instruction_alignment
        while start < end:
            code = section.data[start - section.address : end - section.address]
            stopped = start
            for address, size, _, _ in decoder(self.arch).disasm_lite(code, start):
                yield address, size
                stopped = address + size
            start = stopped + step


__all__ = ["Code", "classify"]
