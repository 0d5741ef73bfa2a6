"""What is patched in a program, and each state that a run put it in: for reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from transformer.corpus.program import Program
from transformer.corpus.results import Line, Place, State
from transformer.emulator import Image, InlineSite, Tables, inline_sites, instructions
from transformer.emulator.patched import read_place
from transformer.emulator.transfers import UNREADABLE

_BEHIND = 16  # bytes of code shown behind a site
_MOST = 8  # moments that are named for one state
KINDS = {
    "call": "call site",
    "tail": "tail site",
    "conditional": "conditional site",
    "kept": "site that is never patched",
}


@dataclass
class _Seen:
    """A place with what stood there so far: (code, the key's value), and when."""

    kind: str
    key: str
    address: int
    size: int
    cell: int
    code: list[bytes] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    when: list[list[str]] = field(default_factory=list)
    now: int = -1

    def note(self, code: bytes, value: str, when: str) -> None:
        """Nothing where it is as it was; an old state that comes back gets one moment more."""
        known = [*zip(self.code, self.values, strict=True)]
        if (code, value) not in known:
            self.code.append(code)
            self.values.append(value)
            self.when.append([])
            known.append((code, value))
        index = known.index((code, value))
        if index != self.now and len(self.when[index]) < _MOST:
            self.when[index].append(when)
        self.now = index


class Places:
    """Looks at all that is patched whenever it is told to; if not ``wanted``, does nothing."""

    def __init__(self, program: Program, *, wanted: bool) -> None:
        self.program = program
        self.image: Image = program.image
        self._seen: list[_Seen] = []
        if wanted:
            tables = Tables(program.image)
            every = [*_sites(tables), *_guards(tables), *_trampolines(tables)]
            self._seen = [s for s in every if not self._own(s.address)]
            self.look("as linked")

    def look(self, when: str) -> None:
        """Notes what has changed since the last look."""
        read = self.program.machine.read
        for seen in self._seen:
            seen.note(read(seen.address, seen.size), self._value(seen), when)

    def places(self) -> list[Place]:
        """All places in the order of their addresses, sites first."""
        return [self._place(s) for s in self._seen]

    def _own(self, address: int) -> bool:
        """Whether it is the harness's."""
        found = self.image.symbol_at(address)
        return found is not None and found[0].name.startswith("__h_")

    def _value(self, seen: _Seen) -> str:
        """What the key holds, of those places that do not show it by their code."""
        machine = self.program.machine
        try:
            if seen.kind == "guard":
                count = machine.read(seen.cell, 4)
                return "on" if int.from_bytes(count, self.image.arch.byteorder) else "off"
            if seen.kind == "trampoline":
                return self._name(machine.pointer(seen.cell))
        except UNREADABLE:
            return "unreadable"
        return ""

    def _name(self, address: int) -> str:
        return self.program.name_of(address) if address else "NULL"

    def _place(self, seen: _Seen) -> Place:
        states = tuple(
            State(tuple(when), tuple(self._lines(code, seen.address, seen.address)), value)
            for code, value, when in zip(seen.code, seen.values, seen.when, strict=True)
        )
        after = seen.address + seen.size
        section = self.image.section_at(after)
        rest: tuple[Line, ...] = ()
        if seen.kind != "trampoline" and section is not None:
            code = self.image.read(after, min(_BEHIND, section.end - after))
            rest = tuple(self._lines(code, after, seen.address))[:2]
        where = self.program.place(self.image.describe(seen.address))
        return Place(
            seen.kind, seen.key, where, seen.address, self._source(seen.address), states, rest
        )

    def _lines(self, code: bytes, address: int, place: int) -> Iterator[Line]:
        for one in instructions(self.image.arch, code, address, self.image):
            text = one.text
            if one.target:
                text = f"{text.rsplit(None, 1)[0]} <{self._target(one.target)}>"
            yield Line(one.address - place, one.code.hex(" "), text)

    def _target(self, name: str) -> str:
        """The name of what lies in another image too."""
        return self._name(int(name, 16)) if name.startswith("0x") else name

    def _source(self, address: int) -> str:
        line = self.image.line_at(address)
        lines = self._units.get(line.path.rsplit("/", 1)[-1], []) if line else []
        return lines[line.line - 1].strip() if line and line.line <= len(lines) else ""

    @cached_property
    def _units(self) -> dict[str, list[str]]:
        """The case's files, line by line, by their names."""
        paths = [u.path for u in self.program.built.plan.units]
        return {p.name: p.read_text(errors="replace").splitlines() for p in paths}


def _sites(tables: Tables) -> Iterator[_Seen]:
    for site in sorted(inline_sites(tables), key=_address):
        key = tables.call_key_name(site.proxy.key) if site.proxy else ""
        cell = site.proxy.key if site.proxy else 0
        yield _Seen(KINDS[site.kind], key, site.address, site.size, cell)


def _address(site: InlineSite) -> int:
    return site.address


def _guards(tables: Tables) -> Iterator[_Seen]:
    for guard in sorted(tables.guards, key=lambda g: g.code):
        size = read_place(tables.arch, "guard", tables.memory, guard.code).size
        yield _Seen("guard", tables.static_key_name(guard.key), guard.code, size, guard.key)


def _trampolines(tables: Tables) -> Iterator[_Seen]:
    """One for each key: proxies of several objects share them."""
    found = {}
    for proxy in tables.proxies:
        start, end = tables.body(proxy.trampoline)
        if proxy.trampoline and start not in found:
            key = tables.call_key_name(proxy.key)
            found[start] = _Seen("trampoline", key, start, end - start, proxy.key)
    yield from (found[a] for a in sorted(found))
