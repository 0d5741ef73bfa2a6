"""Judges the mutants of an arch, all of them or a sample, and writes a line for each.

    python -m mutants.mutant_run [-j N] [--arch ARCH] [--output FILE] [--sample N] [--seed S]

A run that was interrupted goes on where its file ends, if nothing was changed since.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import queue
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mutants.mutant_judging import ROOT, TEMPLATES, Judge, Verdict
from mutants.mutant_making import Mutant, make
from mutants.mutant_tally import Tally

from transformer import arch as arches

_JUDGING = (
    ("templates", "*"),
    ("transformer", "*.py"),
    ("tests/damage/case", "*"),
    ("tests/mutants", "*.[chp]*"),
    ("tests/mutants/case", "*.toml"),
    ("tests/mutants/apart", "*.toml"),
)
_TIME = 300  # seconds for one mutant, on a machine that does other things too

_judge: Judge | None = None


def _start(name: str, folder: str) -> None:
    global _judge
    _judge = Judge(name, Path(folder))


def _one(mutant: Mutant) -> Verdict:
    assert _judge is not None
    return _judge.judge(mutant)


Judged = tuple[Mutant, Verdict, float]


def in_processes(name: str, mutants: Sequence[Mutant], jobs: int) -> Iterator[Judged]:
    """What ``judged`` gives, from several processes, in any order."""
    done: queue.SimpleQueue[Judged | None] = queue.SimpleQueue()

    def work(share: Sequence[Mutant]) -> None:
        try:
            for found in judged(name, share):
                done.put(found)
        finally:
            done.put(None)

    with ThreadPoolExecutor(jobs) as threads:
        futures = [threads.submit(work, mutants[i::jobs]) for i in range(jobs)]
        running = jobs
        while running:
            found = done.get()
            if found is None:
                running -= 1
            else:
                yield found
        for future in futures:
            future.result()


def judged(name: str, mutants: Iterable[Mutant]) -> Iterator[Judged]:
    """Each mutant's verdict and seconds, from one process that is replaced if it dies or hangs."""
    left = list(mutants)
    context = multiprocessing.get_context("spawn")
    while left:
        with tempfile.TemporaryDirectory(prefix="sc-mutants-") as folder:
            pool = ProcessPoolExecutor(1, context, initializer=_start, initargs=(name, folder))
            try:
                while left:
                    begun = time.monotonic()
                    verdict = pool.submit(_one, left[0]).result(_TIME)
                    yield left.pop(0), verdict, time.monotonic() - begun
            except (BrokenProcessPool, TimeoutError) as e:
                what = "hangs" if isinstance(e, TimeoutError) else "died"
                for process in list((pool._processes or {}).values()):
                    process.kill()
                yield left.pop(0), Verdict("caught", what, "the process that ran it"), _TIME
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def state() -> str:
    """A hash of all that verdicts hang on; the reasons for survivors do not."""
    digest = hashlib.sha256()
    for folder, pattern in _JUDGING:
        for path in sorted((ROOT / folder).rglob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def row(of: str, arch: str, mutant: Mutant, verdict: Verdict, seconds: float) -> dict[str, Any]:
    """What is written of a mutant."""
    found = {
        "of": of,
        "arch": arch,
        **asdict(mutant),
        **asdict(verdict),
        "seconds": round(seconds, 2),
    }
    found["message"] = found["message"][:300]
    return found


def sample(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """That many, in the order of files; a larger sample of the same seed holds the smaller."""
    shuffled = random.Random(seed).sample(range(len(mutants)), len(mutants))
    return [mutants[i] for i in sorted(shuffled[:count])]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="mutant_run", description=__doc__)
    parser.add_argument("--arch", action="append", help="default: all")
    parser.add_argument("-j", "--jobs", type=int, default=1)
    parser.add_argument("--output", type=Path, help="JSON Lines; goes on where it ends")
    parser.add_argument("--sample", type=int, default=1 << 30, help="this many of each arch")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--match", default="", help="only mutants whose name holds this")
    parser.add_argument("--least", type=float, default=95.0, help="percent that must be caught")
    chosen = parser.parse_args(arguments)
    tally = Tally()
    for name in chosen.arch or arches.names():
        _run_arch(name, chosen, tally)
    print(tally.text())
    return 0 if tally.percent >= chosen.least and not tally.survivors else 1


def _run_arch(name: str, chosen: argparse.Namespace, tally: Tally) -> None:
    of = state()
    done = _read(chosen.output, name, of)
    mutants = [m for m in make(TEMPLATES, name) if chosen.match in m.name]
    tally.native(name, sum(not m.built for m in mutants))
    mutants = sample([m for m in mutants if m.built], chosen.sample, chosen.seed)
    for mutant in mutants:
        if mutant.name in done:
            tally.add(name, mutant, done[mutant.name])
    left = [m for m in mutants if m.name not in done]
    for mutant, verdict, seconds in in_processes(name, left, chosen.jobs):
        outcome = tally.add(name, mutant, verdict)
        print(f"{name} {outcome} {verdict.by}: {mutant.name}", flush=True)
        if chosen.output:
            with chosen.output.open("a") as file:
                file.write(json.dumps(row(of, name, mutant, verdict, seconds)) + "\n")


def _read(path: Path | None, arch: str, of: str) -> dict[str, Verdict]:
    if path is None or not path.is_file():
        return {}
    found = {}
    for line in path.read_text().splitlines():
        data = json.loads(line)
        if (data["of"], data["arch"]) == (of, arch):
            keys = ("file", "line", "kind", "old", "new", "built")
            mutant = Mutant(**{k: data[k] for k in keys})
            found[mutant.name] = Verdict(data["outcome"], data["by"], data["message"])
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
