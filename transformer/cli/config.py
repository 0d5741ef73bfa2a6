"""Prints the compiler flags for the headers, and where the runtime's C file is.

With neither --arch nor --mode the plain headers are meant, which need no tool;
with either one the lowered headers for that arch and mode.
"""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path

from transformer.arch import Arch
from transformer.cli.common import pick_arch, pick_mode
from transformer.runtime import header_dir, runtime_source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cflags", action="store_true", help="print -I and the include path")
    parser.add_argument(
        "--runtime", action="store_true", help="print the path of the runtime's C file"
    )
    parser.add_argument("--arch", metavar="A", help="the lowered headers of this arch")
    parser.add_argument("--mode", metavar="M", help="the lowered headers of this mode")
    parser.add_argument("--json", action="store_true", help="print all as JSON")


def run(args: argparse.Namespace) -> int:
    lowered = args.arch is not None or args.mode is not None
    arch = pick_arch(args.arch)
    mode = pick_mode(arch, args.mode) if lowered else None
    include = header_dir("lowered", arch, mode) if lowered else header_dir("plain")
    if args.json:
        print(json.dumps(_facts(arch, mode, include), indent=2))
        return 0
    both = not (args.cflags or args.runtime)
    words = [f"-I{include}"] if args.cflags or both else []
    words += [str(runtime_source(arch))] if args.runtime or both else []
    print(("\n" if both else " ").join(map(shlex.quote, words)))
    return 0


def _facts(arch: Arch, mode: str | None, include: Path) -> dict[str, object]:
    return {
        "arch": arch.name,
        "mode": mode,
        "headers": "plain" if mode is None else "lowered",
        "include": str(include),
        "cflags": [f"-I{include}"],
        "runtime": str(runtime_source(arch)),
    }
