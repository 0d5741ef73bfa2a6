"""What code is wherever it lies: its instructions and its direct branches.

Most code is in many programs, each time at another address: the runtime, the
models.  So it is remembered by its bytes, and addresses count from its start.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from transformer.arch import Arch
from transformer.arch.model import ByteOrder
from transformer.emulator.disassembly import decoder
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
        sizes = dict(self._sweep(code))
        near = len(code) - self._longest_pair
        return Piece(
            array("I", sizes),
            bytes(sizes.values()),
            tuple(self._branches(code, sizes)),
            tuple(o for o in sizes if o > near),
        )

    def _sweep(self, code: bytes) -> Iterator[tuple[int, int]]:
        step = self._arch.instruction_alignment
        cs = decoder(self._arch)
        start = 0
        while start < len(code):
            stopped = start
            for offset, size, _, _ in cs.disasm_lite(code[start:], start):
                yield offset, size
                stopped = offset + size
            start = stopped + step

    def _branches(self, code: bytes, sizes: dict[int, int]) -> Iterator[tuple[int, str, int, int]]:
        for match in self._likely.finditer(code):
            offset = match.start()
            if offset not in sizes:
                continue
            bare = code[offset : offset + sizes[offset]].lstrip(self._arch.padding)
            at = offset + sizes[offset] - len(bare)
            for row in self._arch.branches.values():
                target = row.decode(at, bare) if len(bare) == row.size else None
                if target is not None:
                    yield at, direct_kind(row.is_call), row.size, target
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
