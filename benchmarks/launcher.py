"""What the compiler launcher costs by itself, against Python's own bare start.

    .venv/bin/python benchmarks/launcher.py [--rounds N]

The compiler is /bin/true under the name gcc, so that what is measured is the
launcher alone: its start, the command line, the settings, the look at the object.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

SCRIPT = Path(sys.executable).parent / "sc-transform"


def rows(folder: Path) -> dict[str, list[str]]:
    compiler = folder / "gcc"
    compiler.symlink_to(shutil.which("true") or "/bin/true")
    unit = folder / "unit.c"
    unit.write_text("int f(int a) { return a; }\n")
    (folder / "unit.o").write_bytes(bytes(1 << 16))
    flags = ["-O2", "-Wall", "-Iinclude", "-MD", "-MF", "unit.d", "-c", str(unit)]
    flags += ["-o", str(folder / "unit.o")]
    return {
        "python -I -S -c pass": [sys.executable, "-I", "-S", "-c", "pass"],
        "a compiler that does nothing": [str(compiler), *flags],
        "the same behind sc-transform cc": [str(SCRIPT), "cc", str(compiler), *flags],
        "the same, SC_TRANSFORM_FRONT=no": [
            *("env", "SC_TRANSFORM_FRONT=no", str(SCRIPT), "cc", str(compiler)),
            *flags,
        ],
    }


def measure(rounds: int) -> dict[str, float]:
    """Median seconds of each, run in turn so that a busy machine slows all alike."""
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as name:
        commands = rows(Path(name))
        times: dict[str, list[float]] = {what: [] for what in commands}
        for number in range(rounds + 1):
            for what, command in commands.items():
                started = time.perf_counter()
                subprocess.run(command, check=True)
                if number:  # the first round warms up
                    times[what].append(time.perf_counter() - started)
    return {what: median(seconds) for what, seconds in times.items()}


def launching(rounds: int) -> None:
    """Prints the rows, and the ratio that the launcher is held to."""
    found = measure(rounds)
    bare, alone, launched, python = found.values()
    print("compiler launcher")
    for what, seconds in found.items():
        print(f"  {what:<33} {seconds * 1e3:6.2f} ms")
    print(f"  the launcher's own share          {(launched - alone) / bare:6.2f} x python -I -S")
    print(f"  the same where Python starts      {(python - alone) / bare:6.2f} x python -I -S")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40, metavar="N")
    launching(parser.parse_args().rounds)
