"""Shows a launcher's log: what was transformed, skipped or passed through, and why.

The log is what 'sc-transform cc' writes where --sc-log FILE asks for it.
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from transformer.cli.common import read_input

DECISIONS = ("transformed", "skipped", "passed", "failed")
Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "sc-transform log FILE [--json]"
    parser.add_argument("file", metavar="FILE", help="the log, or - for standard input")
    parser.add_argument("--json", action="store_true", help="print all as one JSON object")


def run(args: argparse.Namespace) -> int:
    rows, broken = read(read_input(args.file).decode("utf-8", "replace"))
    if args.json:
        print(json.dumps({"rows": rows, "broken": broken, **sums(rows)}, indent=2))
    else:
        print("\n".join(table(rows, broken)))
    return 0


def read(text: str) -> tuple[list[Row], int]:
    """The rows, and the number of lines that are none, such as one that was cut off."""
    rows, broken = [], 0
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict) and row.get("decision") in DECISIONS:
            rows.append(row)
        elif line.strip():
            broken += 1
    return rows, broken


def sums(rows: Sequence[Row]) -> Row:
    """Units by decision and by reason, seconds by stage, sites by key."""
    decisions = Counter(row["decision"] for row in rows)
    reasons = Counter(_reason(row) for row in rows if row.get("reason"))
    return {
        "decisions": {name: decisions[name] for name in DECISIONS if decisions[name]},
        "reasons": dict(reasons.most_common()),
        "seconds": {k: round(v, 3) for k, v in _added(rows, "seconds").items()},
        "sites": dict(sorted(_added(rows, "sites").items())),
    }


def _reason(row: Row) -> str:
    return f"{row['decision']}: {row['reason']}"


def _added(rows: Iterable[Row], field: str) -> dict[str, float]:
    total: dict[str, float] = {}
    for row in rows:
        for key, value in (row.get(field) or {}).items():
            total[key] = total.get(key, 0) + value
    return total


def table(rows: Sequence[Row], broken: int) -> list[str]:
    """The log for a person: a line for each unit, then the sums."""
    cells = [_cells(row) for row in rows]
    widths = [max((len(c[i]) for c in cells), default=0) for i in range(3)]
    lines = [
        "  ".join([*(c.ljust(w) for c, w in zip(r, widths, strict=False)), r[3]]).rstrip()
        for r in cells
    ]
    told = sums(rows)
    lines += ["", ", ".join(f"{n} {name}" for name, n in told["decisions"].items()) or "empty"]
    lines += [f"  {n:5d}  {reason}" for reason, n in told["reasons"].items()]
    if told["seconds"]:
        spent = ", ".join(f"{stage} {s:.2f} s" for stage, s in told["seconds"].items())
        lines.append(f"time: {spent}")
    if told["sites"]:
        lines.append("sites:")
        lines += [f"  {int(n):5d}  {key}" for key, n in told["sites"].items()]
    if broken:
        lines.append(f"{broken} line{'s' * (broken > 1)} of the log cannot be read")
    return lines


def _cells(row: Row) -> tuple[str, str, str, str]:
    """Decision, unit, seconds, and what else there is to say."""
    unit = row.get("source") or shlex.join(row.get("command", []))[:60]
    seconds = sum((row.get("seconds") or {}).values())
    sites = int(sum((row.get("sites") or {}).values()))
    words = [row.get("reason", "")]
    if row["decision"] == "transformed":
        words = [f"mode {row.get('mode', '')}" if row.get("mode") else "", f"{sites} sites", *words]
    return row["decision"], unit, f"{seconds:.2f} s", ", ".join(filter(None, words))
