"""Builds units with the runtime, loads them and starts them; who runs them natively."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from machines import construct

import transformer
from transformer import arch as arches
from transformer.arch import Arch
from transformer.emulator import Image, Machine
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, available, compile_object, find, link


def compiler(name: str, family: str) -> Compiler:
    return available(arches.load(name), (family,))[0]


def runner(arch: Arch) -> list[str] | None:
    """How a program of this arch is started here; None where it cannot be."""
    if arch == arches.host():
        return []
    program = next((p for m in arch.machines if (p := shutil.which(f"qemu-{m}"))), None)
    if not program or not available(arch, ("gcc",)):
        return None
    root = Path("/usr") / arch.toolchain.triples[0]
    return [program, "-L", str(root)]


def compiled(
    cc: Compiler, arch: Arch, folder: Path, sources: Iterable[str | Path], *flags: str
) -> list[Path]:
    """Objects in ``folder``, of sources there or elsewhere."""
    objects = []
    for source in sources:
        objects.append(folder / f"{Path(source).stem}.o")
        done = compile_object(cc, folder / source, objects[-1], (*arch.toolchain.cflags, *flags))
        assert done.ok, done.stderr
    return objects


def linked(
    cc: Compiler, arch: Arch, path: Path, objects: list[Path], *flags: str, base: int | None = None
) -> Image:
    """A static program without a C library, as it is loaded."""
    done = link(cc, objects, path, ("-nostdlib", "-static", *flags))
    assert done.ok, done.stderr
    return Image.load(path, arch, base)


def started(
    unit: str, name: str, mode: str, folder: Path, *, stepping: bool = False
) -> tuple[Image, Machine]:
    """The program and a machine whose constructors have run."""
    arch = arches.load(name)
    cc = find(arch, "clang")
    result = transformer.rewrite(unit, path=str(folder / "unit.c"), arch=arch, mode=mode, cc=cc)
    assert result.ok, result.diagnostics
    (folder / "unit.c").write_bytes(result.text)
    flags = ("-O2", "-DSC_FREESTANDING", "-w", "-I", str(header_dir("lowered", arch, mode)))
    objects = compiled(cc, arch, folder, ("unit.c", runtime_source(arch)), *flags)
    image = linked(cc, arch, folder / "program", objects)
    machine = Machine(arch, [image], stepping=stepping)
    construct(machine, image)
    return image, machine
