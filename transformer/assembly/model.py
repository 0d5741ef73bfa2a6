"""What the annotation of a unit's assembly gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["call", "tail", "conditional"]

# Why a reference to a trampoline is no site.
ADDRESS = "address"  # its address is taken
INDIRECT = "indirect"  # a branch, but through memory or with an offset
FIXED = "fixed"  # a direct branch that the arch cannot patch
MACRO = "macro"  # in the body of an assembler macro, which may stand for many places


@dataclass(frozen=True)
class Place:
    """A line of C, as the assembly tells of it."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Site:
    """One direct branch to a trampoline that got an entry in the table.

    ``line`` counts from 1 in the assembly that was given, ``place`` is
    "file:line" of the C that it came from where the assembly tells.
    """

    key: str
    kind: Kind
    line: int
    section: str
    place: str | None


@dataclass(frozen=True)
class Reference:
    """A use of a trampoline that is no site: it stays as it is.

    ``why`` is one of the words above; ``statement`` is the assembly.
    """

    key: str
    why: str
    line: int
    section: str
    place: Place | None
    statement: str


@dataclass(frozen=True)
class Annotated:
    """The new text; ``ways`` is the number of way stations in it.

    ``already``: the text held a table of its own, and is as it was.
    """

    text: bytes
    sites: tuple[Site, ...] = ()
    ways: int = 0
    references: tuple[Reference, ...] = ()
    already: bool = False
