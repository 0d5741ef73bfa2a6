#!/usr/bin/env python3
"""Runs ``sc-transform rewrite FILE -o OUT`` on damaged files, and cuts many runs short.

    .venv/bin/python tests/real/fuzz_commands.py --executions 3000 [--seed N]

Whatever happens, the exit status is 0, 1 or 2, or the signal's; nobody sees a
traceback; OUT is what it was or what it is to be, and nothing else is left in its
folder or, but for a SIGKILL, in that of temporary files.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]

from fuzz import seeds  # noqa: E402
from mutations import mutated  # noqa: E402

OLD = b"what stood here before\n"
#: both ways to start: as a module, and as pip installs it
_WAYS = [
    [sys.executable, "-m", "transformer"],
    [str(Path(sys.executable).with_name("sc-transform"))],
]
_SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]
_SLOWEST = 60.0  # seconds, on a machine that is busy
_OPTIONS: list[list[str]] = [
    [], [], [], ["--no-check"], ["--mode", "generic"], ["--mode", "inline-asm"],
    ["--mode", "trampoline"], ["--arch", "arm64"], ["--dynamic", "func_a=0"],
    ["--dynamic", "=3"], ["--mode", "none"], ["--arch", "none"], ["--cc", "no-such-compiler"],
    ["--cc", "false"], ["--profile", "linux"], ["--diagnostics-format", "json"],
    ["--diagnostics-format", "sarif"], ["--", "-DX=1", "-O2"], ["--", "-no-such-option"],
    ["--", "-std=c89", "-pedantic-errors"], ["--", "-fexceptions"], ["--unknown"], ["-I", "none"],
]  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One execution: its input, its words, what it may find, and when it is cut off."""

    data: bytes
    suffix: str
    options: list[str]
    old: bool
    kind: str
    ended: signal.Signals | None
    after: float
    way: list[str]


def planned(number: int, corpus: Sequence[bytes]) -> Run:
    r = random.Random(number)
    data = mutated(r, corpus, 3000) if r.random() < 0.6 else r.choice(corpus)
    kinds = ["file"] * 20 + ["no input", "folder as input", "folder as output", "no such folder"]
    return Run(
        data,
        r.choice([".c"] * 8 + [".i", ".h", ""]),
        r.choice(_OPTIONS),
        r.random() < 0.5,
        r.choice(kinds),
        r.choice(_SIGNALS) if r.random() < 0.4 else None,
        r.uniform(0.0, 0.5),
        r.choice(_WAYS),
    )


def wrong(run: Run, folder: Path) -> str:
    """What does not hold; "" where all does."""
    work, temporary = folder / "work", folder / "tmp"
    for made in (work, temporary):
        made.mkdir()
    source, output = work / f"input{run.suffix}", work / "output.c"
    _prepare(run, source, output)
    before = _listed(work)
    if run.kind == "no such folder":
        output = work / "none" / "output.c"
    status, told = _ended(run, source, output, temporary)
    ours = "transformer" in told  # else Python itself was still starting
    if ("Traceback" in told and ours) or "internal error" in told or "too slow" in told:
        return f"status {status}: {told[-600:]}"
    if "Traceback" in told and run.ended == signal.SIGINT:
        return ""
    allowed = {0, 1, 2} | ({-run.ended, 128 + run.ended} if run.ended else set())
    if status not in allowed:
        return f"status {status}: {told[-300:]}"
    return _left(run, status, before, work, temporary)


def _prepare(run: Run, source: Path, output: Path) -> None:
    if run.kind == "folder as input":
        source.mkdir()
    elif run.kind != "no input":
        source.write_bytes(run.data)
    if run.kind == "folder as output":
        output.mkdir()
    elif run.old:
        output.write_bytes(OLD)


def _ended(run: Run, source: Path, output: Path, temporary: Path) -> tuple[int, str]:
    at = run.options.index("--") if "--" in run.options else len(run.options)
    words = [*run.options[:at], str(source), "-o", str(output), *run.options[at:]]
    child = subprocess.Popen(
        [*run.way, "rewrite", *words],
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if run.ended:
        time.sleep(run.after)
        child.send_signal(run.ended)
    try:
        said = child.communicate(timeout=_SLOWEST)[0]
    except subprocess.TimeoutExpired:
        child.kill()
        said = child.communicate()[0] + b"Traceback: too slow"
    return child.returncode, said.decode(errors="replace")


def _left(run: Run, status: int, before: dict[str, bytes], work: Path, temporary: Path) -> str:
    after = _listed(work)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    killed = run.ended == signal.SIGKILL and status < 0
    if changed and (status in (1, 2) or (changed != {"output.c"} and not killed)):
        return f"status {status}, and these files changed: {sorted(changed)}"
    if status == 0 and run.kind == "file" and after["output.c"] == OLD:
        return "no output"
    if "output.c" in changed and not _is_whole(run, after["output.c"]):
        return f"status {status}, and a part of the output: {after['output.c'][-80:]!r}"
    # a child that is killed with SIGKILL cannot clean up
    left = [] if killed else sorted(p.name for p in temporary.iterdir())
    return f"status {status}, and these temporary files are left: {left}" if left else ""


def _is_whole(run: Run, new: bytes) -> bool:
    """As many lines as the input, or a preprocessed unit, which ends as its last line does."""
    same = new.count(b"\n") == run.data.count(b"\n")
    return same or new.startswith(b"# ")


def _listed(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() if p.is_file() else b"a folder" for p in folder.iterdir()}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--executions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first execution")
    args = parser.parse_args(argv)
    corpus, counted, start = seeds(), Counter[str](), time.monotonic()
    for number in range(args.seed, args.seed + args.executions):
        run = planned(number, corpus)
        with tempfile.TemporaryDirectory() as folder:
            said = wrong(run, Path(folder))
        counted["wrong" if said else "cut off" if run.ended else "run to its end"] += 1
        if said:
            print(
                f"execution {number} ({run.kind}, {run.options}, {run.ended}): {said}", flush=True
            )
        if number % 500 == 499:
            print(f"{dict(counted)} in {time.monotonic() - start:.0f} s", flush=True)
    print(f"{dict(counted)} in {time.monotonic() - start:.0f} s", flush=True)
    return 1 if counted["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
