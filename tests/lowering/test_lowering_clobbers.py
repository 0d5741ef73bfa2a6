"""What a call by asm does not preserve: registers that only some targets have.

A value that is asked for in such a register before a call and behind it must be
elsewhere meanwhile, so that the compiler's code names the register.  Which ones
a call does not preserve, the psABIs say: x86-64 3.2.1 (and APX's supplement),
AAPCS64 6.1, RISC-V "Register Convention".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from transformer import arch as arches
from transformer.rewriting import rewrite
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, available, compile_assembly

VECTOR = "typedef int T __attribute__((vector_size(16)));"
WIDE = "typedef __SVInt32_t T;"
MASK = "typedef unsigned short T;"
PREDICATE = "typedef __SVBool_t T;"
SCALABLE = "typedef __rvv_int32m1_t T;"
WORD = "typedef long T;"
REAL = "typedef float T;"


@dataclass(frozen=True)
class Target:
    """``constraint`` names the class of these registers; ``written`` is how code may spell one."""

    arch: str
    flags: tuple[str, ...]
    type: str
    constraint: str
    registers: tuple[str, ...]
    written: str = r"\b{}\b"


def numbered(prefix: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{n}" for n in range(first, last + 1))


TARGETS = (
    Target("x86_64", ("-mavx512f", "-mavx512vl"), VECTOR, "v", numbered("xmm", 16, 31)),
    Target("x86_64", ("-mavx512f",), MASK, "Yk", numbered("k", 1, 7)),
    Target("x86_64", ("-mapxf",), WORD, "r", numbered("r", 16, 31)),
    Target("arm64", ("-march=armv8.2-a+sve",), WIDE, "w", numbered("z", 0, 31)),
    Target("arm64", ("-march=armv8.2-a+sve",), PREDICATE, "Upa", numbered("p", 0, 15)),
    Target("riscv64", ("-march=rv64gcv",), SCALABLE, "vr", numbered("v", 0, 31)),
    Target("riscv64", ("-march=rv64imafdc", "-mabi=lp64"), REAL, "f", numbered("fs", 0, 11)),
)
UNIT = """#include <sc/static_call.h>
{type}
void speak(void);
DEFINE_STATIC_CALL(hook, speak);
{functions}
"""
FUNCTION = """void over_{name}(void)
{{
	register T before __asm__("{name}");
	T value;

	__asm__ volatile("" : "={constraint}"(before));
	value = before;
	{call};
	register T behind __asm__("{name}") = value;
	__asm__ volatile("" : : "{constraint}"(behind));
}}
"""


def knows(compiler: Compiler, target: Target) -> bool:
    """Whether the compiler is new enough for these registers; the wheel's Clang knows all."""
    with TemporaryDirectory() as folder:
        source = Path(folder, "unit.c")
        body = FUNCTION.format(name=target.registers[0], constraint=target.constraint, call="")
        source.write_text(f"{target.type}\n{body}")
        flags = [*arches.load(target.arch).toolchain.cflags, "-w", *target.flags]
        return compile_assembly(compiler, source, source.with_suffix(".s"), flags).ok


def spelt(target: Target, compiler: Compiler, call: str, tmp_path: Path) -> set[str]:
    """The registers that the compiler's code names, each in the function of its own."""
    arch = arches.load(target.arch)
    functions = "\n".join(
        FUNCTION.format(name=r, constraint=target.constraint, call=call) for r in target.registers
    )
    source, output = tmp_path / "unit.c", tmp_path / "unit.s"
    flags = [*arch.toolchain.cflags, "-O2", "-w", *target.flags]
    text = UNIT.format(type=target.type, functions=functions)
    result = rewrite(text, arch=arch, mode="inline-asm", cc=compiler, cflags=flags)
    source.write_bytes(result.text)
    headers = header_dir("lowered", arch, "inline-asm")
    done = compile_assembly(compiler, source, output, [*flags, "-I", str(headers)])
    assert done.ok, done.stderr
    bodies = re.split(r"^over_(\w+):", output.read_text(), flags=re.M)[1:]
    return {
        name
        for name, body in zip(bodies[::2], bodies[1::2], strict=True)
        if re.search(target.written.format(name), body.split(".size")[0])
    }


CASES = pytest.mark.parametrize(
    ("target", "compiler"),
    [
        pytest.param(t, c, id=f"{t.registers[0]}-{c.family}")
        for t in TARGETS
        for c in available(arches.load(t.arch))
        if c.family == "clang" or knows(c, t)
    ],
)


@CASES
def test_nothing_lives_there_over_a_call(
    target: Target, compiler: Compiler, tmp_path: Path
) -> None:
    assert spelt(target, compiler, "static_call(hook)()", tmp_path) == set(target.registers)


@CASES
def test_without_a_call_it_stays_there(target: Target, compiler: Compiler, tmp_path: Path) -> None:
    assert not spelt(target, compiler, "(void)0", tmp_path)
