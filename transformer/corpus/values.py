"""Values out of memory, by their C types, as two builds can be compared.

An address is never a number: it is a symbol and an offset, a string's content
where it is read-only, "stack", or the number of a heap block.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from transformer.arch import Arch
from transformer.corpus.ctype import (
    Array,
    CType,
    Floating,
    Function,
    Integer,
    Member,
    Pointer,
    Record,
    Void,
    size_of,
)
from transformer.emulator import Image

_MOST_TEXT = 256
_SMALL = 4096
#: Compilers number the statics of functions and the clones of functions.
_SUFFIX = re.compile(r"(\.\d+|\.(isra|constprop|part|cold|llvm)\b.*)+\Z")
_LOWERED = re.compile(r"__sc_(?:body|impl)_")
#: What a key holds besides its target, or its count, belongs to the runtime.
_KEYS, _KEY_MEMBERS = ("struct static_call_key", "struct static_key"), 1


@dataclass(frozen=True)
class Number:
    """An integer; ``place`` is what it would be as an address, if that is mapped.

    ``wild`` tells of a pointer that points nowhere.
    """

    value: int
    place: str | None = None
    wild: bool = False

    def __str__(self) -> str:
        return str(self.value) if self.place is None else f"{self.value} ({self.place})"


@dataclass(frozen=True)
class Text:
    """Anything that is compared as text: addresses, strings, floating values.

    ``also`` is the symbol at which a string stands: an optimiser may make an
    array that is never written read-only, so either may be all that is known.
    """

    text: str
    also: str | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Group:
    """The members of a struct or the elements of an array."""

    parts: tuple[Value, ...]

    def __str__(self) -> str:
        return "{" + ", ".join(map(str, self.parts)) + "}"


Value: TypeAlias = Number | Text | Group


def same(one: Value, other: Value) -> bool:
    """Whether two builds' values agree; equal addresses need not be equal numbers."""
    if isinstance(one, Number) and isinstance(other, Number):
        return one.value == other.value or (one.place is not None and one.place == other.place)
    if isinstance(one, Group) and isinstance(other, Group):
        return len(one.parts) == len(other.parts) and all(map(same, one.parts, other.parts))
    if isinstance(one, Text) and isinstance(other, Text):
        names = {other.text, other.also} - {None}
        return one.text in names or one.also in names
    return False


def is_wild(value: Value) -> bool:
    """Whether a pointer in it points nowhere: nothing can be said of such a value."""
    if isinstance(value, Group):
        return any(map(is_wild, value.parts))
    return isinstance(value, Number) and value.wild


def plain_name(name: str) -> str:
    """A symbol without what compilers and lowerings put before and after it."""
    return _LOWERED.sub("", _SUFFIX.sub("", name))


class Guest(Protocol):
    """What values are read from: an emulated CPU's memory, or that of a process.

    ``sentinel`` is the end of its stack.
    """

    arch: Arch
    sentinel: int

    def read(self, address: int, size: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...

    def pointer(self, address: int) -> int: ...


class Decoder:
    """Decodes values in the memory of one program."""

    def __init__(
        self,
        machine: Guest,
        image: Image,
        others: Sequence[Image] = (),
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.machine = machine
        self._aliases = aliases or {}
        self.images = [image, *others]
        self.arch: Arch = machine.arch
        self._heap = image.symbols.get("__h_heap")
        self._blocks = image.symbols.get("__h_blocks")
        self._block_count = image.symbols.get("__h_block_count")
        bytes_symbol = image.symbols.get("__h_long_double_bytes")
        self.long_double = image.read(bytes_symbol.address, 1)[0] if bytes_symbol else 16
        self._repeated = _repeated_locals(image)

    # --- names of addresses ---

    def place(self, address: int) -> str | None:
        """What an address is; None for a number that is no address here."""
        if self._in_stack(address):
            return "stack"
        for image in self.images:
            section = image.section_at(address)
            if section is None:
                continue
            if self._heap and 0 <= address - self._heap.address < self._heap.size:
                return self._heap_place(address - self._heap.address)
            found = image.symbol_at(address)
            if found is None:
                return self._unnamed(address, section.writable)
            symbol, offset = found
            if offset and not symbol.size and not section.writable:
                return self._unnamed(address, False)
            return self.name(image, symbol.name, symbol.address) + (f"+{offset}" if offset else "")
        return None

    def name(self, image: Image, name: str, address: int) -> str:
        """A symbol's name for messages: with its file where several units have it."""
        short = plain_name(name)
        short = self._aliases.get(short, short)
        if short in self._repeated:
            line = image.line_at(address)
            if line is not None:
                return f"{short} ({line.path.rsplit('/', 1)[-1]})"
        return short

    def _in_stack(self, address: int) -> bool:
        return self.machine.sentinel - (1 << 20) <= address < self.machine.sentinel

    def _heap_place(self, offset: int) -> str:
        assert self._blocks and self._block_count
        count = self.integer(self._block_count.address, 4)
        size = self.arch.pointer_size
        for i in range(count):
            entry = self._blocks.address + 2 * size * i
            start, length = self.integer(entry, size), self.integer(entry + size, size)
            if start <= offset <= start + max(length, 1):
                inside = f"+{offset - start}" if offset > start else ""
                return f"heap#{i}{inside}"
        return "heap"

    def _unnamed(self, address: int, writable: bool) -> str:
        if writable:
            return "data"
        text = self.text(address)
        return text if text is not None else "constant"

    # --- reading ---

    def integer(self, address: int, size: int) -> int:
        """An unsigned integer in memory."""
        return self.number(self.machine.read(address, size))

    def number(self, data: bytes, *, signed: bool = False) -> int:
        return int.from_bytes(data, self.arch.byteorder, signed=signed)

    def text(self, address: int) -> str | None:
        """The string at ``address`` as C would spell it; None where none is readable."""
        data = b""
        while b"\0" not in data and len(data) < _MOST_TEXT:
            section = next((s for i in self.images if (s := i.section_at(address))), None)
            if section is None:
                return None
            size = min(64, section.end - address)
            data += self.machine.read(address, size)
            address += size
        return '"' + data.split(b"\0")[0].decode("latin-1").encode("unicode_escape").decode() + '"'

    def _read_only(self, address: int) -> bool:
        section = next((s for i in self.images if (s := i.section_at(address))), None)
        return section is not None and not section.writable and not section.executable

    # --- values ---

    def value(self, ctype: CType, data: bytes) -> Value:
        """The value that ``data`` holds."""
        return self._by_kind[type(ctype)](self, ctype, data)

    def pointer(self, value: int, *, text: bool = False) -> Value:
        """An address as a value."""
        if value == 0:
            return Text("NULL")
        if value < _SMALL or value >= (1 << 8 * self.arch.pointer_size) - _SMALL:
            return Number(value)
        if text and self._read_only(value):
            found = self.text(value)
            if found is not None:
                return Text(found, self.place(value))
        place = self.place(value)
        return Number(value, wild=True) if place is None else Text(place)

    def _integer(self, ctype: CType, data: bytes) -> Value:
        assert isinstance(ctype, Integer)
        value = self.number(data, signed=ctype.signed)
        if ctype.size == self.arch.pointer_size and value >= _SMALL:
            return Number(value, self.place(value))
        return Number(value)

    def _floating(self, ctype: CType, data: bytes) -> Value:
        assert isinstance(ctype, Floating)
        if ctype.size in (4, 8) and "_Complex" not in ctype.name:
            order = "<" if self.arch.byteorder == "little" else ">"
            return Text(repr(struct.unpack(order + "fd"[ctype.size // 8], data)[0]))
        half = len(data) // 2 if "_Complex" in ctype.name else len(data)
        parts = [data[i : i + half] for i in range(0, len(data), half)]
        if "long double" in ctype.name:
            parts = [p[: self.long_double] for p in parts]
        return Text(" ".join(p.hex() for p in parts))

    def _pointer(self, ctype: CType, data: bytes) -> Value:
        assert isinstance(ctype, Pointer)
        return self.pointer(self.number(data), text=ctype.text)

    def _record(self, ctype: CType, data: bytes) -> Value:
        assert isinstance(ctype, Record)
        if ctype.kind == "union":
            return Text(data.hex())
        members = ctype.members
        if ctype.spelling in _KEYS:
            members = members[:_KEY_MEMBERS]
        return Group(tuple(self._member(m, data) for m in members))

    def _member(self, member: Member, data: bytes) -> Value:
        if member.bits is None:
            size = size_of(member.type)
            return self.value(member.type, data[member.offset : member.offset + size])
        offset, width = member.bits
        whole = self.number(data)
        if self.arch.byteorder != "little":
            offset = 8 * len(data) - offset - width
        return Number(whole >> offset & (1 << width) - 1)

    def _array(self, ctype: CType, data: bytes) -> Value:
        assert isinstance(ctype, Array)
        size = size_of(ctype.element)
        if not size:
            return Group(())
        starts = range(0, len(data) - size + 1, size)
        return Group(tuple(self.value(ctype.element, data[i : i + size]) for i in starts))

    def _nothing(self, ctype: CType, data: bytes) -> Value:
        return Text("nothing")

    _by_kind: dict[type, Callable[[Decoder, CType, bytes], Value]] = {  # noqa: RUF012
        Integer: _integer,
        Floating: _floating,
        Pointer: _pointer,
        Record: _record,
        Array: _array,
        Void: _nothing,
        Function: _nothing,
    }


def _repeated_locals(image: Image) -> set[str]:
    seen: dict[str, set[int]] = {}
    for symbol in image.all_symbols:
        if symbol.kind in ("func", "object") and symbol.binding == "STB_LOCAL":
            seen.setdefault(plain_name(symbol.name), set()).add(symbol.address)
    return {name for name, addresses in seen.items() if len(addresses) > 1}
