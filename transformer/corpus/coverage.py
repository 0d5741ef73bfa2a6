"""Which sites a scenario reaches: those whose slot or flag the oracle read.

A site is found by the line that the -O0 oracle's DWARF gives the load.  A site
that is spread over lines may be given another line than its first: then the
nearest site of the same key, or the nearest guard, counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transformer.corpus.plan import Plan
from transformer.corpus.program import Program
from transformer.corpus.symbols import HARNESS, is_runtime
from transformer.emulator import Image, Machine, ReadWatch
from transformer.emulator.tables import KEY
from transformer.rewriting import Site

_COUNTED = ("call", "guard", "dynamic")
_NEAR = 8  # lines
_FLAG_SIZE = 4  # bytes of static_key.enabled


@dataclass(frozen=True)
class Place:
    """A line of a file, by the file's base name."""

    file: str
    line: int


@dataclass
class Reads:
    """Addresses of the instructions that read a slot, by key, and that read a flag."""

    slots: dict[str, set[int]] = field(default_factory=dict)
    flags: set[int] = field(default_factory=set)
    entered: set[str] = field(default_factory=set)

    def copy(self) -> Reads:
        """What was read so far."""
        return Reads({k: set(v) for k, v in self.slots.items()}, set(self.flags))

    def put_back(self, earlier: Reads) -> None:
        """Forgets what was read since; the sets that are being filled stay the same."""
        self.slots.clear()
        self.slots.update(earlier.slots)
        self.flags.clear()
        self.flags.update(earlier.flags)


def watch_reads(program: Program) -> Reads:
    """Makes the oracle's program note what is read in its data."""
    reads, image = Reads(), program.image
    slots = {s.address: n.removeprefix(KEY) for n, s in image.symbols.items() if n.startswith(KEY)}

    def on_read(machine: Machine, address: int, size: int) -> None:
        key = slots.get(address)
        if key is not None:
            reads.slots.setdefault(key, set()).add(machine.current)
        elif size == _FLAG_SIZE:
            reads.flags.add(machine.current)

    program.extra_reads = [ReadWatch(a, n, on_read) for a, n in _data_ranges(image)]
    return reads


def _data_ranges(image: Image) -> list[tuple[int, int]]:
    """(address, size) of the case's own data; the harness's lies between."""
    found: list[tuple[int, int]] = []
    own = [
        (s.address, s.address + max(s.size, 1), s.name.startswith(HARNESS))
        for s in image.all_symbols
        if s.kind == "object"
        and (at := image.section_at(s.address)) is not None
        and not at.executable
    ]
    joined = False
    for start, end, harness in sorted(own):
        if harness:
            joined = False
        elif joined and start - (found[-1][0] + found[-1][1]) < 64:
            first = found[-1][0]
            found[-1] = (first, max(end, first + found[-1][1]) - first)
        else:
            found.append((start, end - start))
            joined = True
    return found


@dataclass(frozen=True)
class Coverage:
    """``unexecuted`` describes sites; ``idle`` names the files none of whose sites ran.

    ``reached`` are the sites that were executed.
    """

    total: int
    executed: int
    unexecuted: tuple[str, ...]
    idle: tuple[str, ...]
    reached: frozenset[Site] = frozenset()


def measure(sites: Sequence[Site], reads: Reads, image: Image, plan: Plan) -> Coverage:
    """Compares the sites of a case's units with what was read."""
    counted = list(dict.fromkeys(s for s in sites if s.kind in _COUNTED))
    calls = {k: _places(image, pcs) for k, pcs in reads.slots.items()}
    flags = _places(image, reads.flags)
    done = {s for s in counted if s.kind == "dynamic" and s.key in reads.entered}
    for key, places in calls.items():
        same = [s for s in counted if s.kind == "call" and s.key == key]
        for place in places:
            done |= _hit(same, place, _NEAR)
    guards = [s for s in counted if s.kind == "guard"]
    exact = [p for p in flags if any(_place(s) == p for s in guards)]
    for place in exact:
        done |= _hit(guards, place, 0)
    left = [s for s in guards if s not in done]
    for place in flags - set(exact):
        done |= _hit(left, place, 3)
    files = dict.fromkeys(s.path for s in counted)
    idle = [f for f in files if not any(s.path == f for s in done)]
    units = {str(u) for u in plan.case.units}
    return Coverage(
        total=len(counted),
        executed=len(done),
        unexecuted=tuple(_describe(s) for s in counted if s not in done),
        idle=tuple(Path(f).name for f in idle if str(Path(f).resolve()) in units),
        reached=frozenset(done),
    )


def _places(image: Image, addresses: Iterable[int]) -> set[Place]:
    found = set()
    for address in addresses:
        line = image.line_at(address)
        symbol = image.symbol_at(address)
        if line is not None and not (symbol and is_runtime(symbol[0].name)):
            found.add(Place(Path(line.path).name, line.line))
    return found


def _place(site: Site) -> Place:
    return Place(Path(site.path).name, site.line)


def _hit(sites: Sequence[Site], place: Place, most: int) -> set[Site]:
    """The sites on this line, else those on the nearest line that has any."""
    here = [s for s in sites if Path(s.path).name == place.file]
    if not here:
        return set()
    distance = min(abs(s.line - place.line) for s in here)
    if distance > most:
        return set()
    return {s for s in here if abs(s.line - place.line) == distance}


def _describe(site: Site) -> str:
    column = f":{site.column}" if site.column else ""
    return f"{Path(site.path).name}:{site.line}{column}: {site.kind} {site.key}"
