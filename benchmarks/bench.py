"""Measures rewriting, calling, updating and verifying, and prints ratios of what one run measured.

    make bench
    .venv/bin/python benchmarks/bench.py [--rounds N] [--no-verify] [--no-projects] [-k PATTERN]
                                         [--kernel FOLDER [--units N] [--each]]

Rewriting is compared with what a compiler does with the same unit: GCC where
the machine has it, else the wheel's Clang.  All are whole processes, run in
turn so that a busy machine slows all alike; the median counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import emulator
import native
import projects
import rewriting
import updates
from launcher import launching

from transformer import arch as arches
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, check_syntax, compile_object, find

ROOT = Path(__file__).resolve().parents[1]
SC_TRANSFORM = [str(rewriting.SC_TRANSFORM)]

SMALL = """\
#include <sc/static_call.h>

static int func_a(int arg1, int arg2) { return arg1 + arg2; }

DEFINE_STATIC_CALL(my_key, func_a);

int first(int arg1, int arg2)
{
\treturn static_call(my_key)(arg1, arg2);
}
"""

HEAD = """\
#include <stdio.h>
#include <sc/sc.h>

"""

# 25 lines with a call, a guard and an update: an ordinary file has fewer idioms.
PART = """\
static int target_{n}(int a, const char *text)
{{
\tprintf("{n}: %d %s\\n", a, text);
\treturn a + {n};
}}

DEFINE_STATIC_CALL(call_{n}, target_{n});
DEFINE_STATIC_KEY_FALSE(key_{n});

int use_{n}(int a, int limit)
{{
\tint sum = 0;

\tfor (int i = 0; i < limit; i++) {{
\t\tif (static_branch_unlikely(&key_{n}))
\t\t\tprintf("step %d of %d\\n", i, limit);
\t\tsum += static_call(call_{n})(a + i, "text");
\t}}
\tif (sum > 1000 * limit)
\t\tstatic_call_update(call_{n}, target_{n});
\treturn sum;
}}

"""


def large(lines: int) -> str:
    """A unit of about so many lines."""
    parts = (lines - HEAD.count("\n")) // PART.count("\n")
    return HEAD + "".join(PART.format(n=n) for n in range(parts))


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def medians(works: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Seconds that each takes, one round after another; one round to warm up."""
    runs = [[timed(work) for work in works] for _ in range(rounds + 1)][1:]
    return [median(column) for column in zip(*runs, strict=True)]


def succeed(argv: Sequence[str]) -> None:
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)}:\n{done.stdout}{done.stderr}")


def one_unit(cc: Compiler, name: str, text: str, rounds: int, folder: Path) -> None:
    """One row for a unit: rewriting it, against the compiler's two ways."""
    unit, output, obj = folder / f"{name}.c", folder / f"{name}.sc.c", folder / f"{name}.o"
    unit.write_text(text)
    flags = [f"-I{header_dir('plain')}"]
    rewrite = [*SC_TRANSFORM, "rewrite", str(unit), "-o", str(output)]
    syntax, whole, checked, unchecked = medians(
        [
            lambda: check_syntax(cc, unit, flags),
            lambda: compile_object(cc, unit, obj, [*flags, "-O2"]),
            lambda: succeed(rewrite),
            lambda: succeed([*rewrite, "--no-check"]),
        ],
        rounds,
    )
    print(f"{name} unit, {text.count(chr(10)):,} lines, {len(text):,} bytes")
    print(f"  {cc.family} -fsyntax-only           {syntax * 1e3:7.1f} ms")
    print(f"  {cc.family} -O2 -c                  {whole * 1e3:7.1f} ms")
    for label, seconds in (("rewrite", checked), ("rewrite --no-check", unchecked)):
        ratios = f"{seconds / syntax:5.1f} x -fsyntax-only, {seconds / whole:5.1f} x -O2 -c"
        print(f"  {label:<26} {seconds * 1e3:7.1f} ms   {ratios}")


def verifying(folder: Path, pattern: str | None) -> None:
    """What ``make verify`` does once it is set up, or a part of it."""
    report = folder / "report.json"
    command = [
        *SC_TRANSFORM,
        "verify",
        "corpus",
        "--levels",
        "few",
        "--format",
        "json",
        "--output",
        str(report),
    ]
    command += ["-k", pattern] if pattern else []
    started = time.perf_counter()
    status = subprocess.run(command, cwd=ROOT).returncode
    seconds = time.perf_counter() - started
    if not report.is_file():
        raise SystemExit(f"verify ended with status {status} and without a report")
    totals = json.loads(report.read_text())["totals"]
    builds, dispatches = sum(totals["cells"].values()), totals["checks"].get("dispatch", 0)
    what = "corpus" if pattern is None else f"corpus -k {pattern}"
    print(f"verify {what}: {totals['cases']} case(s), {builds:,} builds, exit status {status}")
    print(
        f"  whole run                  {seconds:7.1f} s    {seconds / builds * 1e3:,.0f} ms a build"
    )
    print(f"  verified dispatches        {dispatches:7,}      {dispatches / seconds:,.0f} a second")
    print(f"  checks of all kinds        {sum(totals['checks'].values()):7,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    parser.add_argument("--no-verify", action="store_true", help="all but verifying")
    parser.add_argument("--no-projects", action="store_true", help="no whole build of Redis")
    parser.add_argument("-k", dest="pattern", metavar="PATTERN", help="verify these cases alone")
    rewriting.add_arguments(parser)
    args = parser.parse_args()
    cc = find(arches.host())
    print(f"{arches.host().title}, {cc.version}, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as name:
        one_unit(cc, "small", SMALL, args.rounds, Path(name))
        one_unit(cc, "large", large(1000), args.rounds, Path(name))
        rewriting.show(cc, args.kernel, args.units, args.each)
        native.show(arches.host(), cc, 5 * args.rounds)
        updates.show(arches.host(), cc, 5 * args.rounds)
        launching(4 * args.rounds)
        if not args.no_projects:
            projects.at_hand("redis", 3)
        if not args.no_verify:
            emulator.show()
            verifying(Path(name), args.pattern)


if __name__ == "__main__":
    main()
