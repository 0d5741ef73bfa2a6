#!/usr/bin/env python3
"""Makes programs with Csmith, and has each call one of its functions through a static call.

    apt-get install csmith
    .venv/bin/python tests/real/csmith.py [COUNT] [--first SEED] [--mode MODE]...

A program without idioms must come out of ``rewrite`` byte for byte, as a file and
preprocessed, and so must its lines once it has idioms beside them; all of it is
parsed.  Then the calls of a function chosen by the seed go through a static call,
and those that hold them get a guard; in every second program both must be patched
before they are right.  The checksums that it prints must be those of the program as
it was.  Needs a compiler for this machine; runs what Csmith made.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from real_reading import Reader
from torture_injecting import injected
from trials import NEVER_ENDS, Outcome, Trial, Trials

import transformer
from transformer import arch as arches
from transformer.toolchain import preprocess, run

_INCLUDE = Path("/usr/include/csmith")
_LEVELS = ("-O1", "-O2", "-O2", "-Os")
_FUNCTIONS = ("3", "5", "10")
_FLAGS = ("-w", "-isystem", str(_INCLUDE))
_OPTIONS = ("--float", "--inline-function", "--no-packed-struct", "--no-volatiles")
_SECONDS_TO_MAKE = 30.0
_SECONDS = 0.5  # those that end do so at once; a fifth never does
_TRIES = 12
_ARGUMENTS = ("1",)  # has a program print its checksum after each variable


class Csmith:
    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self.reader = Reader()
        self.lines = 0

    def run(self, seed: int) -> None:
        early = self._one(seed)
        if early:
            for mode in self.trials.tallies:
                self.trials.tell(f"seed {seed}", mode, early)

    def _one(self, seed: int) -> Outcome | None:
        """The outcome of a program that has no idiom; tells of the others itself."""
        chance = random.Random(seed)
        path = self.trials.folder / "program.c"
        words = ["csmith", "--seed", str(seed), "-o", str(path)]
        words += ["--max-funcs", chance.choice(_FUNCTIONS)]
        words += [option for option in _OPTIONS if chance.random() < 0.25]
        if not run(words, cwd=self.trials.folder, timeout=_SECONDS_TO_MAKE).ok:
            return "not taken by Csmith in time", ""
        text = path.read_text("latin-1")
        self.lines += text.count("\n")
        flags = (chance.choice(_LEVELS), *_FLAGS)
        if not self.trials.compiles(path, flags, "original.o"):
            return "not taken by the compiler", ""
        if wrong := self._read(path, text, flags):
            return wrong
        return self._compared(seed, path, text, flags)

    def _read(self, path: Path, text: str, flags: Sequence[str]) -> Outcome | None:
        """What is wrong about reading a program that has no idiom."""
        unit = preprocess(self.trials.cc, path, flags).stdout
        refused = self.reader.refusals(unit.decode("latin-1"))
        if refused:
            return "refused", str(refused[0])
        for data, name in ((text.encode("latin-1"), path), (unit, path.with_suffix(".i"))):
            done = transformer.rewrite(data, path=str(name), cc=self.trials.cc, cflags=flags)
            if done.text != data or done.diagnostics:
                return "changed without an idiom", name.name
        return None

    def _compared(self, seed: int, path: Path, text: str, flags: Sequence[str]) -> Outcome | None:
        before = self.trials.behaviour(["original.o"], _ARGUMENTS)
        chosen = self.trials.parsed(path, islice(injected(text, seed), _TRIES), flags)
        if chosen is None:
            return "read; has no call for an idiom", ""
        endless = before == NEVER_ENDS
        trial = Trial(path, chosen, flags, None if endless else before, (), _ARGUMENTS)
        for mode, (outcome, told) in self.trials.outcomes(trial):
            outcome += ", does not end as it was" if endless else ""
            self.trials.tell(f"seed {seed}", mode, (outcome, told))
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=2000)
    parser.add_argument("--first", type=int, default=1, help="the first program's seed")
    parser.add_argument("--mode", action="append", choices=arches.host().modes)
    args = parser.parse_args()
    since = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        trials = Trials(Path(scratch), args.mode or ["trampoline"], _SECONDS)
        csmith = Csmith(trials)
        for seed in range(args.first, args.first + args.count):
            csmith.run(seed)
    print(f"{csmith.lines} lines, {csmith.reader.chunks} declarations parsed")
    return trials.report(since)


if __name__ == "__main__":
    sys.exit(main())
