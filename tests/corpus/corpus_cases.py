"""Small cases as text, and verification of one cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from transformer.arch import load, names
from transformer.corpus import CaseResult, verify
from transformer.toolchain import available

CALL = """
#include <sc/static_call.h>

int func_a(int a, int b) { return a + b; }
int func_b(int a, int b) { return a * b + 1; }

DEFINE_STATIC_CALL(my_key, func_a);

int first(int a, int b)
{
	return static_call(my_key)(a, b);
}
"""
STEPS = """
title = "A call that moves"
units = ["unit.c"]
[[step]]
call = "first(3, 4)"
returns = 7
[[step]]
update = { my_key = "func_b" }
[[step]]
call = "first(3, 4)"
returns = 13
"""

MakeCase = Callable[..., Path]
Damage = Callable[[str, str, str], None]


def family(arch: str) -> str:
    """The compiler that the tests use: GCC where it is."""
    return available(load(arch))[0].family


def run(path: Path, arch: str | None = None, mode: str = "trampoline") -> list[CaseResult]:
    """The results of one arch and mode by one compiler."""
    arch = arch or names()[0]
    report = verify([path], arches=[arch], modes=[mode], compilers=[family(arch)])
    assert all(r.status == "pass" for r in report.selftests)
    return report.results
