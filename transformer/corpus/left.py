"""What a step leaves behind: what its call returned, and the memory that the case names."""

from __future__ import annotations

from transformer.corpus.ctype import CType, size_of
from transformer.corpus.oracle import OracleBuild
from transformer.corpus.plan import PlannedAction
from transformer.corpus.values import Decoder, Guest, Value
from transformer.emulator import Image


class Left:
    """Reads it from the memory of a program that has run, whatever ran it."""

    def __init__(self, program: Guest, image: Image, built: OracleBuild, decoder: Decoder) -> None:
        self._program, self._image, self._built, self._decoder = program, image, built, decoder

    def returned(self, action: PlannedAction) -> Value | None:
        """The value of an action's call; None where it is void."""
        symbols = self._image.symbols
        void = symbols[f"__h_void_{action.id}"]
        ctype = self._built.variables.get(f"__h_ret_{action.id}")
        if ctype is None or self._program.read(void.address, 1) != b"\0":
            return None
        return self._variable(symbols[f"__h_ret_{action.id}"].address, ctype)

    def memory(self) -> dict[str, Value]:
        """The variables that the case names, by their names."""
        found = {}
        for index, name in enumerate(self._built.plan.case.memory):
            ctype = self._built.variables.get(name)
            symbol = self._image.symbols.get(f"__h_mem_{index}")
            if ctype is not None and symbol is not None:
                found[name] = self._variable(self._program.pointer(symbol.address), ctype)
        return found

    def _variable(self, address: int, ctype: CType) -> Value:
        return self._decoder.value(ctype, self._program.read(address, size_of(ctype)))
