"""Rewrites units of Linux 6.1 and compares what compilers make of them and of the originals.

    sh tests/kernel/setup.sh FOLDER            once: the kernel, outside of this repository
    python tests/kernel/kernel.py FOLDER [--seed 6] [--count 66] [--arch x86_64 --arch arm64]

For each unit: every idiom that a search of its tokens finds is rewritten or stays
for a named reason; the result, compiled with the unit's own flags and with more
warnings than these ask for, gives the warnings of the original; and its object
holds the same code, data, tables and relocations.  Once more with this project's guards in
Linux's table: the same keys, branches and first states.  What it costs is a matter of
``make bench``.  Not a part of ``make test``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kernel_objects import difference, guards
from kernel_units import IDIOM, Unit, idioms, pick

from transformer.arch import load
from transformer.frontend import LineMap
from transformer.runtime import header_dir

HERE = Path(__file__).resolve().parent
MORE = ("-Wall", "-Wextra", "-Wno-error", "-Wunused-macros", "-Wmisleading-indentation")
NOT_COMPILED = "not compiled"
REASONS = {"a directive": "directive", "the preprocessor": NOT_COMPILED, "a macro": "string"}


@dataclass
class Row:
    """What came of one unit."""

    unit: Unit
    words: int = 0
    edited: int = 0
    left: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    warnings: int = 0
    guards: int = 0
    other_guards: int = 0  # entries that only one of two builds has


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--count", type=int, default=66, help="units of each arch")
    parser.add_argument("--arch", action="append", choices=("x86_64", "arm64"))
    parser.add_argument("--no-compile", action="store_true", help="compare no objects")
    asked = parser.parse_args()
    rows = []
    for arch in asked.arch or ("x86_64", "arm64"):
        for unit in pick(asked.work.resolve(), arch, asked.seed, asked.count):
            rows.append(compared(unit, objects=not asked.no_compile))
            print(_line(rows[-1]), flush=True)
    print(*summary(rows), sep="\n")
    return 1 if any(r.wrong for r in rows) else 0


def compared(unit: Unit, *, objects: bool = True) -> Row:
    row = Row(unit)
    with tempfile.TemporaryDirectory(prefix="sc-kernel-") as folder:
        new = Path(folder) / unit.name
        new.parent.mkdir(parents=True)
        told = _rewritten(unit, new, row)
        _tokens(unit, told, row)
        row.wrong += _kept(unit, told)
        if objects:
            _compiled(unit, new, Path(folder), row)
    return row


def _rewritten(unit: Unit, new: Path, row: Row) -> dict[str, list[list[object]]]:
    words = [sys.executable, str(HERE / "kernel_rewrite.py"), str(unit.source), unit.compiler]
    words += [str(new), "--", *unit.flags]
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(
        words, cwd=unit.build, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        row.wrong.append("rewriting: " + done.stderr.strip().splitlines()[-1])
        new.write_bytes(unit.source.read_bytes())
        return {"edited": [], "left": []}
    told = json.loads(done.stdout)
    row.wrong += told["said"]
    return told


def _tokens(unit: Unit, told: dict[str, list[list[object]]], row: Row) -> None:
    """Each word that the search finds must be edited or left, and the reverse."""
    text = unit.source.read_text(encoding="latin-1")
    starts = [0, *(m.end() for m in re.finditer("\n", text))]
    at = {starts[int(line) - 1] + int(column) - 1 for line, column, *_ in _placed(told)}
    searched = idioms(text)
    missed = set(searched) ^ at
    row.words, row.edited = len(searched), len(told["edited"])
    row.left = Counter(_reason(str(r[2])) for r in told["left"])
    row.wrong += [f"line {text.count(chr(10), 0, o) + 1} is missed" for o in sorted(missed)]


def _kept(unit: Unit, told: dict[str, list[list[object]]]) -> list[str]:
    """Words that are said to be dropped, but that preprocessed text shows on their line."""
    dropped = [int(str(r[0])) for r in told["left"] if _reason(str(r[2])) == NOT_COMPILED]
    if not dropped:
        return []
    overlay = f"-I{header_dir('linux-analysis')}"
    text = _run(unit, overlay, *unit.flags, "-E", str(unit.source)).stdout
    lines = LineMap(text, "")
    there = {lines.place(m.start()) for m in IDIOM.finditer(text)}
    kept = [line for line in dropped if (str(unit.source), line) in there]
    return [f"line {line} is compiled" for line in kept if not _also_edited(line, told)]


def _also_edited(line: int, told: dict[str, list[list[object]]]) -> bool:
    return any(row[0] == line for row in told["edited"])


def _placed(told: dict[str, list[list[object]]]) -> list[list[object]]:
    return [*told["edited"], *told["left"]]


def _reason(text: str) -> str:
    reason = text.split(" stays: ", 1)[1]
    return next((short for long, short in REASONS.items() if reason.startswith(long)), reason)


def _run(unit: Unit, *words: str) -> subprocess.CompletedProcess[str]:
    command = [unit.compiler, *words]
    return subprocess.run(command, cwd=unit.build, capture_output=True, text=True, check=False)


def _compiled(unit: Unit, new: Path, folder: Path, row: Row) -> None:
    """The original and the rewritten unit, at one and the same name."""
    objects, said = [], []
    overlay = f"-I{header_dir('linux')}"
    same = f"-fmacro-prefix-map={folder}/="  # as the kernel maps its own tree
    own = f"-I{header_dir('linux', load(unit.arch))}"
    builds = ((unit.source, ()), (new, (overlay,)), (new, (own,)))
    for number, (path, before) in enumerate(builds):
        made = folder / f"{number}.o"
        flags = [*before, f"-iquote{unit.source.parent}", *unit.flags, *MORE, same]
        done = _run(unit, *flags, "-c", str(path), "-o", str(made))
        if done.returncode:
            row.wrong.append(f"compiling: {done.stderr.strip().splitlines()[-1]}")
            return
        objects.append(made)
        said.append(_warnings(done.stderr, {str(new): str(unit.source)}))
    row.warnings = len(said[0])
    row.wrong += [f"warning: {w}" for w in _unlike(said[0], said[1])]
    if where := difference(*objects[:2]):
        row.wrong.append(f"another object: {where}")
    row.wrong += [
        f"this project's guards: {w}" for w in _guards(unit, row, *objects[::2], *said[::2])
    ]


def _guards(
    unit: Unit, row: Row, original: Path, ours: Path, said: Sequence[str], more: Sequence[str]
) -> Iterator[str]:
    """How the object with this project's guards is unlike the original, which it may be in code."""
    yield from _unlike(said, more)
    before, after = guards(original), guards(ours)
    row.guards = before.total()
    row.other_guards = (before - after).total() + (after - before).total()
    if set(before) != set(after):
        yield "other keys"
    yield from _objtool(unit, original, ours)


def _objtool(unit: Unit, original: Path, ours: Path) -> list[str]:
    """What Linux's tool for objects says of this project's guards and not of its own."""
    said = []
    for path in (original, ours) if unit.objtool else ():
        words = [*unit.objtool, str(path)]
        done = subprocess.run(words, cwd=unit.build, capture_output=True, text=True, check=False)
        said.append(done.stderr.replace(str(path), "").splitlines() + ["failed"] * done.returncode)
    return [f"objtool: {line}" for line in (_unlike(*said) if said else [])]


def _warnings(text: str, names: dict[str, str]) -> list[str]:
    for name, original in names.items():
        text = text.replace(name, original)
    return [line for line in text.splitlines() if re.match(r"\S+:\d+:\d+: warning: ", line)]


def _unlike(one: Sequence[str], two: Sequence[str]) -> list[str]:
    first, second = Counter(one), Counter(two)
    return [f"gone: {w}" for w in (first - second)] + [f"new: {w}" for w in (second - first)]


def _line(row: Row) -> str:
    left = ", ".join(f"{n} {why}" for why, n in sorted(row.left.items()))
    counts = f"{row.words:3} words, {row.edited:3} rewritten" + (f", {left}" if left else "")
    state = "; ".join(row.wrong) or "same"
    return f"{row.unit.arch:6} {row.unit.name:50} {counts:60} {state}"


def summary(rows: Sequence[Row]) -> Iterable[str]:
    """The totals, by arch."""
    for arch in dict.fromkeys(r.unit.arch for r in rows):
        own = [r for r in rows if r.unit.arch == arch]
        drivers = sum(r.unit.name.startswith("drivers/") for r in own)
        left = sum((r.left for r in own), Counter())
        yield (
            f"{arch}: {len(own)} units ({drivers} drivers, {sum(bool(r.words) for r in own)} with "
            f"idioms), {sum(r.words for r in own)} words, {sum(r.edited for r in own)} rewritten, "
            f"{sum(left.values())} left {dict(left)}; {sum(r.warnings for r in own)} warnings; "
            f"{sum(not r.wrong for r in own)} the same; {sum(r.guards for r in own)} guards, with "
            f"this project's {sum(r.other_guards for r in own)} more or less"
        )


if __name__ == "__main__":
    sys.exit(main())
