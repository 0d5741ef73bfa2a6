"""The checks of control flow in a cell: landing pads, the shadow stack and unwinding."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from transformer.arch import Variant
from transformer.corpus.program import Program
from transformer.corpus.symbols import HARNESS
from transformer.emulator import (
    CallFrames,
    Image,
    PadCheck,
    ShadowCheck,
    TypeWordCheck,
    UnwindCheck,
    Violation,
)


class FlowChecks:
    """Attached to a program's machine.  ``plain`` is the plain build of the same source."""

    def __init__(self, program: Program, variant: Variant, plain: Path) -> None:
        self._plain_path = plain
        self._machine = program.machine
        self.pads, self.shadow = PadCheck(), ShadowCheck(thunks=variant.retpolines)
        self.unwind = UnwindCheck(self.shadow, self._is_bare)
        if variant.pads:
            self._machine.attach(self.pads)
        self.words = TypeWordCheck(variant.type_word, HARNESS)
        if variant.type_word:
            self._machine.attach(self.words)
        self._machine.attach(self.shadow)
        self._machine.attach(self.unwind)

    def results(self) -> Iterator[tuple[str, int, list[Violation]]]:
        """Each check's name, how often it was made, and what is wrong."""
        self.shadow.end()
        yield "pads", self.pads.count, self.pads.violations
        yield "flow", self.shadow.count, self.shadow.violations
        yield "flow", self.words.count, self.words.violations
        yield "unwind", self.unwind.count, self.unwind.violations

    def _is_bare(self, address: int) -> bool:
        """Whether the plain build has no call-frame information for this function either.

        A person who writes a function in assembly may leave it out.
        """
        image = self._machine.image_at(address)
        found = image.symbol_at(address) if image is not None else None
        symbol = self._plain.symbols.get(found[0].name) if found is not None else None
        return symbol is not None and CallFrames(self._plain).at(symbol.address) is None

    @cached_property
    def _plain(self) -> Image:
        return Image.load(self._plain_path, self._machine.arch)
