"""Tells build systems what they need to know: flags, folders, files.

With neither --arch nor --mode the plain headers are meant, which need no tool;
with either one the lowered headers for that arch and mode. What is asked for is
printed on one line, quoted for a shell, in the order of this list. Flags of the
compiler that select the target of --libs, such as -m32, follow --.

  cc -O2 $(sc-transform config --cflags) prog.c
  cmake -DCMAKE_PREFIX_PATH="$(sc-transform config --cmake-dir)" -B build
  include $(shell sc-transform config --make)
  meson setup --native-file "$(sc-transform config --meson)" build
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from transformer import __version__
from transformer.arch import Arch
from transformer.cli import integration
from transformer.cli.common import Usage, pick_arch, pick_mode
from transformer.runtime import header_dir, runtime_source

ANSWERS = {
    "cflags": "-I and the include path",
    "include": "the include path alone",
    "runtime": "the path of the runtime's C file",
    "libs": "what to link: the runtime, compiled by --cc (its C file if there is no compiler)",
    "launcher": "the words that go before a compiler",
    "cmake_dir": "the folder for CMAKE_PREFIX_PATH, where find_package(ScTransform) looks",
    "make": "the fragment for a Makefile to include",
    "meson": "the native file for Meson",
    "prefix": "the folder that holds these files",
    "stamp": "a file that changes with the tool: for dependencies, and for CCACHE_EXTRAFILES",
}
PATHS = ("include", "runtime", "cmake_dir", "meson", "prefix", "stamp")
UNNAMED = ("cflags", "runtime")  # printed where nothing is asked for

Way = Callable[[], list[str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "sc-transform config [--ANSWER...] [--arch A] [--mode M] [--cc CC] [-- CFLAGS]"
    answers = parser.add_argument_group("answers")
    for name, text in ANSWERS.items():
        options = [f"--{name.replace('_', '-')}"]
        options += ["--runtime-source"] if name == "runtime" else []
        answers.add_argument(*options, dest=f"wants_{name}", action="store_true", help=text)
    answers.add_argument("--json", action="store_true", help="all but --libs and --stamp, as JSON")
    about = parser.add_argument_group("about")
    about.add_argument("--arch", metavar="A", help="the lowered headers of this arch")
    about.add_argument("--mode", metavar="M", help="the lowered headers of this mode")
    about.add_argument("--cc", metavar="CC", help="the compiler; it tells the arch, too")


def run(args: argparse.Namespace) -> int:
    arch = pick_arch(args.arch) if args.arch or not args.cc else integration.arch_of(args.cc)
    lowered = args.arch is not None or args.mode is not None
    mode = pick_mode(arch, args.mode) if lowered else None
    if args.cflags and not args.wants_libs:
        raise Usage("the compiler's flags, after --, belong to --libs")
    if args.json:
        print(json.dumps(_facts(arch, mode), indent=2))
        return 0
    asked = [name for name in ANSWERS if getattr(args, f"wants_{name}")]
    ways = _ways(arch, mode, args)
    alone = len(asked) == 1
    words = [_quoted(name, word, alone) for name in asked or UNNAMED for word in ways[name]()]
    print((" " if asked else "\n").join(words))
    return 0


def _quoted(name: str, word: str, alone: bool) -> str:
    """As a shell reads it, but a path that is all of the answer as it is: "$(…)" holds it."""
    if name == "make":  # what include reads
        return word.replace(" ", "\\ ")
    return word if alone and name in PATHS else shlex.quote(word)


def _ways(arch: Arch, mode: str | None, args: argparse.Namespace) -> Mapping[str, Way]:
    """Each answer as words; made when it is asked for, since some cost time."""
    own: dict[str, Way] = {
        "libs": lambda: [str(integration.runtime_library(arch, args.cc, args.cflags))],
        "stamp": lambda: [str(integration.stamp())],
    }
    facts = _facts(arch, mode)
    return own | {name: partial(_words, facts[name]) for name in ANSWERS if name in facts}


def _words(fact: str | list[str]) -> list[str]:
    return [fact] if isinstance(fact, str) else fact


def _facts(arch: Arch, mode: str | None) -> dict[str, Any]:
    include = str(header_dir("plain") if mode is None else header_dir("lowered", arch, mode))
    return {
        "version": __version__,
        "arch": arch.name,
        "mode": mode,
        "headers": "plain" if mode is None else "lowered",
        "include": include,
        "cflags": [f"-I{include}"],
        "runtime": str(runtime_source(arch)),
        "launcher": [integration.program(), "cc"],
        "cmake_dir": str(integration.CMAKE),
        "make": str(integration.MAKE),
        "meson": str(integration.MESON),
        "prefix": str(integration.FILES),
    }
