"""What a compiler says of itself, asked once and remembered; and the arch that it builds for."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from transformer.arch import Arch, load, names
from transformer.launcher.commandline import CommandLine
from transformer.launcher.process import which
from transformer.launcher.settings import Settings, Wrong
from transformer.launcher.state import State
from transformer.toolchain import Compiler
from transformer.toolchain.running import run

_DEFINE = re.compile(r"^#define (\w+) (.*)$", re.MULTILINE)
ASK_SECONDS = 30.0


@dataclass(frozen=True)
class Machine:
    """What the compiler builds for with the flags that select it; empty and 0: not known."""

    triple: str
    pointer_size: int
    byteorder: str


def identify(command: CommandLine, state: State) -> tuple[Compiler, Machine]:
    """The compiler of a command line and its machine."""
    argv = tuple(command.compiler)
    targets = tuple(command.targets)
    stamp = tuple(map(_stamp, argv))
    facts = state.get("machines", (argv, targets), stamp)
    if facts is None:
        flags = command.compile_flags(command.sources[0]) if command.sources else []
        facts = _ask(argv, targets, flags)
        if facts[3]:  # what could not be asked today may be known tomorrow
            state.keep("machines", (argv, targets), stamp, facts)
    family, version, triple, size, order = facts
    return Compiler(family, argv, (), version), Machine(triple, size, order)


def _stamp(word: str) -> tuple[str, int, int]:
    path = which(word) or word
    try:
        status = os.stat(path)
    except OSError:
        return path, 0, 0
    return path, status.st_mtime_ns, status.st_size


def _ask(
    argv: Sequence[str], targets: Sequence[str], flags: Sequence[str]
) -> tuple[str, str, str, int, str]:
    version = run([*argv, "--version"], timeout=ASK_SECONDS)
    told = version.stdout.decode(errors="replace").strip() if version.ok else ""
    triple = run([*argv, *targets, "-dumpmachine"], timeout=ASK_SECONDS)
    dump = ["-E", "-dM", "-x", "c", os.devnull]
    macros = run([*argv, *targets, *dump], timeout=ASK_SECONDS)
    if not macros.ok:  # some flags need others: -mcmodel=kernel goes with -fno-pie alone
        macros = run([*argv, *flags, *dump], timeout=ASK_SECONDS)
    rows = dict(_DEFINE.findall(macros.stdout.decode(errors="replace")))
    order = "little" if rows.get("__BYTE_ORDER__") == "__ORDER_LITTLE_ENDIAN__" else "big"
    size = rows.get("__SIZEOF_POINTER__", "0")
    return (
        "clang" if "__clang__" in rows else "gcc",
        told.splitlines()[0] if told else "",
        triple.stdout.decode(errors="replace").strip() if triple.ok else "",
        int(size) if size.isdigit() and "__ELF__" in rows else 0,
        order,
    )


def arch_of(machine: Machine, settings: Settings) -> Arch | None:
    """The arch whose templates fit; the one that the settings name, if any."""
    if settings.arch:
        if settings.arch not in names():
            raise Wrong(f"no arch is called '{settings.arch}'; there are: {', '.join(names())}")
        return load(settings.arch)
    cpu = machine.triple.split("-")[0]
    for arch in map(load, names()):
        cpus = {triple.split("-")[0] for triple in arch.toolchain.triples}
        facts = (arch.pointer_size, arch.byteorder)
        if cpu in cpus and facts == (machine.pointer_size, machine.byteorder):
            return arch
    return None
