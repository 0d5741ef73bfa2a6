"""What code is wherever it lies: its instructions and its direct branches.

Most code is in many programs, each time at another address: the runtime, the
models.  So it is remembered by its bytes, and addresses count from its start.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from transformer.arch import Arch
from transformer.arch.model import Branch, ByteOrder
from transformer.emulator.disassembly import sizes
from transformer.emulator.transfers import direct_kind


@dataclass(frozen=True)
class Piece:
    """Where each instruction begins, and its size.

    ``branches`` are (offset behind padding, kind, size, target's offset);
    ``open`` the instructions so near the end that one may be the first of a
    pair that goes on behind it.
    """

    offsets: array[int]
    sizes: bytes
    branches: tuple[tuple[int, str, int, int], ...]
    open: tuple[int, ...]


_MOST_KNOWN = 30_000
#: By the number of an arch that its reader holds, and so keeps (an arch is no key of a dict).
_READERS: dict[int, Reader] = {}


def reader(arch: Arch) -> Reader:
    """The arch's one reader."""
    return _READERS.get(id(arch)) or _READERS.setdefault(id(arch), Reader(arch))


class Reader:
    """Reads the code of one arch."""

    def __init__(self, arch: Arch) -> None:
        self._arch = arch
        self._known: dict[bytes, Piece] = {}
        self._likely = _pattern(arch)
        self._rows: dict[int, list[tuple[str, Branch]]] = {}  # by their size, with their kind
        for row in arch.branches.values():
            self._rows.setdefault(row.size, []).append((direct_kind(row.is_call), row))
        self._longest_pair = max((p.size for p in arch.pairs), default=0)

    def read(self, code: bytes) -> Piece:
        """The code decoded in a straight line; bytes that are no instruction are stepped over."""
        found = self._known.get(code)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[code] = self._decoded(code)
        return found

    def _decoded(self, code: bytes) -> Piece:
        found = self._sweep(code)
        near = len(code) - self._longest_pair
        return Piece(
            array("I", found),
            bytes(found.values()),
            tuple(self._branches(code, found)),
            tuple(o for o in found if o > near),
        )

    def _sweep(self, code: bytes) -> dict[int, int]:
        """The size of each instruction by its offset."""
        found: dict[int, int] = {}
        start = 0
        while start < len(code):
            here = sizes(self._arch, code[start:])
            offsets = list(accumulate(here, initial=start))
            found.update(zip(offsets, here, strict=False))  # the last is where they end
            start = offsets[-1] + self._arch.instruction_alignment
        return found

    def _branches(self, code: bytes, found: dict[int, int]) -> Iterator[tuple[int, str, int, int]]:
        for match in self._likely.finditer(code):
            offset = match.start()
            if offset not in found:
                continue
            bare = code[offset : offset + found[offset]].lstrip(self._arch.padding)
            at = offset + found[offset] - len(bare)
            for kind, row in self._rows.get(len(bare), ()):
                target = row.decode(at, bare)
                if target is not None:
                    yield at, kind, row.size, target
                    break
            for pair in self._arch.pairs:
                target = pair.decode(offset, code[offset : offset + pair.size])
                if target is not None:
                    kind, size = direct_kind(pair.kind == "call"), pair.size - pair.second
                    yield offset + pair.second, kind, size, target


def _pattern(arch: Arch) -> re.Pattern[bytes]:
    """Fits wherever a branch of the arch's rows may begin, with its padding."""
    one = (
        _bytes(r.size, ~(r.mask | r.ignored), r.base, r.byteorder) for r in arch.branches.values()
    )
    two = (_bytes(p.size, p.mask, p.value, "little") for p in arch.pairs)
    padding = _one_of(arch.padding) + b"*" if arch.padding else b""
    return re.compile(b"(?=" + padding + b"(?:" + b"|".join([*one, *two]) + b"))", re.DOTALL)


def _bytes(size: int, mask: int, value: int, order: ByteOrder) -> bytes:
    """A pattern for the words that have this value in these bits."""
    whole = (1 << 8 * size) - 1
    masks, values = ((n & whole).to_bytes(size, order) for n in (mask, mask & value))
    pairs = zip(masks, values, strict=True)
    return b"".join(_one_of(b for b in range(256) if b & m == v) for m, v in pairs)


def _one_of(values: Iterable[int]) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % v for v in values) + b"]"
