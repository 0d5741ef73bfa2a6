#!/usr/bin/env python3
"""Reads the headers of C libraries, of Linux's user interface and of compilers, all of them.

    .venv/bin/python tests/real/headers.py [FAMILY...] [--sample N] [--seed S] [--verbose]

Each header is included alone, preprocessed, and every declaration and function of
the result is parsed.  A header that the compiler itself does not take alone, for
this target, is counted as such.  Families whose compiler or folder is missing are
left out; those of the ``ziglang`` wheel need nothing else.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from real_reading import Reader, Refusal

from transformer.toolchain.running import cache_environment
from transformer.toolchain.zig import binary

#: what many headers expect to have been included
_BEFORE = "".join(
    f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n"
    for name in (
        "stddef.h", "stdint.h", "stdarg.h", "stdio.h", "sys/types.h", "sys/socket.h",
        "netinet/in.h", "linux/types.h",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Family:
    """Headers in ``folders`` (those in ``below`` alone), and the compiler that takes them."""

    name: str
    command: tuple[str, ...]
    folders: tuple[Path, ...]
    below: tuple[str, ...] = ("",)
    pattern: str = "*.h"
    deep: bool = True

    def headers(self) -> list[str]:
        """The names to include, sorted."""
        found = set()
        for folder in self.folders:
            for part in self.below:
                root = folder / part
                paths = root.rglob(self.pattern) if self.deep else root.glob(self.pattern)
                found |= {str(p.relative_to(folder)) for p in paths}
        return sorted(found)


def families() -> Iterator[Family]:
    yield from of_wheel()
    yield from _of_host()


def of_wheel() -> Iterator[Family]:
    zig = binary()
    if zig is None:
        return
    library = Path(zig).parent / "lib"
    includes = library / "libc" / "include"

    def compiler(target: str, flags: str = "") -> tuple[str, ...]:
        return (zig, "cc", f"--target={target}", *flags.split())

    yield Family("musl", compiler("x86_64-linux-musl"), (includes / "generic-musl",))
    yield Family("glibc", compiler("x86_64-linux-gnu"), (includes / "generic-glibc",))
    yield Family("uapi", compiler("x86_64-linux-musl"), (includes / "any-linux-any",))
    own = library / "include"
    for name, target, flags, pattern in (
        ("clang-x86", "x86_64-linux-musl", "", "*.h"),
        ("clang-arm64", "aarch64-linux-musl", "-march=armv9-a+sme2+bf16+fp16+i8mm", "arm*.h"),
        ("clang-arm", "arm-linux-musleabi", "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard", "arm*.h"),
        ("clang-riscv", "riscv64-linux-musl", "-march=rv64gcv", "*riscv*.h"),
        ("clang-power", "powerpc64-linux-musl", "-mcpu=power10", "a[lm]*.h"),
        ("clang-z", "s390x-linux-musl", "-march=z16 -mzvector", "[sv]*intrin.h"),
        ("clang-loongarch", "loongarch64-linux-musl", "-mlsx -mlasx", "l*intrin.h"),
        ("clang-hexagon", "hexagon-linux-musl", "-mhvx -mv73", "h*x*_*.h"),
        ("clang-mips", "mips64-linux-musl", "-mmsa", "msa.h"),
    ):
        folders = [own, includes / target, includes / "generic-musl"]
        searched = [word for folder in folders for word in ("-isystem", str(folder))]
        command = (zig, "clang", f"--target={target}", *flags.split(), "-nostdinc", *searched)
        yield Family(name, command, (own,), pattern=pattern, deep=False)


def _of_host() -> Iterator[Family]:
    include = Path("/usr/include")
    names = ("gcc", "aarch64-linux-gnu-gcc", "riscv64-linux-gnu-gcc", "clang")
    for name in filter(shutil.which, names):
        asked = subprocess.run(
            [name, "-print-file-name=include"], capture_output=True, text=True, check=True
        )
        yield Family(f"{name}-own", (name,), (Path(asked.stdout.strip()),))
    if not shutil.which("gcc"):
        return
    multiarch = tuple(p.parent for p in include.glob("*-linux-gnu*/asm"))[:1]
    folders = (include, *multiarch)
    yield Family("host-uapi", ("gcc",), folders, _UAPI_FOLDERS)
    yield Family("host-glibc", ("gcc",), folders, _GLIBC_FOLDERS)
    yield Family("host-others", ("gcc",), (include,), deep=False)


_UAPI_FOLDERS = (
    "asm", "asm-generic", "cxl", "drm", "linux", "misc", "mtd", "rdma", "sound", "video", "xen",
)  # fmt: skip
_GLIBC_FOLDERS = (
    "arpa", "bits", "finclude", "gnu", "net", "netash", "netatalk", "netax25", "neteconet",
    "netinet", "netipx", "netiucv", "netpacket", "netrom", "netrose", "nfs", "protocols",
    "rpc", "scsi", "sys",
)  # fmt: skip


@dataclass
class Tally:
    """How reading went: headers by outcome, and what was refused."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refusal] = field(default_factory=list)


class Headers:
    def __init__(self, reader: Reader, scratch: Path) -> None:
        self.reader, self.scratch = reader, scratch

    def read(self, family: Family, names: Sequence[str]) -> Tally:
        tally = Tally()
        for name in names:
            outcome, refused = self._one(family, name)
            tally.counts[outcome] += 1
            tally.refused += refused
        return tally

    def _one(self, family: Family, name: str) -> tuple[str, list[Refusal]]:
        """A header that the compiler does not take alone is read after what many expect."""
        for before in ("", _BEFORE):
            (self.scratch / "unit.c").write_text(f"{before}#include <{name}>\n")
            done = self._run(family, "-E")
            if done.returncode != 0:
                continue
            refused = self.reader.refusals(done.stdout.decode("latin-1"))
            if not refused:
                return "read", []
            if self._run(family, "-c", "-o", "unit.o").returncode == 0:
                return "refused", refused
        return "not taken by the compiler", []

    def _run(self, family: Family, *what: str) -> subprocess.CompletedProcess[bytes]:
        command = [*family.command, "-w", "-D_GNU_SOURCE", *what, "unit.c"]
        return subprocess.run(
            command,
            capture_output=True,
            cwd=self.scratch,
            env={**os.environ, **cache_environment()},
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    known = {f.name: f for f in families()}
    parser.add_argument("family", nargs="*", help=", ".join(known))
    parser.add_argument("--sample", type=int, help="so many headers of each family")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="name every refusal")
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        reader = Reader()
        headers = Headers(reader, Path(scratch))
        for name in args.family or known:
            names = known[name].headers()
            if args.sample is not None and args.sample < len(names):
                names = random.Random(args.seed).sample(names, args.sample)
            before = reader.chunks
            tally = headers.read(known[name], names)
            counts = ", ".join(f"{n} {what}" for what, n in sorted(tally.counts.items()))
            print(f"{name:28} {counts}; {reader.chunks - before} declarations", flush=True)
            for refusal in tally.refused if args.verbose else tally.refused[:5]:
                print(f"    {refusal}")
            failed += tally.counts["refused"]
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
