"""What rewriting costs, as a ratio to what a compiler needs to parse the same unit.

    .venv/bin/python benchmarks/rewriting.py [--kernel FOLDER [--units N] [--each]]

Everything is the CPU time of whole processes, the least of some runs that took
turns.  ``preprocessing`` is the compiler's own, of the same file with the same
flags; what rewriting costs beyond it is compared with ``-fsyntax-only`` of the
preprocessed unit.  Units of Linux are measured where tests/kernel/setup.sh has
made a FOLDER (else $SC_KERNEL names one).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from transformer import arch as arches
from transformer.quick import may_hold_idioms
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, find

ROOT = Path(__file__).resolve().parents[1]
SC_TRANSFORM = Path(sys.executable).with_name("sc-transform")
TURNS = 3
VARIABLE = "SC_KERNEL"

HEAD = """\
#include <sc/sc.h>

static int target(int a, int b) { return a + b; }
DEFINE_STATIC_CALL(call, target);
DEFINE_STATIC_KEY_FALSE(key);

"""
SITE = """\
int use_{n}(int a)
{{
\tif (static_branch_unlikely(&key))
\t\treturn -a;
\treturn static_call(call)(a, {n});
}}

"""
FILL = """\
struct item_{n} {{ int kind; char name[{width}]; struct item_{n} *next; }};

static inline int visit_{n}(struct item_{n} *at, int limit)
{{
\tint sum = 0;

\tfor (; at && sum < limit; at = at->next) {{
\t\tif (at->kind == {n} && at->name[0] != 'x')
\t\t\tsum += at->kind * 3 - (limit >> 2);
\t\telse
\t\t\tsum ^= (int)sizeof(at->name);
\t}}
\treturn sum;
}}

"""
#: (bytes, idioms) of the units that are made: first the size grows, then the idioms
GROWTH = ((100_000, 100), (1_000_000, 100), (3_000_000, 100), (10_000_000, 100),
          (3_000_000, 10), (3_000_000, 1_000), (3_000_000, 10_000))  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """CPU seconds of one unit's ways, and the MiB of its biggest process."""

    syntax: float
    preprocessing: float
    rewrite: float
    memory: float = 0.0
    cold: float = 0.0
    from_source: float = 0.0

    @property
    def ratio(self) -> float:
        return (self.rewrite - self.preprocessing) / self.syntax


def made(size: int, idioms: int) -> str:
    """A unit of so many bytes and idioms, two to a function, spread evenly."""
    sites = [SITE.format(n=n) for n in range(idioms // 2)]
    room = size - len(HEAD) - sum(map(len, sites))
    fills: list[str] = []
    while room > 0:
        fills.append(FILL.format(n=len(fills), width=len(fills) % 60 + 4))
        room -= len(fills[-1])
    step = max(1, -(-len(fills) // max(1, len(sites))))
    parts = [HEAD]
    for number in range(max(len(sites), -(-len(fills) // step))):
        parts += fills[number * step : (number + 1) * step] + sites[number : number + 1]
    return "".join(parts)


def least(works: Sequence[Callable[[], float]], turns: int = TURNS) -> list[float]:
    """The least of what each gives, one turn after another; the first warms up."""
    runs = [[work() for work in works] for _ in range(turns + 1)][1:]
    return [min(column) for column in zip(*runs, strict=True)]


def spent(words: Sequence[str], folder: Path, **environment: str) -> tuple[float, float]:
    """CPU seconds of a command and all that it starts, and MiB of its biggest process."""
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)}:\n{said.decode(errors='replace')}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def seconds(words: Sequence[str], folder: Path, **environment: str) -> Callable[[], float]:
    return lambda: spent(words, folder, **environment)[0]


def growth(cc: Compiler, folder: Path) -> Iterator[str]:
    """The table of units that are made, for the profile sc, a line at a time."""
    yield "rewriting beyond preprocessing, by the size of a unit and the number of its idioms"
    heads = f"  {'size':>8}  {'idioms':>6}  {'rewrite':>9}  {'an MB':>7}"
    yield f"{heads}  of {cc.family} -fsyntax-only"
    unit, plain, out = folder / "unit.c", folder / "unit.i", folder / "out.c"
    for size, idioms in GROWTH:
        unit.write_text(made(size, idioms))
        preprocess = [*cc.command, "-E", str(unit), "-o"]
        spent([*preprocess, str(plain), f"-I{header_dir('plain')}"], folder)
        syntax, before, rewrite = least(
            [
                seconds([*cc.command, "-w", "-fsyntax-only", str(plain)], folder),
                seconds([*preprocess, str(out), f"-I{header_dir('analysis')}"], folder),
                seconds(
                    [str(SC_TRANSFORM), "rewrite", "--no-check", str(unit), "-o", str(out)], folder
                ),
            ]
        )
        cost = Cost(syntax, before, rewrite)
        beyond = rewrite - before
        yield (
            f"  {size / 1e6:5.1f} MB  {idioms:6,}  {beyond * 1e3:6.0f} ms  "
            f"{beyond / size * 1e9:4.0f} ms  {cost.ratio:5.2f}"
        )


def kernel(work: Path, count: int, each: bool) -> Iterator[str]:
    """The lines about units of Linux, ``count`` of each arch; ``each``: of every unit, too."""
    sys.path.insert(0, str(ROOT / "tests" / "kernel"))
    from kernel_units import CROSS, idioms, pick  # type: ignore[import-not-found]

    with tempfile.TemporaryDirectory(prefix="sc-bench-") as name:
        for arch in CROSS:
            units = pick(work.resolve(), arch, 6, count)
            costs = []
            for unit in units:
                costs.append(_cost_of(unit, Path(name)))
                if each:
                    yield f"  {unit.name}: {_figures(costs[-1])}"
            for what, some in (("with", True), ("without", False)):
                own = [
                    cost
                    for unit, cost in zip(units, costs, strict=True)
                    if bool(idioms(unit.source.read_text(encoding="latin-1"))) is some
                ]
                if own:
                    yield from _told(f"{arch}, {len(own)} units {what} idioms", own, some)


def _cost_of(unit: object, folder: Path) -> Cost:
    build, source, flags = unit.build, str(unit.source), list(unit.flags)  # type: ignore[attr-defined]
    cc, plain, out = unit.compiler, folder / "unit.i", folder / "out.c"  # type: ignore[attr-defined]
    overlay = f"-I{header_dir('linux-analysis')}"
    rewrite = [str(SC_TRANSFORM), "rewrite", "--profile", "linux", "--no-check", "--cc", cc]
    rewrite += ["-o", str(out), source, "--", *flags]
    spent([cc, *flags, "-E", source, "-o", str(plain)], build)
    peak = 0.0

    def measured() -> float:
        nonlocal peak
        taken, memory = spent(rewrite, build)
        peak = max(peak, memory)
        return taken

    def cold() -> float:
        with tempfile.TemporaryDirectory(dir=folder) as cache:
            return spent(rewrite, build, SC_CACHE=cache, PYTHONPYCACHEPREFIX=cache)[0]

    syntax, before, warm, whole = least(
        [
            seconds([cc, *flags, "-w", "-fsyntax-only", str(plain)], build),
            seconds([cc, overlay, *flags, "-E", source, "-o", str(out)], build),
            measured,
            seconds([cc, *flags, "-w", "-fsyntax-only", source], build),
        ]
    )
    preprocessed = may_hold_idioms(Path(source).read_bytes())
    return Cost(syntax, before if preprocessed else 0.0, warm, peak, cold(), whole)


def _figures(cost: Cost) -> str:
    ms = [f"{x * 1e3:.0f}" for x in (cost.syntax, cost.preprocessing, cost.rewrite, cost.cold)]
    return (
        "syntax {}, preprocessing {}, rewrite {} ({} cold) ms".format(*ms) + f": {cost.ratio:.2f}"
    )


def _told(what: str, costs: Sequence[Cost], preprocessed: bool) -> Iterator[str]:
    ratios = [c.ratio for c in costs]
    whole = [c.rewrite / c.from_source for c in costs]
    cold = [(c.cold - c.preprocessing) / c.syntax for c in costs]
    yield f"{what}: of -fsyntax-only of the preprocessed unit, rewriting takes"
    left = ", preprocessing left out" if preprocessed else ""
    yield f"  {median(ratios):.2f} (median), {max(ratios):.2f} (most){left}"
    yield f"  {median(cold):.2f} (median), {max(cold):.2f} (most) with cold caches"
    yield (
        f"  {median(whole):.2f} (median), {max(whole):.2f} (most) of -fsyntax-only from the "
        "source, both with preprocessing"
    )
    yield (
        f"  {median(c.rewrite for c in costs):.2f} s (median), preprocessing "
        f"{median(c.preprocessing for c in costs):.2f} s; "
        f"{max(c.memory for c in costs):.0f} MiB at most, the compiler's processes counted"
    )


def show(cc: Compiler, work: str | None, count: int, each: bool = False) -> None:
    with tempfile.TemporaryDirectory(prefix="sc-bench-") as name:
        for line in growth(cc, Path(name)):
            print(line, flush=True)
    if work is None:
        print(f"units of Linux: not measured; tests/kernel/setup.sh FOLDER, then {VARIABLE}=FOLDER")
        return
    for line in kernel(Path(work), count, each):
        print(line, flush=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kernel", default=os.environ.get(VARIABLE), metavar="FOLDER")
    parser.add_argument("--units", type=int, default=66, metavar="N", help="of each arch's Linux")
    parser.add_argument("--each", action="store_true", help="a line for each unit of Linux")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_arguments(options)
    given = options.parse_args()
    show(find(arches.host()), given.kernel, given.units, given.each)
