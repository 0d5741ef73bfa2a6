"""Whether an object's site table and its branches to trampolines agree, both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from transformer.arch import Arch
from transformer.assembling.objects import Branch, Entry, ObjectReader, Where
from transformer.assembly import Annotated, Reference
from transformer.assembly.model import ADDRESS, FIXED, INDIRECT, MACRO
from transformer.assembly.table import TAIL, WAY
from transformer.diagnostics import Diagnostic

_TOLD = {
    ADDRESS: "the address of the trampoline of '{}' is taken: calls through it are not patched",
    INDIRECT: "the trampoline of '{}' is called in a way that is not patched: {}",
    FIXED: "this branch to the trampoline of '{}' cannot be patched, and always goes there: {}",
    MACRO: "the trampoline of '{}' is named in an assembler macro, which is not patched: {}",
}

# What kinds of branches may be without an entry where such a reference was reported.
_ALL = ("call", "tail", "conditional")
_EXCUSED = {MACRO: _ALL, INDIRECT: _ALL, FIXED: ("tail", "conditional")}


def notes(annotated: Annotated, path: str) -> list[Diagnostic]:
    """What is to be told of references to trampolines that are no sites."""
    return [_note(reference, path) for reference in annotated.references]


def _note(reference: Reference, path: str) -> Diagnostic:
    text = _TOLD[reference.why].format(reference.key, reference.statement)
    place = reference.place
    if place is None:
        return Diagnostic("note", "sc-trampoline-address", text, path)
    return Diagnostic("note", "sc-trampoline-address", text, place.path, place.line)


def check_object(
    path: Path, arch: Arch, annotated: Annotated | None = None, profile: str = "sc"
) -> list[Diagnostic]:
    """An error for each site without its entry, and each entry without its site.

    Of ``annotated`` only the references are used that it reports as no sites:
    those in assembler macros stand for branches that nobody has seen, and of a
    conditional branch out of reach the assembler makes one over a jump.
    """
    from elftools.common.exceptions import ELFError

    if arch.assembly is None:
        raise ValueError(f"{arch.title}: no site can be made in its assembly")
    try:
        reader = ObjectReader(path, arch, profile)
    except ELFError as e:
        return [Diagnostic("error", "sc-annotation", f"this is no object: {e}", str(path))]
    seen = annotated.references if annotated else ()
    excused = {(r.key, kind) for r in seen for kind in _EXCUSED.get(r.why, ())}
    check = _Check(reader, arch, profile, excused)
    return [Diagnostic("error", "sc-annotation", text, str(path)) for text in check.problems()]


class _Check:
    def __init__(
        self, reader: ObjectReader, arch: Arch, profile: str, excused: set[tuple[str, str]]
    ) -> None:
        self.reader, self.arch, self.excused = reader, arch, excused
        self.strict = profile == "sc"
        assert arch.assembly is not None
        self.stations = self.strict and bool(arch.assembly.way)
        self.in_place = self.strict and not arch.assembly.relaxed
        self.branches = {b.where: b for b in reader.branches}
        self.to_trampolines = [b for b in reader.branches if b.key is not None and b.row.site]
        self.ways = {e.where: e.key for e in reader.entries if e.flags & WAY}

    def problems(self) -> Iterator[str]:
        yield from self.twice()
        entries = {e.where: e for e in self.reader.entries}
        for branch in self.to_trampolines:
            yield from self.branch(branch, entries.get(branch.where))
        for entry in self.reader.entries:
            yield from self.entry(entry)

    def twice(self) -> Iterator[str]:
        counted = Counter(e.where for e in self.reader.entries)
        for where, count in counted.items():
            if count > 1:
                yield f"{self.reader.name(where)} has {count} entries"

    def branch(self, branch: Branch, entry: Entry | None) -> Iterator[str]:
        """A branch to a trampoline, and the entry that is at the same place."""
        what = f"{self.reader.name(branch.where)}: the branch to the trampoline of '{branch.key}'"
        if entry is None:
            if not self.excused & {(branch.key, branch.row.kind), ("", branch.row.kind)}:
                yield f"{what} has no entry"
        elif self.stations and not entry.flags & WAY:
            yield f"{what} is a site, and has not the form of one"

    def entry(self, entry: Entry) -> Iterator[str]:
        name = self.reader.name(entry.where)
        if entry.where is None or entry.key is None:
            yield f"{name}: an entry does not name its site and its key"
            return
        kind, key, size = self.at(entry.where, entry.flags)
        if kind is None:
            yield f"{name}: an entry of '{entry.key}', but no branch to its trampoline"
            return
        if key != entry.key:
            yield f"{name}: an entry of '{entry.key}', but the branch goes to {_of(key)}"
        tail = kind != "call" and not entry.flags & WAY
        if bool(entry.flags & TAIL) != tail:
            yield f"{name}: a {kind} of '{entry.key}' with the flags {entry.flags}"
        if self.in_place:
            yield from self.place(entry.where, size)

    def at(self, where: Where, flags: int) -> tuple[str | None, str | None, int]:
        """Kind of the branch at an entry's place, its key and its size."""
        branch = self.branches.get(where)
        station = self.stations and not flags & WAY
        if branch is not None:
            key = self.ways.get(branch.target) if station else branch.key
            return branch.row.kind, key, branch.row.size
        done = self.reader.landing(where, self.arch) if station else None
        return (done[0], self.ways.get(done[1]), 0) if done else (None, None, 0)

    def place(self, where: Where, size: int) -> Iterator[str]:
        """One store must be able to change a site: it lies in one unit."""
        unit = self.arch.unit
        if where[1] % unit + size > unit or self.reader.alignments[where[0]] % unit:
            yield f"{self.reader.name(where)}: this site does not lie in one aligned unit"


def _of(key: str | None) -> str:
    return "no trampoline" if key is None else f"that of '{key}'"
