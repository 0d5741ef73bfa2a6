"""The instructions of an image, function by function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from transformer.arch import Arch, Branch
from transformer.emulator.disassembly import decoder
from transformer.emulator.image import Image, Section
from transformer.emulator.transfers import Transfer, direct_kind

#: Where data begins in code, and code again, on arches that have such (AAELF64, 5.5.7).
_MAPPING = ("$d", "$x", "$a", "$t")


@dataclass(frozen=True)
class _Piece:
    """What bytes are, wherever they lie: (offset, size) of each instruction.

    ``likely`` are those that the arch's rows for branches may fit.
    """

    starts: tuple[tuple[int, int], ...]
    likely: tuple[tuple[int, int], ...]


#: By an arch's number and bytes, most of which are in many programs: the runtime, the models.
#: The arch is held, so that its number stays its own.
_KNOWN: dict[tuple[int, bytes], tuple[Arch, _Piece]] = {}
_MOST_KNOWN = 50_000


@lru_cache(maxsize=4)
def code_of(image: Image) -> Code:
    """The image's code, decoded once."""
    return Code(image)


class Code:
    """Where instructions begin, and which are direct branches.

    Decoded in a straight line from each symbol on; bytes that are no
    instruction (data in text) are stepped over.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self.arch: Arch = image.arch

    @cached_property
    def starts(self) -> dict[int, int]:
        """Each instruction's address with its size."""
        found: dict[int, int] = {}
        for _, start, piece in self._decoded:
            found.update((start + offset, size) for offset, size in piece.starts)
        return found

    @cached_property
    def _decoded(self) -> list[tuple[Section, int, _Piece]]:
        """Each piece with its section and its address."""
        return [
            (section, start, self._piece(section.data[start - base : end - base]))
            for section in self.image.entry_sections
            if section.executable
            for base in [section.address]
            for start, end in self._pieces(section)
        ]

    @cached_property
    def branches(self) -> dict[int, Transfer]:
        """Direct branches by the address of the instruction that branches, behind its padding."""
        found: dict[int, Transfer] = {}
        for section, start, piece in self._decoded:
            found.update(self._branches_in(section, start, piece))
        return found

    def start_of(self, address: int) -> int | None:
        """Where the instruction begins that is at ``address`` behind its padding."""
        start = address
        while start not in self.starts:
            start -= 1
            section = self.image.section_at(start)
            if section is None or self.image.read(start, 1) != self.arch.padding:
                return None
        return start

    def _branches_in(
        self, section: Section, start: int, piece: _Piece
    ) -> Iterator[tuple[int, Transfer]]:
        tests, pairs, order = self._tests, self.arch.pairs, self.arch.byteorder
        base, data, padding = section.address, section.data, self.arch.padding
        for offset, size in piece.likely:
            address = start + offset
            code = data[address - base : address - base + size].lstrip(padding)
            at = address + size - len(code)
            for mask, known in tests.get(len(code), ()):
                row = known.get(int.from_bytes(code, order) & mask)
                target = row.decode(at, code) if row is not None else None
                if row is not None and target is not None:
                    yield at, Transfer(direct_kind(row.is_call), row.size, target)
                    break
            for pair in pairs:
                both = data[address - base : address - base + pair.size]
                if int.from_bytes(both, "little") & pair.mask != pair.value:
                    continue
                target = pair.decode(address, both)
                if target is not None:
                    size = pair.size - pair.second
                    kind = direct_kind(pair.kind == "call")
                    yield address + pair.second, Transfer(kind, size, target)

    @cached_property
    def _tests(self) -> dict[int, list[tuple[int, dict[int, Branch]]]]:
        """By size, the bits that tell branches from others, and the branches by these bits."""
        found: dict[int, dict[int, dict[int, Branch]]] = {}
        for row in self.arch.branches.values():
            fixed = ~(row.mask | row.ignored)
            found.setdefault(row.size, {}).setdefault(fixed, {}).setdefault(row.base, row)
        return {size: list(masks.items()) for size, masks in found.items()}

    def _pieces(self, section: Section) -> Iterator[tuple[int, int]]:
        """From symbol to symbol: a function starts anew whatever lay before it.

        Not from an assembler's local labels (``.L``): those of debug information
        may lie within an instruction once a linker has relaxed what is before it.
        Data that mapping symbols tell of is left out, up to the next function: an
        assembler's subsections come in another order than it has marked them.
        """
        cuts = {section.address, section.end}
        marks: dict[int, bool] = {}
        functions: dict[int, bool] = {}
        for symbol in self.image.all_symbols:
            if not section.address <= symbol.address < section.end:
                continue
            if symbol.section != section.name:
                continue  # debug information has symbols too, counted from 0
            if symbol.name.startswith(_MAPPING):
                marks[symbol.address] = symbol.name.startswith("$d")
                cuts.add(symbol.address)
            elif not symbol.name.startswith(".L"):
                cuts.add(symbol.address)
                if symbol.kind == "func":
                    functions[symbol.address] = False
                    if symbol.address + symbol.size < section.end:
                        cuts.add(symbol.address + symbol.size)
        is_data, marks = False, {**functions, **marks}
        for start, end in pairwise(sorted(cuts)):
            is_data = marks.get(start, is_data)
            if not is_data:
                yield start, end

    def _piece(self, code: bytes) -> _Piece:
        key = id(self.arch), code
        if key not in _KNOWN:
            if len(_KNOWN) >= _MOST_KNOWN:
                _KNOWN.clear()
            starts = tuple(self._sweep(code))
            likely = tuple((o, s) for o, s in starts if self._may_branch(code, o, s))
            _KNOWN[key] = self.arch, _Piece(starts, likely)
        return _KNOWN[key][1]

    def _may_branch(self, code: bytes, offset: int, size: int) -> bool:
        bare = code[offset : offset + size].lstrip(self.arch.padding)
        word = int.from_bytes(bare, self.arch.byteorder)
        if any(word & mask in known for mask, known in self._tests.get(len(bare), ())):
            return True
        return any(
            len(code) < offset + p.size
            or int.from_bytes(code[offset : offset + p.size], "little") & p.mask == p.value
            for p in self.arch.pairs
        )

    def _sweep(self, code: bytes) -> Iterator[tuple[int, int]]:
        step = self.arch.instruction_alignment
        cs = decoder(self.arch)
        start = 0
        while start < len(code):
            stopped = start
            for address, size, _, _ in cs.disasm_lite(code[start:], start):
                yield address, size
                stopped = address + size
            start = stopped + step
