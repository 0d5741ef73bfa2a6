"""Replaces the idioms of a C file by code for an arch.

The output is the file itself with the idioms that it spells replaced; compile
it with the lowered headers (sc-transform config --cflags --arch A --mode M).
FILE is .c, .i (preprocessed already) or - for standard input.

--out-dir DIR rewrites the idioms of the project's own headers too, in copies.
DIR/src/a.c is the result for src/a.c, DIR/include/x.h the copy of include/x.h (a
link, where x.h spells no idiom), DIR/src/a.c.d tells make what src/a.c reads, and
DIR/src/a.c.cflags holds the flags that find all this. Compile by
    cc @DIR/src/a.c.cflags CFLAGS -c DIR/src/a.c
with the same CFLAGS, in the same folder. Headers of the system, headers outside
of TOP and what macros spell expand by the lowered headers, whose path is in the
flags. Units that share headers share DIR, in any order and at the same time.

--profile linux takes a unit of the kernel, with the flags of its build after
--, and is to be run in the folder where that runs. Compile the output with the
same flags, before them -I"$(sc-transform headers --linux --rewritten)".
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformer.cli.common import Usage, pick_arch, pick_mode, read_input, write_output
from transformer.cli.messages import add_format, messages
from transformer.configuration import Configuration, configuration
from transformer.diagnostics import palette

if TYPE_CHECKING:
    import argparse

    from transformer.rewriting import RewriteResult
    from transformer.toolchain import Compiler

    Rewritten = Callable[[bytes, str], RewriteResult]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = (
        "sc-transform rewrite FILE [-o OUT] [options] [-- CFLAGS...]\n"
        "       sc-transform rewrite FILE... --out-dir DIR [options] [-- CFLAGS...]"
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="a .c or .i file, or - for standard input"
    )
    parser.add_argument("-o", dest="output", metavar="OUT", help="write to OUT (default: stdout)")
    parser.add_argument(
        "--out-dir", metavar="DIR", help="write each FILE and the headers that it reads below DIR"
    )
    parser.add_argument(
        "--root", metavar="TOP",
        help="with --out-dir: the folder above all of the project (default: the current one)",
    )  # fmt: skip
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
    parser.add_argument(
        "--profile", choices=("sc", "linux"), default="sc",
        help="linux: a unit of the kernel, whose own macros, tables and patcher stay",
    )  # fmt: skip
    parser.add_argument(
        "--left", action="store_true", help="linux: tell which idiom words stay, and why"
    )
    parser.add_argument(
        "--diff", action="store_true",
        help="instead of the result write a unified diff of FILE, with --out-dir of the "
        "headers too: patch -p0 takes it",
    )  # fmt: skip
    parser.add_argument("--no-check", action="store_true", help="do not compile the result")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    if args.out_dir is not None:
        from transformer.cli.out_dir import rewrite_all

        return rewrite_all(args)
    if len(args.files) != 1:
        raise Usage("several files are rewritten into a folder: --out-dir names it")
    if args.root:
        raise Usage("--root is for --out-dir")
    (name,) = args.files
    standard = name == "-"
    settings = configuration(Path() if standard else Path(name).parent)
    rewritten = (_linux if args.profile == "linux" else _plain)(args, settings)
    with messages(args.diagnostics_format) as tell:
        text, path = read_input(name), "<stdin>" if standard else name
        result = rewritten(text, path)
        tell((*result.diagnostics, *(result.left if args.left else ())))
        if result.ok:
            new = difference(args, path, text, result.text) if args.diff else result.text
            write_output(args.output, new)
    return 0 if result.ok else 1


def difference(args: argparse.Namespace, path: str, old: bytes, new: bytes) -> bytes:
    """In colours where a person looks at it."""
    from transformer.diagnostics.patch import unified

    shown = args.output in (None, "-")
    return unified(path, old, new, palette(sys.stdout) if shown else None)


def _plain(args: argparse.Namespace, settings: Configuration) -> Rewritten:
    from transformer.rewriting import defined, rewrite

    if args.left:
        raise Usage("--left is for the profile linux")
    chosen = options(args, settings)

    def rewritten(text: bytes, path: str) -> RewriteResult:
        dynamic = {**defined(settings.dynamic, text), **chosen["dynamic"]}
        return rewrite(text, path=path, **{**chosen, "dynamic": dynamic})

    return rewritten


def options(args: argparse.Namespace, settings: Configuration) -> dict[str, Any]:
    """Those of ``transformer.rewrite``, by name."""
    arch = pick_arch(args.arch or settings.arch)
    lowering = args.dynamic_lowering or settings.dynamic_lowering
    if lowering not in (None, "key", "call"):
        raise Usage(f"no dynamic lowering '{lowering}'; there are: key, call")
    return {
        "arch": arch,
        "mode": pick_mode(arch, args.mode or settings.mode),
        "cc": args.cc or settings.cc,
        "cflags": _cflags(args, settings),
        "dynamic": dict(map(_dynamic, args.dynamic)),
        "dynamic_lowering": lowering,
        "check": not args.no_check,
    }


def _linux(args: argparse.Namespace, settings: Configuration) -> Rewritten:
    """A compiler that is named may build for anything: the kernel's headers tell the arch."""
    from transformer.rewriting.linux import rewrite_linux

    for option in ("mode", "dynamic", "dynamic_lowering"):
        if getattr(args, option):
            raise Usage(f"--{option.replace('_', '-')} has no meaning in the profile linux")
    if args.files[0].endswith(".i"):
        raise Usage("--profile linux takes a file as it is written: here its macros are gone")

    def compiler() -> str | Compiler:
        from transformer.toolchain import find

        return args.cc or settings.cc or find(pick_arch(args.arch or settings.arch))

    return partial(
        rewrite_linux, cc=compiler, cflags=_cflags(args, settings), check=not args.no_check
    )


def _cflags(args: argparse.Namespace, settings: Configuration) -> list[str]:
    folders = [f"-I{d}" for d in args.include]
    flags = [*settings.cflags, *folders, *(f"-D{d}" for d in args.define), *args.cflags]
    if not any(flag.startswith("@") for flag in flags):
        return flags
    from transformer.launcher.responsefile import expand

    flags, ended = expand(flags, ".")
    if not ended:
        raise Usage("the flags' response files name each other without end")
    return flags


def _dynamic(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise Usage(f"--dynamic takes FUNCTION=VALUE, not '{text}'")
    return name.strip(), value.strip()
