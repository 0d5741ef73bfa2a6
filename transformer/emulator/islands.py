"""Code that belongs to no function: what linkers put in between for branches out of reach.

Most name their islands, but not all, and a stripped program has no names.  A
site that goes through one is changed by no update of its own, and what the
island does to registers nobody has looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from transformer.emulator.code import Code
from transformer.emulator.tables import Tables


def islands(tables: Tables, code: Code) -> Iterator[tuple[int, int]]:
    """Direct branches (address, target) to code of no function, trampoline or way station.

    What itself has no name branches as it likes: it is the island, which is told where it
    is reached, or the copy of a weak function that the linker took from another object.
    """
    ways = {e.code for e in tables.call_sites if e.is_way}
    spans = _spans(tables)
    starts = [start for start, _ in spans]

    def named(address: int) -> bool:
        index = bisect_right(starts, address) - 1
        return index >= 0 and address < spans[index][1]

    for target, branching in code.branching.items():
        if not named(target) and target not in ways and _is_code(tables, target):
            yield from ((address, target) for address in branching if named(address))


def _is_code(tables: Tables, address: int) -> bool:
    section = tables.image.section_at(address)
    return section is not None and section.executable


def _spans(tables: Tables) -> list[tuple[int, int]]:
    """Runs of code with a name: a function without a size goes on to the next symbol."""
    image, found = tables.image, [tables.body(t) for t in tables.trampolines]
    names = sorted(
        (s.address, s.address + s.size)
        for s in image.all_symbols
        if s.name[:1] not in ("$", ".") and _is_code(tables, s.address)
    )
    for index, (start, end) in enumerate(names):
        if end == start:
            later = (a for a, _ in names[index + 1 :] if a > start)
            section = image.section_at(start)
            end = next(later, section.end if section is not None else start)
        found.append((start, end))
    return _joined(sorted(found))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    whole: list[tuple[int, int]] = []
    for start, end in spans:
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole
