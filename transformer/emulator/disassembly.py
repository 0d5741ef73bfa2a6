"""Code as text, with the names of what branches go to."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import capstone

from transformer.arch import Arch
from transformer.emulator.image import Image


@cache
def _decoder(arch_name: str, mode_names: tuple[str, ...], groups: bool) -> Any:
    mode = 0
    for name in mode_names:
        mode |= getattr(capstone, name)
    cs = capstone.Cs(getattr(capstone, arch_name), mode)
    cs.detail = groups
    return cs


def decoder(arch: Arch, *, groups: bool = False) -> Any:
    """Capstone for this arch; with its instruction groups, which take it longer."""
    return _decoder(arch.emulation.capstone_arch, arch.emulation.capstone_mode, groups)


def sizes(arch: Arch, code: bytes) -> list[int]:
    """The sizes of the instructions that stand here one behind the other, up to what is none.

    Taken from capstone's own table at once: to ask its Python part for one
    instruction after the other takes as long again as to decode them.
    """
    row, found = capstone._cs_insn, ctypes.POINTER(capstone._cs_insn)()
    count = capstone._cs.cs_disasm(decoder(arch).csh, code, len(code), 0, 0, ctypes.byref(found))
    if not count:
        return []
    whole = memoryview(ctypes.string_at(found, count * ctypes.sizeof(row))).cast("H")
    capstone._cs.cs_free(found, count)
    return whole[row.size.offset // 2 :: ctypes.sizeof(row) // 2].tolist()


@dataclass(frozen=True)
class Instruction:
    """One instruction; ``target`` names what a branch goes to, as ``symbol+0x10``."""

    address: int
    code: bytes
    text: str
    target: str = ""


def instructions(
    arch: Arch, code: bytes, address: int, image: Image | None = None
) -> Iterator[Instruction]:
    """The code piece by piece; bytes that are no instruction appear as ``.byte``."""
    offset = 0
    while offset < len(code):
        size, text = _one(arch, code[offset:], address + offset)
        raw = code[offset : offset + size]
        name = _target(arch, raw, address + offset, image)
        yield Instruction(address + offset, raw, text, name)
        offset += size


def disassemble(arch: Arch, code: bytes, address: int, image: Image | None = None) -> list[str]:
    """One line for each instruction: address, bytes, text, ``<where a branch goes>``.

    Bytes that are no instruction appear as ``.byte``.
    """
    lines: list[str] = []
    for one in instructions(arch, code, address, image):
        name = f"  <{one.target}>" if one.target else ""
        lines.append(f"{one.address:8x}: {one.code.hex(' '):<24} {one.text}{name}".rstrip())
    return lines


def _one(arch: Arch, code: bytes, address: int) -> tuple[int, str]:
    instruction = next(decoder(arch).disasm(code, address, 1), None)
    if instruction is not None:
        return instruction.size, f"{instruction.mnemonic} {instruction.op_str}".rstrip()
    raw = code[: arch.instruction_alignment]
    return len(raw), ".byte " + ", ".join(f"{b:#04x}" for b in raw)


def _target(arch: Arch, code: bytes, address: int, image: Image | None) -> str:
    for branch in arch.branches.values():
        target = branch.decode(address, code)
        if target is not None:
            found = image.symbol_at(target) if image is not None else None
            if found is None:
                return f"{target:#x}"
            symbol, offset = found
            return f"{symbol.name}{f'+{offset:#x}' if offset else ''}"
    return ""
