"""Each fault gives an error return or a lower level, and a correct program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from faulty import (
    FAMILIES,
    HERE,
    HOST,
    NO_PIE,
    NOT_HERE,
    PIE,
    SANITIZED,
    SHARED,
    STRADDLING,
    How,
    runner,
    verdict,
)

from transformer import arch as arches
from transformer.arch import Arch

#: Its part's name, and whether it is of the damaged tables.
NAMED = re.compile(r'^\t(?:\{ "|(DAMAGE)\(")([a-z-]+)",(.*)', re.M)


def faults(*parts: str, of_the_kernel: bool = True) -> list[str]:
    """The names in the tables of these parts; ``of_the_kernel``: with those that need a filter."""
    return [
        f"{'table-' * bool(damage)}{name}"
        for part in parts
        for damage, name, rest in NAMED.findall((HERE / f"{part}.c").read_text())
        if name != "straddles" and (of_the_kernel or "watch_calls" not in rest)
    ]


FAULTS = faults("policy", "limits", "bytes", "targets", "threads", "tables", "loads")
#: What is left where an emulator of programs stands between the program and the kernel.
EMULATED = faults("bytes", "targets", "threads", "tables", "loads", of_the_kernel=False)
OTHERS = [
    a
    for name in arches.names()
    if (a := arches.load(name)) != HOST and runner(a) is not None
    if "inline" in a.modes
]


def judge(program: Path, fault: str, arch: Arch = HOST, **environment: str) -> None:
    done = verdict(arch, program, fault, **environment)
    if done.returncode == NOT_HERE:
        pytest.skip("the kernel has no such fault")
    told = done.stdout.decode() + done.stderr
    assert (done.returncode, done.stdout.decode()) == (0, "0 failures\n"), told


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_program(programs, family: str, fault: str) -> None:
    judge(programs(family, PIE), fault)


@pytest.mark.full
@pytest.mark.parametrize(
    ("how", "fault"),
    [(NO_PIE, f) for f in FAULTS] + [(SHARED, f) for f in FAULTS if f not in faults("loads")],
    ids=lambda v: getattr(v, "name", v),
)
@pytest.mark.parametrize("family", FAMILIES)
def test_other_layouts(programs, family: str, how: How, fault: str) -> None:
    judge(programs(family, how), fault)


@pytest.mark.parametrize("level", ["word", "int3", "slot", "nonsense", ""])
@pytest.mark.parametrize("family", FAMILIES)
def test_level(programs, family: str, level: str) -> None:
    judge(programs(family, PIE), "level", SC_PROTECTION=level)


@pytest.mark.skipif(HOST.breakpoint is None, reason="no such level on this arch")
@pytest.mark.full
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_int3(programs, family: str, fault: str) -> None:
    judge(programs(family, PIE), fault, SC_PROTECTION="int3")


@pytest.mark.parametrize("family", FAMILIES)
def test_straddling_site(programs, family: str) -> None:
    program = programs(family, STRADDLING)
    judge(program, "straddles")
    told = verdict(HOST, program, "straddles", SC_LOG="1").stderr
    said = re.findall(r"a site straddles two units: it stays as it was built", told)
    assert len(said) == (HOST.instruction_alignment == 1), told


@pytest.mark.full
@pytest.mark.skipif("gcc" not in FAMILIES, reason="ziglang has no sanitizer of addresses")
@pytest.mark.parametrize("fault", [f for f in FAULTS if f not in faults("limits")])
def test_sanitized(programs, fault: str) -> None:
    judge(programs("gcc", SANITIZED), fault)


@pytest.mark.full
@pytest.mark.parametrize("fault", EMULATED)
@pytest.mark.parametrize("arch", OTHERS, ids=lambda arch: f"{arch.name}-qemu")
def test_other_arches(programs, arch: Arch, fault: str) -> None:
    judge(programs("gcc", PIE, arch), fault, arch)
