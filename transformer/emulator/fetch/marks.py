"""Where a program's code has instructions and functions that order memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from transformer.arch import Arch, Synchronise
from transformer.emulator.fetch.log import BARRIER, MAINTAIN, PUBLISH, SYNC
from transformer.emulator.image import Image

LOCK, UNLOCK = "lock", "unlock"
#: Functions of the harness at which the runtime's hooks are seen (hooks.h).
HOOKS = {"__h_lock": LOCK, "__h_unlock": UNLOCK, "__h_publish": PUBLISH, "__h_sync": SYNC}


@dataclass(frozen=True)
class Mark:
    """``row`` is set for maintenance and for barriers."""

    kind: str
    row: Synchronise | None = None


def find_marks(arch: Arch, images: list[Image]) -> dict[int, list[Mark]]:
    """All marks by their address; bytes that look like one and are never run do no harm."""
    rows = [(MAINTAIN, r) for r in arch.synchronise] + [(BARRIER, r) for r in arch.publish]
    found: dict[int, list[Mark]] = {}
    for image in images:
        for section in image.entry_sections:
            if section.executable:
                for kind, row in rows:
                    for offset in _matches(row, section.data, arch.byteorder):
                        at = section.address + offset
                        found.setdefault(at, []).append(Mark(kind, row))
        for name, kind in HOOKS.items():
            if name in image.symbols:
                found[image.symbols[name].address] = [Mark(kind)]
    return found


def _matches(row: Synchronise, data: bytes, byteorder: str) -> Iterator[int]:
    pattern = b"".join(
        _one_of(m, v)
        for m, v in zip(
            row.mask.to_bytes(row.size, byteorder),  # type: ignore[arg-type]
            row.value.to_bytes(row.size, byteorder),  # type: ignore[arg-type]
            strict=True,
        )
    )
    return (m.start() for m in re.finditer(b"(?=" + pattern + b")", data, re.DOTALL))


def _one_of(mask: int, value: int) -> bytes:
    """A regular expression for a byte whose masked bits are ``value``."""
    if mask == 0xFF:
        return re.escape(bytes([value]))
    every = bytes(b for b in range(256) if b & mask == value)
    return b"[" + b"".join(re.escape(bytes([b])) for b in every) + b"]"
