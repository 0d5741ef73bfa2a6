"""What a run of the corpus found: the types that reports are written from.

They know no module but this one, so that it passes on the schedules' types too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from transformer.emulator.fetch.schedule import Schedule as Schedule
from transformer.emulator.fetch.schedule import Step as Step

CHECKS = (
    "dispatch",
    "abi",
    "pads",
    "flow",
    "unwind",
    "reach",
    "static",
    "sync",
    "fetch",
    "interrupts",
    "second",
    "refuse",
)
#: What is counted and is no check: ``CaseResult.counts``.
COUNTS = ("states", "schedules", "walks", "interrupts", "batched")
STATUSES = ("pass", "fail", "error", "unverified", "unfit")


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong, with what a reader needs to find it.

    ``site`` names a table entry, else the source line of the return address.
    ``disassembly`` holds the site and the trampoline as they were then,
    ``schedule`` what CPUs did, in which order, where it takes several to fail.
    """

    check: str
    message: str
    site: str = ""
    expected: str = ""
    got: str = ""
    disassembly: tuple[str, ...] = ()
    schedule: Schedule | None = None

    def render(self) -> str:
        """The failure as text of several lines, without a final newline."""
        place = f"{self.site}: " if self.site else ""
        lines = [f"{self.check}: {place}{self.message}"]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.got:
            lines.append(f"  got:      {self.got}")
        told = self.schedule.render() if self.schedule is not None else ()
        lines += [f"    {line}" for line in (*told, *self.disassembly)]
        return "\n".join(lines)


@dataclass(frozen=True)
class Line:
    """One instruction, ``offset`` bytes behind the place; bytes in hex, with blanks."""

    offset: int
    code: str
    text: str


@dataclass(frozen=True)
class State:
    """What stood in a place, and ``when``: ``as linked``, ``step 2: update key = f``.

    ``value`` is what the key held: a target's name, or on or off.
    """

    when: tuple[str, ...]
    lines: tuple[Line, ...]
    value: str = ""


@dataclass(frozen=True)
class Place:
    """Code that updates write to, or that reads what they write, in all its states.

    ``kind`` is call site, tail site, conditional site, guard or trampoline.
    ``where`` describes ``address``; ``source`` is the line of C that it comes
    from.  ``after`` are the instructions behind it, which never change.
    """

    kind: str
    key: str
    where: str
    address: int
    source: str
    states: tuple[State, ...]
    after: tuple[Line, ...] = ()


@dataclass
class CaseResult:
    """One cell: a case on an arch, in a mode, by a compiler, in a variant.

    ``checks`` counts the checks made, by name; ``counts`` what is no check but
    tells how much was looked at (``COUNTS``).  ``unverified`` counts the
    invented calls that fault in the plain build too.  ``inline_total`` are the
    patched sites that the compiler made of the case's calls.  ``level`` is an
    optimisation level, "" where nothing was built.  ``message``
    tells what ended a cell of status ``error``.  A cell is ``unfit`` where its
    mode takes no keys of such signatures as those in ``unfit``, by their
    names: then nothing was built.  ``places`` are what is patched, where that
    was asked for.
    """

    case: str
    arch: str
    mode: str
    compiler: str
    variant: str
    status: str = "pass"
    checks: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    sites_total: int = 0
    sites_executed: int = 0
    unexecuted: list[str] = field(default_factory=list)
    inline_total: int = 0
    inline_executed: int = 0
    unfit: list[str] = field(default_factory=list)
    level: str = ""
    pie: bool = False
    seconds: float = 0.0
    message: str = ""
    unverified: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)

    def count(self, check: str, times: int = 1) -> None:
        """Note that ``check`` was made ``times`` times."""
        if times:
            self.checks[check] = self.checks.get(check, 0) + times

    def add(self, what: str, number: int) -> None:
        """Note ``number`` more of what is counted and is no check."""
        if number:
            self.counts[what] = self.counts.get(what, 0) + number

    def fail(self, *failures: Failure) -> None:
        """Note failures; the cell has failed from then on."""
        if failures:
            self.failures.extend(failures)
            self.status = "fail"

    @property
    def name(self) -> str:
        """The cell as a person would write it down."""
        return f"{self.case} [{self.arch} {self.mode} {self.compiler} {self.variant}]"


#: Told of a result, of how many there are so far, and of how many there will be.
Tick = Callable[[CaseResult, int, int], None]


@dataclass
class VerifyReport:
    """The results in the order of the cases, arches, modes and compilers.

    ``turning`` are the modes in which not every case was built at each level
    (``transformer.corpus.levels``).  ``titles`` are what cases say of themselves.
    ``bounds`` say how far an exhaustive run has gone.
    """

    results: list[CaseResult] = field(default_factory=list)
    selftests: list[CaseResult] = field(default_factory=list)
    seconds: float = 0.0
    turning: tuple[str, ...] = ()
    titles: dict[str, str] = field(default_factory=dict)
    bounds: str = ""

    @property
    def ok(self) -> bool:
        """Whether something was verified, and nothing is wrong."""
        every = [*self.selftests, *self.results]
        verified = any(r.status == "pass" for r in self.results)
        return verified and all(r.status not in ("fail", "error") for r in every)

    @property
    def checks(self) -> dict[str, int]:
        """All checks made, by name."""
        total: Counter[str] = Counter()
        for result in self.results:
            total.update(result.checks)
        return dict(total)

    @property
    def counts(self) -> dict[str, int]:
        """All that was counted and is no check, by name."""
        total: Counter[str] = Counter()
        for result in self.results:
            total.update(result.counts)
        return dict(total)

    def by_status(self) -> dict[str, int]:
        """How many cells ended in each status."""
        return dict(Counter(r.status for r in self.results))


def columns(results: Sequence[CaseResult]) -> list[tuple[str, str, str]]:
    """The (arch, mode, compiler) triples that occur, in order of appearance."""
    return list(dict.fromkeys((r.arch, r.mode, r.compiler) for r in results))
