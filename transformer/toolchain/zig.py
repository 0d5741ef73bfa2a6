"""Clang out of the ``ziglang`` wheel.

``zig clang`` is Clang's own driver, ``zig ld.lld`` its linker.  ``zig cc`` is
not used to compile: it always builds position-independent code for a glibc
target, whatever ``-fno-pie`` says, keeps the frame pointer, and adds NDEBUG, a
stack protector and sanitizers (measured with zig 0.17).  It only tells where
the C library's headers are, and links programs that need the C library.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from transformer.toolchain.model import Compiler
from transformer.toolchain.running import cache_environment, run

if TYPE_CHECKING:
    from transformer.arch import Toolchain

CC_FLAGS = ("-fno-sanitize=undefined",)
ASK_SECONDS = 60.0


def binary() -> str | None:
    """The wheel's ``zig``; the package itself is never imported."""
    spec = importlib.util.find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        return None
    for folder in spec.submodule_search_locations:
        for name in ("zig", "zig.exe"):
            candidate = Path(folder) / name
            if os.access(candidate, os.X_OK):
                return str(candidate)
    return None


def is_zig(argv: Sequence[str]) -> bool:
    """Whether a command is ``zig cc`` under one of its names."""
    return "cc" in argv and any("zig" in Path(word).name for word in argv)


def compiler(zig: str, toolchain: Toolchain) -> Compiler | None:
    """The wheel's Clang for one arch, or None where the wheel cannot run here."""
    hosted = (zig, "cc", f"--target={toolchain.zig_target}", *CC_FLAGS)
    asked = run([zig, "clang", "--version"], timeout=ASK_SECONDS)
    headers = _header_flags(hosted)
    if not asked.ok or headers is None:
        return None
    version = asked.stdout.decode(errors="replace").splitlines()[0]
    return Compiler(
        family="clang",
        argv=(zig, "clang", f"--target={toolchain.zig_target}"),
        base_flags=(
            "--start-no-unused-arguments",
            *headers,
            "-fuse-ld=lld",
            "--end-no-unused-arguments",
        ),
        version=f"{version} (ziglang)",
        linker=(zig, "ld.lld"),
        hosted=hosted,
    )


def _header_flags(hosted: Sequence[str]) -> tuple[str, ...] | None:
    """Compiler's and C library's headers, searched after all that a user names."""
    command = [*hosted, "-E", "-v", "-x", "c", os.devnull]
    root = Path("/")  # zig names folders below the working folder by relative paths
    asked = run(command, cwd=root, timeout=ASK_SECONDS, env=cache_environment())
    listed = re.search(r"^#include <\.\.\.>.*\n((?: .*\n)*)", asked.stderr, re.MULTILINE)
    if not asked.ok or listed is None:
        return None
    flags = ["-nostdinc"]
    for folder in listed.group(1).splitlines():
        flags += ["-idirafter", str(root / folder.strip())]
    defined = re.findall(r" -D (__GLIBC_MINOR__=\d+)", asked.stderr)
    return (*flags, *(f"-D{d}" for d in defined[:1]))
