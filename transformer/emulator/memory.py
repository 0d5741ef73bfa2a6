"""Which pages a machine maps, and with which permissions.

Code pages are writable: the runtime under test patches text by plain stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from transformer.emulator.image import Image, Section
from transformer.emulator.library import unicorn

PAGE = 0x1000
_GAP = 64  # bytes within a span
_HIGHEST = 0xF000_0000  # own regions lie below this, on 32-bit arches too

READ: int = unicorn.UC_PROT_READ
READ_WRITE: int = READ | unicorn.UC_PROT_WRITE
EXECUTE: int = unicorn.UC_PROT_EXEC
ALL: int = READ_WRITE | EXECUTE


def pages(address: int, size: int) -> range:
    """The pages, by their addresses, that hold any byte of this range."""
    return range(address & -PAGE, (address + size + PAGE - 1) & -PAGE, PAGE)


def page_permissions(images: Sequence[Image]) -> dict[int, int]:
    """Each page of the images with what all sections in it ask for together."""
    found: dict[int, int] = {}
    for image in images:
        for section in image.entry_sections:
            for page in pages(section.address, section.size):
                found[page] = found.get(page, 0) | _permission(section)
    return found


def _permission(section: Section) -> int:
    if section.executable:
        return ALL
    return READ_WRITE if section.writable else READ


def regions(permissions: dict[int, int]) -> Iterator[tuple[int, int, int]]:
    """(address, size, permissions) of runs of like pages, by address."""
    start = end = held = 0
    for page in sorted(permissions):
        if page != end or permissions[page] != held:
            if end > start:
                yield start, end - start, held
            start, held = page, permissions[page]
        end = page + PAGE
    if end > start:
        yield start, end - start, held


def free_range(size: int, taken: Iterable[tuple[int, int]]) -> int:
    """The highest free address below ``_HIGHEST`` with a free page on either side.

    ``taken`` holds (address, size) of what is mapped.
    """
    start = _HIGHEST - size - PAGE
    for address, length in sorted(taken, reverse=True):
        if address < start + size + PAGE and start - PAGE < address + length:
            start = (address - size - PAGE) & -PAGE
    return start


def spans(addresses: Iterable[int]) -> list[tuple[int, int]]:
    """(first, last) of runs of addresses with small gaps at most; together they hold them all."""
    found: list[tuple[int, int]] = []
    for address in sorted(addresses):
        if found and address - found[-1][1] <= _GAP:
            found[-1] = found[-1][0], address
        else:
            found.append((address, address))
    return found
