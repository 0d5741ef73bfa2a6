"""Inline sites written by hand, so that the runtime is tested by itself.

For each machine how a function is spelled that calls a key's trampoline, jumps
to it, or jumps to it where its argument is not 0, with its entry in the table.
"""

from __future__ import annotations

from collections.abc import Iterator

from transformer.arch import Arch

TAIL, WAY = 1, 4

#: Around a call; {site} is the site.
FRAME = {
    "EM_X86_64": "sub $8, %rsp\n{site}\nadd $8, %rsp\nret",
    "EM_AARCH64": "stp x29, x30, [sp, -16]!\n{site}\nldp x29, x30, [sp], 16\nret",
    "EM_RISCV": "addi sp, sp, -16\nsd ra, 8(sp)\n{site}\nld ra, 8(sp)\naddi sp, sp, 16\nret",
}
#: {to} is the trampoline, or the way station where a branch does not go far; {label} the site.
SITE = {
    "EM_X86_64": {
        "call": ".p2align 3,,4\ncall {to}\n.set {label}, . - 5",
        "tail": ".p2align 3,,4\njmp {to}\n.set {label}, . - 5",
        "conditional": "test %rdi, %rdi\n.p2align 3,,5\njnz {to}\n.set {label}, . - 6\n"
        "mov $-1, %rax\nret",
        "straddling": ".p2align 3\n.skip 5, 0x90\ncall {to}\n.set {label}, . - 5",
    },
    "EM_AARCH64": {
        "call": "{label}: bl {to}",
        "tail": "{label}: b {to}",
        "conditional": "{label}: cbnz x0, {to}\nmov x0, -1\nret",
    },
    "EM_RISCV": {
        "call": ".p2align 2\n.option push\n.option norelax\n.option norvc\n"
        "{label}: jal ra, {way}\n.option pop",
        "tail": ".p2align 2\n.option push\n.option norelax\n.option norvc\n"
        "{label}: jal zero, {way}\n.option pop",
        "straddling": ".p2align 2\nc.nop\n.option push\n.option norelax\n.option norvc\n"
        "{label}: jal ra, {way}\n.option pop",
    },
}
PROLOGUE = {"EM_RISCV": ".option arch, +c\n"}
STATION = {"EM_RISCV": "tail {to}"}


def kinds(arch: Arch) -> list[str]:
    """The kinds of sites that can be told in this machine's assembly."""
    return list(SITE[arch.elf_machine])


def needs_stations(arch: Arch) -> bool:
    """Whether a site may be too far from its trampoline."""
    return arch.elf_machine in STATION


def _entry(label: str, key: str, flags: int) -> str:
    return (
        '.pushsection static_call_sites, "awR?", %progbits\n.p2align 2\n'
        f".long {label} - .\n.long __SCP__{key} - . + {flags}\n.popsection"
    )


def function(arch: Arch, name: str, kind: str, key: str) -> str:
    """``name`` with one site of ``key``."""
    label = f".L_site_{name}"
    site = SITE[arch.elf_machine][kind].format(to=f"__SCT__{key}", way=f".L_way_{key}", label=label)
    calls = kind in ("call", "straddling")
    body = FRAME[arch.elf_machine].format(site=site) if calls else site
    entry = _entry(label, key, 0 if calls else TAIL)
    return f".globl {name}\n.type {name}, %function\n{name}:\n{body}\n{entry}\n"


def stations(arch: Arch, keys: list[str]) -> Iterator[str]:
    """The way stations of a unit's keys, where the machine's sites need them."""
    text = STATION.get(arch.elf_machine)
    for key in keys if text else ():
        label = f".L_way_{key}"
        yield f"{label}: {text.format(to=f'__SCT__{key}')}\n{_entry(label, key, WAY)}\n"


def unit(arch: Arch, functions: list[tuple[str, str, str]], padding: int = 0) -> str:
    """A unit of functions, each with one site: (name, kind, key); behind them some empty text."""
    keys = list(dict.fromkeys(key for _, _, key in functions))
    parts = [PROLOGUE.get(arch.elf_machine, ""), ".text\n.p2align 4\n"]
    parts += [function(arch, *f) for f in functions]
    parts += stations(arch, keys)
    parts.append(f'.skip {padding}\n.section .note.GNU-stack, "", %progbits\n')
    return "".join(parts)
