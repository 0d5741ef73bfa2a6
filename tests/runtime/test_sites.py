"""Inline sites: what the runtime puts there at the start and on each update."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from machines import construct
from runtime_program import compiled, linked
from site_assembly import kinds, needs_stations, unit

from transformer import arch as arches
from transformer.arch import Arch
from transformer.emulator import Image, Machine
from transformer.emulator.tables import Tables
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import STATIC_PIE, find

EINVAL = 22
PADDING = 1 << 21  # between the sites and their trampolines, where sites reach less far

UNIT = """
#include <sc/static_call.h>
long seen, argument, result, error;
long one(long a) { return a + 1; }
long two(long a) { return a + 2; }
char *text(long a) { return (char *)a + 1; }
char *other_text(long a) { return (char *)a + 2; }
void note(long a) { seen = a + 1; }
void other_note(long a) { seen = a + 2; }
__sc_define_call(integer, one, SC_RETURNS_INTEGER);
__sc_define_call(pointer, text, SC_RETURNS_INTEGER);
__sc_define_call(nothing, note, SC_RETURNS_VOID);
__sc_define_call(unknown, one, SC_RETURNS_UNKNOWN);
long (*function)(long);
struct static_call_key *key;
void *target;
void call(void) { seen = 0; result = function(argument); }
void update(void) { error = __sc_static_call_update(key, target); }
void _start(void) { }
"""
FAR = """
long far_three(long a) { return a + 3; }
long far_seen;
void far_note(long a) { far_seen = a + 3; }
void _start(void) { }
"""
KEYS = ("integer", "pointer", "nothing", "unknown")
TARGETS = {
    "integer": ("one", "two"),
    "pointer": ("text", "other_text"),
    "nothing": ("note", "other_note"),
    "unknown": ("one", "two"),
}


def patched(arch: Arch, kind: str) -> bool:
    """Whether sites of this kind are ever written."""
    return kind != "conditional" or "conditional_site" in arch.forms


NAMES = arches.names()
WRITTEN = [
    (name, kind)
    for name in NAMES
    for kind in kinds(arches.load(name))
    if kind != "straddling" and patched(arches.load(name), kind)
]


class Program:
    """The unit and its sites, started; one function for each key and kind of site."""

    def __init__(self, name: str, folder: Path, *, straddling: bool = False) -> None:
        self.arch = arch = arches.load(name)
        self.order = arch.byteorder
        wanted = [k for k in kinds(arch) if straddling or k != "straddling"]
        self.sites = [(f"{key}_{kind}", kind, key) for kind in wanted for key in KEYS]
        (folder / "sites.s").write_text(unit(arch, self.sites, PADDING * needs_stations(arch)))
        (folder / "unit.c").write_text(UNIT)
        (folder / "far.c").write_text(FAR)
        self.image = self._link(folder, "program", ("unit.c", runtime_source(arch), "sites.s"))
        reach = 2 << arch.branch("jump").bits
        base = (max(s.end for s in self.image.entry_sections) + reach) & -0x10000
        self.far = self._link(folder, "far", ("far.c",), base)
        self.machine = Machine(arch, [self.image, self.far], stepping=False)
        construct(self.machine, self.image)

    def _link(
        self, folder: Path, name: str, sources: tuple[str | Path, ...], base: int | None = None
    ) -> Image:
        cc = find(self.arch, "clang")
        headers = header_dir("lowered", self.arch, "inline")
        flags = ("-O1", "-DSC_FREESTANDING", "-fPIE", "-fno-builtin", "-w", "-I", str(headers))
        objects = compiled(cc, self.arch, folder, sources, *flags)
        return linked(cc, self.arch, folder / name, objects, *STATIC_PIE, base=base)

    def address(self, symbol: str) -> int:
        image = self.far if symbol.startswith("far_") else self.image
        return image.symbols[symbol].address

    def get(self, symbol: str) -> int:
        data = self.machine.read(self.address(symbol), 8)
        return int.from_bytes(data, self.order, signed=True)

    def put(self, symbol: str, value: int) -> None:
        self.machine.write(self.address(symbol), value.to_bytes(8, self.order, signed=True))

    def update(self, key: str, target: str | None) -> int:
        self.put("key", self.address(f"__SCK__{key}"))
        self.put("target", self.address(target) if target else 0)
        assert self.machine.run(self.address("update")).ok
        return self.get("error")

    def call(self, function: str, argument: int) -> int:
        self.put("function", self.address(function))
        self.put("argument", argument)
        outcome = self.machine.run(self.address("call"))
        assert outcome.ok, (function, outcome)
        return self.get("result")

    def site(self, name: str) -> int:
        """Where the site of a function of ``sites`` lies."""
        start = self.address(name)
        after = [self.address(n) for n, _, _ in self.sites if self.address(n) > start]
        end = min(after, default=1 << 62)
        tables = Tables(self.image, self.machine)
        return next(s.code for s in tables.call_sites if start <= s.code < end and not s.is_way)

    def state(self, name: str) -> tuple[str, str]:
        """What stands there: the row's name, and the symbol that it branches to."""
        address = self.site(name)
        code = self.machine.read(address, 8)
        for branch in self.arch.branches.values():
            goes = branch.decode(address, code)
            if goes is not None:
                return branch.name, self.symbol(goes)
        fixed = (i.name for i in self.arch.instructions.values() if code.startswith(i.code))
        return next(fixed, code.hex(" ")), ""

    def symbol(self, address: int) -> str:
        for entry in Tables(self.image, self.machine).call_sites:
            if entry.code == address and entry.is_way:
                return "home"
        for image in (self.image, self.far):
            names = [
                n for n, s in image.symbols.items() if s.address == address and n[0] not in ".$"
            ]
            if names:
                return "home" if names[0].startswith("__SCT__") else names[0]
        return hex(address)

    def text(self) -> bytes:
        """All code, the trampolines and the key's slots."""
        parts = [
            self.machine.read(s.address, s.end - s.address)
            for s in self.image.entry_sections
            if s.executable
        ]
        return b"".join(parts) + b"".join(
            self.machine.read(self.address(f"__SCK__{k}"), 8) for k in KEYS
        )


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Program]:
    return cache(lambda name: Program(name, tmp_path_factory.mktemp(name)))


@pytest.fixture(params=arches.names())
def program(request: pytest.FixtureRequest, programs: Callable[[str], Program]) -> Program:
    return programs(request.param)


def called(program: Program, name: str, key: str, argument: int, gives: int | None) -> None:
    """A call of the site's function gives this; ``None``: it does nothing."""
    result = program.call(name, argument)
    if key == "nothing":
        result = program.get("seen")
        gives = gives if gives is not None else 0
    assert result == (gives or 0), name


def test_sites_start_at_their_targets(program: Program) -> None:
    for name, kind, key in program.sites:
        program.update(key, TARGETS[key][0])
        branch, goes = program.state(name)
        assert goes == (TARGETS[key][0] if patched(program.arch, kind) else "home"), name
        assert branch == {"call": "call", "tail": "jump"}.get(kind, branch)
        called(program, name, key, 40, 41)


def test_the_table_is_sorted(program: Program) -> None:
    tags = [(s.proxy, s.flags) for s in Tables(program.image, program.machine).call_sites]
    assert len(tags) >= len(program.sites)
    assert tags == sorted(tags)
    was = [(s.proxy, s.flags) for s in Tables(program.image).call_sites]
    assert was != sorted(was), "else this shows nothing"
    assert sorted(was) == tags


def second_targets(program: Program) -> None:
    """An update of every key, which every site follows."""
    for key in KEYS:
        assert program.update(key, TARGETS[key][1]) == 0
    for name, kind, key in program.sites:
        if patched(program.arch, kind):
            assert program.state(name)[1] == TARGETS[key][1]
        called(program, name, key, 40, 42)


def test_an_update_moves_every_site(program: Program) -> None:
    second_targets(program)


def test_null_is_said_by_one_instruction_where_the_arch_has_one(program: Program) -> None:
    forms = {p: f.states for p, f in program.arch.forms.items()}
    for key in KEYS:
        assert program.update(key, None) == 0
    for name, kind, key in program.sites:
        wanted = ("nop", "ret") if key == "nothing" else ("return0", "")
        state = wanted[kind != "call"] if key != "unknown" else ""
        if kind != "conditional" and state in forms[f"{kind}_site"]:
            assert program.state(name) == (state, "")
        elif patched(program.arch, kind):
            assert program.state(name)[1] == "__static_call_null"
        called(program, name, key, 40, None)


def test_return_0_is_said_by_one_instruction_where_the_arch_has_one(program: Program) -> None:
    forms = {p: f.states for p, f in program.arch.forms.items()}
    for key in ("integer", "pointer", "unknown"):
        assert program.update(key, "__static_call_return0") == 0
    for name, kind, key in program.sites:
        if key == "nothing":
            continue
        if kind == "call" and key != "unknown" and "return0" in forms["call_site"]:
            assert program.state(name) == ("return0", "")
        elif patched(program.arch, kind):
            assert program.state(name)[1] == "__static_call_return0"
        called(program, name, key, 40, 0)


@pytest.mark.parametrize("name", [n for n in NAMES if "conditional" in kinds(arches.load(n))])
def test_a_conditional_tail_site_keeps_its_condition(
    name: str, programs: Callable[[str], Program]
) -> None:
    program = programs(name)
    for target, added in (("one", 1), ("two", 2), (None, -40)):
        program.update("integer", target)
        assert program.call("integer_conditional", 0) == -1
        assert program.call("integer_conditional", 40) == 40 + added


def test_far_targets_go_through_the_trampoline_and_near_ones_do_not(program: Program) -> None:
    for key in KEYS:
        assert program.update(key, "far_note" if key == "nothing" else "far_three") == 0
    for name, _, key in program.sites:
        assert program.state(name)[1] == "home", name
        result = program.call(name, 40)
        assert (program.get("far_seen") if key == "nothing" else result) == 43
    second_targets(program)


@pytest.mark.parametrize("target", ["two", None, "__static_call_return0", "far_three"])
@pytest.mark.parametrize(("name", "kind"), WRITTEN)
def test_unexpected_bytes_at_one_site_change_nothing(
    name: str, kind: str, target: str | None, programs: Callable[[str], Program]
) -> None:
    """As a debugger's breakpoint would be."""
    program = programs(name)
    assert program.update("integer", "one") == 0
    at = program.site(f"integer_{kind}")
    was = program.machine.read(at, 4)
    program.machine.poke(at, bytes(b ^ 0xFF for b in was))
    before = program.text()
    assert program.update("integer", target) == -EINVAL
    assert program.text() == before
    program.machine.poke(at, was)
    assert program.update("integer", target) == 0
    assert program.text() != before


@pytest.mark.parametrize("name", [n for n in NAMES if "straddling" in kinds(arches.load(n))])
def test_a_site_that_straddles_its_unit_keeps_calling_its_trampoline(
    name: str, tmp_path: Path
) -> None:
    program = Program(name, tmp_path, straddling=True)
    assert program.update("integer", "two") == 0
    for site, kind, key in program.sites:
        target = "two" if key == "integer" else TARGETS[key][0]
        assert program.state(site)[1] == ("home" if kind == "straddling" else target)
        if key == "integer":
            called(program, site, key, 40, 42)
