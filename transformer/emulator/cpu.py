"""One emulated CPU: its registers and its memory, by the names of arch.toml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from transformer.arch import Arch
from transformer.emulator.image import Image
from transformer.emulator.library import UcError, unicorn
from transformer.emulator.memory import (
    ALL,
    EXECUTE,
    PAGE,
    READ_WRITE,
    page_permissions,
    pages,
    regions,
)
from transformer.emulator.registers import RegisterNumbers, Registers, constants
from transformer.emulator.transfers import Transfers


def _flags(names: Iterable[str]) -> int:
    value = 0
    for name in names:
        value |= getattr(unicorn, name)
    return value


class Cpu:
    """Registers and memory; the images lie in it, and nothing runs yet."""

    def __init__(self, arch: Arch, images: Sequence[Image]) -> None:
        self.arch = arch
        self.images = list(images)
        self.transfers = Transfers(arch, self.read)
        self._numbers = RegisterNumbers(arch)
        self._uc = self._new()
        self._registers = Registers(self._uc, self._numbers)
        self._pc = self._registers.one(arch.registers.pc)
        self._sp = self._registers.one(arch.registers.sp)
        self._code_pages: set[int] = set()
        self._mapped: list[tuple[int, int]] = []
        self._map_images()

    # --- memory ---

    def map_region(self, address: int, size: int, *, executable: bool = False) -> None:
        """Maps whole pages of zeros that hold this range; ``ValueError`` where one is mapped."""
        held = pages(address, size)
        self._map(held.start, len(held) * PAGE, ALL if executable else READ_WRITE)

    def read(self, address: int, size: int) -> bytes:
        """``UcError`` where it is not mapped."""
        return bytes(self._uc.mem_read(address, size))

    def write(self, address: int, data: bytes) -> None:
        """Writes data; ``ValueError`` where that is code: poke() is for code."""
        if not self._code_pages.isdisjoint(pages(address, len(data))):
            raise ValueError(f"{address:#x} lies in code, which only poke() writes")
        self._uc.mem_write(address, data)

    def poke(self, address: int, code: bytes) -> None:
        """Writes code and drops its translation, which would go on running else."""
        if not code:
            return
        self._uc.mem_write(address, code)
        self._uc.ctl_remove_cache(address, address + len(code))
        self.transfers.overwritten(address, len(code))

    def pointer(self, address: int) -> int:
        """The pointer that stands at ``address``."""
        return self.integer(self.read(address, self.arch.pointer_size))

    def integer(self, data: bytes) -> int:
        """An unsigned integer of this CPU's byte order."""
        return int.from_bytes(data, self.arch.byteorder)

    def word(self, value: int, size: int) -> bytes:
        """The bytes of an unsigned integer."""
        return value.to_bytes(size, self.arch.byteorder)

    def watch_loads(self, address: int, size: int, told: Callable[[], None]) -> Callable[[], None]:
        """``told()`` at each load from there until what it returns is called.

        On a machine that steps: any other has translated code without hooks.
        """

        def on_read(*args: object) -> None:
            told()

        end = address + size - 1
        handle = self._uc.hook_add(unicorn.UC_HOOK_MEM_READ, on_read, begin=address, end=end)
        return lambda: self._uc.hook_del(handle)

    # --- registers ---

    def reg(self, name: str) -> int:
        """A register by arch.toml's name for it, unsigned."""
        return self._registers.one(name).get()

    def regs(self, names: Sequence[str]) -> tuple[int, ...]:
        """Several registers at once."""
        return self._registers.several(names)

    def set_reg(self, name: str, value: int) -> None:
        self._registers.one(name).set(value)

    def save(self) -> Any:
        """The registers, for ``restore``, as often as needed."""
        return self._uc.context_save()

    def restore(self, registers: Any) -> None:
        """Registers as they were at ``save``; memory is not touched."""
        self._uc.context_restore(registers)

    @property
    def pc(self) -> int:
        return self._pc.get()

    @property
    def sp(self) -> int:
        return self._sp.get()

    @sp.setter
    def sp(self, value: int) -> None:
        self._sp.set(value)

    def return_address(self) -> int:
        """Where the function whose first instruction is next will return to."""
        link = self.arch.registers.link
        return self.pointer(self.sp) if link is None else self.reg(link)

    def leave(self) -> None:
        """At a function's first instruction: returns to its caller at once."""
        row = self.arch.registers
        back = self.return_address()
        if row.link is None:
            self.sp += self.arch.pointer_size
        self._pc.set(back)

    # --- names ---

    def image_at(self, address: int) -> Image | None:
        """The image that has a section there."""
        return next((i for i in self.images if i.section_at(address)), None)

    def describe(self, address: int) -> str:
        """``symbol+0x10 (file.c:12)``, as much of it as is known."""
        image = self.image_at(address)
        return image.describe(address) if image is not None else f"{address:#x}"

    # --- making ---

    def _new(self) -> Any:
        row = self.arch.emulation
        uc = unicorn.Uc(getattr(unicorn, row.unicorn_arch), _flags(row.unicorn_mode))
        if row.unicorn_cpu:
            uc.ctl_set_cpu_model(getattr(constants(self.arch), row.unicorn_cpu))
        for name, value in row.setup:
            uc.reg_write(self._numbers[name], value)
        for name, symbol in row.setup_symbols:
            places = [i.symbols[symbol].address for i in self.images if symbol in i.symbols]
            if places:
                uc.reg_write(self._numbers[name], places[0])
        return uc

    def _map_images(self) -> None:
        for address, size, permission in regions(page_permissions(self.images)):
            self._map(address, size, permission)
        for image in self.images:
            for section in image.entry_sections:
                if section.holds:
                    self._uc.mem_write(section.address, section.data)

    def _map(self, address: int, size: int, permission: int) -> None:
        try:
            self._uc.mem_map(address, size, permission)
        except UcError as e:
            raise ValueError(f"{address:#x}, {size:#x} bytes: {e}") from e
        self._mapped.append((address, size))
        if permission & EXECUTE:
            self._code_pages.update(pages(address, size))
