"""The instructions of an image, function by function."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import itemgetter

from transformer.arch import Arch
from transformer.emulator.image import Image, Section
from transformer.emulator.pieces import Piece, reader
from transformer.emulator.transfers import Transfer, direct_kind

#: Where data begins in code, and code again, on arches that have such (AAELF64, 5.5.7).
_MAPPING = ("$d", "$x", "$a", "$t")


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
            found.update(zip(map(start.__add__, piece.offsets), piece.sizes, strict=True))
        return found

    @cached_property
    def _decoded(self) -> list[tuple[Section, int, Piece]]:
        """Each piece with its section and its address."""
        read = reader(self.arch).read
        return [
            (section, start, read(section.data[start - base : end - base]))
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
            for offset, kind, size, target in piece.branches:
                found[start + offset] = Transfer(kind, size, start + target)
            for offset in piece.open:
                found.update(self._across(section, start + offset))
        return found

    @cached_property
    def branching(self) -> dict[int, list[int]]:
        """Who branches there, in the code's order, by where direct branches go."""
        found: dict[int, list[int]] = {}
        for address, transfer in self.branches.items():
            if transfer.target is not None:
                found.setdefault(transfer.target, []).append(address)
        return found

    def size_at(self, address: int) -> int | None:
        """Of the instruction that begins there, if one does; without a table of them all."""
        places = self._places
        index = bisect_right(places, address, key=itemgetter(0)) - 1
        if index < 0:
            return None
        start, piece = places[index]
        at = bisect_left(piece.offsets, address - start)
        begins = at < len(piece.offsets) and piece.offsets[at] == address - start
        return piece.sizes[at] if begins else None

    @cached_property
    def _places(self) -> list[tuple[int, Piece]]:
        return sorted(((s, p) for _, s, p in self._decoded), key=itemgetter(0))

    def start_of(self, address: int) -> int | None:
        """Where the instruction begins that is at ``address`` behind its padding."""
        start = address
        while self.size_at(start) is None:
            start -= 1
            section = self.image.section_at(start)
            if section is None or self.image.read(start, 1) != self.arch.padding:
                return None
        return start

    def _across(self, section: Section, address: int) -> Iterator[tuple[int, Transfer]]:
        """A branch of two instructions of which only the first is in its piece."""
        for pair in self.arch.pairs:
            at = address - section.address
            target = pair.decode(address, section.data[at : at + pair.size])
            if target is not None:
                kind = direct_kind(pair.kind == "call")
                yield address + pair.second, Transfer(kind, pair.size - pair.second, target)

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
