"""The tables that a transformed program carries: proxies, call sites and guards.

Read from a linked image's first content, or from a machine's memory as it is
now.  Layouts: ``struct sc_proxy``, ``struct sc_guard`` and their keys in
``sc/types.h``; a field that is relative counts from its own address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from transformer.arch import Arch
from transformer.emulator.image import Image, ImageError, Symbol

PROXIES = "static_call_proxies"
SITES = "static_call_sites"
GUARDS = "__jump_table"
KEY, TRAMPOLINE = "__SCK__", "__SCT__"  # what the names of a key's symbols begin with
PROXY_PATCHED = 1  # the trampoline may be written
SITE_TAIL, SITE_INIT, SITE_WAY = 1, 2, 4  # an entry's flags
SITE_SIZE = 8


class Memory(Protocol):
    """What holds bytes at addresses: an ``Image`` or a ``Machine``."""

    def read(self, address: int, size: int) -> bytes: ...

    def pointer(self, address: int) -> int: ...


@dataclass(frozen=True)
class Proxy:
    """What one object holds of a static call."""

    address: int
    key: int
    trampoline: int
    insn: int
    flags: int


@dataclass(frozen=True)
class CallSite:
    """An entry of ``static_call_sites``: a site, or a way station back to the trampoline.

    ``address`` and ``index`` are the entry's own, ``code`` the instruction's.
    """

    address: int
    index: int
    code: int
    proxy: int
    flags: int

    @property
    def is_tail(self) -> bool:
        """Whether it is a jump, conditional or not."""
        return bool(self.flags & SITE_TAIL)

    @property
    def is_way(self) -> bool:
        """Whether it is no site: a branch that is never patched."""
        return bool(self.flags & SITE_WAY)


@dataclass(frozen=True)
class Guard:
    """One test of a static key.  ``cell`` holds the pointer to the ``key``."""

    address: int
    index: int
    code: int
    target: int
    cell: int
    key: int
    branch: bool


class Tables:
    """The tables of one image, as ``memory`` holds them (the image itself, if not given)."""

    def __init__(self, image: Image, memory: Memory | None = None) -> None:
        self.image = image
        self.arch: Arch = image.arch
        self.memory: Memory = memory if memory is not None else image

    @property
    def proxy_size(self) -> int:
        return 2 * self.arch.pointer_size + 16

    @property
    def guard_size(self) -> int:
        return 8 + self.arch.pointer_size

    def extent(self, section: str) -> tuple[int, int]:
        """Start and end by the linker's symbols, else by the section; (0, 0) where it is not."""
        names = self.image.symbols
        start, stop = names.get(f"__start_{section}"), names.get(f"__stop_{section}")
        if start is not None and stop is not None:
            return start.address, stop.address
        found = self.image.section(section)
        return (found.address, found.end) if found is not None else (0, 0)

    @cached_property
    def proxies(self) -> list[Proxy]:
        start, end = self.extent(PROXIES)
        places = range(start, end - self.proxy_size + 1, self.proxy_size)
        return [self._proxy(a) for a in places]

    @cached_property
    def guards(self) -> list[Guard]:
        start, end = self.extent(GUARDS)
        places = range(start, end - self.guard_size + 1, self.guard_size)
        return [self._guard(i, a) for i, a in enumerate(places)]

    @cached_property
    def call_sites(self) -> list[CallSite]:
        """The entries in their order, way stations among them."""
        start, end = self.extent(SITES)
        places = range(start, end - SITE_SIZE + 1, SITE_SIZE)
        return [self._call_site(i, a) for i, a in enumerate(places)]

    @cached_property
    def proxy_at(self) -> dict[int, Proxy]:
        """Proxies by their own addresses, as call sites name them."""
        return {p.address: p for p in self.proxies}

    @cached_property
    def trampolines(self) -> dict[int, str]:
        """Trampolines by address, with their keys' names: by symbols and by proxies."""
        found = {
            s.address: s.name.removeprefix(TRAMPOLINE)
            for s in self.image.all_symbols
            if s.name.startswith(TRAMPOLINE)
        }
        for proxy in self.proxies:
            found.setdefault(proxy.trampoline, self.call_key_name(proxy.key))
        return found

    def call_key_name(self, address: int) -> str:
        """The name of a static call's key."""
        return self._name(address).removeprefix(KEY)

    def static_key_name(self, address: int) -> str:
        """``key``, or ``keys+0x8`` for a key within something larger."""
        return self._name(address)

    def body(self, trampoline: int) -> tuple[int, int]:
        """Start and end of a trampoline's code: by its size, else up to what follows it."""
        sized = [s for s in self._at(trampoline) if s.size]
        if sized:
            return trampoline, trampoline + sized[0].size
        section = self.image.section_at(trampoline)
        end = section.end if section is not None else trampoline
        later = [s.address for s in self.image.all_symbols if trampoline < s.address < end]
        return trampoline, min(later, default=end)

    def key_enabled(self, guard: Guard) -> bool:
        """Whether the guard's key is on: ``enabled``, its first field, is above 0."""
        data = self.memory.read(guard.key, 4)
        return int.from_bytes(data, self.arch.byteorder, signed=True) > 0

    def _at(self, address: int) -> Iterator[Symbol]:
        return (s for s in self.image.all_symbols if s.address == address)

    def _name(self, address: int) -> str:
        found = self.image.symbol_at(address)
        if found is None:
            return f"{address:#x}"
        symbol, offset = found
        return symbol.name + (f"+{offset:#x}" if offset else "")

    def _relative(self, address: int, size: int = 4) -> int:
        data = self.memory.read(address, size)
        return address + int.from_bytes(data, self.arch.byteorder, signed=True)

    def _proxy(self, address: int) -> Proxy:
        fields = address + 2 * self.arch.pointer_size
        flags = self.memory.read(fields + 8, 4)
        return Proxy(
            address=address,
            key=self.memory.pointer(address),
            trampoline=self._relative(fields),
            insn=self._relative(fields + 4),
            flags=int.from_bytes(flags, self.arch.byteorder),
        )

    def _call_site(self, index: int, address: int) -> CallSite:
        tagged = self._relative(address + 4)
        flags = SITE_TAIL | SITE_INIT | SITE_WAY
        return CallSite(address, index, self._relative(address), tagged & ~flags, tagged & flags)

    def _guard(self, index: int, address: int) -> Guard:
        tagged = self._relative(address + 8, self.arch.pointer_size)
        cell = tagged & ~1
        return Guard(
            address=address,
            index=index,
            code=self._relative(address),
            target=self._relative(address + 4),
            cell=cell,
            key=self._pointer_or_null(cell),
            branch=bool(tagged & 1),
        )

    def _pointer_or_null(self, cell: int) -> int:
        try:
            return self.memory.pointer(cell)
        except ImageError:
            return 0
