"""What arch.toml names in Unicorn, looked up."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

import unicorn

from transformer.arch import Arch


def _flags(module: Any, names: Iterable[str]) -> int:
    value = 0
    for name in names:
        value |= getattr(module, name)
    return value


def new_cpu(arch: Arch) -> Any:
    """A CPU without memory, its ``setup`` registers set."""
    row = arch.emulation
    uc = unicorn.Uc(getattr(unicorn, row.unicorn_arch), _flags(unicorn, row.unicorn_mode))
    if row.unicorn_cpu:
        uc.ctl_set_cpu_model(getattr(_constants(arch), row.unicorn_cpu))
    registers = RegisterNumbers(arch)
    for name, value in row.setup:
        uc.reg_write(registers[name], value)
    return uc


def _constants(arch: Arch) -> Any:
    """Unicorn's module of this arch's constants: the prefix ``UC_<word>_REG_`` names it."""
    word = arch.emulation.unicorn_prefix.split("_")[1].lower()
    return importlib.import_module(f"unicorn.{word}_const")


class RegisterNumbers(dict[str, int]):
    """Unicorn's numbers of an arch's registers; ``KeyError`` where it has none of a name."""

    def __init__(self, arch: Arch) -> None:
        super().__init__()
        self._constants = _constants(arch)
        self._prefix = arch.emulation.unicorn_prefix

    def __missing__(self, name: str) -> int:
        number = getattr(self._constants, self._prefix + name, None)
        if number is None:
            raise KeyError(f"the emulator has no register {self._prefix}{name}")
        self[name] = int(number)
        return self[name]
