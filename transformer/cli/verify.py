"""Proves that C with static calls and keys, once rewritten, dispatches as before.

A PATH is a corpus case, a folder of cases, or any C file with keys in it: for
a file without a scenario one is made up.  Each is built plain and rewritten,
for each arch, mode and compiler, and both are run in the emulator.

Not every case is built at each optimisation level and in each variant of its
arch (position-independent or not, with landing pads or not).  By default the
levels of modes inline and inline-asm take turns over the cases, arches and
compilers, as hardened variants do in every mode; with --levels few, which is
what "make verify" runs, variants and levels take turns in the other modes too,
one build for each case there.  All checks are made of each build.  --levels
all builds all.  What follows -- are flags for the compilers, such as -I and -D.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from transformer.arch import load
from transformer.cli.common import ALL, Usage, known_only, pick_arches, pick_modes, write_text
from transformer.diagnostics import colors
from transformer.extras import need_verify
from transformer.toolchain import FAMILIES, CompilerMissing, find

if TYPE_CHECKING:
    from transformer.corpus.results import VerifyReport
    from transformer.report.jsonl import JournalFile

LEVELS = ("O0", "O1", "O2", "O3", "Os")
TURNS, FEW = "turns", "few"
FORMATS = ("text", "json", "jsonl", "junit", "html")


class Listed(argparse.Action):
    """Values with commas between them; an option that is given again adds to them."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, values if before is self.default else f"{before},{values}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s PATH... [options] [-- CFLAGS...]"
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a case, a folder, a C file")
    parser.add_argument(
        "--arch", action=Listed, default=ALL, metavar="A,…", help="arches, or all (default)"
    )
    parser.add_argument(
        "--mode", action=Listed, default=ALL, metavar="M,…", help="modes, or all (default)"
    )
    parser.add_argument(
        "--compiler", action=Listed, default=ALL, metavar="C,…",
        help="gcc, clang, or all that are here (default)",
    )  # fmt: skip
    parser.add_argument(
        "--levels", action=Listed, default=TURNS, metavar="L,…",
        help="O0,O1,O2,O3,Os in every mode; all of these; turns (default): those of the "
        "inline modes take turns; few: variants do too, so that a case has one build in each mode",
    )  # fmt: skip
    parser.add_argument(
        "--second-opinion", action="store_true",
        help="run the programs on this CPU and in qemu-user too, where it is installed",
    )  # fmt: skip
    parser.add_argument(
        "--exhaustive", action="store_true",
        help="every schedule of one to three updates in a row and one or two CPUs, up to the "
        "bounds that are told; random ones above",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=FORMATS, default="text",
        help="text by default; jsonl: a line for each case, as it is done",
    )  # fmt: skip
    parser.add_argument(
        "--resume", metavar="FILE",
        help="keep results in FILE as JSON Lines; what it has already is not run again",
    )  # fmt: skip
    parser.add_argument(
        "--shard", default="1/1", metavar="K/N", help="verify the K-th of N equal parts"
    )
    parser.add_argument("--output", metavar="FILE", help="write the report to FILE")
    parser.add_argument(
        "-j", "--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N",
        help="processes (default: the processors)",
    )  # fmt: skip
    parser.add_argument(
        "--no-cache", action="store_true",
        help="compile all anew; else objects are kept by what they were made of",
    )  # fmt: skip
    parser.add_argument("-k", dest="pattern", metavar="PATTERN", help="cases whose name matches")


def run(args: argparse.Namespace) -> int:
    arches = pick_arches(args.arch)
    modes = pick_modes(args.mode, arches)
    compilers = list(FAMILIES)
    if args.compiler != ALL:
        compilers = known_only(args.compiler, "compiler", FAMILIES)
    levels = _levels(args.levels)
    if args.jobs < 1:
        raise Usage("-j takes a number of at least 1")
    need_verify("verify")
    notes = _missing(arches, compilers, insist=args.compiler != ALL)
    from transformer.corpus import native, verify
    from transformer.report import progress

    if args.second_opinion:
        notes += [f"no second opinion: {text}" for text in native.missing(arches)]
    shard, journal = _shard(args.shard), _journal(args)
    with _journalled(journal), progress.live(sys.stderr, enabled=colors(sys.stderr)) as tick:
        report = verify(
            [Path(p) for p in args.paths],
            arches=arches,
            modes=modes,
            compilers=compilers,
            levels=levels,
            pattern=args.pattern,
            cflags=args.cflags,
            jobs=args.jobs,
            cache=not args.no_cache,
            shard=shard,
            journal=journal,
            second=args.second_opinion,
            exhaustive=args.exhaustive,
            progress=tick,
            places=args.format == "html",
        )
        if journal is not None:
            journal.end(report)
    if not report.results and shard[1] == 1 and all(r.status == "pass" for r in report.selftests):
        raise Usage("there is nothing to verify: no case matches")
    if args.format != "jsonl":
        write_text(args.output, _render(report, args, notes))
    return 0 if report.ok or (not report.results and shard[1] > 1) else 1


def _shard(text: str) -> tuple[int, int]:
    """``K/N``, 1 <= K <= N."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise Usage(f"--shard takes K/N with K from 1 to N, as in 2/8, not '{text}'")
    return int(number), int(count)


def _journal(args: argparse.Namespace) -> JournalFile | None:
    """Where results go as they come."""
    from transformer.report.jsonl import JournalFile, Lines, finished

    if args.format == "jsonl" and args.resume and args.output not in (None, args.resume):
        raise Usage("with --format jsonl, --resume names the file that --output would")
    if args.resume:
        path = Path(args.resume)
        try:
            known = finished(path)
        except (ValueError, KeyError, TypeError) as e:
            raise Usage(f"{path}: these are no results to go on from: {e}") from e
        return JournalFile([Lines(path, add=True)], known, args.shard)
    if args.format == "jsonl":
        named = None if args.output in (None, "-") else Path(args.output)
        return JournalFile([Lines(named)], {}, args.shard)
    return None


@contextmanager
def _journalled(journal: JournalFile | None) -> Iterator[None]:
    """Lets SIGTERM clean up as Ctrl-C does; whatever cuts the run off is the last line."""

    def stop(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except BaseException as e:
        if journal is not None:
            with suppress(OSError):
                journal.end(None, _why(e))
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _why(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "interrupted"
    return f"{type(error).__name__}: {error}"


def _levels(text: str) -> str | list[str]:
    """What ``--levels`` says, as ``verify`` takes it."""
    if text in (ALL, TURNS, FEW):
        return text
    words = ",".join(word.strip().removeprefix("-") for word in text.split(","))
    return [f"-{word}" for word in known_only(words, "level", LEVELS)]


def _missing(arches: list[str], compilers: list[str], *, insist: bool) -> list[str]:
    """What is not here and so not verified; ``CompilerMissing`` where it was asked by name."""
    notes = []
    for arch in map(load, arches):
        for family in compilers:
            try:
                find(arch, family)
            except CompilerMissing as e:
                if insist:
                    raise
                notes.append(f"not verified: {e.diagnostics[0].text}")
    return notes


def _render(report: VerifyReport, args: argparse.Namespace, notes: list[str]) -> str:
    from transformer import report as reports

    if args.format == "json":
        return reports.json_text(report)
    if args.format == "html":
        return reports.html_text(report, notes=notes)
    if args.format == "junit":
        return reports.junit_text(report)
    to_terminal = args.output is None and colors(sys.stdout)
    width = _width(to_terminal)
    return reports.plain_text(report, color=to_terminal, width=width, notes=notes)


def _width(terminal: bool) -> int:
    return os.get_terminal_size(sys.stdout.fileno()).columns if terminal else 80
