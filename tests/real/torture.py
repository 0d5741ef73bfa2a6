#!/usr/bin/env python3
"""Reads a folder of C tests, such as GCC's torture tests, and has them call through keys.

    apt-get download gcc-12-source         # the tests are in an archive within it
    .venv/bin/python tests/real/torture.py .../gcc/testsuite/gcc.c-torture
        [--mode MODE] [--sample N] [--seed S]

Every declaration of every test is parsed.  Then a call of one of its functions,
chosen by the seed, goes through a static call, and the function that holds the
call gets a guard.  Each line that holds no idiom must come out byte for byte; the
result must compile, and a test that is to be run must end as it did, with the
same output.  Needs a compiler for this machine; runs what the tests contain.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from real_reading import Reader
from torture_injecting import CALL, KEYS, guarded, injected

import transformer
from transformer import arch as arches
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import compile_object, find, link, preprocess

_OPTIONS = re.compile(r'\{\s*dg-(?:additional-)?options\s+"([^"]*)"\s*(\{[^\n]*)?')
_NO_C = re.compile(rb"__GIMPLE|__RTL|\bdg-error\b")
_TRIES = 8
_SECONDS = 10.0
_PLAIN = ("-O2", "-w")


class Torture:
    def __init__(self, folder: Path, mode: str, seed: int) -> None:
        self.folder, self.mode, self.seed = folder, mode, seed
        self.arch = arches.host()
        self.cc = find(self.arch)
        self.reader = Reader()
        self.lowered = ("-I", str(header_dir("lowered", self.arch, mode)))
        self.plain = ("-I", str(header_dir("plain")))
        self.runtime = folder / "sc_runtime.o"
        done = compile_object(
            self.cc, runtime_source(self.arch), self.runtime, (*_PLAIN, *self.lowered)
        )
        assert done.ok, done.stderr

    def run(self, path: Path) -> tuple[str, str]:
        """The outcome of a test, and what is to be told of it."""
        data = path.read_bytes()
        flags = (*_PLAIN, *_options(data.decode("latin-1")), f"-iquote{path.parent}")
        if _NO_C.search(data) or not self._compiles(path, flags):
            return "not taken by the compiler", ""
        done = preprocess(self.cc, path, flags)
        refused = self.reader.refusals(done.stdout.decode("latin-1"))
        if refused:
            return "refused", str(refused[0])
        chosen = self._injected(path, data.decode("latin-1"), flags)
        if chosen is None:
            return "read; has no function for an idiom", ""
        return self._transformed(path, chosen, flags)

    def _injected(self, path: Path, text: str, flags: Sequence[str]) -> str | None:
        for ways in (injected, guarded):
            for changed in islice(ways(text, (self.seed, path.name)), _TRIES):
                copy = self.folder / path.name
                copy.write_bytes(changed.encode("latin-1"))
                if self._compiles(copy, (*flags, *self.plain)):
                    return changed
        return None

    def _transformed(self, path: Path, text: str, flags: Sequence[str]) -> tuple[str, str]:
        run = ("execute" in path.parts or "{ dg-do run" in text) and "{ dg-do compile" not in text
        result = transformer.rewrite(
            text.encode("latin-1"),
            path=str(self.folder / path.name), arch=self.arch, mode=self.mode, cc=self.cc,
            cflags=flags,
        )  # fmt: skip
        said = [d for d in result.diagnostics if d.severity == "error" or d.id == "sc-parse"]
        if said and any(d.id == "sc-inline-asm-signature" for d in said):
            return "read; registers cannot pass this call", ""
        if said:
            return "refused by rewrite", f"{said[0].id}: {said[0].text}"
        if wrong := _changed(text, result.text.decode("latin-1")):
            return "bytes differ", wrong
        if KEYS in text and "__sc_flag" in result.text.decode("latin-1"):
            return "misread", "the address of a key's element is no constant"
        what = "read, call transformed" if CALL in text else "read, guard transformed"
        return self._compared(path, what, result.text, flags) if run else (what, "")

    def _compared(self, path: Path, what: str, new: bytes, flags: Sequence[str]) -> tuple[str, str]:
        """Both programs' behaviour; a test that fails as it is must fail in the same way."""
        before = self._behaviour(path, flags, [])
        copy = self.folder / path.name  # still without the tool
        untouched = self._behaviour(copy, (*flags, *self.plain), [])
        if untouched != before:
            return f"{what}; changed by its idioms without the tool as well", ""
        copy.write_bytes(new)
        after = self._behaviour(copy, (*flags, *self.lowered), [self.runtime])
        if before is None:
            return what, ""
        if before != after:
            return "behaves differently", f"{before!r} became {after!r}"[:200]
        return f"{what}, ran alike", ""

    def _behaviour(
        self, path: Path, flags: Sequence[str], more: Sequence[Path]
    ) -> tuple[int, bytes] | None:
        """Exit status and output; None where it does not link by itself."""
        unit, program = self.folder / "unit.o", self.folder / "program"
        if not self._compiles(path, flags):
            return (-1, b"does not compile")
        done = link(self.cc, [unit, *more], program, ("-lm", "-pthread"))
        if not done.ok:
            return None if not more else (-1, b"does not link")
        try:
            ran = subprocess.run(
                [program], capture_output=True, timeout=_SECONDS, cwd=self.folder, check=False
            )
        except subprocess.TimeoutExpired:
            return (-1, b"does not end")
        return ran.returncode, ran.stdout

    def _compiles(self, path: Path, flags: Sequence[str]) -> bool:
        return compile_object(self.cc, path, self.folder / "unit.o", flags).ok


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


def _changed(before: str, after: str) -> str:
    """The first line without an idiom that is not what it was."""
    old, new = before.split("\n"), after.split("\n")
    if len(old) != len(new):
        return f"{len(old)} lines became {len(new)}"
    pairs = zip(old, new, strict=True)
    return next((a for a, b in pairs if a != b and "sc_torture_" not in a), "")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mode", default="trampoline", choices=arches.host().modes)
    parser.add_argument("--sample", type=int, help="so many tests")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    paths = sorted(args.folder.rglob("*.c"))
    if args.sample is not None and args.sample < len(paths):
        paths = random.Random(args.seed).sample(paths, args.sample)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        torture = Torture(Path(scratch), args.mode, args.seed)
        for path in paths:
            outcome, told = torture.run(path.resolve())
            counts[outcome] += 1
            if told:
                print(f"{path}: {outcome}: {told}", flush=True)
    for outcome, count in sorted(counts.items()):
        print(f"{count:6} {outcome}")
    return int(any(not o.startswith(("read", "not taken")) for o in counts))


if __name__ == "__main__":
    sys.exit(main())
