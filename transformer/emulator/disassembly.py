"""Code as text, with the names of what branches go to."""

from __future__ import annotations

from functools import cache
from typing import Any

import capstone

from transformer.arch import Arch
from transformer.emulator.image import Image


@cache
def _decoder(arch_name: str, mode_names: tuple[str, ...]) -> Any:
    mode = 0
    for name in mode_names:
        mode |= getattr(capstone, name)
    return capstone.Cs(getattr(capstone, arch_name), mode)


def decoder(arch: Arch) -> Any:
    """Capstone for this arch, with its instruction groups."""
    cs = _decoder(arch.emulation.capstone_arch, arch.emulation.capstone_mode)
    cs.detail = True
    return cs


def disassemble(arch: Arch, code: bytes, address: int, image: Image | None = None) -> list[str]:
    """One line for each instruction: address, bytes, text, ``<where a branch goes>``.

    Bytes that are no instruction appear as ``.byte``.
    """
    lines: list[str] = []
    offset = 0
    while offset < len(code):
        size, text = _one(arch, code[offset:], address + offset)
        raw = code[offset : offset + size]
        name = _target(arch, raw, address + offset, image)
        lines.append(f"{address + offset:8x}: {raw.hex(' '):<24} {text}{name}".rstrip())
        offset += size
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
                return f"  <{target:#x}>"
            symbol, offset = found
            return f"  <{symbol.name}{f'+{offset:#x}' if offset else ''}>"
    return ""
