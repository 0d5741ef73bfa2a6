"""Unwinders and debuggers know where they are, at each instruction of a call and in each state."""

from __future__ import annotations

import bisect
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from native_program import Program

from transformer import arch as arches
from transformer.toolchain import Compiler, available, run

HERE = Path(__file__).parent / "seen"
HOST = arches.host()
STATES = {"start": 125, "two": 127, "on": 367, "far": 127, "zero": 43}
NO_UNWINDER = 77  # the program's status
TRAMPOLINE = "__SCT__key"
WALKED = ("outer", "caller", "jumper", "tester", "one", "two", TRAMPOLINE)
#: The code is looked at instruction by instruction where the machine can step itself.
STEPS = HOST.elf_machine == "EM_X86_64"
MODES = [m for m in HOST.modes if m != "generic"]
BUILDS = [(m, cc) for m in MODES for cc in available(HOST)]


class Names:
    """Which function an address of the program lies in."""

    def __init__(self, program: Path) -> None:
        with program.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            found = [s for s in table.iter_symbols() if s["st_info"]["type"] == "STT_FUNC"]
        self.rows = sorted((s["st_value"], s["st_size"], s.name) for s in found if s["st_size"])

    def __call__(self, address: int) -> str:
        at = bisect.bisect_right(self.rows, (address, 1 << 64, "")) - 1
        start, size, name = self.rows[at]
        return name if start <= address < start + size else hex(address)


def built(folder: Path, mode: str, cc: Compiler, *more: str) -> Path:
    """Its addresses are those of its symbols."""
    flags = ("-fno-pie", "-fasynchronous-unwind-tables", *more)
    sources = (HERE / "walked.c", HERE / "main.c")
    linked = ("-no-pie", "-ldl")
    return Program(folder, mode, cc=cc, cflags=flags, ldflags=linked).build(*sources)


def expected(name: str, site: str, mode: str) -> list[str]:
    """The chain from an instruction of that function, the last site's function being ``site``."""
    if name == "outer":
        return ["outer"]
    if name in ("caller", "jumper", "tester"):
        return [name, "outer"]
    jumped = site == "jumper" and mode != "inline-asm"  # which has no tail calls
    return [name, "outer"] if jumped else [name, site, "outer"]


def walked(lines: Iterator[str], names: Names) -> dict[str, list[list[str]]]:
    """By state the chain of functions behind each instruction of the code that is looked at."""
    states: dict[str, list[list[str]]] = {}
    steps: list[list[str]] = []
    for line in lines:
        words = line.split()
        if words[0] == "state":
            steps = states.setdefault(words[1], [])
        elif words[0] == "gives":
            pass
        elif names(int(words[0], 16)) in WALKED:
            pc, *callers = (int(w, 16) for w in words[1:])
            assert pc == int(words[0], 16), line
            steps.append([names(pc), *(names(c - 1) for c in callers)])
    return states


def judge(states: dict[str, list[list[str]]], mode: str) -> None:
    assert set(states) == set(STATES)
    for state, steps in states.items():
        site = ""
        for step in steps:
            if step[0] in ("caller", "jumper"):
                site = step[0]
            chain = [*expected(step[0], site, mode), "in_state", "main"]
            assert step[: len(chain)] == chain, (mode, state)
        seen = {step[0] for step in steps}
        assert {"outer", "caller", "jumper", "tester"} <= seen
        # Only far targets go through an inline site's trampoline; in other modes all do.
        passes = mode in ("slot", "trampoline") or state == "far"
        if state != "zero":  # in which nothing is called where an instruction has the effect
            assert (TRAMPOLINE in seen) == passes, (mode, state)


@pytest.mark.skipif(not STEPS, reason="this machine cannot step itself")
@pytest.mark.parametrize(("mode", "cc"), BUILDS, ids=[f"{m}-{c.family}" for m, c in BUILDS])
def test_unwinder_at_each_instruction(mode: str, cc: Compiler, tmp_path: Path) -> None:
    program = built(tmp_path, mode, cc)
    done = run([str(program), "steps"], timeout=60)
    if done.returncode == NO_UNWINDER:
        pytest.skip("no libgcc_s.so.1; LLVM's unwinder is one instruction late behind a signal")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    judge(walked(iter(lines), Names(program)), mode)
    assert [int(w.split()[1]) for w in lines if w.startswith("gives")] == list(STATES.values())


def test_unwinder_is_lost_without_call_frame_information(tmp_path: Path) -> None:
    """What the test above looks at is there because the trampolines bring it."""
    cc = available(HOST)[0]
    program = built(tmp_path, "slot", cc, "-U__GCC_HAVE_DWARF2_CFI_ASM")
    done = run([str(program), "steps"], timeout=60)
    if not STEPS or done.returncode == NO_UNWINDER:
        pytest.skip("as above")
    with pytest.raises(AssertionError, match="slot"):
        judge(walked(iter(done.stdout.decode().splitlines()), Names(program)), "slot")


def gdb_has_python() -> bool:
    gdb = shutil.which("gdb")
    return bool(gdb) and b"yes" in run([gdb, "-nx", "-batch", "-ex", "python print('yes')"]).stdout


@pytest.mark.skipif(not gdb_has_python(), reason="there is no gdb with Python")
@pytest.mark.parametrize("mode", MODES)
def test_gdb_at_each_instruction(mode: str, tmp_path: Path) -> None:
    """``bt`` names the trampoline and its callers, text that was patched and all."""
    program = built(tmp_path, mode, available(HOST)[0])
    script = str(HERE / "gdb_steps.py")
    done = run(["gdb", "-nx", "-batch", "-x", script, str(program)], timeout=120)
    told = [w[7:] for w in done.stdout.decode().splitlines() if w.startswith("walked ")]
    states: dict[str, list[list[str]]] = {}
    for line in told:
        first, *rest = line.split()
        if first == "state":
            steps = states.setdefault(rest[0], [])
        elif rest[0] in WALKED:
            steps.append(rest)
    assert told, done.stderr
    judge(states, mode)
