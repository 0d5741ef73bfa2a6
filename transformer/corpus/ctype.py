"""C types, as far as values, arguments and declarations need them.

Typedefs, qualifiers and what pointers point at are gone; structs and unions
are known by their layout.  Sizes and offsets are in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Void:
    """No value."""


@dataclass(frozen=True)
class Integer:
    """An integer, enum or ``_Bool``; ``name`` is C's spelling of such a type."""

    name: str
    size: int
    signed: bool


@dataclass(frozen=True)
class Floating:
    """A real or complex floating type; ``name`` is C's spelling."""

    name: str
    size: int


@dataclass(frozen=True)
class Pointer:
    """Any pointer; ``text`` tells that it points at characters, ``words`` at such pointers."""

    size: int
    text: bool = False
    function: bool = False
    words: bool = False


@dataclass(frozen=True)
class Member:
    """A member; ``bits`` is (offset in bits from the struct's start, width) of a bit-field."""

    name: str
    offset: int
    type: CType
    bits: tuple[int, int] | None = None


@dataclass(frozen=True)
class Record:
    """A struct or union; ``spelling`` is how its unit names it, if it does."""

    kind: str
    size: int
    alignment: int
    members: tuple[Member, ...]
    spelling: str = ""


@dataclass(frozen=True)
class Array:
    """``count`` elements in a row; -1 is unknown."""

    element: CType
    count: int


@dataclass(frozen=True)
class Function:
    """A function's type; ``prototyped`` is False for ``f()`` of old."""

    returns: CType
    parameters: tuple[CType, ...]
    variadic: bool = False
    prototyped: bool = True


CType: TypeAlias = Void | Integer | Floating | Pointer | Record | Array | Function


def size_of(ctype: CType) -> int:
    """Bytes of a value of this type; 0 for void and functions."""
    if isinstance(ctype, Array):
        return max(ctype.count, 0) * size_of(ctype.element)
    if isinstance(ctype, Void | Function):
        return 0
    return ctype.size


def alignment_of(ctype: CType) -> int:
    """What the type's size or members ask for, capped at 16."""
    if isinstance(ctype, Array):
        return alignment_of(ctype.element)
    if isinstance(ctype, Record):
        natural = max((alignment_of(m.type) for m in ctype.members), default=1)
        return max(ctype.alignment, natural)
    if isinstance(ctype, Floating) and "_Complex" in ctype.name:
        return max(ctype.size // 2, 1)
    return min(max(size_of(ctype), 1), 16)


def compatible(one: CType, other: CType) -> bool:
    """Whether values of both types travel alike: same layout and class."""
    if isinstance(one, Function) and isinstance(other, Function):
        return _same_signature(one, other)
    if isinstance(one, Record) and isinstance(other, Record):
        return (one.kind, one.size, one.members) == (other.kind, other.size, other.members)
    if isinstance(one, Pointer) and isinstance(other, Pointer):
        return (one.text, one.function) == (other.text, other.function)
    if isinstance(one, Integer) and isinstance(other, Integer):
        return (one.size, one.signed, one.name == "_Bool") == (
            other.size,
            other.signed,
            other.name == "_Bool",
        )
    return one == other


def _same_signature(one: Function, other: Function) -> bool:
    return (
        one.variadic == other.variadic
        and len(one.parameters) == len(other.parameters)
        and compatible(one.returns, other.returns)
        and all(map(compatible, one.parameters, other.parameters))
    )
