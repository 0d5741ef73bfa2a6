"""A schedule: who did what, in which order, up to where it went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: What a step can be.
KINDS = (
    "store",  # to code
    "data",  # a store to a slot, or to a guard's key
    "publish",  # what orders stores to data before those to code
    "sync",  # the other CPUs fetch anew
    "maintain",  # caches
    "fetch",  # of an instruction, by a CPU that runs the sites
    "load",  # of a slot
    "trap",
    "interrupt",
    "start",  # a CPU begins at a place, or an update begins
    "arrive",  # a CPU has left what is patched
)
WRITER = 0  # the CPU that updates


@dataclass(frozen=True)
class Step:
    """What one CPU did at one moment.

    ``cpu`` is 0 for the one that updates, 1 and up for those that run the
    sites.  ``place`` describes ``address``: ``__SCT__key+0x4 (unit.c:12)``.
    ``text`` says it in a person's words, or is the instruction that was
    fetched.  ``stale`` tells which older value was seen, "" for the newest.
    """

    cpu: int
    kind: str
    address: int
    place: str
    text: str
    stale: str = ""

    def render(self) -> str:
        """``CPU 1  fetch    __SCT__key+0x4 (unit.c:12): nop  [the value before store 3]``."""
        seen = f"  [{self.stale}]" if self.stale else ""
        return f"CPU {self.cpu}  {self.kind:<9} {self.place}: {self.text}{seen}"


@dataclass(frozen=True)
class Schedule:
    """One order of events of two or more CPUs, and what came of it.

    ``update`` is what CPU 0 did, ``reader`` what the others ran, ``outcome``
    how that ended.  ``code`` are the states of the place, a line each.
    """

    update: str
    reader: str
    steps: tuple[Step, ...]
    outcome: str
    code: tuple[str, ...] = ()

    def render(self) -> Iterator[str]:
        """The schedule as lines of text."""
        yield f"CPU 0: {self.update}"
        yield f"CPU 1: {self.reader}"
        yield from (f"  {number:>2}. {s.render()}" for number, s in enumerate(self.steps, 1))
        yield f"  => {self.outcome}"
        yield from (f"  {line}" for line in self.code)
