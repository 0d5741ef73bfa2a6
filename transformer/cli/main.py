"""``sc-transform``: picks the subcommand and gives the exit status.

0 is success, 1 something was checked and is wrong, 2 wrong usage.  A
subcommand is a module of this package with ``add_arguments(parser)`` and
``run(args)``; only the module of the subcommand that is used is imported.
"""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from transformer import __version__
from transformer.cli.plain import Plain

if TYPE_CHECKING:
    import argparse

PROGRAM = "sc-transform"
SUBCOMMANDS = {
    "cc": "the compiler launcher: stands before the compiler in any build",
    "log": "show what the launcher did in a build, and why",
    "rewrite": "replace the idioms of a C file by code for an arch",
    "headers": "give the headers that stand before Linux's own",
    "annotate": "give the static call sites of a compiler's assembly their table",
    "verify": "prove in an emulator that the rewritten code dispatches as the original",
    "inspect": "show the keys, sites, guards and trampolines of an object or a C file",
    "explain": "tell what a diagnostic means, with an example, and how to mend it",
    "arches": "show what each arch has",
    "litmus": "write an arch's patch protocol as tests for herd7",
    "config": "print compiler flags for the headers, and where the runtime is",
    "runtime": "write the runtime as C source with build files, for a project to keep",
}
TAKE_CFLAGS = ("rewrite", "inspect", "verify", "config")  # what follows -- goes to args.cflags
IN_BUILDS = ("rewrite",)  # whose plain command lines need no argparse
TAKE_WORDS = ("cc",)  # all that follows is theirs, unparsed
USAGE = 2
_ENDING = (signal.SIGTERM, signal.SIGHUP)
INTERRUPTED, BROKEN_PIPE = 130, 141  # what a shell gives for SIGINT and SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit status."""
    _never_fail_to_print()
    try:
        status = _ended(list(sys.argv[1:] if argv is None else argv))
        if sys.stdout:
            sys.stdout.flush()  # here, where a broken pipe or a full disk can still be told
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return BROKEN_PIPE
    except Exception as e:
        from transformer.cli.failure import report

        status = report(e)
        _drop_output()
    return status


def _ended(words: list[str]) -> int:
    try:
        with _cleaning_up():
            return _dispatch(words)
    except SystemExit as e:  # argparse: --help is 0, a wrong option 2
        return e.code if isinstance(e.code, int) else USAGE


@contextmanager
def _cleaning_up() -> Iterator[None]:
    """What ends a program by default ends it as Ctrl-C does: temporary files go first."""

    def stop(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    try:
        ending = [n for n in _ENDING if signal.getsignal(n) == signal.SIG_DFL]
        for number in ending:
            signal.signal(number, stop)
    except ValueError:  # in a thread, which gets no signals
        ending = []
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)


def _dispatch(words: list[str]) -> int:
    if words and words[0] in SUBCOMMANDS:
        name = words[0]
        module = importlib.import_module(f"transformer.cli.{name}")
        if name in TAKE_WORDS:
            return int(module.run_words(words[1:]))
        own, after = _split(words[1:], name in TAKE_CFLAGS)
        args = _plain(module, own, after) if name in IN_BUILDS else None
        return int(module.run(args or _parsed(name, module, own, after)))
    parser = _top_level()
    parser.parse_args(words)
    parser.print_help(sys.stderr)
    return USAGE


def _plain(module: Any, words: list[str], cflags: list[str]) -> object:
    plain = Plain()
    module.add_arguments(plain)
    return plain.parsed(words, cflags=cflags)


def _parsed(name: str, module: Any, words: list[str], cflags: list[str]) -> argparse.Namespace:
    import argparse

    parser = argparse.ArgumentParser(
        f"{PROGRAM} {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    return parser.parse_args(words, argparse.Namespace(cflags=cflags))


def _split(words: list[str], takes_cflags: bool) -> tuple[list[str], list[str]]:
    """The subcommand's own words, and the compiler's flags after ``--``."""
    if not takes_cflags or "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _top_level() -> argparse.ArgumentParser:
    import argparse

    width = max(map(len, SUBCOMMANDS))
    rows = "\n".join(f"  {name:{width}}  {text}" for name, text in SUBCOMMANDS.items())
    parser = argparse.ArgumentParser(
        PROGRAM,
        usage=f"{PROGRAM} [--version] [--help] COMMAND ...",
        description="Patched static calls and static keys for any C program.",
        epilog=f"commands:\n{rows}\n\n'{PROGRAM} COMMAND --help' tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    names = list(SUBCOMMANDS)
    parser.add_argument("command", nargs="?", choices=names, help=argparse.SUPPRESS)
    return parser


def _never_fail_to_print() -> None:
    """A character that the locale lacks is written as an escape, not as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """What cannot be written is not tried again at exit: it was told, or nobody reads."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
