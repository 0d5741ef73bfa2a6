"""Which builds of a case a mode gets: variants of the arch and optimisation levels.

Where sites are patched, all hangs on what the compiler makes of each call, so
that every level counts, position-independent and not.  That is many builds:
unless all are asked for they take turns, over cases, arches and compilers.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from transformer.arch import Arch
from transformer.arch.modes import INLINE, INLINE_ASM, INLINE_MODES, MODES
from transformer.toolchain import Compiler, compile_object

LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os")
TURNS, FEW, ALL = "turns", "few", "all"
#: Builds of a case with one compiler for one arch, where they take turns.
_AT_A_TIME = {INLINE: 2, INLINE_ASM: 1}

Levels = str | Sequence[str]


def settings(arch: Arch, mode: str, levels: Levels, turn: int) -> list[tuple[int, str]]:
    """(number of the variant, level) of a mode's builds.

    In turns, a mode that patches no sites is built in all variants at -O2,
    and the arch's default one at -O0 too.
    """
    variants = range(len(arch.variants))
    if levels == FEW:
        return [_only(arch, mode, turn)]
    if levels == TURNS and mode not in INLINE_MODES:
        return [(v, "-O2") for v in variants] + (
            [(variants[-1], "-O0")] if mode == arch.default_mode else []
        )
    wanted = LEVELS if levels in (TURNS, ALL) else levels
    every = [(v, level) for level in wanted for v in variants]
    if levels != TURNS:
        return every
    count = min(_AT_A_TIME[mode], len(every))
    start = turn * count % len(every)
    return (every + every)[start : start + count]


def _only(arch: Arch, mode: str, turn: int) -> tuple[int, str]:
    """The one build where few are asked for: in all modes the same variant, which shares much.

    Over the turns these come to all that ``TURNS`` has.
    """
    count = len(arch.variants)
    variant, turn = turn % count, turn // count
    levels: tuple[str, ...] = ("-O2",)
    if mode in INLINE_MODES:
        levels = LEVELS
    elif mode == arch.default_mode and variant == count - 1:
        levels = ("-O2", "-O0")
    return variant, levels[(turn + arch.modes.index(mode)) % len(levels)]


def hardened(
    arch: Arch, compiler: Compiler, mode: str, levels: Levels, turn: int
) -> list[tuple[int, str]]:
    """The same of the arch's hardened variants; their numbers follow those of the others.

    Those that the compiler can make, at the levels that are named, else at
    -O2.  In turns, a case by one compiler is built in one of them, in one mode.
    """
    every = [
        (m, n)
        for m in arch.modes
        for n, variant in enumerate(arch.hardened, len(arch.variants))
        if not variant.compilers or compiler.family in variant.compilers
        if not variant.modes or m in variant.modes
        if _accepts(compiler, (*arch.toolchain.cflags, *variant.cflags))
    ]
    if levels not in (TURNS, FEW):
        wanted = ("-O2",) if levels == ALL else levels
        return [(n, level) for m, n in every if m == mode for level in wanted]
    if not every:
        return []
    chosen, number = every[turn % len(every)]
    return [(number, "-O2")] if chosen == mode else []


@cache
def _accepts(compiler: Compiler, flags: tuple[str, ...]) -> bool:
    """Whether it knows these flags: an empty file tells."""
    with tempfile.TemporaryDirectory(prefix="sc-flags-") as folder:
        source = Path(folder, "empty.c")
        source.write_text("")
        return compile_object(compiler, source, source.with_suffix(".o"), flags).ok


def turning(levels: Levels) -> tuple[str, ...]:
    """The modes in which not every case is built at each level and in each variant."""
    if levels == FEW:
        return MODES
    return INLINE_MODES if levels == TURNS else ()


def first_turn(case: str) -> int:
    """Where a case begins; it stays so when other cases come and go."""
    return zlib.crc32(case.encode())
