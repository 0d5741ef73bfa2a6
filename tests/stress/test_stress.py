"""Each dispatch of many threads goes to a target that is current during it.

The program (main.c, stress.h) gives its own verdict; here it is built in each
way and run, briefly, and for long in the full suite.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from stress_building import INLINE, Build, Verdict, runner, stress
from stress_units import LINE, PAGE, places

from transformer import arch as arches
from transformer.arch import Arch
from transformer.toolchain import available

HOST = arches.host()
THREE = [m for m in (INLINE, "trampoline", "slot") if m in HOST.modes]
REST = [m for m in HOST.modes if m not in THREE]
FAMILIES = [cc.family for cc in available(HOST)]
FOREIGN = [n for n in arches.names() if n != HOST.name and runner(arches.load(n))]
#: Where instructions begin at any byte, one may lie in two units.
STRADDLES = HOST.instruction_alignment < HOST.branch("call").size


def built(arch: Arch, mode: str, folder: Path, family: str | None = None) -> tuple[Path, Path]:
    cc = available(arch, (family,) if family else ("gcc", "clang"))[0]
    return Build(arch, mode, cc, folder).program()


def passed(verdict: Verdict, dispatches: float, least: int = 1, level: int = 1) -> None:
    """The program is content, no part of it has been idle, and text is written by that level."""
    assert verdict.status == 0, verdict.text
    counts = verdict.counts
    print(verdict.text)
    assert counts["protection"] == level, verdict.text
    assert counts["dispatches"] >= dispatches, verdict.text
    # A test of a flag that changes meanwhile says nothing, and a call only within limits.
    assert counts["dispatches"] - counts["wide"] >= dispatches / 2, verdict.text
    for what in ("updates", "batches", "interrupting", "loads"):
        assert counts[what] >= least, verdict.text


def stand_at_ends(program: Path, arch: Arch) -> None:
    """There are sites and guards in the first and in the last bytes of a page."""
    for kind in ("call", "guard"):
        offsets = {a % PAGE for a in places(program, kind)}
        assert offsets >= {0, PAGE - arch.branch("call").size}


@pytest.mark.parametrize("mode", THREE)
def test_every_dispatch_is_right(mode: str, tmp_path: Path) -> None:
    program, plugin = built(HOST, mode, tmp_path)
    if mode == INLINE:
        stand_at_ends(program, HOST)
    passed(stress(HOST, program, plugin, 5, rest=40), 1e6)


@pytest.mark.skipif(HOST.breakpoint is None, reason="no breakpoint is told of this machine")
@pytest.mark.parametrize("seconds", [2, pytest.param(30, marks=pytest.mark.full)])
def test_a_breakpoint_first(seconds: int, tmp_path: Path) -> None:
    """Linux's protocol: a breakpoint, the rest, then the first byte."""
    program, plugin = built(HOST, INLINE, tmp_path)
    passed(stress(HOST, program, plugin, seconds, rest=40, protection="int3"), 1e5, level=2)


@pytest.mark.parametrize("name", FOREIGN)
def test_other_machines(name: str, tmp_path: Path) -> None:
    arch = arches.load(name)
    passed(stress(arch, *built(arch, INLINE, tmp_path), 2, callers=4), 10e3)


@pytest.mark.full
@pytest.mark.parametrize("mode", THREE)
def test_a_thousand_million(mode: str, tmp_path: Path) -> None:
    passed(stress(HOST, *built(HOST, mode, tmp_path), 60), 1e9 / len(THREE), 20)


@pytest.mark.full
@pytest.mark.parametrize(
    ("mode", "family"),
    [(m, f) for m in (*REST, *THREE) for f in FAMILIES if m in REST or f != FAMILIES[0]],
)
def test_every_mode_and_compiler(mode: str, family: str, tmp_path: Path) -> None:
    passed(stress(HOST, *built(HOST, mode, tmp_path, family), 15), 100e6)


@pytest.mark.full
@pytest.mark.parametrize("mode", THREE)
@pytest.mark.parametrize("name", FOREIGN)
def test_other_machines_for_long(name: str, mode: str, tmp_path: Path) -> None:
    arch = arches.load(name)
    passed(stress(arch, *built(arch, mode, tmp_path), 20, callers=4), 1e6)


# --- the program can fail ---

BYTEWISE = """
static int sc_bytewise(sc_unit *unit, sc_unit old, sc_unit new)
{
	volatile unsigned int pause;
	unsigned int i;

	if (*unit != old)
		return -EBUSY;
	for (i = 0; i < sizeof(new); i++) {
		((volatile char *)unit)[i] = (char)(new >> (8 * i));
		for (pause = 0; pause < 100; pause++)
			;
	}
	return 0;
}
#define sc_text_swap sc_bytewise
"""
ANYWHERE = """
static int sc_anywhere(sc_unit *unit, sc_unit old, sc_unit new)
{
	char *page = (char *)((unsigned long)unit & -4096ul);

	if ((char *)(unit + 1) > page + 4096)
		(void)mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
	if (*unit != old)
		return -EBUSY;
	*(volatile sc_unit *)unit = new;
	return 0;
}
#define sc_text_swap sc_anywhere
"""
PORT = "sc_port_linux.h"
CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP, signal.SIGFPE}


def bytewise(files: dict[str, str]) -> None:
    """Text is written byte by byte, with the time between that any interrupt takes."""
    files[PORT] += BYTEWISE


def anywhere(files: dict[str, str]) -> None:
    """A unit begins at any byte, and no site is refused."""
    assert sum(text.count("% SC_UNIT") for text in files.values())
    for name, text in files.items():
        files[name] = text.replace("% SC_UNIT", "% 1")
    files[PORT] += ANYWHERE


def found(build: Build) -> bool:
    """Whether the program tells that it is built badly: by a wrong dispatch, a crash or a halt."""
    verdict = stress(HOST, build.program()[0], None, 60, callers=2, updaters=1)
    print(verdict)
    return -verdict.status in CRASHES or "wrong: " in verdict.text or "halted: " in verdict.text


@pytest.mark.skipif(not STRADDLES, reason="no instruction lies in two units")
def test_alignment_is_needed(tmp_path: Path) -> None:
    """Without it sites stand where the code before them ends: at each place of line and page."""
    cc = available(HOST)[0]
    build = Build(HOST, INLINE, cc, tmp_path, aligned=False, damage=anywhere)
    assert found(build)
    for kind in ("call", "guard"):
        addresses = places(tmp_path / "stress", kind)
        assert {a % LINE for a in addresses} == set(range(LINE))
        assert {a % PAGE for a in addresses} >= {0, *range(PAGE - 8, PAGE)}


@pytest.mark.full
@pytest.mark.skipif(not STRADDLES, reason="no instruction lies in two units")
def test_alignment_is_enough(tmp_path: Path) -> None:
    """By the same stores, to sites that are aligned, nothing goes wrong."""
    build = Build(HOST, INLINE, available(HOST)[0], tmp_path, damage=anywhere)
    passed(stress(HOST, *build.program(), 10), 10e6)


def test_whole_stores_are_needed(tmp_path: Path) -> None:
    assert found(Build(HOST, INLINE, available(HOST)[0], tmp_path, damage=bytewise))
