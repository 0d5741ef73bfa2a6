"""The units of the stress program that are written out: targets far apart, sites at every place.

Code falls through or jumps over padding, so that what stands before a site ends
at a chosen byte of a cache line or page. The compiler puts at most the setting of
a register between.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile

from transformer.arch import Arch

LINE, PAGE = 64, 4096
TARGETS = 16
FAR = 1  # the target whose code is copied out of reach
#: Bytes between targets: displacements differ in several bytes, so that halves of two make a third.
APART = 0x11370

#: Bytes that Clang may put between padding and site: a register is set to 0.
_BETWEEN = 4

#: How assemblers spell a jump.
JUMP = {"EM_X86_64": "jmp", "EM_AARCH64": "b", "EM_RISCV": "j"}

#: A site of each kind: its key, and what stands behind the padding.
_KINDS = {
    "call": (
        "ALPHA",
        'long got = static_call(alpha)(a); __asm__ volatile("" : "+r"(got)); return got;',
    ),
    "tail": ("BETA", "return static_call(beta)(a);"),
    "unlikely": ("FLAG_A", "if (static_branch_unlikely(&flag_a)) return 1; return 0;"),
    "likely": ("FLAG_B", "if (static_branch_likely(&flag_b)) return 1; return 0;"),
}
#: The arrays of targets, as C declares them.
_ARRAYS = {
    "target": "long (*const stress_targets[TARGETS])(long)",
    "note": "void (*const stress_notes[TARGETS])(long, long *)",
}


def targets(arch: Arch) -> str:
    """``stress_targets`` and ``stress_notes`` by their numbers; number 0 is unset."""
    jump = JUMP[arch.elf_machine]
    trap = arch.trampoline_end[0] if arch.instruction_alignment == 1 else 0
    lines = ['#include "stress.h"']
    for i in range(1, TARGETS):
        over = f'__asm__ volatile("{jump} 1f; .skip {APART + 52 * i}, {trap}; .p2align 4; 1:"); '
        skip = "" if i == FAR else over
        lines.append(f"static long target_{i}(long a) {{ {skip}return 16 * a + {i}; }}")
        lines.append(f"static void note_{i}(long a, long *out) {{ *out = 16 * a + {i}; }}")
    for kind, array in _ARRAYS.items():
        named = ", ".join(f"{kind}_{i}" for i in range(1, TARGETS))
        lines.append(f"{array} = {{ 0, {named} }};")
    return "\n".join(lines) + "\n"


def layouts(arch: Arch) -> str:
    """Sites and guards behind code that ends at each byte of a line, and around a page's end."""
    lines = ['#include "keys.h"']
    named = []
    for name, padding in _paddings(arch):
        for kind, (key, body) in _KINDS.items():
            function = f"{kind}_{name}"
            named.append(f"\t{{ {key}, {function} }},")
            lines.append(
                f"static __attribute__((__noinline__)) long {function}(long a)\n"
                f'{{ __asm__ volatile("{padding}"); {body} }}'
            )
    lines += ["const struct layout stress_layouts[] = {", *named, "};"]
    lines.append(f"const unsigned int stress_layouts_count = {len(named)};")
    return "\n".join(lines) + "\n"


def _paddings(arch: Arch) -> Iterator[tuple[str, str]]:
    step = arch.instruction_alignment
    for offset in range(0, LINE, step):
        nops = f".skip {offset}, 0x90" if step == 1 else f".rept {offset // step}; nop; .endr"
        yield f"line_{offset}", f".p2align 6; {nops}"
    jump = JUMP[arch.elf_machine]
    for offset in (0, *range(PAGE - 8 - _BETWEEN, PAGE, step)):
        yield f"page_{offset}", f"{jump} 1f; .p2align 12; .skip {offset}; 1:"


#: Where each kind of patched place is listed, and the size of an entry, which begins with it.
_TABLES = {"call": ("static_call_sites", 8), "guard": ("__jump_table", 16)}


def places(program: Path, kind: str) -> list[int]:
    """The addresses of all sites or guards, each relative to where it is told."""
    section, size = _TABLES[kind]
    with program.open("rb") as file:
        table = ELFFile(file).get_section_by_name(section)
        assert table is not None
        data, start = table.data(), table["sh_addr"]
    offsets = range(0, len(data), size)
    return [start + i + int.from_bytes(data[i : i + 4], "little", signed=True) for i in offsets]
