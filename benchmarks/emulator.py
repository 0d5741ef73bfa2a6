"""How fast the emulator verifies: dispatches and schedules a second, for each arch.

    .venv/bin/python benchmarks/emulator.py [--jobs N] [--seconds S] [--case NAME]

Dispatches: a transformed program calls its keys in batches at full speed, and
sees that each call enters its target once (``transformer.corpus.batch``).
Schedules: all that ``verify --exhaustive`` covers of the same program's
updates, over the time that this takes; they are counted as paths of a graph
whose nodes are each looked at once, so that random walks, which are run one by
one, stand beside them.  Each of the N processes (two) does the same work; a
rate is that of all of them together.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from transformer.arch import load, names
from transformer.corpus import batch, cell, relaxed, verify
from transformer.corpus.harness import NEAR
from transformer.corpus.results import CaseResult

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
_STEP = 200_000  # calls between two looks at the clock


@dataclass
class Rates:
    """Of one process: how much it did, and how long that took."""

    dispatches: int = 0
    dispatching: float = 0.0
    schedules: int = 0
    states: int = 0
    walks: int = 0
    exploring: float = 0.0


def measure(arch: str, case: str, seconds: float) -> Rates:
    """One build of the case in the arch's default mode, its checks with a clock around them."""
    rates = Rates()

    def batches(result: CaseResult, program: Any, far: Any) -> None:
        made = batch.Batches(program, far)
        began = time.perf_counter()
        while (spent := time.perf_counter() - began) < seconds:
            for key in made.keys:
                if wrong := made.run(key, NEAR, _STEP):
                    raise SystemExit(f"{case} [{arch}]: {wrong}")
                rates.dispatches += _STEP
        rates.dispatching = spent

    explore = relaxed.explore

    def timed(*args: Any, **more: Any) -> Any:
        began = time.perf_counter()
        found = explore(*args, **more)
        rates.exploring += time.perf_counter() - began
        rates.schedules += found.schedules
        rates.states += found.states
        rates.walks += found.walks
        return found

    _replace(cell, "check_batches", batches)
    _replace(relaxed, "explore", timed)
    report = verify(
        [CORPUS / case], arches=[arch], modes=[load(arch).default_mode], compilers=["clang"],
        levels="few", exhaustive=True, cache=True,
    )  # fmt: skip
    if not report.ok:
        raise SystemExit(
            f"{case} [{arch}] is not verified: see sc-transform verify {CORPUS / case}"
        )
    return rates


def _replace(module: Any, name: str, function: Callable[..., Any]) -> None:
    setattr(module, name, function)


def show(jobs: int = 2, seconds: float = 3.0, case: str = "my_key") -> None:
    """A row for each arch."""
    print(f"emulator: {case}, {jobs} processes")
    for arch in names():
        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            done = [pool.submit(measure, arch, case, seconds) for _ in range(jobs)]
            rates = [d.result() for d in done]
        dispatches = sum(r.dispatches / r.dispatching for r in rates)
        schedules = sum(r.schedules / r.exploring for r in rates)
        states = sum(r.states / r.exploring for r in rates)
        walks = sum(r.walks for r in rates)
        print(f"  {arch:<10} verified dispatches    {dispatches:13,.0f} a second")
        print(f"  {'':<10} schedules covered      {schedules:13,.0f} a second")
        print(f"  {'':<10} steps and nodes        {states:13,.0f} a second, {walks:,} random walks")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S")
    parser.add_argument("--case", default="my_key", metavar="NAME")
    args = parser.parse_args()
    show(args.jobs, args.seconds, args.case)


if __name__ == "__main__":
    main()
