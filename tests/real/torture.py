#!/usr/bin/env python3
"""Reads a folder of C tests, such as GCC's torture tests, and has them call through keys.

    apt-get download gcc-12-source         # the tests are in an archive within it
    .venv/bin/python tests/real/torture.py .../gcc/testsuite/gcc.c-torture
        [--mode MODE]... [--sample N] [--seed S] [--shard K/N]

Every declaration of every test is parsed.  Then the calls of one of its functions,
chosen by the seed, go through a static call, and the functions that hold them
get a guard; in every second test both must be patched before they are right.
Each line that holds no idiom must come out byte for byte; the result must compile,
and a test that is to be run must end as it did, with the same output.  Needs a
compiler for this machine; runs what the tests contain.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from real_reading import Reader
from torture_injecting import guarded, injected
from trials import Outcome, Trial, Trials, became

from transformer import arch as arches
from transformer.toolchain import preprocess

_OPTIONS = re.compile(r'\{\s*dg-(?:additional-)?options\s+\{?\s*"([^"]*)"[\s}]*(\{[^\n]*)?')
_NO_C = re.compile(rb"__GIMPLE|__RTL|\bdg-error\b")
_TRIES = 12
_RUN = {"compat", "execute"}
_PLAIN = ("-O2", "-w")
#: these tests count on it that the compiler sees no more than they say (see builtins.exp)
_BUILTINS = ("-fno-tree-dse", "-fno-tree-loop-distribute-patterns", "-fno-tracer", "-fno-ipa-ra",
             "-fno-inline-functions")  # fmt: skip


class Torture:
    def __init__(self, trials: Trials, seed: int) -> None:
        self.trials, self.seed = trials, seed
        self.reader = Reader()

    def run(self, path: Path) -> None:
        for mode, outcome in self._outcomes(path):
            self.trials.tell(str(path), mode, outcome)

    def _outcomes(self, path: Path) -> Iterator[tuple[str, Outcome]]:
        data = path.read_bytes()
        text = data.decode("latin-1")
        more = _BUILTINS if path.parent.name == "builtins" else ()
        flags = (*_PLAIN, *more, *_options(text), f"-iquote{path.parent}")
        early = self._read(path, flags, data)
        before, others = None, ()
        if not early and (_RUN & {*path.parts} or "{ dg-do run" in text):
            others = self._others(path, flags)
            before = self.trials.behaviour(["original.o", *others])
        trial = Trial(self.trials.folder / path.name, text, flags, before, others)
        chosen = early or self._injected(trial)
        if isinstance(chosen, Trial):
            yield from self.trials.outcomes(chosen)
        else:
            yield from ((mode, chosen) for mode in self.trials.tallies)

    def _others(self, path: Path, flags: Sequence[str]) -> tuple[str, ...]:
        """The objects of the rest of a test: those of the builtins are of three files."""
        library = path.with_name(f"{path.stem}-lib.c")
        sources = [library, path.parent / "lib" / "main.c"] if library.exists() else []
        for source in sources:
            assert self.trials.compiles(source, flags, f"{source.stem}.o"), source
        return tuple(f"{source.stem}.o" for source in sources)

    def _read(self, path: Path, flags: Sequence[str], data: bytes) -> Outcome | None:
        """The outcome of a test that goes no further; compiles the others as they are."""
        if _NO_C.search(data):
            return "not taken: in GIMPLE or RTL, or wrong on purpose", ""
        if not self.trials.compiles(path, flags, "original.o"):
            return "not taken by the compiler", " ".join(flags[len(_PLAIN) :])
        done = preprocess(self.trials.cc, path, flags)
        refused = self.reader.refusals(done.stdout.decode("latin-1"))
        return ("refused", str(refused[0])) if refused else None

    def _injected(self, trial: Trial) -> Trial | Outcome:
        """With idioms that alone change nothing, as they do where a test counts or folds calls."""
        outcome, told = "read; nothing in it can hold an idiom", ""
        for ways in (injected, guarded):
            texts = islice(ways(trial.text, (self.seed, trial.copy.name)), _TRIES)
            for text in self.trials.accepted(trial.copy, texts, trial.flags):
                after = trial.before and self.trials.behaviour(["plain.o", *trial.others])
                if after == trial.before:
                    return replace(trial, text=text)
                outcome, told = "read; its idioms change it without the tool", became(trial, after)
        return outcome, told


def _options(text: str) -> list[str]:
    """A test's own options, where they are for every target."""
    found: list[str] = []
    for options, condition in _OPTIONS.findall(text):
        if "target" not in condition:
            found += options.split()
    return [
        o
        for o in found
        if not o.startswith(("-fdump", "-o", "-M", "-d", "--")) and o not in _STAGES
    ]


_STAGES = ("-c", "-S", "-E")


def _part(paths: Sequence[Path], shard: str) -> Sequence[Path]:
    """``shard`` is K/N: every Nth, from the Kth on."""
    first, count = map(int, shard.split("/"))
    return paths[first - 1 :: count]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("where", type=Path, nargs="+", help="folders, or single tests")
    parser.add_argument("--mode", action="append", choices=arches.host().modes)
    parser.add_argument("--sample", type=int, help="so many tests")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shard", default="1/1", help="K/N: the Kth of N parts")
    args = parser.parse_args()
    found = [path.rglob("*.c") if path.is_dir() else [path] for path in args.where]
    paths: Sequence[Path] = sorted(chain.from_iterable(found))
    if args.sample is not None and args.sample < len(paths):
        paths = random.Random(args.seed).sample(paths, args.sample)
    since = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        trials = Trials(Path(scratch), args.mode or ["trampoline"])
        torture = Torture(trials, args.seed)
        for path in _part(paths, args.shard):
            torture.run(path.resolve())
    return trials.report(since)


if __name__ == "__main__":
    sys.exit(main())
