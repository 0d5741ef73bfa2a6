"""Gives the headers that stand before a kernel's own, as a folder to put first in -I.

They bring the kernel's and keep its idioms from being expanded, so that
preprocessed text still shows them: static_call, static_branch_likely, all of
their forms. With --rewritten they are those with which a file is compiled that
"rewrite --profile linux" made: its words are what the kernel's idioms are there.

  gcc -I"$(sc-transform headers --linux)" $FLAGS -E kernel/sched/core.c
  sc-transform rewrite --profile linux kernel/sched/core.c -o core.c -- $FLAGS
  gcc -I"$(sc-transform headers --linux --rewritten)" $FLAGS -c core.c
"""

from __future__ import annotations

import argparse
from pathlib import Path

from transformer.arch import load
from transformer.cli.common import Usage
from transformer.cli.folders import write_folder
from transformer.runtime import header_dir, render_headers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "sc-transform headers --linux [--rewritten [--arch A]] [--output DIR [--force]]"
    parser.add_argument(
        "--linux", action="store_true", required=True, help="before Linux's headers (6.1's forms)"
    )
    parser.add_argument(
        "--rewritten", action="store_true", help="for compiling rewritten files, not for -E"
    )
    parser.add_argument(
        "--arch", metavar="A", help="with --rewritten: this project's guards for an arch, in"
        " Linux's table, in place of the kernel's own",
    )  # fmt: skip
    parser.add_argument(
        "--output", metavar="DIR", help="write into DIR (default: a folder of the cache; its path"
        " is printed)",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace files of ours in DIR")


def run(args: argparse.Namespace) -> int:
    flavour = "linux" if args.rewritten else "linux-analysis"
    if args.arch and not args.rewritten:
        raise Usage("--arch chooses guards, which only --rewritten has")
    arch = load(args.arch) if args.arch else None
    if args.output is None:
        print(header_dir(flavour, arch))
    elif not args.output:
        raise Usage("--output names no folder")
    else:
        write_folder(Path(args.output), render_headers(flavour, arch), force=args.force)
    return 0
