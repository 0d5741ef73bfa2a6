"""How many mutants were caught, by which check; what survived, and why it may."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from mutants.mutant_judging import TEMPLATES, Verdict
from mutants.mutant_making import Mutant, shown

EQUIVALENT = Path(__file__).parent / "equivalent.toml"


@dataclass(frozen=True)
class Reason:
    """Why nobody could tell a mutant of these lines from the right program.

    ``old`` and ``new`` are the lines as ``shown``, or their starts; without ``new``
    it holds for whatever is made of them, without ``kind`` for every kind; of
    several lines that are the same it is the ``nth``, from 1, or with 0 any.
    ``arches`` is empty where it holds for all.  ``native`` names the
    tests that see it, on Linux or between two threads, where the judge's cells
    cannot: such mutants are not counted.
    """

    file: str
    old: str
    why: str
    new: str = ""
    kind: str = ""
    arches: tuple[str, ...] = ()
    native: str = ""
    nth: int = 0

    def fits(self, arch: str, mutant: Mutant) -> bool:
        return (
            mutant.file == self.file
            and shown(mutant.old).startswith(self.old)
            and shown(mutant.new).startswith(self.new)
            and self.kind in ("", mutant.kind)
            and (not self.arches or arch in self.arches)
            and (not self.nth or self.nth == _nth(mutant))
        )


def _nth(mutant: Mutant) -> int:
    """Which of the lines it is that are the same as its first."""
    lines = [n.strip() for n in (TEMPLATES / mutant.file).read_text().splitlines()]
    return lines[: mutant.line].count(lines[mutant.line - 1])


def reasons(path: Path = EQUIVALENT) -> list[Reason]:
    rows = tomllib.loads(path.read_text())["equivalent"]
    return [Reason(**{**r, "arches": tuple(r.get("arches", ()))}) for r in rows]


@dataclass
class Tally:
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    checks: dict[str, Counter[str]] = field(default_factory=dict)
    survivors: list[tuple[str, Mutant]] = field(default_factory=list)
    unneeded: list[tuple[str, Reason]] = field(default_factory=list)
    _reasons: list[Reason] = field(default_factory=reasons)

    def add(self, arch: str, mutant: Mutant, verdict: Verdict) -> str:
        """Counts it; the outcome, with "equivalent" for a survivor that has its reason."""
        outcome = verdict.outcome
        fitting = [r for r in self._reasons if r.fits(arch, mutant)]
        if outcome == "survived" and fitting:
            outcome = "native" if fitting[0].native else "equivalent"
        elif outcome == "survived":
            self.survivors.append((arch, mutant))
        elif outcome == "caught":
            self.checks.setdefault(arch, Counter())[verdict.by] += 1
            self.unneeded += [(arch, r) for r in fitting]
        self.counts.setdefault(arch, Counter())[outcome] += 1
        return outcome

    def native(self, arch: str, count: int) -> None:
        self.counts.setdefault(arch, Counter())["native"] += count

    @property
    def percent(self) -> float:
        """Of the mutants that build and are not the same program."""
        counts = sum(self.counts.values(), Counter())
        caught = counts["caught"]
        return 100.0 * caught / max(1, caught + counts["survived"])

    def text(self) -> str:
        lines = []
        for arch, counts in self.counts.items():
            told = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
            by = ", ".join(f"{c} {n}" for c, n in self.checks.get(arch, Counter()).most_common())
            lines += [f"{arch}: {told}", f"  caught by: {by}"]
        lines += [f"survived: {arch} {m.name}" for arch, m in self.survivors]
        lines += [
            f"caught, though a reason says it cannot be: {a} {r.old}" for a, r in self.unneeded
        ]
        return "\n".join([*lines, f"{self.percent:.1f} % caught"])
