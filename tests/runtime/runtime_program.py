"""Builds a rewritten unit with the runtime, loads it and starts it."""

from __future__ import annotations

from pathlib import Path

import transformer
from transformer import arch as arches
from transformer.emulator import Image, Machine
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import compile_object, find, link


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
    objects = []
    for source in (folder / "unit.c", runtime_source(arch)):
        objects.append(folder / f"{source.stem}.o")
        done = compile_object(cc, source, objects[-1], (*arch.toolchain.cflags, *flags))
        assert done.ok, done.stderr
    done = link(cc, objects, folder / "program", ("-nostdlib", "-static"))
    assert done.ok, done.stderr
    image = Image.load(folder / "program", arch)
    machine = Machine(arch, [image], stepping=stepping)
    for address in image.init_array:
        assert machine.run(address).ok
    return image, machine
