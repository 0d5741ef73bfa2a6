"""Each place that is patched, in every state that an update can give it.

An update writes one of a form's instructions, for any target that this reaches.
Each is written here for the targets at both ends of its reach and of the
program, and read by a disassembler, which knows nothing of arch.toml.  What may
stand in a place must fit there: it ends where the instruction ends that stands
there now, and nothing comes into the midst of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from transformer.arch import Arch, Branch, Instruction, load
from transformer.emulator.code import Code, code_of
from transformer.emulator.disassembly import decoder
from transformer.emulator.problem import Problem
from transformer.emulator.sites import FORMS, KEPT, inline_sites
from transformer.emulator.tables import GUARDS, PROXIES, PROXY_PATCHED, SITES, Tables

_NUMBER = re.compile(r"(-?)(?:#)?(-?)(0x[0-9a-f]+|\d+)\s*$")
_SOMEWHERE = 0x4000_0000  # where instructions are tried: as far from 0 as any reach


@dataclass(frozen=True)
class Place:
    """``described`` and ``entry`` name it: an address and an entry of a table.

    ``homes`` are where each of its branches must be able to go: to one of them.
    """

    form: str
    address: int
    described: int
    entry: str
    homes: frozenset[int] = frozenset()


class StateCheck:
    """The places of one linked program."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.image = tables.image
        self.arch: Arch = tables.arch
        self.code: Code = code_of(tables.image)
        self.counts: Counter[str] = Counter()

    def problems(self) -> Iterator[Problem]:
        """All that is wrong with any state of any place."""
        ends: dict[int, Place] = {}
        for place in self.places:
            for message in (*self._fits(place), *self._homes(place), *self._states(place)):
                yield Problem(message, self._name(place), place.address)
            for byte in range(place.address, place.address + self._size(place)):
                if byte in ends:
                    message = f"it overlaps {self._name(ends[byte])}"
                    yield Problem(message, self._name(place), place.address)
                    break
                ends[byte] = place

    @cached_property
    def places(self) -> list[Place]:
        """Trampolines, guards and sites, but for those that are never written."""
        tables = self.tables
        found = [
            Place("trampoline", p.insn, p.trampoline, f"{PROXIES}[{i}]")
            for i, p in enumerate(tables.proxies)
            if p.flags & PROXY_PATCHED
        ]
        found += [
            Place("guard", g.code, g.code, f"{GUARDS}[{g.index}]", frozenset([g.target]))
            for g in tables.guards
        ]
        for site in inline_sites(tables):
            if site.kind != KEPT and site.effect and site.proxy is not None:
                homes = self._ways[site.proxy.address] | {site.proxy.trampoline}
                entry, at = f"{SITES}[{site.entry.index}]", site.address
                found.append(Place(FORMS[site.kind], at, at, entry, homes))
        return [p for p in found if self._holds_code(p.address)]

    def _name(self, place: Place) -> str:
        return f"{self.image.describe(place.described)}, {place.entry}"

    def _holds_code(self, address: int) -> bool:
        section = self.image.section_at(address)
        return section is not None and section.executable

    @cached_property
    def _ways(self) -> dict[int, frozenset[int]]:
        """Way stations by their proxy."""
        found: dict[int, set[int]] = {p.address: set() for p in self.tables.proxies}
        for entry in self.tables.call_sites:
            if entry.is_way:
                found.setdefault(entry.proxy, set()).add(entry.code)
        return {proxy: frozenset(codes) for proxy, codes in found.items()}

    # --- one place ---

    def _size(self, place: Place) -> int:
        return max(_size(self.arch, state) for state in self.arch.forms[place.form].states)

    def _fits(self, place: Place) -> Iterator[str]:
        start = self.code.start_of(place.address)
        size = self.code.size_at(start) if start is not None else None
        if start is None or size is None:
            return  # said where the entry is looked at
        end = start + size
        if place.address % self.arch.instruction_alignment:
            yield f"its address {place.address:#x} is none that an instruction may have"
        for state in self.arch.forms[place.form].states:
            over = place.address + _size(self.arch, state) - end
            if over:
                what = "covers part of what follows" if over > 0 else "leaves part of it standing"
                yield f"a {state} of {_size(self.arch, state)} bytes there {what}"
        size = self._size(place)
        for address in range(place.address + 1, place.address + size):
            if address in self._entered:
                came = self.image.describe(self._entered[address])
                yield f"{came} goes into the midst of its {size} bytes"

    @cached_property
    def _entered(self) -> dict[int, int]:
        """Where code is come to, and from where: a function's start from itself."""
        found = {s.address: s.address for s in self.image.all_symbols if s.kind == "func"}
        branches = self.code.branches.items()
        found.update({t.target: at for at, t in branches if t.target is not None})
        found.update({g.target: g.code for g in self.tables.guards})
        return found

    def _homes(self, place: Place) -> Iterator[str]:
        """Each branch that may stand there reaches where it must be able to go."""
        if not place.homes:
            return
        for row in self._branches(place):
            if not any(row.reaches(place.address, home) for home in place.homes):
                homes = " or ".join(self.image.describe(h) for h in sorted(place.homes))
                yield f"no {row.name} there reaches {homes}"

    def _branches(self, place: Place) -> list[Branch]:
        states = self.arch.forms[place.form].states
        return [self.arch.branches[s] for s in states if s in self.arch.branches]

    # --- what stands there in each state ---

    def _states(self, place: Place) -> Iterator[str]:
        for state in self.arch.forms[place.form].states:
            row = self.arch.branches.get(state)
            if row is None:
                self.counts["states"] += 1
                yield from _instruction(self.arch.name, self.arch.instruction(state))
                continue
            for distance in self._distances(row, place):
                self.counts["states"] += 1
                yield from _branch(self.arch.name, row, distance)

    def _distances(self, row: Branch, place: Place) -> Iterator[int]:
        """To the ends of its reach, and to the program's first and last function."""
        limit = 1 << (row.bits - 1)
        yield row.bias - limit
        yield row.bias + limit - row.step
        for target in (*self._outermost, *place.homes):
            if row.reaches(place.address, target):
                yield target - place.address

    @cached_property
    def _outermost(self) -> tuple[int, ...]:
        functions = [s.address for s in self.image.all_symbols if s.kind == "func"]
        return (min(functions), max(functions)) if functions else ()


def _size(arch: Arch, state: str) -> int:
    return (arch.instructions.get(state) or arch.branch(state)).size


@cache
def _instruction(arch: str, row: Instruction) -> tuple[str, ...]:
    """Whether it is one; behind a return may stand padding, which nothing comes to."""
    first = next(decoder(load(arch)).disasm_lite(row.code, _SOMEWHERE, 1), None)
    if first is None:
        return (f"its {row.name}, {row.code.hex(' ')}, is no instruction",)
    return ()


@cache
def _branch(arch: str, row: Branch, distance: int) -> tuple[str, ...]:
    """What is wrong with a branch over ``distance`` bytes from its own address."""
    code = row.encode(_SOMEWHERE, _SOMEWHERE + distance)
    shown = f"its {row.name} over {distance:+#x} bytes, {code.hex(' ')},"
    if row.decode(_SOMEWHERE, code) != _SOMEWHERE + distance:
        return (f"{shown} does not decode to where it was aimed",)
    whole = list(decoder(load(arch)).disasm_lite(code, _SOMEWHERE))
    if [size for _, size, _, _ in whole] != [row.size]:
        return (f"{shown} is not one instruction of {row.size} bytes",)
    _, _, mnemonic, operands = whole[0]
    number = _NUMBER.search(operands)
    if number is None:
        return (f"{shown} is no branch, but '{mnemonic} {operands}'",)
    value = int(number[3], 0) * (-1 if number[1] or number[2] else 1)
    if value not in (distance, _SOMEWHERE + distance, (_SOMEWHERE + distance) % (1 << 64)):
        return (f"{shown} goes elsewhere: '{mnemonic} {operands}' at {_SOMEWHERE:#x}",)
    return ()
