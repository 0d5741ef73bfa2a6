#!/usr/bin/env python3
"""Rewrites damaged C, again and again, and sees that what is promised holds.

    .venv/bin/python tests/real/fuzz.py --executions 1000000 --findings FOLDER
        [--seed N] [--seconds S] [--size BYTES]
    .venv/bin/python tests/real/fuzz.py --again FILE...

The corpus's files are damaged by the seed and go through the stages that need no
compiler.  A finding is an exception that is no ``ScError``, more than ten seconds,
an edit of anything but an idiom, a line more or less, a second rewriting that
changes something, a message that cannot be written.  Each kind of finding is kept
once in FOLDER: the input as it was, and beside it what happened.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]

from mutations import macro_like, mutated  # noqa: E402
from pure_stages import Rewritten, Way, misplaced, rewritten  # noqa: E402

from transformer.diagnostics import ScError  # noqa: E402
from transformer.diagnostics.documents import SARIF, document  # noqa: E402
from transformer.diagnostics.text import rendered  # noqa: E402
from transformer.frontend.marking import _ODD, _quickly, _slowly, mark  # noqa: E402
from transformer.frontend.words import WORDS  # noqa: E402
from transformer.quick import may_hold_idioms  # noqa: E402

_SECONDS = 10
_DYNAMIC = re.compile(rb"SC_DYNAMIC")
_STRAY = re.compile(r"\\[ \t]*\r?\n\s*(?:#|%:)")  # a directive to one of them, and no C
_MARKS = re.compile(rb"__sc_at_\d+_")
_NUMBERING = re.compile(rb"(?:#|%:)\s*(?:line\b|[0-9])")


class Hang(BaseException):
    """More than the ten seconds; nothing that catches exceptions catches it."""


class Broken(AssertionError):
    """A promise that does not hold."""


def seeds() -> list[bytes]:
    """The corpus's C files, but for those too long to be damaged in many places."""
    files = sorted((ROOT / "corpus").glob("*/*.c"))
    return [f.read_bytes() for f in files if f.stat().st_size < 20_000]


def tried(data: bytes, number: int) -> str:
    """One execution: "rewritten", "the same" or "refused"; what is wrong is raised."""
    r = random.Random(number)
    way = Way(
        patched=r.random() < 0.7,
        call=r.random() < 0.5,
        inline_asm=r.random() < 0.3,
        preprocessed=(preprocessed := r.random() < 0.15),
        linux=not preprocessed and r.random() < 0.1,
        dynamic={"func_a": "0"} if r.random() < 0.1 else {},
    )
    macros = r.random() < 0.2
    if r.random() < 0.3:
        _marks(data)
    try:
        first = _once(data, way, macros, number)
    except ScError as e:
        _messages(e)
        return "refused"
    return _judged(data, first, way, macros)


def _once(data: bytes, way: Way, macros: bool, number: int) -> Rewritten:
    r = random.Random(number)
    return rewritten(data, way, (lambda t: macro_like(r, t)) if macros else lambda t: t)


def _judged(data: bytes, first: Rewritten, way: Way, macros: bool) -> str:
    _messages(first)
    if not first.ok:
        _holds(first.text == data, "errors, and another text")
        return "refused"
    if first.text == data:
        _holds(not first.edits, "edits that change nothing")
        return "the same"
    _holds(may_hold_idioms(data) or bool(way.dynamic), "an idiom that a quick look misses")
    _holds(first.text.count(b"\n") == data.count(b"\n"), "a line more or less")
    if not _DYNAMIC.search(data) and not way.dynamic:
        wrong = misplaced(data, first.edits, preprocessed=way.preprocessed)
        _holds(not wrong, wrong)
    if not macros and b"__sc_" not in data:
        _again(first, way)
    return "rewritten"


def _again(first: Rewritten, way: Way) -> None:
    again = _once(first.text, way, False, 0)
    edits = again.edits
    wrong = [d for d in again.diagnostics if d.severity == "error"]
    if any(e.owner.startswith("dynamic") for e in first.edits):
        # their words end no declaration: after them what stood between two is within one
        edits = tuple(e for e in edits if e.owner.startswith("dynamic"))
        wrong = [d for d in wrong if d.id == "sc-dynamic"]
    _holds(not wrong, f"a second rewriting refuses: {wrong[:1]}")
    _holds(not edits, "a second rewriting changes something")


def _marks(data: bytes) -> None:
    """A marked copy is the file and the marks; the quick search finds what the lexer does.

    Where a directive gives lines other numbers the copy has blanks, and as many lines.
    """
    marked = mark(data)
    if not _MARKS.search(data):
        plain = bytearray(data)
        for start, end in marked.blank:
            _holds(bool(_NUMBERING.match(data, start, end)), "something else was blanked")
            plain[start:end] = re.sub(rb"[^\r\n]", b" ", data[start:end])
        _holds(_MARKS.sub(b"", marked.text) == plain, "a marked copy is another file")
    _holds(list(map(marked.original, (0, len(marked.text)))) == [0, len(data)], "marks' offsets")
    text = data.decode("latin-1")
    if not _ODD.search(text) and not _STRAY.search(text):
        quick, slow = (list(search(text, WORDS)) for search in (_quickly, _slowly))
        quick, slow = ([f[1:] for f in found] for found in (quick, slow))
        _holds(quick == slow, "the quick search and the lexer see different words")


def _messages(found: Rewritten | ScError) -> None:
    """All that is slow here: so the longest lists and most documents are left out."""
    for said in found.diagnostics[:2]:
        rendered(said, None)
    if len(found.diagnostics) in (3, 25):
        document(found.diagnostics[-2:], SARIF, "0")


def _holds(condition: bool, what: str) -> None:
    if not condition:
        raise Broken(what)


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Hang

    old = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


class Fuzzer:
    """Counts outcomes and keeps what is found, each kind once."""

    def __init__(self, findings: Path | None, size: int) -> None:
        self.findings, self.size = findings, size
        self.outcomes: Counter[str] = Counter()
        self.found: dict[str, str] = {}
        self.slowest = (0.0, 0)
        self.seeds = seeds()

    def run(self, number: int) -> None:
        """The execution of a number: the same input and the same way each time."""
        data = mutated(random.Random(number), self.seeds, self.size)
        self.try_(data, number)

    def try_(self, data: bytes, number: int) -> None:
        start = time.perf_counter()
        try:
            with limited(_SECONDS):
                outcome = tried(data, number)
        except (Exception, Hang) as e:
            outcome = "found"
            self._keep(data, number, e)
        self.outcomes[outcome] += 1
        self.slowest = max(self.slowest, (time.perf_counter() - start, number))

    def _keep(self, data: bytes, number: int, error: BaseException) -> None:
        kind = _kind(error)
        if kind in self.found:
            return
        said = f"{kind}\nexecution {number}\n\n{''.join(traceback.format_exception(error))}"
        self.found[kind] = said
        if self.findings:
            name = hashlib.sha256(kind.encode()).hexdigest()[:12]
            (self.findings / f"{name}-{number}.c").write_bytes(data)
            (self.findings / f"{name}-{number}.txt").write_text(said, errors="backslashreplace")
        print(f"found: {kind} (execution {number})", flush=True)


def _kind(error: BaseException) -> str:
    """What tells one finding from another: the error, and where it was raised."""
    if isinstance(error, Hang):
        return "Hang"
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    said = str(error) if isinstance(error, Broken) else ""
    said = re.sub(r"[\d\W]+", " ", said)[:60]
    return f"{type(error).__name__} {Path(last.filename).name}:{last.lineno} {said}".strip()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--executions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first execution")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--size", type=int, default=3000, help="most bytes of an input")
    parser.add_argument("--findings", type=Path, metavar="FOLDER")
    parser.add_argument("--again", nargs="+", type=Path, metavar="FILE", help="kept inputs")
    args = parser.parse_args(argv)
    if args.findings:
        args.findings.mkdir(parents=True, exist_ok=True)
    fuzzer = Fuzzer(args.findings, args.size)
    start = time.monotonic()
    if args.again:
        for path in args.again:
            fuzzer.try_(path.read_bytes(), int(path.stem.rpartition("-")[2]))
    else:
        for number in range(args.seed, args.seed + args.executions):
            if time.monotonic() - start > args.seconds:
                break
            fuzzer.run(number)
            if number % 10_000 == 9_999:
                _tell(fuzzer, start)
    _tell(fuzzer, start)
    return 1 if fuzzer.found else 0


def _tell(fuzzer: Fuzzer, start: float) -> None:
    count, spent = fuzzer.outcomes.total(), time.monotonic() - start
    told = ", ".join(f"{n:,} {what}" for what, n in sorted(fuzzer.outcomes.items()))
    rate = count / max(spent, 0.001)
    print(
        f"{count:,} executions in {spent:,.0f} s ({rate:,.0f} a second): {told};"
        f" the slowest took {fuzzer.slowest[0]:.1f} s (execution {fuzzer.slowest[1]})",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
