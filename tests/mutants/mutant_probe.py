"""A program in the emulator that asks the runtime itself: what verify's cases cannot see."""

from __future__ import annotations

from pathlib import Path

import transformer
from transformer.arch import Arch
from transformer.assembling import build_object
from transformer.corpus.build import FREESTANDING
from transformer.emulator import Image, Machine
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, compile_object, link

SOURCES = Path(__file__).resolve().parent / "probe"
_MODE = "inline"


def run(arch: Arch, compiler: Compiler, folder: Path) -> str:
    """What is wrong, as the line of ``probe.c`` that says so; empty where all is right."""
    try:
        machine, image = _started(arch, compiler, folder)
    except AssertionError as e:
        return str(e)
    outcome = machine.run(image.symbols["probe"].address)
    failed, part = (_number(machine, image, n) for n in ("failed", "failed_part"))
    if failed:
        lines = (SOURCES / "probe.c").read_text().splitlines()
        return f"probe.c:{failed}: {lines[failed - 1].strip()} (in {lines[part - 1].strip()})"
    if not outcome.ok:
        return f"probe.c: {outcome.status}: {outcome.detail}"
    if machine.run(image.symbols["probe_trap"].address).ok:
        return "probe.c: a result that no register can hold is cleared all the same"
    return ""


def _number(machine: Machine, image: Image, name: str) -> int:
    return int.from_bytes(machine.read(image.symbols[name].address, 4), machine.arch.byteorder)


def _started(arch: Arch, compiler: Compiler, folder: Path) -> tuple[Machine, Image]:
    headers = header_dir("lowered", arch, _MODE)
    text = (SOURCES / "unit.c").read_text()
    result = transformer.rewrite(
        text, path=str(SOURCES / "unit.c"), arch=arch, mode=_MODE, cc=compiler
    )
    assert result.ok, result.diagnostics
    source = folder / "unit.c"
    source.write_bytes(result.text)
    flags = [*arch.toolchain.cflags, "-O2", "-w", "-fno-builtin", "-fno-stack-protector"]
    flags += ["-fno-pie", *FREESTANDING.get(compiler.family, ()), "-DSC_FREESTANDING"]
    flags += ["-I", str(headers), "-I", str(runtime_source(arch).parent)]
    objects = [folder / "unit.o", folder / "probe.o"]
    built = build_object(compiler, source, objects[0], flags, arch)
    assert built.ok, built.completed.stderr
    done = compile_object(compiler, SOURCES / "probe.c", objects[1], flags)
    assert done.ok, done.stderr
    done = link(compiler, objects, folder / "program", ("-nostdlib", "-static"))
    assert done.ok, done.stderr
    image = Image.load(folder / "program", arch)
    machine = Machine(arch, [image], stepping=False)
    for constructor in image.init_array:
        outcome = machine.run(constructor)
        assert outcome.ok, f"a constructor: {outcome.status}: {outcome.detail}"
    return machine, image
