"""Which builds of a case a mode gets: variants of the arch and optimisation levels.

Where sites are patched, all hangs on what the compiler makes of each call, so
that every level counts, position-independent and not.  That is many builds:
unless all are asked for they take turns, over cases, arches and compilers.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from transformer.arch import Arch
from transformer.arch.modes import INLINE, INLINE_ASM, INLINE_MODES

LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os")
TURNS, ALL = "turns", "all"
#: Builds of a case with one compiler for one arch, where they take turns.
_AT_A_TIME = {INLINE: 2, INLINE_ASM: 1}

Levels = str | Sequence[str]


def settings(arch: Arch, mode: str, levels: Levels, turn: int) -> list[tuple[int, str]]:
    """(number of the variant, level) of a mode's builds.

    In turns, a mode that patches no sites is built in all variants at -O2,
    and the arch's default one at -O0 too.
    """
    variants = range(len(arch.variants))
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


def hardened(
    arch: Arch, family: str, mode: str, levels: Levels, turn: int
) -> list[tuple[int, str]]:
    """The same of the arch's hardened variants; their numbers follow those of the others.

    In turns, a case by one compiler is built in one of them, in one mode.
    """
    every = [
        (m, n)
        for m in arch.modes
        for n, variant in enumerate(arch.hardened, len(arch.variants))
        if not variant.compilers or family in variant.compilers
        if not variant.modes or m in variant.modes
    ]
    if levels != TURNS:
        return [(n, "-O2") for m, n in every if m == mode]
    if not every:
        return []
    chosen, number = every[turn % len(every)]
    return [(number, "-O2")] if chosen == mode else []


def first_turn(case: str) -> int:
    """Where a case begins; it stays so when other cases come and go."""
    return zlib.crc32(case.encode())
