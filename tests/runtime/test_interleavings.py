"""The runtime's own update code, stepped through in the emulator while another thread runs.

Both ways of one preemption, without an exception: every site runs whole between any two
instructions of an update, and an update runs whole between any two instructions of the sites.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from machines import construct
from runtime_program import linked

import transformer
from transformer import arch as arches
from transformer.assembling import build_object
from transformer.emulator import Image, Machine
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import available, compile_object

UNIT = """
#include <sc/sc.h>
long one(long a);
long two(long a);
long by_tail(long a);
int guarded(void);
/* `one` and `two` differ in two bytes of a displacement, so that it can be torn. */
__attribute__((used, no_reorder)) static long first(long a) { return a; }
__attribute__((noinline, no_reorder)) long one(long a) { return a + 1; }
__attribute__((noinline, no_reorder, aligned(4096))) long two(long a) { return a + 2; }
DEFINE_STATIC_CALL(key, one);
DEFINE_STATIC_KEY_FALSE(flag);
__attribute__((noinline)) long by_tail(long a) { return static_call(key)(a); }
__attribute__((noinline)) int guarded(void)
{
	if (static_branch_unlikely(&flag))
		return 1;
	return 0;
}
volatile long seen[3];
void sites(void);
void sites(void)
{
	long call = static_call(key)(7);
	long tail = by_tail(7);

	seen[0] = call + 0;
	seen[1] = tail;
	seen[2] = guarded();
}
volatile int failed;
void to_two(void) { failed |= static_call_update(key, two); }
void to_one(void) { failed |= static_call_update(key, one); }
void to_zero(void) { failed |= static_call_update(key, (void *)__static_call_return0); }
void on(void) { failed |= static_branch_try_enable(&flag); }
void off(void) { failed |= static_branch_try_disable(&flag); }
void both(void)
{
	failed |= static_update_begin();
	failed |= static_call_update(key, two);
	failed |= static_branch_try_enable(&flag);
	failed |= static_update_commit();
}
void neither(void)
{
	failed |= static_update_begin();
	failed |= static_call_update(key, one);
	failed |= static_branch_try_disable(&flag);
	failed |= static_update_commit();
}
void _start(void) { }
"""
OLD = (8, 8, 0)
UPDATES = {  # by name: what the sites see behind it, and what leads back
    "to_two": ((9, 9, 0), "to_one"),
    "to_zero": ((0, 0, 0), "to_one"),
    "on": ((8, 8, 1), "off"),
    "both": ((9, 9, 1), "neither"),
}
CELLS = [
    pytest.param((name, mode, cc.family), marks=[pytest.mark.full] if nth else [])
    for name in arches.names()
    for mode in arches.load(name).modes
    for nth, cc in enumerate(available(arches.load(name)))
]


class Process:
    """One program and its one memory, on which two threads take turns."""

    def __init__(self, name: str, mode: str, family: str, folder: Path) -> None:
        arch = arches.load(name)
        (cc,) = available(arch, (family,))
        headers = header_dir("lowered", arch, mode)
        source = folder / "unit.c"
        result = transformer.rewrite(UNIT, path=str(source), arch=arch, mode=mode, cc=cc)
        assert result.ok, result.diagnostics
        source.write_bytes(result.text)
        flags = [*arch.toolchain.cflags, "-O2", "-w", "-fno-builtin", "-DSC_FREESTANDING"]
        flags += ["-I", str(headers)]
        objects = [folder / "unit.o", folder / "runtime.o"]
        if mode == "inline":
            assert build_object(cc, source, objects[0], flags, arch).ok
        else:
            assert compile_object(cc, source, objects[0], flags).ok
        assert compile_object(cc, runtime_source(arch), objects[1], flags).ok
        self.image: Image = linked(cc, arch, folder / "program", objects)
        self.load()

    def load(self) -> None:
        """The program as it is before its constructors have run."""
        self.machine = Machine(self.image.arch, [self.image], stepping=True)

    def call(self, function: str, *, trace: bool = False) -> tuple[int, ...]:
        """Runs a function alone; the instructions that it executed."""
        outcome = self.machine.run(self.image.symbols[function].address, trace=trace)
        assert outcome.ok, outcome.detail
        return tuple(self.machine.trace)

    def preempted(
        self, function: str, at: set[int], by: str | Sequence[int], nth: int | None = None
    ) -> list[tuple[int, ...]]:
        """Runs ``function``; at each of the instructions ``at``, or at the nth of them alone,
        ``by`` runs to its end.  What the sites saw each time, if ``by`` is the sites."""
        seen: list[tuple[int, ...]] = []
        others = [self.image.symbols[by].address] if isinstance(by, str) else by
        count = 0

        def stop(machine: Machine, arrival: object) -> None:
            nonlocal count
            if nth is None or count == nth:
                for other in others:
                    done = machine.aside(other, machine.sentinel, machine.sentinel)
                    assert done.status == "returned", done.detail
                seen.append(self.seen())
            count += 1

        address = self.image.symbols[function].address
        outcome = self.machine.run(address, stops=dict.fromkeys(at, stop))
        assert outcome.ok, outcome.detail
        return seen

    def seen(self) -> tuple[int, ...]:
        data = self.machine.read(self.image.symbols["seen"].address, 24)
        order = self.machine.arch.byteorder
        return tuple(int.from_bytes(data[i : i + 8], order) for i in (0, 8, 16))

    def now(self) -> tuple[int, ...]:
        self.call("sites")
        return self.seen()


@pytest.fixture(scope="module", params=CELLS, ids="-".join)
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Process:
    name, mode, family = request.param
    process = Process(name, mode, family, tmp_path_factory.mktemp("interleavings"))
    construct(process.machine, process.image)
    assert process.now() == OLD
    return process


def each_in(found: tuple[int, ...], old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """Each site saw the old state or the new one, whatever the others saw."""
    return all(f in (o, n) for f, o, n in zip(found, old, new, strict=True))


@pytest.mark.parametrize("update", UPDATES)
def test_every_site_between_any_two_instructions_of_an_update(
    update: str, process: Process
) -> None:
    new, back = UPDATES[update]
    for name, before, after in ((update, OLD, new), (back, new, OLD)):
        path = set(process.call(name, trace=True))
        process.call(back if name == update else update)
        assert process.now() == before
        found = process.preempted(name, path, by="sites")
        assert len(found) >= len(path) > 20
        assert [f for f in found if not each_in(f, before, after)] == []
        assert found[0] == before
        assert found[-1] == after
        assert process.now() == after


@pytest.mark.parametrize("update", UPDATES)
def test_an_update_between_any_two_instructions_of_the_sites(update: str, process: Process) -> None:
    new, back = UPDATES[update]
    path = process.call("sites", trace=True)
    for nth in range(len(path)):
        process.preempted("sites", set(path), by=update, nth=nth)
        assert each_in(process.seen(), OLD, new), nth
        assert process.now() == new
        process.call(back)
    failed = process.image.symbols["failed"].address
    assert not any(process.machine.read(failed, 4))


@pytest.mark.parametrize("mode", ["inline", "trampoline"])
@pytest.mark.parametrize("name", arches.names())
def test_text_is_registered_between_any_two_instructions_of_a_store_to_a_key(
    name: str, mode: str, tmp_path: Path
) -> None:
    """A key that no text names is a slot, until an object is loaded that has some."""
    process = Process(name, mode, available(arches.load(name))[0].family, tmp_path)
    path = process.call("to_two", trace=True)
    assert len(path) > 10
    for nth in range(len(path)):
        process.load()
        process.preempted("to_two", set(path), by=process.image.init_array, nth=nth)
        assert process.now() == (9, 9, 0), nth


def test_the_control_a_patch_of_a_byte_at_a_time_is_seen(process: Process) -> None:
    """What a careless runtime would leave between two of its stores is found by the same look."""
    process.call("to_two")
    code = {s.address: s for s in process.image.entry_sections if s.executable}
    new = {a: process.machine.read(a, s.size) for a, s in code.items()}
    process.call("to_one")
    assert process.now() == OLD
    changes = [
        (a + i, new[a][i])
        for a, s in code.items()
        for i, byte in enumerate(process.machine.read(a, s.size))
        if byte != new[a][i]
    ]
    if not changes:
        return  # a mode that writes no text has no such moment
    wrong = 0
    for address, byte in changes:
        process.machine.poke(address, bytes([byte]))
        done = process.machine.run(process.image.symbols["sites"].address, limit=10_000)
        wrong += not done.ok or not each_in(process.seen(), OLD, (9, 9, 0))
    for a, data in new.items():
        process.machine.poke(a, data)
    assert wrong
    process.call("to_two")
    process.call("to_one")
    assert process.now() == OLD
