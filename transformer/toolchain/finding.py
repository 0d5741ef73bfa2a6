"""Finds the compilers that build for an arch.  Answers are kept for the process.

GCC is the host's where it builds for the arch, else a cross GCC.  Clang is the
one inside the ``ziglang`` wheel, which pip brings to any machine.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from transformer.toolchain import zig
from transformer.toolchain.model import FAMILIES, Compiler, CompilerMissing
from transformer.toolchain.running import run, which

if TYPE_CHECKING:
    from transformer.arch import Arch, Toolchain

ASK_SECONDS = 30.0
WHEEL = "pip install 'sc-transform[verify]'"


def find(arch: Arch, family: str | None = None, cc: str | None = None) -> Compiler:
    """A compiler for ``arch``: the one that ``cc`` starts, else of ``family``, else any.

    ``cc`` is a command with its first flags, split as a shell would.  GCC is
    preferred where nothing is asked.  ``CompilerMissing`` says what to install.
    """
    if cc is not None:
        compiler = _given(arch.toolchain, arch.title, cc, _path())
        if family not in (None, compiler.family):
            raise CompilerMissing(f"'{cc}' is {compiler.family}, not {family}")
        return compiler
    wanted = FAMILIES if family is None else (family,)
    if unknown := [f for f in wanted if f not in FAMILIES]:
        raise CompilerMissing(f"no compiler is called '{unknown[0]}'; there are: gcc, clang")
    found = available(arch, wanted)
    if not found:
        raise CompilerMissing(_advice(arch, wanted))
    return found[0]


def identified(cc: str) -> Compiler:
    """The compiler that a command starts, whatever it builds for."""
    argv = _split(cc)
    program = which(argv[0], _path())
    if program is None:
        raise CompilerMissing(f"the compiler '{argv[0]}' is not found")
    compiler = _identify((program, *argv[1:]))
    if compiler is None:
        raise CompilerMissing(f"'{cc}' is neither GCC nor Clang")
    return compiler


def named(cc: str) -> Compiler:
    """As ``identified``, but it is not run to tell its family, which is empty."""
    argv = tuple(_split(cc))
    return Compiler("", argv, _base_flags(argv), "")


def asked(cc: Compiler) -> Compiler:
    """What a compiler that was only ``named`` is."""
    return cc if cc.family else identified(shlex.join(cc.argv))


def available(arch: Arch, families: Sequence[str] = FAMILIES) -> list[Compiler]:
    """The compilers for ``arch`` on this machine, at most one of each family."""
    finders = {"gcc": _gcc, "clang": _clang}
    found = (finders[f](arch.toolchain, _path()) for f in families if f in finders)
    return [compiler for compiler in found if compiler]


def _advice(arch: Arch, families: Sequence[str]) -> str:
    ways = {
        "gcc": f"the package {arch.toolchain.cross_gcc_package} (Debian, Ubuntu)",
        "clang": f"the wheel's Clang ({WHEEL})",
    }
    ways_text = ", or ".join(ways[f] for f in families)
    what = {"gcc": "GCC", "clang": "Clang"}[families[0]] if len(families) == 1 else "C compiler"
    return f"no {what} for {arch.title} on this machine: install {ways_text}"


def _path() -> str:
    """Part of the cache's key: a test may change it."""
    return os.environ.get("PATH", os.defpath)


@cache
def _gcc(toolchain: Toolchain, path: str) -> Compiler | None:
    candidates = (which(n, path) for n in ("gcc", "cc", *toolchain.cross_gcc))
    for program in candidates:
        if program and _fits(toolchain, _machine((program,))):
            compiler = _identify((program,))
            if compiler and compiler.family == "gcc":
                return compiler
    return None


@cache
def _clang(toolchain: Toolchain, path: str) -> Compiler | None:
    if binary := zig.binary():
        return zig.compiler(binary, toolchain)
    program = which("clang", path)
    if program and _fits(toolchain, _machine((program,))):
        return _identify((program,))
    return None


@cache
def _given(toolchain: Toolchain, title: str, cc: str, path: str) -> Compiler:
    compiler = identified(cc)
    machine = _machine(compiler.argv)
    if machine.split("-")[0] in {t.split("-")[0] for t in toolchain.triples}:
        return compiler
    if compiler.family == "clang" and not zig.is_zig(_split(cc)):
        target = f"--target={toolchain.zig_target}"
        return Compiler("clang", (*compiler.argv, target), compiler.base_flags, compiler.version)
    raise CompilerMissing(f"'{cc}' builds for {machine or 'an unknown machine'}, not for {title}")


def _split(cc: str) -> list[str]:
    try:
        argv = shlex.split(cc)
    except ValueError as e:
        raise CompilerMissing(f"the compiler command '{cc}' cannot be split: {e}") from e
    if not argv:
        raise CompilerMissing("the compiler command is empty")
    return argv


def _identify(argv: tuple[str, ...]) -> Compiler | None:
    done = run([*argv, "--version"], timeout=ASK_SECONDS)
    text = done.stdout.decode(errors="replace")
    if not done.ok:
        return None
    version = text.strip().splitlines()[0] if text.strip() else ""
    if "clang" in text.lower():
        return Compiler("clang", argv, _base_flags(argv), version)
    if "Free Software Foundation" in text:
        return Compiler("gcc", argv, (), version)
    return None


def _base_flags(argv: tuple[str, ...]) -> tuple[str, ...]:
    return zig.CC_FLAGS if zig.is_zig(argv) else ()


def _machine(argv: tuple[str, ...]) -> str:
    """The triple that a compiler builds for, or an empty string."""
    done = run([*argv, "-dumpmachine"], timeout=ASK_SECONDS)
    return done.stdout.decode(errors="replace").strip() if done.ok else ""


def _fits(toolchain: Toolchain, machine: str) -> bool:
    """Whether a triple is one of the arch's, the vendor aside."""
    return _without_vendor(machine) in {_without_vendor(t) for t in toolchain.triples}


def _without_vendor(triple: str) -> tuple[str, str]:
    """``cpu-vendor-linux-gnu`` and ``cpu-linux-gnu`` are both (cpu, linux-gnu)."""
    cpu, _, rest = triple.partition("-")
    start = rest.find("linux")
    return cpu, rest[start:] if start >= 0 else rest
