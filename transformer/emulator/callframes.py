"""Call-frame information: how to find the caller's frame (DWARF 5, 6.4).

pyelftools reads the entries.  Only those that are asked for are read, and what
one says is remembered by its bytes without its place: most are alike.
"""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.dwarf.callframe import CallFrameInfo, CFIEntry
from elftools.dwarf.structs import DWARFStructs

from transformer.emulator.image import Image

_EXTENDED = 0xFFFFFFFF  # a length that says that 64 bits follow; no compiler here writes it
_RELATIVE = 0x10  # DW_EH_PE_pcrel (LSB core, 10.5.1)
_FORMATS = {0x00: "P", 0x03: "I", 0x04: "Q", 0x0B: "i", 0x0C: "q"}  # DW_EH_PE_absptr, udata, sdata
_ADVANCES = ("advance_loc", "advance_loc1", "advance_loc2", "advance_loc4")


class BadFrames(ValueError):
    """The information cannot be read; the text says why."""


@dataclass(frozen=True)
class Row:
    """What holds from ``offset`` bytes behind the start of the code on.

    ``cfa`` is pyelftools' rule for the canonical frame address, ``rules`` those
    of registers by their DWARF numbers; ``signed`` tells that the return
    address is signed (where the arch has an instruction of that meaning).
    """

    offset: int
    cfa: Any
    rules: dict[int, Any]
    signed: bool = False


@dataclass(frozen=True)
class Frame:
    """The row for an address.  ``back`` is the number of the return address's column."""

    row: Row
    back: int


@dataclass(frozen=True)
class _Entry:
    """A description of the code from ``start`` to ``end``, not yet read."""

    start: int
    end: int
    cie: bytes
    fde: bytes  # with zeros for the place and the size of the code, and for where its CIE is
    eh: bool


class CallFrames:
    """The call-frame information of one image."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._toggle = image.arch.unwind.sign_state

    def at(self, address: int) -> Frame | None:
        """What holds before the instruction at ``address``; None where nothing covers it.

        ``BadFrames`` where it cannot be read.
        """
        entry = _covering(self._loaded, address) or _covering(self._debug, address)
        if entry is None:
            return None
        arch = self._image.arch
        little = arch.byteorder == "little"
        rows, back = _decode(
            entry.cie, entry.fde, entry.eh, arch.pointer_size, little, self._toggle
        )
        offset = address - entry.start
        fitting = [r for r in rows if r.offset <= offset]
        return Frame(fitting[-1], back) if fitting else None

    @cached_property
    def _loaded(self) -> list[_Entry]:
        """Of ``.eh_frame``, which is in memory."""
        section = self._image.section(".eh_frame")
        if section is None:
            return []
        entries = self._entries(section.data, section.address, True)
        found = sorted(entries, key=lambda e: e.start)
        for entry, after in pairwise(found):
            if entry.end > after.start:
                raise BadFrames(
                    f"call-frame information for {entry.start:#x} to {entry.end:#x} "
                    f"and for {after.start:#x} to {after.end:#x}"
                )
        return found

    @cached_property
    def _debug(self) -> list[_Entry]:
        """Of ``.debug_frame``, which is in the file alone, and not relocated."""
        data = self._image.debug_frame
        return sorted(self._entries(data, 0, False), key=lambda e: e.start)

    def _entries(self, data: bytes, address: int, eh: bool) -> Iterator[_Entry]:
        order = "<" if self._image.arch.byteorder == "little" else ">"
        at = 0
        while at + 8 <= len(data):
            length, link = struct.unpack_from(f"{order}II", data, at)
            if length == _EXTENDED:
                raise BadFrames("call-frame information of 64 bits")
            end = at + 4 + length
            if length and link != (0 if eh else _EXTENDED):
                common = at + 4 - link if eh else link
                yield self._entry(data, address, at, end, common, eh)
            at = end

    def _entry(self, data: bytes, address: int, at: int, end: int, common: int, eh: bool) -> _Entry:
        arch = self._image.arch
        order = "<" if arch.byteorder == "little" else ">"
        size = struct.unpack_from(f"{order}I", data, common)[0] + 4
        cie = data[common : common + size]
        encoding = _encoding(cie, eh, arch.pointer_size, arch.byteorder == "little")
        letter = _FORMATS.get(encoding & 0x0F)
        if letter is None or encoding & 0xF0 not in (0, _RELATIVE):
            raise BadFrames(f"an address is encoded as {encoding:#x}")
        letter = letter if letter != "P" else "IQ"[arch.pointer_size == 8]
        width = struct.calcsize(f"{order}{letter}")
        start, extent = struct.unpack_from(f"{order}{letter}{letter.upper()}", data, at + 8)
        base = address + at + 8 if encoding & _RELATIVE else 0
        if not eh:
            base = self._image.base
        start = (start + base) % (1 << 8 * arch.pointer_size)
        fde = data[at : at + 4] + bytes(4 + 2 * width) + data[at + 8 + 2 * width : end]
        return _Entry(start, start + extent, cie, fde, eh)


def _covering(entries: list[_Entry], address: int) -> _Entry | None:
    index = bisect_right(entries, address, key=lambda e: e.start) - 1
    found = entries[index] if index >= 0 else None
    return found if found is not None and address < found.end else None


@lru_cache(maxsize=64)
def _encoding(cie: bytes, eh: bool, pointer_size: int, little: bool) -> int:
    """How the entry's descriptions write addresses (DW_EH_PE_...)."""
    if not eh:
        return 0
    entry = _parse(cie, True, pointer_size, little)[0]
    return int(entry.augmentation_dict.get("FDE_encoding", 0))


@lru_cache(maxsize=4096)
def _decode(
    cie: bytes, fde: bytes, eh: bool, pointer_size: int, little: bool, toggle: int
) -> tuple[tuple[Row, ...], int]:
    """The rows of a description, and the column of the return address."""
    order = "<" if little else ">"
    link = len(cie) + 4 if eh else 0
    moved = fde[:4] + struct.pack(f"{order}I", link) + fde[8:]
    common, entry = _parse(cie + moved, eh, pointer_size, little)
    start = entry["initial_location"]
    states = _states(entry, common["code_alignment_factor"], toggle)
    rows = tuple(_row(line, line["pc"] - start, states) for line in entry.get_decoded().table)
    return rows, int(common["return_address_register"])


def _row(line: dict[Any, Any], offset: int, states: list[tuple[int, bool]]) -> Row:
    rules = {n: r for n, r in line.items() if isinstance(n, int)}
    signed = [state for at, state in states if at <= offset]
    return Row(offset, line["cfa"], rules, bool(signed and signed[-1]))


def _parse(data: bytes, eh: bool, pointer_size: int, little: bool) -> list[CFIEntry]:
    """A common entry alone, or one and a description behind it."""
    structs = DWARFStructs(little_endian=little, dwarf_format=32, address_size=pointer_size)
    try:
        info = CallFrameInfo(io.BytesIO(data), len(data), 0, structs, for_eh_frame=eh)
        return [e for e in info.get_entries() if isinstance(e, CFIEntry)]
    except (DWARFError, ELFError, AssertionError, KeyError) as e:
        raise BadFrames(f"call-frame information that cannot be read: {e}") from e


def _states(entry: CFIEntry, factor: int, toggle: int) -> list[tuple[int, bool]]:
    """From which offset on the return address is signed, and from which it is not."""
    offset, signed, kept = 0, False, list[bool]()
    found = [(0, False)]
    for instruction in entry.instructions:
        name = instruction.opcode.name
        if name in _ADVANCES:
            offset += instruction.args[0] * factor
        elif name == "remember_state":
            kept.append(signed)
        elif name == "restore_state":
            signed = kept.pop()
        elif toggle and instruction.opcode.value == toggle:
            signed = not signed
        found.append((offset, signed))
    return found
