#!/usr/bin/env python3
"""Builds the stress program and runs it for as long as is wanted.

    .venv/bin/python tests/stress/run.py --seconds 60 --mode inline

It calls, tests, updates, loads and unloads in many threads at once, and ends
with status 0 where each dispatch was to a target that was current.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from stress_building import Build, runner, stress

from transformer import arch as arches
from transformer.toolchain import find


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--arch", default=arches.host().name, choices=arches.names())
    parser.add_argument("--mode", default="inline")
    parser.add_argument("--compiler", choices=("gcc", "clang"), help="the first that there is")
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--updaters", type=int, default=2)
    parser.add_argument("--rest", type=int, default=0, help="per cent of the time that all sleep")
    parser.add_argument("--protection", default="word", help="how text is written: word or int3")
    parser.add_argument("--no-plugin", action="store_true", help="load and unload nothing")
    parser.add_argument("--keep", type=Path, help="build in this folder, and leave it")
    args = parser.parse_args()
    arch = arches.load(args.arch)
    if runner(arch) is None:
        parser.error(f"programs of {arch.title} do not run here")
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        program, plugin = Build(arch, args.mode, find(arch, args.compiler), folder).program()
        verdict = stress(
            arch, program, None if args.no_plugin else plugin, args.seconds,
            callers=args.callers, updaters=args.updaters, rest=args.rest,
            protection=args.protection,
        )  # fmt: skip
    print(verdict.text, end="")
    seconds = verdict.counts.get("seconds") or 1
    for name, value in verdict.counts.items():
        if name in ("dispatches", "updates", "loads"):
            print(f"{name} per second {value / seconds:.0f}")
    print(f"status {verdict.status}")
    return int(verdict.status != 0)


if __name__ == "__main__":
    sys.exit(main())
