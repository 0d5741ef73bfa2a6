"""Builds programs for this machine as a user's build does: rewritten, annotated, linked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import transformer
from transformer import arch as arches
from transformer.assembling import build_object
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, compile_object, find, link

PLAIN = ("-O2", "-g", "-w", "-pthread")


class Program:
    """One way to build; ``damage`` changes the runtime's files by their names."""

    def __init__(
        self,
        folder: Path,
        mode: str,
        *,
        cc: Compiler | None = None,
        cflags: Iterable[str] = (),
        ldflags: Iterable[str] = (),
        damage: Callable[[dict[str, str]], None] | None = None,
    ) -> None:
        self.folder, self.mode, self.damage = folder, mode, damage
        self.arch = arches.host()
        self.cc = cc or find(self.arch)
        headers = str(header_dir("lowered", self.arch, mode))
        self.flags = (*PLAIN, *self.arch.toolchain.cflags, "-I", headers, "-I", str(folder))
        self.flags += tuple(cflags)
        self.ldflags = tuple(ldflags)

    def build(self, *sources: Path, plain: Iterable[Path] = ()) -> Path:
        """``sources`` are rewritten, ``plain`` ones (assembly too) are not."""
        units = [self._compile(self._rewritten(s), self.mode == "inline") for s in sources]
        units += [self._compile(Path(shutil.copy(s, self.folder)), False) for s in plain]
        units.append(self._compile(self._runtime(), False))
        flags = (*self.arch.toolchain.cflags, "-pthread", *self.ldflags)
        done = link(self.cc, units, self.folder / "program", flags)
        assert done.ok, done.stderr
        return self.folder / "program"

    def shared(self, source: Path) -> Path:
        """A shared object, for ``ldflags`` of the program that brings the runtime."""
        unit = self._compile(self._rewritten(source), self.mode == "inline")
        output = self.folder / f"lib{source.stem}.so"
        done = link(self.cc, [unit], output, (*self.arch.toolchain.cflags, "-shared"))
        assert done.ok, done.stderr
        return output

    def _rewritten(self, source: Path) -> Path:
        for header in source.parent.glob("*.h"):
            shutil.copy(header, self.folder)
        done = transformer.rewrite(
            source.read_bytes(),
            path=str(source), arch=self.arch, mode=self.mode, cc=self.cc, cflags=self.flags,
        )  # fmt: skip
        assert done.ok, done.diagnostics
        output = self.folder / source.name
        output.write_bytes(done.text)
        return output

    def _compile(self, source: Path, annotated: bool) -> Path:
        output = self.folder / f"{source.stem}.o"
        if annotated:
            built = build_object(self.cc, source, output, self.flags, self.arch)
            assert built.ok, built.completed.stderr or built.diagnostics
        else:
            done = compile_object(self.cc, source, output, self.flags)
            assert done.ok, done.stderr
        return output

    def _runtime(self) -> Path:
        source = runtime_source(self.arch)
        if not self.damage:
            return source
        files = {p.name: p.read_text() for p in source.parent.iterdir()}
        self.damage(files)
        folder = self.folder / "runtime"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        return folder / source.name
