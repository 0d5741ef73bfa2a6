"""Writes the runtime as C source, for a project to keep: no Python is needed then.

DIR gets the runtime (src), its headers (include/sc), and files by which CMake
(find_package or add_subdirectory, target sc::runtime), Meson (a subproject,
dependency 'sc-runtime') and make (with a file for pkg-config) build and install
it, static or shared. The headers are the lowered ones of a mode: with them a
project's sources are compiled rewritten, or as they are. On a machine that is
none of the arches, or with -DSC_PLAIN, the same headers are the plain ones.

A DIR that is there must be empty, or hold only what this command wrote. It is
written whole or not at all.

  sc-transform runtime -o third_party/sc-runtime
  sc-transform runtime --arch all --mode slot -o subprojects/sc-runtime
"""

from __future__ import annotations

import argparse
from pathlib import Path

from transformer.arch import load
from transformer.cli.common import Usage, pick_arch, pick_arches, pick_mode
from transformer.cli.folders import write_folder
from transformer.cli.vendored import package

HOST = "host"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "sc-transform runtime [--arch A]... [--mode M] [--force] -o DIR"
    parser.add_argument(
        "--arch", action="append", default=[], metavar="A",
        help="an arch, several in a list or by several options, 'host' (the default) or 'all'",
    )  # fmt: skip
    parser.add_argument("--mode", metavar="M", help="the headers' mode (default: each arch's own)")
    parser.add_argument("-o", dest="output", metavar="DIR", required=True, help="the folder")
    parser.add_argument(
        "--force", action="store_true",
        help="replace our files, changed ones too, and leave what else is there",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    arches = [load(name) for name in _names(args.arch)]
    for arch in arches:
        pick_mode(arch, args.mode)
    if not args.output:
        raise Usage("-o names no folder")
    write_folder(Path(args.output), package(arches, args.mode), force=args.force)
    return 0


def _names(asked: list[str]) -> list[str]:
    """Names of arches, each once, in the order in which they were asked for."""
    lists = [[pick_arch(None).name] if a == HOST else pick_arches(a) for a in asked or [HOST]]
    return list(dict.fromkeys(name for names in lists for name in names))
