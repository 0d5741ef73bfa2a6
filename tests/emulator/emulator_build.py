"""Builds small programs with the wheel's Clang, and damages them for negative controls."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
import ziglang
from elftools.elf.elffile import ELFFile
from machines import construct

from transformer import arch as arches
from transformer import runtime
from transformer.arch import Arch, Variant
from transformer.assembly import annotate
from transformer.emulator import Image, Machine

ZIG = str(Path(ziglang.__file__).parent / "zig")
FLAGS = (
    "-O2",
    "-g",
    "-nostdlib",
    "-ffreestanding",
    "-fno-builtin",
    "-fno-stack-protector",
    "-fno-sanitize=undefined",
    "-fno-omit-frame-pointer",
    "-Wl,--no-gc-sections",
    "-Wl,-e,0",
)

PROGRAM = """
#include <sc/sc.h>
volatile int result, noise;
int add(int a, int b) { return a + b; }
int sub(int a, int b) { return a - b; }
DEFINE_STATIC_CALL(op, add);
DEFINE_STATIC_CALL_NULL(hook, add);
DEFINE_STATIC_KEY_FALSE(off);
DEFINE_STATIC_KEY_TRUE(on);
__attribute__((noinline)) void call(void) { result = static_call(op)(7, 3); noise++; }
__attribute__((noinline)) int tail(int a, int b) { return static_call(op)(a, b); }
void call_tail(void) { result = tail(7, 3); noise++; }
void call_hook(void) { result = static_call(hook)(7, 3); noise++; }
void guards(void)
{
    result = 0;
    if (static_branch_unlikely(&off)) result |= 1;
    if (static_branch_likely(&on)) result |= 2;
    if (static_branch_likely(&off)) result |= 4;
    if (static_branch_unlikely(&on)) result |= 8;
    noise++;
}
void to_sub(void) { static_call_update(op, sub); noise++; }
void flip(void) { static_branch_enable(&off); static_branch_disable(&on); noise++; }
"""


@cache
def folder() -> Path:
    return Path(mkdtemp(prefix="sc-emulator-"))


def having(what: Callable[[Arch], object]) -> pytest.MarkDecorator:
    """For a test of what only some arches have; of what none has it would test nothing."""
    chosen = [a for a in map(arches.load, arches.names()) if what(a)]
    assert chosen
    return pytest.mark.parametrize("arch", chosen, ids=[a.name for a in chosen])


@dataclass(frozen=True)
class Built:
    arch: Arch
    variant: Variant
    mode: str
    path: Path

    def image(self, base: int | None = None) -> Image:
        return Image.load(self.path, self.arch, base)


def compile_to(
    arch: Arch, sources: Sequence[str], output: Path, *flags: str, language: str = "c"
) -> Path:
    """Compiles texts or paths; what starts with "/" is a path."""
    inputs = []
    for index, source in enumerate(sources):
        if source.startswith("/") and "\n" not in source:
            inputs.append(source)
            continue
        text = output.with_name(f"{output.name}-{index}.{'c' if language == 'c' else 's'}")
        text.write_text(source)
        inputs.append(str(text))
    target = f"--target={arch.toolchain.zig_target}"
    argv = [ZIG, "cc", target, *arch.toolchain.cflags, *flags, *inputs, "-o", str(output)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return output


def plain(arch: Arch, source: str, *flags: str, variant: int = 0) -> Image:
    """A program without keys, in one of the arch's variants."""
    made = arch.variants[variant]
    name = f"plain-{arch.name}-{abs(hash((source, flags, variant))):x}"
    pie = ["-pie"] if made.pie else ["-static"]
    path = compile_to(arch, [source], folder() / name, *FLAGS, *made.cflags, *pie, *flags)
    return Image.load(path, arch)


@cache
def program(name: str, mode: str, variant: int) -> Built:
    """``PROGRAM`` with the runtime, in a mode and variant of the arch, hardened ones behind."""
    arch = arches.load(name)
    made = (*arch.variants, *arch.hardened)[variant]
    headers = str(runtime.header_dir("lowered", arch, mode))
    output = folder() / f"{name}-{mode}-{made.name}"
    source, link = PROGRAM, list[str]()
    if mode == "inline":
        source = str(_annotated(arch, output, *made.cflags, f"-I{headers}"))
        # At -O2 LLVM's linker sends a call of a function that is one jump to where that goes.
        link = ["-O0"]
    path = compile_to(
        arch,
        [source, str(runtime.runtime_source(arch))],
        output,
        *FLAGS,
        *link,
        *made.cflags,
        "-pie" if made.pie else "-static",
        "-DSC_FREESTANDING",
        f"-I{headers}",
    )
    return Built(arch, made, mode, path)


def started(built: Built, *, stepping: bool = False) -> tuple[Machine, Image]:
    """The program as its constructors leave it."""
    image = built.image()
    cpu = Machine(built.arch, [image], stepping=stepping)
    construct(cpu, image)
    return cpu, image


def _annotated(arch: Arch, output: Path, *flags: str) -> Path:
    """``PROGRAM`` as assembly, its sites annotated."""
    text = compile_to(arch, [PROGRAM], output.with_suffix(".raw"), *FLAGS[:-2], *flags, "-S")
    path = output.with_suffix(".s")
    path.write_bytes(annotate(text.read_bytes(), arch).text)
    return path


def assemble(arch: Arch, text: str) -> bytes:
    """The bytes of assembly, which must need no relocation."""
    output = folder() / f"asm-{arch.name}-{abs(hash(text)):x}"
    compile_to(arch, [text + "\n"], output, "-c", language="asm")
    with output.open("rb") as stream:
        elf = ELFFile(stream)
        assert not elf.get_section_by_name(".rela.text")
        return elf.get_section_by_name(".text").data()


def damaged(built: Built, *patches: tuple[int, bytes]) -> Image:
    """The program with other bytes in its file; addresses are those of the loaded image."""
    image = built.image()
    data = bytearray(built.path.read_bytes())
    with built.path.open("rb") as stream:
        sections = [s.header for s in ELFFile(stream).iter_sections()]
    for address, new in patches:
        at = address - image.base
        for section in sections:
            if section["sh_flags"] & 2 and 0 <= at - section["sh_addr"] < section["sh_size"]:
                offset = section["sh_offset"] + at - section["sh_addr"]
                data[offset : offset + len(new)] = new
                break
        else:
            raise AssertionError(f"no section holds {address:#x}")
    path = built.path.with_name(f"{built.path.name}-damaged")
    path.write_bytes(data)
    return Image.load(path, built.arch)
