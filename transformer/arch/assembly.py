"""How an arch's assembly is read and written, as data: a part of ``arch.toml``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PrintedBranch:
    """One kind of direct branch as compilers print it, and what a site makes of it.

    ``kind`` is call, tail or conditional.  ``operands`` are patterns, with
    ``{}`` for the symbol and ``*`` for any one operand.  ``size`` bytes are
    the printed instruction.  ``align`` are the lines before a site that keep it
    within one unit; ``site`` is the instruction that takes the printed one's
    place (empty: the printed one stays), ``way`` in it the way station.  Where
    ``entry`` is false the branch is left alone, and its reference reported.
    """

    kind: str
    mnemonics: tuple[str, ...]
    operands: tuple[str, ...]
    size: int
    align: tuple[str, ...] = ()
    site: str = ""
    entry: bool = True


@dataclass(frozen=True)
class RelocatedBranch:
    """One kind of direct branch as it stands in an object, still to be linked.

    The relocation of one of these ``types`` stands ``at`` bytes behind the
    branch's start, and its ``size`` bytes have ``value`` under ``mask``.  Where ``site``
    is false the branch cannot be patched and has no entry.
    """

    kind: str
    types: tuple[int, ...]
    at: int
    size: int
    mask: int
    value: int
    site: bool = True


@dataclass(frozen=True)
class Assembly:
    """How the arch's assembly is read, and how sites are written in it.

    ``comments`` go to the end of the line, ``line_comments`` only from its
    start.  ``label_after`` puts a site's label behind the instruction, its
    size subtracted, where the assembler may pad before it.  ``way`` is a way
    station's instruction, empty where sites reach their trampolines.
    ``way_lines`` is how many lines of assembly a site may be away from its
    way station.  ``relaxed``: linkers delete bytes, so offsets in an object
    are not final.  ``word_relocations`` are those of ``.long symbol - .``,
    ``other_relocations`` stand beside them and say nothing more.
    ``wide_open`` and ``wide_close`` are around code without short instructions;
    nothing falls through the jumps ``wide_behind``, and ``wide_never`` begins
    what must stay short.
    """

    comments: tuple[str, ...]
    line_comments: tuple[str, ...]
    suffixes: tuple[str, ...]
    prefixes: tuple[str, ...]
    label_after: bool
    branches: tuple[PrintedBranch, ...]
    relocated: tuple[RelocatedBranch, ...]
    word_relocations: tuple[int, ...]
    other_relocations: tuple[int, ...] = ()
    relaxed: bool = False
    way: str = ""
    way_lines: int = 0
    site_open: tuple[str, ...] = ()
    site_close: tuple[str, ...] = ()
    wide_open: tuple[str, ...] = ()
    wide_close: tuple[str, ...] = ()
    wide_behind: tuple[str, ...] = ()
    wide_never: tuple[str, ...] = ()
