"""Replaces the idioms of a C file by code for an arch.

The output is the file itself with the idioms that it spells replaced; compile
it with the lowered headers (sc-transform config --cflags --arch A --mode M).
FILE is .c, .i (preprocessed already) or - for standard input.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from transformer.cli.common import Usage, pick_arch, pick_mode, read_input, write_output
from transformer.configuration import Configuration, configuration
from transformer.diagnostics import palette

if TYPE_CHECKING:
    from transformer.rewriting import RewriteResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "sc-transform rewrite FILE [-o OUT] [options] [-- CFLAGS...]"
    parser.add_argument("file", metavar="FILE", help="a .c or .i file, or - for standard input")
    parser.add_argument("-o", dest="output", metavar="OUT", help="write to OUT (default: stdout)")
    parser.add_argument("--arch", metavar="A", help="the arch (default: this machine's)")
    parser.add_argument("--mode", metavar="M", help="the mode (default: the arch's best)")
    parser.add_argument("--cc", metavar="CC", help="the compiler that preprocesses")
    parser.add_argument("-I", dest="include", action="append", default=[], metavar="DIR")
    parser.add_argument("-D", dest="define", action="append", default=[], metavar="NAME")
    parser.add_argument(
        "--dynamic", action="append", default=[], metavar="F=VALUE",
        help="make F a dynamic function that returns VALUE while it is off (F= for void)",
    )  # fmt: skip
    parser.add_argument("--dynamic-lowering", choices=("key", "call"), help="of dynamic functions")
    parser.add_argument("--no-check", action="store_true", help="do not compile the result")
    parser.add_argument("--diagnostics-format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    from transformer.rewriting import defined, rewrite

    standard = args.file == "-"
    settings = configuration(Path() if standard else Path(args.file).parent)
    arch = pick_arch(args.arch or settings.arch)
    mode = pick_mode(arch, args.mode or settings.mode)
    lowering = args.dynamic_lowering or settings.dynamic_lowering
    if lowering not in (None, "key", "call"):
        raise Usage(f"no dynamic lowering '{lowering}'; there are: key, call")
    text = read_input(args.file)
    result = rewrite(
        text,
        path="<stdin>" if standard else args.file,
        arch=arch,
        mode=mode,
        cc=args.cc or settings.cc,
        cflags=_cflags(args, settings),
        dynamic={**defined(settings.dynamic, text), **dict(map(_dynamic, args.dynamic))},
        dynamic_lowering=lowering,
        check=not args.no_check,
    )
    _tell(result, args.diagnostics_format)
    if not result.ok:
        return 1
    write_output(args.output, result.text)
    return 0


def _cflags(args: argparse.Namespace, settings: Configuration) -> list[str]:
    folders = [f"-I{d}" for d in args.include]
    return [*settings.cflags, *folders, *(f"-D{d}" for d in args.define), *args.cflags]


def _dynamic(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise Usage(f"--dynamic takes FUNCTION=VALUE, not '{text}'")
    return name.strip(), value.strip()


def _tell(result: RewriteResult, form: str) -> None:
    if form == "json":
        print(json.dumps([asdict(d) for d in result.diagnostics], indent=2), file=sys.stderr)
        return
    for found in result.diagnostics:
        print(found.render(palette(sys.stderr)), file=sys.stderr)
