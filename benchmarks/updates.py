"""What an update costs on this machine, in time, against what it cannot do without.

    .venv/bin/python benchmarks/updates.py [--rounds N] [--threads 0,1,2,4]

An update of patched code needs leave to write, its stores, and all cores to
fetch anew: the bare cost, one mprotect pair, as many plain stores as the update
makes, and one membarrier.  benchmarks/updates/updates.c takes both in turn, on
the same pages with the same values and with the same threads calling through
all sites, so that a busy machine slows both alike; the median of a round's
ratios counts.  Its 10,000 sites lie in a unit that this module writes, and come
into being as any user's do: compiled, annotated, assembled.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from transformer import arch as arches
from transformer.arch import Arch
from transformer.assembling import build_object
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, compile_object, find, link, run

SOURCES = Path(__file__).parent / "updates"
THREADS = (0, 1, 2, 4)
BATCH = 100

#: What a subject is called in the program's output, what it is, and the most that
#: its update may take, as a multiple of its bare cost.
TITLES = {
    "one": ("1 key, 1 site", 2.0),
    "hundred": ("1 key, 100 sites", None),
    "many": ("1 key, 10,000 sites", None),
    "many_batch": ("10,000 sites in one batch", 3.0),
    "batch": (f"{BATCH} keys in one batch", None),
    "guards": ("1 static key, 100 guards", None),
}
#: Keys a second: subject, mode, threads, and the fewest that there may be.
RATES = (
    ("one", "inline", 4, None),
    ("batch", "inline", 0, 100_000),
    ("batch", "inline", 4, 100_000),
    ("one", "slot", 0, None),
    ("one", "slot", 4, 1_000_000),
)

HEAD = """\
#include <sc/static_call.h>
#include <sc/static_key.h>
#if __has_include(<sc/runtime.h>)
# include <sc/runtime.h>
#else	/* a runtime without batches */
# define static_update_begin() 0
# define static_update_commit() 0
#endif

#include "updates.h"

DEFINE_STATIC_KEY_FALSE(flag);

static void update_guards(int to_b)
{
	if (to_b)
		static_branch_enable(&flag);
	else
		static_branch_disable(&flag);
}

/* As targets do: one more, and where the flag is on two. */
#define GUARDED(value) ((value) + 1 + !!static_branch_unlikely(&flag))
"""
SUBJECT = """
static void update_{name}(int to_b)
{{
\tlong (*target)(long) = to_b ? target_b : target_a;

{updates}
}}
"""


def _function(name: str, callees: Sequence[str]) -> Iterator[str]:
    """A function that calls each of these once."""
    yield f"\nstatic long call_{name}(long value)\n{{"
    yield from (f"\tvalue = {callee}(value);" for callee in callees)
    yield "\treturn value;\n}"


def _table(declaration: str, count: str, rows: Sequence[str]) -> Iterator[str]:
    yield f"\n{declaration} = {{"
    yield from (f"\t{row}," for row in rows)
    yield f"}};\nconst unsigned int {count} = {len(rows)};"


def _update(name: str, keys: Sequence[str], batch: bool = False) -> str:
    """The function that moves these keys; it gives up where an update fails."""
    words = [f"static_call_update({key}, target)" for key in keys]
    if batch:
        words = ["static_update_begin()", *words, "static_update_commit()"]
    return SUBJECT.format(
        name=name, updates="\n".join(f"\tif ({w})\n\t\t__builtin_trap();" for w in words)
    )


def sites(many_sites: int = 10_000) -> str:
    """The unit with the keys, their sites, and the tables of subjects and pieces."""
    batch = [f"batch_{n}" for n in range(BATCH)]
    counts = {"one": 1, "hundred": 100, "many": many_sites, **dict.fromkeys(batch, 1)}
    # A function of 10,000 statements would take a compiler minutes.
    many = [f"many_{part}" for part in range(many_sites // 100)]
    lines = [HEAD, *(f"DEFINE_STATIC_CALL({key}, target_a);" for key in counts)]
    for name, callees in {
        "one": ["static_call(one)"],
        "hundred": 100 * ["static_call(hundred)"],
        "guards": 100 * ["GUARDED"],
        "batch": [f"static_call({key})" for key in batch],
        **{part: 100 * ["static_call(many)"] for part in many},
        "many": [f"call_{part}" for part in many],
    }.items():
        lines += _function(name, callees)
    lines += [_update(key, [key]) for key in ("one", "hundred", "many")]
    lines += [_update("many_batch", ["many"], batch=True), _update("batch", batch, batch=True)]
    subjects = [(name, name.split("_")[0], 1) for name in TITLES if name != "batch"]
    subjects.append(("batch", "batch", BATCH))
    rows = [
        f'{{ "{name}", update_{name}, call_{call}, {keys}, {counts.get(call, 100)} }}'
        for name, call, keys in subjects
    ]
    lines += _table("const struct subject subjects[]", "subject_count", rows)
    pieces = [f"call_{name}" for name in ("one", "hundred", "guards", "batch", *many)]
    lines += _table("long (*const pieces[])(long)", "piece_count", pieces)
    return "\n".join(lines) + "\n"


def build(arch: Arch, cc: Compiler, mode: str, folder: Path, many_sites: int = 10_000) -> Path:
    """The program with all sites in this mode."""
    (folder / "sites.c").write_text(sites(many_sites))
    unit = {4: "unsigned int", 8: "unsigned long long"}[arch.unit]
    flags = [
        "-O2", "-fno-ipa-icf" if cc.family == "gcc" else "-fno-builtin", *arch.toolchain.cflags,
        "-I", str(SOURCES), "-I", str(header_dir("lowered", arch, mode)), f"-DCODE_UNIT={unit}",
    ]  # fmt: skip
    objects = [folder / f"{mode}-sites.o"]
    if mode == "inline":
        built = build_object(cc, folder / "sites.c", objects[0], flags, arch)
        assert built.ok, built.completed.stderr
    else:
        done = compile_object(cc, folder / "sites.c", objects[0], flags)
        assert done.ok, done.stderr
    for source in (SOURCES / "updates.c", SOURCES / "targets.c", runtime_source(arch)):
        objects.append(folder / f"{mode}-{source.stem}.o")
        done = compile_object(cc, source, objects[-1], flags)
        assert done.ok, done.stderr
    done = link(cc, objects, folder / mode, ["-pthread"])
    assert done.ok, done.stderr
    return folder / mode


@dataclass(frozen=True)
class Latency:
    """One subject, with so many threads calling: medians in microseconds, and of the ratios."""

    name: str
    threads: int
    rounds: int
    update: float
    bare: float
    ratio: float


def _lines(program: Path, *arguments: object) -> list[list[str]]:
    done = run([str(program), *map(str, arguments)])
    assert done.ok, f"{done.argv}: {done.stderr}"
    return [line.split() for line in done.stdout.decode().splitlines()]


def latencies(program: Path, threads: int, rounds: int) -> list[Latency]:
    times: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name, update, bare in _lines(program, threads, rounds):
        times[name].append((int(update), int(bare)))
    return [
        Latency(
            name,
            threads,
            len(rows),
            median(update for update, _ in rows) / 1e3,
            median(bare for _, bare in rows) / 1e3,
            median(update / bare for update, bare in rows),
        )
        for name, rows in times.items()
    ]


def rates(program: Path, threads: int, seconds: float) -> dict[str, float]:
    """Keys a second, by subject."""
    return {n: float(r) for n, r in _lines(program, threads, "rate", seconds)}


def _verdict(found: float, target: float | None, *, most: bool) -> str:
    """Whether what was found is as targeted: at most, or at least, so much."""
    if target is None:
        return ""
    met = found <= target if most else found >= target
    word = "at most" if most else "at least"
    return f"   target {word} {target:,g}: {'met' if met else 'MISSED'}"


def _show_latencies(program: Path, threads: int, rounds: int) -> None:
    found = {row.name: row for row in latencies(program, threads, rounds)}
    for name, (title, target) in TITLES.items():
        row = found.get(name)
        if row is None:
            print(f"  {title:<26} {threads} calling: other programs have all processors")
            continue
        few = f"   ({row.rounds} rounds)" if row.rounds < rounds else ""
        print(
            f"  {title:<26} {threads} calling {row.update:9.1f} us   bare {row.bare:8.1f} us"
            f"   {row.ratio:6.2f} x bare{_verdict(row.ratio, target, most=True)}{few}"
        )


def show(arch: Arch, cc: Compiler, rounds: int, threads: Sequence[int] = THREADS) -> None:
    """The tables, by the host's compiler."""
    print("updates against their bare cost: an mprotect pair, the stores, a membarrier")
    with tempfile.TemporaryDirectory(prefix="sc-updates-") as name:
        programs = {mode: build(arch, cc, mode, Path(name)) for mode in ("inline", "slot")}
        for count in threads:
            _show_latencies(programs["inline"], count, rounds)
        found = {(m, n): rates(programs[m], n, 1.0) for m, n in {r[1:3] for r in RATES}}
        for subject, mode, count, target in RATES:
            rate = found[mode, count][subject]
            print(
                f"  {mode + ', ' + TITLES[subject][0]:<35} {count} calling {rate:12,.0f} keys/s"
                f"{_verdict(rate, target, most=False)}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=51, metavar="N")
    parser.add_argument("--threads", default=",".join(map(str, THREADS)), metavar="N,N")
    args = parser.parse_args()
    host = arches.host()
    show(host, find(host), args.rounds, [int(n) for n in args.threads.split(",")])
