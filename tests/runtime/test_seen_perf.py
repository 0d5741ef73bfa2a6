"""perf names trampolines: patched text stays a mapping of its file, and the file has the symbols.

perf reads /tmp/perf-PID.map for anonymous memory alone, so the runtime writes none.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from native_program import Program

from transformer import arch as arches
from transformer.toolchain import run

HERE = Path(__file__).parent / "seen"
HOST = arches.host()
MODES = [m for m in ("slot", "trampoline", "inline") if m in HOST.modes]
SECONDS = "0.4"


def built(folder: Path, mode: str, *more: str) -> Path:
    flags = ("-fPIE", *more)
    return Program(folder, mode, cflags=flags, ldflags=("-pie",)).build(
        HERE / "walked.c", HERE / "spin.c"
    )


@pytest.mark.parametrize("mode", MODES)
def test_text_stays_the_files(mode: str, tmp_path: Path) -> None:
    """Each executable mapping has the name of a file, and none can be written."""
    program = built(tmp_path, mode)
    done = run([str(program), "0.01"])
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert str(program) in [line[-1] for line in lines]
    for line in lines:
        assert line[1] in ("r-xp", "--xp")
        assert line[-1].startswith(("/", "[vdso]", "[vsyscall]")), line


def perf_works(folder: Path) -> bool:
    perf = shutil.which("perf")
    data = str(folder / "try")
    return bool(perf) and run([perf, "record", "-N", "-e", "cpu-clock:u", "-o", data, "true"]).ok


def samples(program: Path, *options: str) -> list[list[tuple[str, str]]]:
    """Each sample as the functions of its chain and the files that they lie in."""
    data = str(program.with_suffix(".data"))
    record = ["perf", "record", "-e", "cpu-clock:u", "-F", "2000", "-N", *options, "-o", data]
    done = run([*record, str(program), SECONDS], timeout=120)
    assert done.ok, done.stderr
    script = ["perf", "script", "--no-inline", "-i", data, "-F", "ip,sym,dso"]
    text = run(script, timeout=300).stdout.decode()
    chains = [re.findall(r"^\s*[0-9a-f]+ (\S+) \((.*)\)$", c, re.M) for c in text.split("\n\n")]
    return [c for c in chains if c]


@pytest.mark.parametrize("mode", MODES)
def test_perf_names_what_runs(mode: str, tmp_path: Path) -> None:
    if not perf_works(tmp_path):
        pytest.skip("perf does not record here")
    program = built(tmp_path, mode)
    chains = samples(program, "--call-graph", "dwarf,1024")
    names = {chain[0][0] for chain in chains if chain[0][1] == str(program)}
    assert "[unknown]" not in names
    assert {"outer", "tester"} <= names
    assert ("__SCT__key" in names) == (mode != "inline")
    callers = {" ".join(n for n, _ in c[1:4]) for c in chains if c[0][0] == "__SCT__key"}
    assert all(c.startswith(("caller outer main", "outer main")) for c in callers), callers
