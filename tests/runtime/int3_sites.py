"""Sites that lie across something: a word, a cache line, a page, with each number of bytes before.

For each machine whose runtime can write behind a breakpoint, how such a site is
spelled; the rows of a table of them for the C program.
"""

from __future__ import annotations

from collections.abc import Iterator

from transformer.arch import Arch

#: Where a site is split, and for comparison none.
BOUNDARIES = (8, 64, 4096)

ENTRY = (
    '.pushsection static_call_sites, "awR?", %progbits\n.p2align 2\n'
    ".long {label} - .\n.long __SCP__{key} - . + {tail}\n.popsection\n"
)
GUARD_ENTRY = (
    '.pushsection .data.int3_keys, "aw", %progbits\n.p2align 3\n773: .quad flag\n.popsection\n'
    '.pushsection __jump_table, "awR?", %progbits\n.p2align 3\n'
    ".long {label} - .\n.long 2b - .\n.quad 773b - .\n.popsection\n"
)
#: {at} puts the site where it shall be: code in front of it is jumped over.
BODIES = {
    "EM_X86_64": {
        "call": "sub $8, %rsp\njmp 1f\n{at}1:\n{label}: call __SCT__{key}\nadd $8, %rsp\nret\n",
        "tail": "jmp 1f\n{at}1:\n{label}: jmp __SCT__{key}\n",
        "conditional": "test %rdi, %rdi\njmp 1f\n{at}1:\n{label}: jnz __SCT__{key}\n"
        "mov $-1, %rax\nret\n",
        "guard": "jmp 1f\n{at}1:\n{label}: .byte 0x0f, 0x1f, 0x44, 0, 0\n"
        "mov $1, %eax\nret\n2: mov $2, %eax\nret\n",
    },
}
LAST = {"EM_X86_64": ".globl one\n.type one, %function\none: lea 1(%rdi), %rax\nret\n"}
SIZES = {"EM_X86_64": {"call": 5, "tail": 5, "conditional": 6, "guard": 5}}


def can(arch: Arch) -> bool:
    return arch.breakpoint is not None and arch.elf_machine in BODIES


def _function(arch: Arch, name: str, kind: str, place: str) -> str:
    label, key, tail = f".L_{name}", "key", int(kind in ("tail", "conditional"))
    body = BODIES[arch.elf_machine][kind].format(at=place, label=label, key=key)
    entry = (GUARD_ENTRY if kind == "guard" else ENTRY).format(label=label, key=key, tail=tail)
    return (
        f".globl {name}\n.type {name}, %function\n{name}:\n{body}{entry}.size {name}, . - {name}\n"
    )


def _placed(boundary: int, before: int) -> str:
    return f".balign {boundary}, 0x90\n.skip {boundary - before}, 0x90\n"


def functions(arch: Arch) -> Iterator[tuple[str, str, str]]:
    """Each function's name, kind and text."""
    for kind, size in SIZES[arch.elf_machine].items():
        name = f"aligned_{kind}"
        yield name, kind, _function(arch, name, kind, ".balign 8, 0x90\n")
        for boundary in BOUNDARIES:
            for before in range(1, size):
                name = f"{kind}_{boundary}_{before}"
                yield name, kind, _function(arch, name, kind, _placed(boundary, before))


def files(arch: Arch) -> dict[str, str]:
    """The unit of sites, and what the C program includes: SITE(name, is it a guard)."""
    every = list(functions(arch))
    text = ".text\n" + "".join(t for _, _, t in every) + LAST[arch.elf_machine]
    text += '.section .note.GNU-stack, "", %progbits\n'
    rows = "".join(f"SITE({name}, {int(kind == 'guard')})\n" for name, kind, _ in every)
    return {"sites.s": text, "sites.h": rows}
