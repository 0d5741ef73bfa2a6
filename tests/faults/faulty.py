"""Builds the program under test by the real tool, and runs it with one fault.

The program is C (``*.c`` beside this file): ``main.c`` names its parts.  It is
built once for each compiler and layout of a session; the environment's
``FAULT`` says what goes wrong.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import transformer
from transformer import arch as arches
from transformer.arch import Arch
from transformer.assembling import build_object
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, Completed, available, compile_object, find, link, run

HERE = Path(__file__).parent
HOST = arches.host()
FAMILIES = [c.family for c in available(HOST)]
PARTS = ("main.c", "policy.c", "limits.c", "bytes.c", "targets.c", "threads.c",
         "tables.c", "loads.c", "inject.c")  # fmt: skip
USES = ("inline", "trampoline", "slot")
#: A program's status where the kernel does not have what the fault is made of.
NOT_HERE = 77


def runner(arch: Arch) -> list[str] | None:
    """How a program of this arch is started here; None where it cannot be."""
    if arch == HOST:
        return []
    program = next((p for m in arch.machines if (p := shutil.which(f"qemu-{m}"))), None)
    if not program or not available(arch, ("gcc",)):
        return None
    return [program, "-L", str(Path("/usr") / arch.toolchain.triples[0])]


@dataclass(frozen=True)
class How:
    """One way to build the program."""

    name: str
    cflags: tuple[str, ...] = ("-fPIE",)
    ldflags: tuple[str, ...] = ("-pie",)
    defines: tuple[str, ...] = ()
    straddling: bool = False

    @property
    def shared(self) -> bool:
        return "-DSHARED" in self.defines


PIE = How("pie")
NO_PIE = How("no-pie", ("-fno-pie",), ("-no-pie",))
SHARED = How("shared", defines=("-DSHARED",))
SANITIZED = How(
    "sanitized",
    ("-fPIE", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    ("-pie", "-fsanitize=address,undefined"),
)
STRADDLING = How("straddling", defines=("-DSTRADDLING",), straddling=True)


class Builder:
    """One program in a folder, its parts compiled as the tool compiles them."""

    def __init__(self, folder: Path, family: str, how: How, arch: Arch = HOST) -> None:
        self.folder, self.how, self.arch = folder, how, arch
        self.cc: Compiler = find(arch, family)

    def flags(self, mode: str, *more: str) -> tuple[str, ...]:
        headers = str(header_dir("lowered", self.arch, mode))
        return ("-O2", "-g1", *self.arch.toolchain.cflags, "-w", "-I", headers, "-I", str(HERE),
                *self.how.cflags, *self.how.defines, *more)  # fmt: skip

    def transformed(self, source: str, mode: str, *more: str, name: str = "") -> Path:
        """An object of a unit of ours that went through the rewriter, and the assembly's where
        the mode has it."""
        text = (HERE / source).read_text()
        path = self.folder / f"{name or Path(source).stem}.c"
        output = path.with_suffix(".o")
        result = transformer.rewrite(
            text, path=str(HERE / source), arch=self.arch, mode=mode, cc=self.cc,
            cflags=(*self.how.cflags, *self.how.defines, *more),
        )  # fmt: skip
        assert result.ok, result.diagnostics
        path.write_bytes(result.text)
        flags = self.flags(mode, *more)
        if mode == "inline":
            built = build_object(self.cc, path, output, flags, self.arch)
            assert built.ok, built.completed.stderr or built.diagnostics
        else:
            done = compile_object(self.cc, path, output, flags)
            assert done.ok, done.stderr
        return output

    def compiled(self, source: Path, *more: str) -> Path:
        """An object of a unit without sites."""
        output = self.folder / f"{source.stem}.o"
        done = compile_object(self.cc, source, output, self.flags("trampoline", *more))
        assert done.ok, done.stderr
        return output

    def linked(self, objects: Sequence[Path], name: str, *flags: str) -> Path:
        path = self.folder / name
        done = link(self.cc, objects, path, (*self.arch.toolchain.cflags, *flags, "-pthread"))
        assert done.ok, done.stderr
        return path

    def program(self) -> Path:
        objects = [self.transformed("subject.c", "inline")]
        for mode in USES:
            objects.append(self.uses(mode, mode))
        objects += [self.compiled(HERE / part) for part in PARTS]
        if self.how.straddling:
            objects.append(self.compiled(HERE / "straddle.c"))
        objects.append(self.compiled(runtime_source(self.arch)))
        half = self.linked(
            [self.uses("shared", "inline", "-fPIC", "-DLATE")], "libhalf.so", "-shared"
        )
        if self.how.shared:  # else the program loads it late
            objects.append(half)
        rpath = f"-Wl,-rpath,{self.folder}"
        return self.linked(objects, "program", *self.how.ldflags, rpath, "-rdynamic", "-ldl")

    def uses(self, prefix: str, mode: str, *more: str) -> Path:
        name = f"-DNAME(use)={prefix}_##use"
        return self.transformed("uses.c", mode, name, *more, name=f"uses-{prefix}")


def verdict(arch: Arch, program: Path, fault: str, **environment: str) -> Completed:
    """Runs the program with the fault."""
    env = {**os.environ, "FAULT": fault, "TELL": "1", **environment}
    env["LD_LIBRARY_PATH"] = str(program.parent)  # a sanitizer's dlopen() does not see our rpath
    return run([*(runner(arch) or ()), str(program)], env=env, timeout=120)
