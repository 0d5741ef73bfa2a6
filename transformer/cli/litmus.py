"""Writes the patch protocol of an arch as tests for herd7.

herd7 (https://github.com/herd/herdtools7) decides what a memory model allows.
Each test is a few instructions of what the runtime does while another CPU runs
a trampoline, and ends in what must hold, must never be seen (~exists), or, in
a control that leaves a step out, must be seen (exists): herd7 says Ok to each.
The comment in a test tells how to run it, and what herd cannot express.
Without -o the tests are printed; with it they are written to a folder, with a
file @all that herd7 takes for all of them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transformer.arch import Arch
from transformer.cli.common import Usage, pick_arch, write_text
from transformer.diagnostics import Diagnostic, ScError
from transformer.runtime import render_template

SUFFIX = ".litmus"
_TEMPLATE = f"{SUFFIX}.j2"
_TITLE = re.compile(r"\(\*\s*(.*?\.)\s", re.DOTALL)
_CONDITION = re.compile(r"^(forall|~exists|exists)\b", re.MULTILINE)
_SEEN = {"forall": "always", "~exists": "never", "exists": "control: seen"}


@dataclass(frozen=True)
class Litmus:
    """One test: ``text`` is the whole file, ``kind`` the word before its condition."""

    name: str
    text: str

    @property
    def title(self) -> str:
        """What it shows: the first sentence of its comment."""
        found = _TITLE.search(self.text)
        return " ".join(found[1].split()) if found else ""

    @property
    def kind(self) -> str:
        found = _CONDITION.search(self.text)
        return found[1] if found else ""

    @property
    def file(self) -> str:
        return self.name + SUFFIX


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "sc-transform litmus [--arch A] [-o FOLDER] [--list] [NAME ...]"
    parser.add_argument("names", nargs="*", metavar="NAME", help="these tests (default: all)")
    parser.add_argument("--arch", metavar="A", help="the arch (default: this machine's)")
    parser.add_argument(
        "-o", dest="output", metavar="FOLDER", help="write a file for each test to FOLDER"
    )
    parser.add_argument("--list", action="store_true", help="tell the tests and what they show")


def run(args: argparse.Namespace) -> int:
    tests = _chosen(pick_arch(args.arch), args.names)
    if args.list:
        width = max(len(t.name) for t in tests)
        rows = [f"{t.name:{width}}  {_SEEN[t.kind]:13}  {t.title}\n" for t in tests]
        write_text(None, "".join(rows))
    elif args.output is None:
        write_text(None, "\n".join(t.text for t in tests))
    else:
        _write(Path(args.output), tests)
    return 0


def litmus_tests(arch: Arch) -> list[Litmus]:
    """All tests of an arch, by name; [] where its folder has none."""
    names = sorted(p.name.removesuffix(_TEMPLATE) for p in arch.folder.glob(f"*{_TEMPLATE}"))
    helpers = {"arch": arch, "columns": columns, "after_store": after_store}
    return [
        Litmus(n, render_template(f"{arch.name}/{n}{_TEMPLATE}", {**helpers, "name": n}))
        for n in names
    ]


def columns(*programs: Sequence[str]) -> str:
    """What the CPUs run, side by side as a litmus test has it: ``P0 | P1 ;``."""
    height = max(map(len, programs))
    cells = [[f"P{i}", *p, *[""] * (height - len(p))] for i, p in enumerate(programs)]
    widths = [max(map(len, column)) for column in cells]
    rows = zip(*cells, strict=True)
    return "\n".join(
        " " + " | ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)) + " ;"
        for row in rows
    )


def after_store(arch: Arch, address: str) -> list[str]:
    """What the arch demands after a store to code whose address is in a register."""
    return [f"{row.what},{address}" if row.operand else row.what for row in arch.synchronise]


def _chosen(arch: Arch, names: Sequence[str]) -> list[Litmus]:
    tests = {t.name: t for t in litmus_tests(arch)}
    if not tests:
        raise Usage(f"there are no litmus tests for {arch.title}")
    for name in names:
        if name not in tests:
            raise Usage(f"{arch.name} has no test '{name}'; it has: {', '.join(tests)}")
    return [t for t in tests.values() if not names or t.name in names]


def _write(folder: Path, tests: Sequence[Litmus]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for test in tests:
            write_text(str(folder / test.file), test.text)
        write_text(str(folder / "@all"), "".join(f"{t.file}\n" for t in tests))
    except OSError as e:
        text = f"cannot write the tests here: {e.strerror}"
        raise ScError(Diagnostic("error", "sc-input", text, str(folder))) from e
