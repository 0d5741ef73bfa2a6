"""A CPU's registers, without what Unicorn's Python does for each.

Its ways to read one register, or many at once, make new objects of ctypes each
time: three times as long for one, thirty times as long for many.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Iterator, Sequence
from typing import Any

from transformer.arch import Arch
from transformer.emulator.library import UcError

_WORD = ctypes.c_uint64  # what holds a general register, on 32-bit arches too
_PRIVATE = ("_select_reg_class", "_do_reg_read", "_do_reg_write", "_do_reg_read_batch")


def constants(arch: Arch) -> Any:
    """Unicorn's module of this arch's constants: the prefix ``UC_<word>_REG_`` names it."""
    word = arch.emulation.unicorn_prefix.split("_")[1].lower()
    return importlib.import_module(f"unicorn.{word}_const")


class RegisterNumbers(dict[str, int]):
    """Unicorn's numbers of an arch's registers; ``KeyError`` where it has none of a name."""

    def __init__(self, arch: Arch) -> None:
        super().__init__()
        self._constants = constants(arch)
        self._prefix = arch.emulation.unicorn_prefix

    def __missing__(self, name: str) -> int:
        number = getattr(self._constants, self._prefix + name, None)
        if number is None:
            raise KeyError(f"the emulator has no register {self._prefix}{name}")
        self[name] = int(number)
        return self[name]


class Register:
    """One register, by what Unicorn says in public: of any kind."""

    def __init__(self, uc: Any, number: int) -> None:
        self._uc, self._number = uc, number

    def get(self) -> int:
        return int(self._uc.reg_read(self._number))

    def set(self, value: int) -> None:
        self._uc.reg_write(self._number, value)


class _General(Register):
    """One general register, with a word of its own to read it into."""

    def __init__(self, uc: Any, number: int) -> None:
        super().__init__(uc, number)
        self._read, self._write = uc._do_reg_read, uc._do_reg_write
        self._value = _WORD()
        self._place = ctypes.byref(self._value)

    def get(self) -> int:
        _check(self._read(self._number, self._place))
        return self._value.value

    def set(self, value: int) -> None:
        self._value.value = value
        _check(self._write(self._number, self._place))


class Batch:
    """Some registers that are read at once: of any kind."""

    def __init__(self, uc: Any, numbers: Sequence[int]) -> None:
        self._uc, self._numbers = uc, list(numbers)

    def read(self) -> tuple[int, ...]:
        return tuple(self._uc.reg_read_batch(self._numbers))


class _GeneralBatch(Batch):
    """General registers, with words of their own to read them into."""

    def __init__(self, uc: Any, numbers: Sequence[int]) -> None:
        super().__init__(uc, numbers)
        count, size = len(numbers), ctypes.sizeof(_WORD)
        self._ids = (ctypes.c_int * count)(*numbers)
        self._values = (_WORD * count)()
        start = ctypes.addressof(self._values)
        self._places = (ctypes.c_void_p * count)(*(start + size * i for i in range(count)))

    def read(self) -> tuple[int, ...]:
        _check(self._uc._do_reg_read_batch(self._ids, self._places, len(self._ids)))
        return tuple(self._values)


class Registers:
    """The registers of one CPU by arch.toml's names for them; all values are unsigned."""

    def __init__(self, uc: Any, numbers: RegisterNumbers) -> None:
        self._uc, self._numbers = uc, numbers
        self._one: dict[str, Register] = {}
        self._several: dict[tuple[str, ...], Batch] = {}

    def one(self, name: str) -> Register:
        """To read and write it again and again."""
        found = self._one.get(name)
        if found is None:
            number = self._numbers[name]
            kind = _General if self._general(number) else Register
            found = self._one[name] = kind(self._uc, number)
        return found

    def several(self, names: Sequence[str]) -> tuple[int, ...]:
        """What they hold now, in the order of the names."""
        key = tuple(names)
        found = self._several.get(key)
        if found is None:
            numbers = [self._numbers[n] for n in key]
            kind = _GeneralBatch if all(map(self._general, numbers)) else Batch
            found = self._several[key] = kind(self._uc, numbers)
        return found.read()

    def _general(self, number: int) -> bool:
        """Whether it fits into a word, and Unicorn's Python is one whose inside is known."""
        uc = self._uc
        return all(hasattr(uc, n) for n in _PRIVATE) and uc._select_reg_class(number) is _WORD


def _check(status: int) -> None:
    if status:
        raise UcError(status)


def differing(names: Sequence[str], before: Sequence[int], after: Sequence[int]) -> Iterator[str]:
    """Each register that is not what it was, in words."""
    for name, one, other in zip(names, before, after, strict=True):
        if one != other:
            yield f"{name} was {one:#x} and is {other:#x}"
