"""The emulator proves itself: what it must show it shows, what it must see it sees.

Each test composes a few instructions from arch.toml; no compiler is needed.
The facts were measured with Unicorn 2.1.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from transformer.arch import Arch
from transformer.emulator.events import Arrival, Outcome
from transformer.emulator.machine import Machine
from transformer.emulator.pads import PadCheck
from transformer.emulator.transfers import indirect_row

_CODE = 0x10_0000  # one page of code, its neighbour too
_DATA = 0x20_0000


@dataclass(frozen=True)
class SelfTestResult:
    """``detail`` tells what was seen instead, where ``ok`` is False."""

    name: str
    ok: bool
    detail: str = ""


class SelfTestFailed(Exception):
    """The emulator does not show what it must; the text says what."""


def selftest(arch: Arch) -> list[SelfTestResult]:
    """Runs all tests of this arch; a few milliseconds."""
    return [_run(arch, name, test) for name, test in _TESTS.items()]


def _run(arch: Arch, name: str, test: Callable[[_Bench], None]) -> SelfTestResult:
    try:
        test(_Bench(arch))
    except SelfTestFailed as e:
        return SelfTestResult(name, False, str(e))
    return SelfTestResult(name, True)


class _Bench:
    """Makes machines with snippets of code in them."""

    def __init__(self, arch: Arch) -> None:
        self.arch = arch

    def code(self, *names: str) -> bytes:
        snippets, fixed = self.arch.emulation.snippets, self.arch.instructions
        return b"".join(snippets[n].code if n in snippets else fixed[n].code for n in names)

    def machine(self, *names: str, stepping: bool = False) -> Machine:
        machine = Machine(self.arch, (), stepping=stepping)
        machine.map_region(_CODE, 0x2000, executable=True)
        machine.map_region(_DATA, 0x1000)
        machine.poke(_CODE, self.code(*names))
        return machine

    def argument(self, machine: Machine, index: int, value: int) -> None:
        machine.set_reg(self.arch.registers.arguments[index], value)

    def result(self, machine: Machine, outcome: Outcome) -> int:
        expect(outcome.status == "returned", f"{outcome.status}: {outcome.detail}")
        return machine.reg(self.arch.registers.returns[0])


def expect(true: bool, otherwise: str) -> None:
    if not true:
        raise SelfTestFailed(otherwise)


def _runs(bench: _Bench) -> None:
    for stepping in (False, True):
        machine = bench.machine("one", "return", stepping=stepping)
        got = bench.result(machine, machine.run(_CODE))
        expect(got == 1, f"a function that returns 1 returned {got}")


def _stale(bench: _Bench) -> None:
    machine = bench.machine("one", "return")
    bench.result(machine, machine.run(_CODE))
    machine._uc.mem_write(_CODE, bench.code("two"))
    got = bench.result(machine, machine.run(_CODE))
    expect(got == 1, "a raw write to code was seen at once: Unicorn has changed")


def _poked(bench: _Bench) -> None:
    for stepping in (False, True):
        machine = bench.machine("one", "return", stepping=stepping)
        bench.result(machine, machine.run(_CODE))
        machine.poke(_CODE, bench.code("two"))
        got = bench.result(machine, machine.run(_CODE))
        expect(got == 2, f"a poke was not seen: {got}")


def _counts(bench: _Bench) -> None:
    machine = bench.machine("nop", "nop", "nop", "one", "return", stepping=True)
    sizes = [len(bench.code(n)) for n in ("nop", "nop", "nop", "one")]
    expected = [_CODE + sum(sizes[:i]) for i in range(5)]
    for _ in range(2):
        outcome = machine.run(_CODE, trace=True)
        bench.result(machine, outcome)
        expect(outcome.trace == expected, f"stepped through {outcome.trace}, not {expected}")
        expect(outcome.instructions == 5, f"counted {outcome.instructions} instructions of 5")


def _stops(bench: _Bench) -> None:
    machine = bench.machine("nop", "nop", "one", "return", stepping=True)
    at = _CODE + 2 * len(bench.code("nop"))
    seen: list[Arrival] = []

    def patch(machine: Machine, arrival: Arrival) -> None:
        seen.append(arrival)
        machine.poke(at, bench.code("two"))

    outcome = machine.run(_CODE, stops={at: patch})
    got = bench.result(machine, outcome)
    expect(got == 2, f"a poke at a stop was not seen: {got}")
    expect([(a.address, a.kind) for a in seen] == [(at, "next")], f"stopped at {seen}")
    expect(outcome.instructions == 4, f"counted {outcome.instructions} instructions of 4")


def _hangs(bench: _Bench) -> None:
    for stepping in (False, True):
        machine = bench.machine(stepping=stepping)
        machine.poke(_CODE, bench.arch.branch("jump").encode(_CODE, _CODE))
        outcome = machine.run(_CODE, limit=1000)
        expect(outcome.status == "hang", f"an endless loop: {outcome.status}")
        expect(outcome.pc == _CODE, f"an endless loop at {_CODE:#x} was cut off at {outcome.pc:#x}")


def _faults(bench: _Bench) -> None:
    for stepping in (False, True):
        for name in ("trap", "store", "jump_register"):
            machine = bench.machine(name, "return", stepping=stepping)
            bench.argument(machine, 0, 8)  # where nothing is mapped
            outcome = machine.run(_CODE)
            expect(outcome.status == "fault", f"{name}: {outcome.status} {outcome.detail}")
        machine = bench.machine("jump_register", stepping=stepping)
        bench.argument(machine, 0, _DATA)
        expect(machine.run(_CODE).status == "fault", "a jump into data was no fault")


def _guest_store(bench: _Bench) -> None:
    other = _CODE + 0x1000
    for stepping in (False, True):
        machine = bench.machine("store", "return", stepping=stepping)
        machine.poke(other, bench.code("one", "return"))
        bench.result(machine, machine.run(other))
        bench.argument(machine, 0, other)
        bench.argument(machine, 1, machine.integer(bench.code("two")[:4]))
        expect(machine.run(_CODE).status == "returned", "a store into code failed")
        got = bench.result(machine, machine.run(other))
        expect(got == 2, f"a guest's store into other code was not seen: {got}")


def _pads(bench: _Bench) -> None:
    other = _CODE + 0x1000
    row = indirect_row(bench.arch, bench.code("jump_register"))
    expect(row is not None and row.kind == "jump", "jump_register is no indirect jump")
    pads = (row.pads if row else ()) or bench.arch.landing_pads
    for pad in (b"", *pads[:1]):
        machine = bench.machine("jump_register", stepping=True)
        machine.poke(other, pad + bench.code("one", "return"))
        check = PadCheck()
        machine.attach(check)
        bench.argument(machine, 0, other)
        bench.result(machine, machine.run(_CODE))
        wanted = 1 if pads else 0
        expect(check.count == wanted, f"{check.count} indirect jumps checked of {wanted}")
        missed = bool(check.violations) != (wanted > 0 and not pad)
        expect(not missed, f"landing on {pad.hex() or 'no pad'}: {check.violations}")


_TESTS: dict[str, Callable[[_Bench], None]] = {
    "a function runs and returns": _runs,
    "a raw write to code that has run stays unseen": _stale,
    "a poke is seen": _poked,
    "each instruction is stepped once": _counts,
    "a stop stops before its instruction, and goes on": _stops,
    "what hangs is cut off": _hangs,
    "a fault is a fault": _faults,
    "a guest's store into other code is seen": _guest_store,
    "a missing landing pad is seen": _pads,
}
