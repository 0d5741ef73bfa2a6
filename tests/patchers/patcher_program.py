"""Builds a unit with a patcher in the place of the runtime's updates."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from machines import construct

import transformer
from transformer import arch as arches
from transformer.arch import Arch
from transformer.assembling import build_object
from transformer.corpus.build import hooks
from transformer.corpus.harness import sources
from transformer.emulator import Image, Machine
from transformer.emulator.fetch import Recorder, WriteLog, find_places
from transformer.emulator.tables import Tables
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import compile_object, find, link

CODE = Path(__file__).resolve().parent / "code"
PORTS = CODE.parent / "ports"
FAR = 0x5000_1234_5000  # where to_far() points the key


@dataclass(frozen=True)
class Base:
    """What programs share: a unit, and all else but patcher and runtime.

    ``pads``: in a variant with landing pads.
    """

    name: str
    mode: str
    folder: Path
    unit: str = "unit"
    pads: bool = False

    @property
    def arch(self) -> Arch:
        return arches.load(self.name)

    @cached_property
    def flags(self) -> list[str]:
        arch = self.arch
        variant = next(v for v in arch.variants if v.pads == self.pads)
        return [
            *(*arch.toolchain.cflags, *variant.cflags, "-fno-pie", "-O2", "-g", "-w"),
            *("-ffreestanding", "-fno-builtin", "-DSC_FREESTANDING", *hooks(arch)),
            *("-I", str(header_dir("lowered", arch, self.mode))),
            *("-I", str(runtime_source(arch).parent), "-I", str(sources())),
        ]

    @cached_property
    def objects(self) -> dict[str, Path]:
        """Each compiled once, by what it is."""
        self.folder.mkdir(parents=True)
        return {"unit": self._unit(), "log": self.compiled(sources() / "log.c", "-g0")}

    def part(self, name: str, source: Path, *flags: str) -> Path:
        """Another part that programs share, called so."""
        if name not in self.objects:
            self.objects[name] = self.compiled(source, *flags)
        return self.objects[name]

    def _unit(self) -> Path:
        original, source = CODE / f"{self.unit}.c", self.folder / "unit.c"
        cc, text = find(self.arch, "clang"), original.read_text()
        done = transformer.rewrite(text, path=str(source), arch=self.arch, mode=self.mode, cc=cc)
        assert done.ok, done.diagnostics
        source.write_bytes(done.text)
        if self.mode != "inline":
            return self.compiled(source)
        output = self.folder / "unit.o"
        built = build_object(cc, source, output, self.flags, self.arch)
        assert built.ok, built.completed.stderr
        return output

    def _runtime(self, port: str) -> Path:
        flags = ["-g0", *(["-include", str(PORTS / f"{port}.h")] if port else [])]
        return self.part(f"runtime {port}", runtime_source(self.arch), *flags)

    def compiled(self, source: Path, *flags: str) -> Path:
        output = self.folder / f"{len(list(self.folder.iterdir()))}-{source.stem}.o"
        done = compile_object(find(self.arch, "clang"), source, output, [*self.flags, *flags])
        assert done.ok, done.stderr
        return output

    def linked(self, patcher: str, port: str = "") -> Image:
        """The program with this patcher; with a port's hooks the runtime itself updates."""
        objects = [self.objects["unit"], self.objects["log"]]
        objects.append(self._runtime(port))
        if port:
            objects.append(self.part("ports", CODE / "ports.c"))
        else:
            objects.append(self.part("start", CODE / "start.c"))
            objects.append(self.part(patcher, CODE / f"{patcher}.c"))
        path = self.folder / f"program-{patcher}{port}"
        flags = ["-nostdlib", "-static", "-Wl,-e,0", "-Wl,-z,noexecstack"]
        done = link(find(self.arch, "clang"), objects, path, [*flags, *self.arch.toolchain.ldflags])
        assert done.ok, done.stderr
        return Image.load(path, self.arch)


@dataclass
class PatcherProgram:
    """One program that has started, with all that its updates do to memory recorded."""

    image: Image
    arch: Arch = field(init=False)

    def __post_init__(self) -> None:
        self.arch = self.image.arch
        self.machine = Machine(self.arch, [self.image], stepping=True)
        self.machine.map_region(FAR, 4096, executable=True)
        self._recorder = Recorder(find_places(Tables(self.image)).subjects)
        self.machine.attach(self._recorder)
        construct(self.machine, self.image)
        self.places = find_places(Tables(self.image, self.machine))

    def update(self, name: str) -> WriteLog:
        """Has the patcher do an update, and tells what it did to memory."""
        self._recorder.take()
        self.call(name)
        (log,) = self._recorder.take(name.replace("to_", "update key = "))
        return log

    def call(self, function: str) -> None:
        outcome = self.machine.run(self.image.symbols[function].address, limit=100_000)
        assert outcome.ok, f"{function}: {outcome.detail}"

    def seen(self) -> tuple[int, ...]:
        """What the sites return when they are called with 7, by call and by tail call."""
        self.call("sites")
        data = self.machine.read(self.image.symbols["seen"].address, 16)
        return tuple(self.machine.integer(data[i : i + 8]) for i in (0, 8))
