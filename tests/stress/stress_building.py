"""Builds the stress program: rewritten, compiled, annotated, linked, as a user's build does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import stress_units

import transformer
from transformer import arch as arches
from transformer.arch import Arch
from transformer.assembling import build_object
from transformer.assembly import annotate
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import (
    Compiler,
    assemble,
    available,
    compile_assembly,
    compile_object,
    link,
    run,
)

HERE = Path(__file__).parent
INLINE = "inline"
UNITS = ("main", "updates", "loading", "sites", "targets", "layouts")
PLUGIN = ("plugin", "sites")
#: What keeps a site in one unit: it is aligned where it would need more bytes than are left.
ALIGNMENT = re.compile(rb"^[ \t]*\.p2align[ \t]+3[, \t][^;\n]*$", re.MULTILINE)


@dataclass
class Build:
    """One way to build the program, in a folder of its own.

    ``aligned`` is whether sites get the alignment that they need, ``damage``
    changes the runtime's files: both for showing that the program finds that.
    """

    arch: Arch
    mode: str
    cc: Compiler
    folder: Path
    aligned: bool = True
    damage: Callable[[dict[str, str]], None] | None = None
    flags: tuple[str, ...] = field(default=("-O2", "-g", "-Wall", "-Wextra", "-fPIC", "-pthread"))

    def program(self) -> tuple[Path, Path]:
        """The program and its plugin."""
        for source in HERE.glob("*.[ch]"):
            shutil.copy(source, self.folder)
        for name in ("targets", "layouts"):
            (self.folder / f"{name}.c").write_text(getattr(stress_units, name)(self.arch))
        plugin = self.link("stress-plugin.so", [self.unit(n, "plugin") for n in PLUGIN], "-shared")
        units = [self.unit(n, "program") for n in UNITS]
        pie = ("-pie", "-rdynamic", "-ldl")
        return self.link("stress", [*units, self.runtime()], *pie), plugin

    def unit(self, name: str, part: str) -> Path:
        away = 2 << self.arch.branch("jump").bits
        flags = self.flags_for(f"-DSITES=stress_sites_{part}", f"-DAWAY={away}l")
        source = self.folder / f"{name}.c"
        done = transformer.rewrite(
            source.read_bytes(),
            path=str(source), arch=self.arch, mode=self.mode, cc=self.cc, cflags=flags, check=False,
        )  # fmt: skip
        assert done.ok, done.diagnostics
        rewritten = self.folder / f"{name}-{part}.c"
        rewritten.write_bytes(done.text)
        return self.compile(rewritten, flags)

    def flags_for(self, *more: str) -> tuple[str, ...]:
        headers = header_dir("lowered", self.arch, self.mode)
        own = self.arch.toolchain.cflags
        if runner(self.arch):
            more = ("-DTRANSLATED", *more)
        return (*self.flags, *own, "-I", str(headers), "-I", str(self.folder), *more)

    def compile(self, source: Path, flags: tuple[str, ...]) -> Path:
        output = source.with_suffix(".o")
        if self.mode != INLINE:
            done = compile_object(self.cc, source, output, flags)
            assert done.ok, done.stderr
        elif self.aligned:
            built = build_object(self.cc, source, output, flags, self.arch)
            assert built.ok, built.completed.stderr or built.diagnostics
        else:
            self.compile_unaligned(source, output, flags)
        return output

    def compile_unaligned(self, source: Path, output: Path, flags: tuple[str, ...]) -> None:
        text = source.with_suffix(".s")
        done = compile_assembly(self.cc, source, text, flags)
        assert done.ok, done.stderr
        annotated = annotate(text.read_bytes(), self.arch).text
        text.write_bytes(
            re.sub(rb"^[ \t]*\.p2align[ \t]+3[, \t][^;\n]*$", b"", annotated, flags=re.MULTILINE)
        )
        done = assemble(self.cc, text, output, flags)
        assert done.ok, done.stderr

    def runtime(self) -> Path:
        source = runtime_source(self.arch)
        if self.damage:
            files = {p.name: p.read_text() for p in source.parent.iterdir()}
            self.damage(files)
            (self.folder / "runtime").mkdir()
            for name, text in files.items():
                (self.folder / "runtime" / name).write_text(text)
            source = self.folder / "runtime" / source.name
        output = self.folder / "runtime.o"
        done = compile_object(self.cc, source, output, self.flags_for())
        assert done.ok, done.stderr
        return output

    def link(self, name: str, objects: list[Path], *flags: str) -> Path:
        own = (*self.arch.toolchain.cflags, "-pthread", *flags)
        done = link(self.cc, objects, self.folder / name, own)
        assert done.ok, done.stderr
        return self.folder / name


def runner(arch: Arch) -> list[str] | None:
    """How a program of this arch is started here; None where it cannot be."""
    if arch == arches.host():
        return []
    program = next((p for m in arch.machines if (p := shutil.which(f"qemu-{m}"))), None)
    if not program or not available(arch, ("gcc",)):
        return None
    return [program, "-L", f"/usr/{arch.toolchain.triples[0]}"]


@dataclass(frozen=True)
class Verdict:
    """How a run ended, and what it counted."""

    status: int
    text: str

    @property
    def counts(self) -> dict[str, float]:
        rows = (line.split() for line in self.text.splitlines())
        return {r[0]: float(r[1]) for r in rows if len(r) == 2 and r[1].replace(".", "").isdigit()}


def stress(
    arch: Arch,
    program: Path,
    plugin: Path | None,
    seconds: float,
    *,
    callers: int = 8,
    updaters: int = 2,
    rest: int = 0,
    protection: str = "word",
) -> Verdict:
    """Runs the program; ``protection`` is how text is written (sc/runtime.h)."""
    words = [seconds, callers, updaters, plugin or "-", rest]
    started = [*(runner(arch) or ()), str(program), *map(str, words)]
    done = run(started, timeout=2 * seconds + 120, env={"SC_PROTECTION": protection})
    return Verdict(done.returncode, done.stdout.decode(errors="replace") + done.stderr)
