"""In which order an update takes effect, seen at each of its stores to code."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from runtime_program import started

from transformer import arch as arches
from transformer.emulator import Image, Machine
from transformer.emulator.tables import Tables

UNIT = """
#include <sc/sc.h>
long one(void);
long two(void);
long one(void) { return 1; }
long two(void) { return 2; }
DEFINE_STATIC_CALL(first, one);
DEFINE_STATIC_CALL(second, one);
DEFINE_STATIC_KEY_FALSE(flag);
DEFINE_STATIC_KEY_TRUE(sign);
long error, digits;
void enable(void) { error = static_branch_try_enable(&flag); }
void disable(void) { error = static_branch_try_disable(&flag); }
void batch(void)
{
	static_update_begin();
	static_call_update(first, two);
	static_call_update(second, two);
	static_branch_enable(&flag);
	static_branch_disable(&sign);
	error = static_update_commit();
}
void count(void)
{
	digits = static_call(first)() * 1000 + static_call(second)() * 100;
	if (static_branch_unlikely(&flag))
		digits += 10;
	if (static_branch_likely(&sign))
		digits += 1;
}
void _start(void) { }
"""
NAMES = arches.names()


@dataclass
class Writes:
    """What keys hold at each store to code, and how often an update was closed behind them."""

    program: Program
    seen: list[tuple[int, int, str, str]] = field(default_factory=list)
    closed: int = 0

    def begin(self, machine: Machine) -> None:
        self._count = len(machine.code_writes)

    def step(self, address: int, previous: int) -> None:
        machine = self.program.machine
        if len(machine.code_writes) > self._count:
            self._count = len(machine.code_writes)
            self.seen.append(self.program.keys())
        for row in machine.arch.synchronise:
            code = int.from_bytes(machine.read(address, row.size), machine.arch.byteorder)
            self.closed += row.closes and bool(self.seen) and code & row.mask == row.value


class Program:
    def __init__(self, name: str, folder: Path) -> None:
        self.arch = arches.load(name)
        mode = self.arch.default_mode
        image, machine = started(UNIT, name, mode, folder, stepping=True)
        self.image: Image = image
        self.machine: Machine = machine

    def value(self, symbol: str, size: int = 8) -> int:
        data = self.machine.read(self.image.symbols[symbol].address, size)
        return int.from_bytes(data, self.arch.byteorder, signed=True)

    def target(self, key: str) -> str:
        found = self.image.symbol_at(self.value(f"__SCK__{key}"))
        assert found is not None
        return found[0].name

    def keys(self) -> tuple[int, int, str, str]:
        """Both flags and both targets."""
        flags = self.value("flag", 4), self.value("sign", 4)
        return *flags, self.target("first"), self.target("second")

    def run(self, function: str) -> Writes:
        """Calls it; ``error`` and the order of its effects tell what it did."""
        writes = Writes(self)
        self.machine.attach(writes)
        assert self.machine.run(self.image.symbols[function].address).ok
        return writes

    def text(self) -> bytes:
        sections = [s for s in self.image.entry_sections if s.executable]
        return b"".join(self.machine.read(s.address, s.end - s.address) for s in sections)


@pytest.fixture(params=NAMES)
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Program:
    return Program(request.param, tmp_path)


def test_a_key_that_goes_on_is_minus_one_until_its_guards_are(program: Program) -> None:
    writes = program.run("enable")
    assert {keys[0] for keys in writes.seen} == {-1}
    assert (program.value("error"), program.value("flag", 4)) == (0, 1)


def test_a_key_that_goes_off_is_zero_before_its_guards_are(program: Program) -> None:
    program.run("enable")
    writes = program.run("disable")
    assert {keys[0] for keys in writes.seen} == {0}
    assert (program.value("error"), program.value("flag", 4)) == (0, 0)


def test_a_batch_stores_its_keys_first_and_closes_once(program: Program) -> None:
    writes = program.run("batch")
    assert len(writes.seen) >= 4
    assert set(writes.seen) == {(-1, 0, "two", "two")}
    assert writes.closed == len([r for r in program.arch.synchronise if r.closes])
    program.run("count")
    assert program.value("digits") == 2210


def test_alien_bytes_at_any_place_stop_all_of_a_batch(program: Program) -> None:
    tables = Tables(program.image, program.machine)
    places = [p.insn for p in tables.proxies] + [g.code for g in tables.guards]
    assert len(places) == 4
    for place in places:
        was = program.machine.read(place, 4)
        program.machine.poke(place, bytes(b ^ 0xFF for b in was))
        before = program.text(), program.keys()
        writes = program.run("batch")
        assert (program.value("error"), writes.seen) == (-22, [])
        assert (program.text(), program.keys()) == before
        program.machine.poke(place, was)
    program.run("batch")
    program.run("count")
    assert (program.value("error"), program.value("digits")) == (0, 2210)
