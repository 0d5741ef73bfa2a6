"""Compiles and links what a cell needs; keeps what cells share."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transformer import runtime
from transformer.arch import Arch, Variant
from transformer.assembling import build_object
from transformer.corpus.harness import sources
from transformer.corpus.objects import cache_in
from transformer.diagnostics import ScError
from transformer.toolchain import (
    STATIC_PIE,
    Compiler,
    Completed,
    assemble,
    compile_assembly,
    compile_object,
    link,
)

#: For every unit, in both builds: no call appears or vanishes, and floating
#: results do not hang on whether a multiplication and an addition become one.
#: Of a transformed program lines are told; types are read of the oracle's alone.
COMMON = (
    "-g1",
    "-w",
    "-fno-builtin",
    "-U_FORTIFY_SOURCE",
    "-fno-stack-protector",
    "-ffp-contract=off",
)
#: Identical functions stay apart (targets are told by their names), and statics keep theirs.
BY_FAMILY = {
    "gcc": ("-fno-ipa-icf",),
    "clang": ("-Wno-error=int-conversion", "-Wno-error=implicit-function-declaration"),
}
#: A loop that is memset() must not become a call of memset().
FREESTANDING = {
    "gcc": ("-ffreestanding", "-fno-tree-loop-distribute-patterns"),
    "clang": ("-ffreestanding",),
}
_MODELS = "-O1"  # at every level of a case
ORACLE = Variant("oracle", ("-g2", "-fno-pie"), (), pie=False, pads=False)


class BuildError(Exception):
    """A compiler or linker failed; the text tells what was built and what it said."""


@dataclass(frozen=True)
class Setting:
    """How one program is compiled: compiler, variant and optimisation."""

    arch: Arch
    compiler: Compiler
    variant: Variant
    optimise: str

    @property
    def flags(self) -> tuple[str, ...]:
        """For everything in the program."""
        return (
            *self.arch.toolchain.cflags,
            *COMMON,
            *BY_FAMILY.get(self.compiler.family, ()),
            *self.variant.cflags,
            self.optimise,
        )

    @property
    def name(self) -> str:
        return f"{self.variant.name}{self.optimise}"


def hooks(arch: Arch) -> list[str]:
    """Flags by which the runtime tells where it publishes and synchronises."""
    by_barrier = ["-DH_PUBLISH_BY_BARRIER"] if arch.publish else []
    return [*by_barrier, "-include", str(sources() / "hooks.h")]


class Builder:
    """Builds into ``folder``; what other cells share lies in ``shared``."""

    def __init__(self, setting: Setting, folder: Path, shared: Path) -> None:
        self.setting = setting
        self.folder = folder
        self.shared = shared
        self.objects = cache_in(shared)
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, text: str | bytes) -> Path:
        """A generated source file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def compile(self, source: Path, flags: Sequence[str], what: str, suffix: str = ".o") -> Path:
        """An object; ``BuildError`` where the compiler refuses."""
        output = self.folder / (source.stem + suffix)
        self._compile(source, output, flags, what)
        return output

    def unit(self, source: Path, headers: Path, flags: Sequence[str], what: str) -> Path:
        """A unit of the case, or its copy with a tail."""
        return self.compile(source, [*flags, "-I", str(headers)], what)

    def annotated(self, source: Path, headers: Path, flags: Sequence[str], what: str) -> Path:
        """A unit by way of its assembly, whose call sites are annotated."""
        setting, output = self.setting, self.folder / f"{source.stem}.o"
        every = [*setting.flags, *flags, "-I", str(headers)]
        built = build_object(
            setting.compiler,
            self._near(source),
            output,
            every,
            setting.arch,
            cwd=self.folder,
            steps=(self._step("-S", compile_assembly), self._step("assemble", assemble)),
        )
        if errors := [d for d in built.diagnostics if d.severity == "error"]:
            raise ScError(*errors)
        if not built.ok:
            raise BuildError(f"compiling {what} failed:\n{_relevant(built.completed.stderr)}")
        return output

    def harness(self, name: str, text: str) -> Path:
        """Generated C of the harness."""
        source = self.write(name, text)
        return self.compile(source, ["-g0", "-I", str(sources())], f"the harness ({name})")

    def models(self) -> list[Path]:
        """The event log and the libc models, compiled once for each compiler and variant."""
        setting = replace(self.setting, optimise=_MODELS)
        if setting.variant is ORACLE:
            setting = replace(setting, variant=setting.arch.variants[0])
        if setting != self.setting:
            return Builder(setting, self.folder, self.shared).models()
        extra = FREESTANDING.get(self.setting.compiler.family, ())
        return [self._kept(sources() / f"{n}.c", [*extra, "-g0"]) for n in ("log", "libc")]

    def runtime(self) -> Path:
        """The runtime under test, compiled once for each setting: it is the same in all modes."""
        setting, arch = self.setting, self.setting.arch
        name = f"{arch.name}-{setting.compiler.family}-{setting.name}-runtime.o"
        output = self.shared / name
        if output.is_file():
            return output
        extra = FREESTANDING.get(setting.compiler.family, ())
        headers = runtime.header_dir("lowered", arch, arch.default_mode)
        flags = [*extra, "-DSC_FREESTANDING", *hooks(arch), "-I", str(headers)]
        return self._fresh(runtime.runtime_source(arch), output, flags, "the runtime")

    def link(
        self,
        name: str,
        objects: Iterable[Path],
        *,
        ignore_undefined: bool = False,
        pie: bool = False,
    ) -> Path:
        """A program of fixed addresses or position-independent, as the variant says."""
        output = self.folder / name
        setting = self.setting
        flags = [
            "-nostdlib",
            "-static",
            *(STATIC_PIE if pie or setting.variant.pie else ()),
            *setting.arch.toolchain.cflags,
            *setting.variant.ldflags,
            *setting.arch.toolchain.ldflags,
            "-Wl,--no-gc-sections",
            "-Wl,-e,0",
            "-Wl,--build-id=none",
            "-Wl,-z,noexecstack",
        ]
        if ignore_undefined:
            flags.append("-Wl,--unresolved-symbols=ignore-all")
        inputs = list(objects)
        if setting.compiler.family == "gcc":
            inputs.append(Path("-lgcc"))
            flags.append("-fno-use-linker-plugin")
        done = link(setting.compiler, inputs, output, flags, cwd=self.folder)
        if not done.ok:
            raise BuildError(f"linking failed:\n{_relevant(done.stderr)}")
        return output

    def _kept(self, source: Path, flags: Sequence[str]) -> Path:
        """An object that outlives this run, beside the rendered headers, by its content."""
        setting = self.setting
        header = (source.parent / "log.h").read_bytes()
        what = (setting.compiler.command, setting.compiler.version, setting.flags, flags)
        digest = hashlib.sha256(repr(what).encode() + header + source.read_bytes()).hexdigest()
        output = runtime.cache_dir() / f"{source.stem}-{digest[:16]}.o"
        return output if output.is_file() else self._fresh(source, output, flags, "the harness")

    def _fresh(self, source: Path, output: Path, flags: Sequence[str], what: str) -> Path:
        """Compiles to another name first: several processes may want the same object."""
        handle, fresh = tempfile.mkstemp(suffix=".o", dir=output.parent)
        os.close(handle)
        try:
            self._compile(source, Path(fresh), flags, what)
            Path(fresh).rename(output)
        finally:
            Path(fresh).unlink(missing_ok=True)
        return output

    def _compile(self, source: Path, output: Path, flags: Sequence[str], what: str) -> None:
        every = [*self.setting.flags, *flags]
        done = self._step("-c", compile_object)(
            self.setting.compiler, self._near(source), output, every, cwd=self.folder
        )
        if not done.ok:
            raise BuildError(f"compiling {what} failed:\n{_relevant(done.stderr)}")

    def _near(self, source: Path) -> Path:
        """A source's name as debug information is to give it: not by where this is built."""
        return source.relative_to(self.folder) if source.is_relative_to(self.folder) else source

    def _step(self, how: str, tool: Callable[..., Completed]) -> Callable[..., Completed]:
        """A compiler's step by way of the objects that are kept."""

        def step(
            cc: Compiler, source: Path, output: Path, flags: Sequence[str], **more: Any
        ) -> Completed:
            def run(source: Path, output: Path, flags: Sequence[str]) -> Completed:
                mapped = f"-fdebug-prefix-map={self.folder}=."
                return tool(cc, source, output, [*flags, mapped], **more)

            return self.objects.make(how, cc, source, output, flags, run, cwd=self.folder)

        return step


def _relevant(text: str, lines: int = 12) -> str:
    """The errors of a compiler's output, or its end."""
    every = text.strip().splitlines()
    errors = [i for i, line in enumerate(every) if "error" in line or "undefined" in line]
    start = errors[0] if errors else max(0, len(every) - lines)
    return "\n".join(every[start : start + lines])
