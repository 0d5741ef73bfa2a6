"""The instruction-fetch model: what another CPU may see of an update, and what is told of it.

The updates are the runtime's own; wrong ones are made of their logs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, cached_property
from itertools import pairwise
from operator import ne

import pytest
from emulator_build import program, started

from transformer import arch as arches
from transformer.arch import Arch
from transformer.emulator import Machine, Tables
from transformer.emulator.fetch import (
    Bound,
    Event,
    Exploration,
    Place,
    Places,
    WriteLog,
    check_legal,
    check_order,
    explore,
    find_places,
    record,
)
from transformer.emulator.fetch.graph import Graph
from transformer.emulator.fetch.log import BEGIN, DATA, END, MAINTAIN, PUBLISH, STORE, SYNC, follows
from transformer.emulator.fetch.paths import Reader
from transformer.emulator.fetch.steps import Stepper
from transformer.emulator.fetch.walk import begin
from transformer.emulator.fetch.window import Window

FULL = Bound(reduce=False)
TWO_CPUS = Bound(reduce=False, cpus=2)


class Case:
    """A program, its places and the log of each of its updates."""

    def __init__(self, name: str, mode: str) -> None:
        self.arch = arches.load(name)
        self.machine, self.image = started(program(name, mode, 0), stepping=True)
        self.places: Places = find_places(Tables(self.image, self.machine))
        self.call = synchronised(self._log("to_sub"))

    @cached_property
    def guards(self) -> WriteLog:
        return synchronised(self._log("flip"))

    def _log(self, function: str) -> WriteLog:
        address = self.image.symbols[function].address
        return record(self.machine, address, self.places.subjects, function)

    def readers(self, log: WriteLog) -> list[Place]:
        return self.places.touched(log, self.arch.unit)

    def explore(self, *logs: WriteLog, bound: Bound | None = None) -> Exploration:
        readers = self.readers(logs[0])
        assert readers
        nulls = self.places.nulls
        return explore(self.machine, logs, readers, nulls=nulls, bound=bound or Bound())

    def trampoline(self, log: WriteLog) -> Place:
        return next(p for p in self.readers(log) if p.kind == "trampoline")


@cache
def case(name: str, mode: str = "trampoline") -> Case:
    return Case(name, mode)


def synchronised(log: WriteLog) -> WriteLog:
    """With what the runtime's hooks tell in a program that has them."""
    first = next((i for i, e in enumerate(log.events) if e.kind == STORE), 1)
    before, behind = log.events[:first], log.events[first:-1]
    events = (*before, Event(PUBLISH), *behind, Event(SYNC), Event(END))
    return replace(log, events=events)


def altered(log: WriteLog, change: Callable[[Event], list[Event]]) -> WriteLog:
    return replace(log, events=tuple(new for event in log.events for new in change(event)))


def without(log: WriteLog, *kinds: str) -> WriteLog:
    return altered(log, lambda e: [] if e.kind in kinds else [e])


def back(log: WriteLog) -> WriteLog:
    """The update that undoes this one."""
    undone = altered(log, lambda e: [replace(e, old=e.new, new=e.old)])
    return replace(undone, label="back", values={a: (n, o) for a, (o, n) in log.values.items()})


def halved(log: WriteLog) -> WriteLog:
    """Each store to code in two halves, the second half first."""

    def halves(event: Event) -> list[Event]:
        if event.kind != STORE:
            return [event]
        changed = [i for i in range(len(event.old)) if event.old[i] != event.new[i]]
        cut = (changed[0] + changed[-1] + 1) // 2 if len(changed) > 1 else 0
        torn = event.old[:cut] + event.new[cut:]
        parts = [(event.old, torn), (torn, event.new)]
        size = len(event.old) // 2
        return [replace(event, old=o, new=n, size=size) for o, n in parts if o != n]

    return altered(log, halves)


def garbled(log: WriteLog) -> WriteLog:
    """Between the old and the new code there is something else for a moment."""

    def moment(event: Event) -> list[Event]:
        if event.kind != STORE:
            return [event]
        other = bytes(b ^ 0x55 for b in event.new)
        return [replace(event, new=other), replace(event, old=other)]

    return altered(log, moment)


# --- the right code ---


@pytest.mark.parametrize("mode", ["slot", "trampoline", "inline"])
def test_the_runtimes_updates_lead_to_old_or_new(arch: Arch, mode: str) -> None:
    known = case(arch.name, mode)
    for bound in (Bound(), FULL, TWO_CPUS):
        found = known.explore(known.call, bound=bound)
        assert not found.failures, "\n".join(found.failures[0].render())
        assert found.schedules > 0 and found.states > 0
    assert not list(check_legal(arch, known.places, known.call, known.machine.describe))


@pytest.mark.parametrize("bound", [Bound(), FULL, TWO_CPUS], ids=["reduced", "full", "two CPUs"])
def test_guards_flip(arch: Arch, bound: Bound) -> None:
    known = case(arch.name)
    found = known.explore(known.guards, bound=bound)
    assert not found.failures
    assert {p.kind for p in known.readers(known.guards)} == {"guard"}


@pytest.mark.parametrize("mode", ["trampoline", "inline"])
def test_updates_come_back_and_go_again(arch: Arch, mode: str) -> None:
    known = case(arch.name, mode)
    there, again = known.call, back(known.call)
    assert follows(there, again) and follows(again, there) and not follows(there, there)
    for logs in ((there, again), (there, again, there)):
        for bound in (Bound(), FULL):
            assert not known.explore(*logs, bound=bound).failures


def test_the_machine_is_given_back_as_it_was(arch: Arch) -> None:
    known = case(arch.name)
    image, machine = known.image, known.machine

    def all_of_it() -> list[bytes]:
        return [machine.read(s.address, s.size) for s in image.entry_sections]

    before, registers = all_of_it(), machine.regs(arch.registers.callee_saved)
    known.explore(halved(known.call))
    assert (all_of_it(), machine.regs(arch.registers.callee_saved)) == (before, registers)
    assert machine.run(image.symbols["call"].address).ok


# --- how many schedules there are ---


def listed(graph: Graph, position: int, readers: tuple[Reader | str | None, ...]) -> int:
    """The schedules one by one: slow, and without what makes the walk fast."""
    count = 0
    if position < graph.window.end:
        count += listed(graph, position + 1, readers)
    for index, reader in enumerate(readers):
        before, behind = readers[:index], readers[index + 1 :]
        if reader is None:
            count += listed(graph, position, (*before, begin(graph, position), *behind))
        elif isinstance(reader, Reader):
            for edge in graph.edges(reader, position, False):
                after = "done" if edge.after.left else edge.after
                count += listed(graph, edge.position, (*before, after, *behind))
    return count or 1


@pytest.mark.parametrize("cpus", [1, 2])
def test_paths_are_counted_as_if_they_were_listed(arch: Arch, cpus: int) -> None:
    known = case(arch.name)
    place = known.trampoline(known.call)
    with Stepper(known.machine) as stepper:
        window = Window([known.call], place, arch.unit)
        count = listed(Graph(stepper, window, known.places.nulls), 0, (None,) * cpus)
    bound = Bound(reduce=False, cpus=cpus)
    found = explore(known.machine, [known.call], [place], nulls=known.places.nulls, bound=bound)
    assert found.schedules == count > 10


def test_each_fetch_may_see_any_value_since_the_last_synchronisation(arch: Arch) -> None:
    """New code, and then the old again; behind the synchronisation the new alone."""
    known = case(arch.name)
    place, log = known.trampoline(known.call), known.call
    with Stepper(known.machine) as stepper:
        window = Window([log], place, arch.unit)
        graph = Graph(stepper, window, known.places.nulls)
        kinds = [e.kind for e in window.events]
        stored, synced = kinds.index(STORE), kinds.index(SYNC)

        def seen(position: int) -> set[int]:
            edges = graph.edges(begin(graph, position), position, False)
            return {index for e in edges for _, index in e.fetched}

        assert [seen(p) for p in (stored, stored + 1, synced, synced + 1)] == [
            *({0}, {0, 1}, {0, 1}),
            {1},
        ]


# --- wrong updates ---


@pytest.mark.parametrize("wrong", [garbled, halved])
@pytest.mark.parametrize("bound", [Bound(), FULL, Bound(nodes=0, walks=400)])
def test_what_is_torn_is_seen(
    arch: Arch, wrong: Callable[[WriteLog], WriteLog], bound: Bound
) -> None:
    """By the reduced walk, by the full one, and by random walks."""
    known = case(arch.name)
    log = wrong(known.call)
    if wrong is halved and len(log.stores) == len(known.call.stores):
        log = garbled(known.call)  # the targets differ in one byte
    found = known.explore(log, bound=bound)
    assert found.failures
    told = "\n".join(found.failures[0].render())
    assert "right would be: " in found.failures[0].outcome
    assert "CPU 0  store" in told and "CPU 1  fetch" in told
    assert any(line.startswith("after store") for line in found.failures[0].code)


def test_without_synchronisation_old_code_runs_behind_an_update(arch: Arch) -> None:
    known = case(arch.name)
    (failure, *_) = known.explore(without(known.call, SYNC)).failures
    assert "it went to add" in failure.outcome and "right would be: sub" in failure.outcome
    assert any(s.stale.startswith("the value before store") for s in failure.steps)
    assert [s.text for s in failure.steps if s.cpu == 0][-1] == "the update has returned"


def test_a_guard_without_synchronisation(arch: Arch) -> None:
    known = case(arch.name)
    (failure, *_) = known.explore(without(known.guards, SYNC)).failures
    assert failure.outcome in (
        "it jumped; right would be: go straight on",
        "it went straight on; right would be: jump",
    )


def test_a_slot_without_a_target_is_a_call_of_null(arch: Arch) -> None:
    known = case(arch.name, "slot")
    null = bytes(arch.pointer_size)
    log = altered(known.call, lambda e: [replace(e, new=null)] if e.kind == DATA else [e])
    assert any("it called NULL" in f.outcome for f in known.explore(log).failures)


def test_data_is_seen_with_the_code_that_was_stored_behind_it(arch: Arch) -> None:
    """Far targets: the slot is stored first, so who fetches the NOP loads the new target.

    Behind code that is stored first there is none yet.
    """
    known = case(arch.name)
    place, nop = known.trampoline(known.call), arch.instruction("nop").code
    first, second = near_and_far(known, place, nop)
    for order, wrong in ((second, False), (text_first(second), True)):
        found = explore(known.machine, [first, order], [place], nulls=known.places.nulls)
        assert bool(found.failures) == wrong, order
        found = explore(
            known.machine, [first, order], [place], nulls=known.places.nulls, bound=FULL
        )
        assert bool(found.failures) == wrong, order


def near_and_far(known: Case, place: Place, nop: bytes) -> tuple[WriteLog, WriteLog]:
    """add to sub, whose slot nobody publishes; then to a function that only the slot leads to."""
    word, unit = place.subject, known.arch.unit
    store = next(e for e in known.call.events if e.kind == STORE and covers(e, place, unit))
    old, new = known.call.values[word]
    third = known.image.symbols["guards"].address
    at = place.address - store.address
    changed = store.new[:at] + nop + store.new[at + len(nop) :]
    size = known.arch.pointer_size
    words = [known.machine.word(v, size) for v in (old, new, third)]
    data = [Event(DATA, word, a, b) for a, b in pairwise(words)]
    far = replace(store, old=store.new, new=changed)
    begins, ends = known.call.events[0], Event(END)
    logs = (
        (begins, data[0], Event(PUBLISH), store, Event(SYNC), ends),
        (begins, data[1], Event(PUBLISH), far, Event(SYNC), ends),
    )
    values = [known.call.values | {word: v} for v in ((old, new), (new, third))]
    return WriteLog("near", logs[0], values[0]), WriteLog("far", logs[1], values[1])


def covers(event: Event, place: Place, unit: int) -> bool:
    return event.address <= place.address < event.address + unit


def text_first(log: WriteLog) -> WriteLog:
    """The slot last, and nothing that publishes it: it still holds what was before."""
    data = [e for e in log.events if e.kind == DATA]
    rest = [e for e in log.events if e.kind not in (DATA, PUBLISH, END)]
    zero = replace(data[0], new=bytes(len(data[0].new)))
    return replace(
        log, events=(rest[0], zero, *rest[1:], replace(data[0], old=zero.new), Event(END))
    )


# --- which stores are legal ---


def messages(known: Case, log: WriteLog) -> list[str]:
    describe = known.machine.describe
    return [w.message for w in check_legal(known.arch, known.places, log, describe)]


def test_a_store_to_no_place_is_illegal(arch: Arch) -> None:
    known = case(arch.name)
    elsewhere = known.image.symbols["add"].address & -arch.unit
    log = altered(known.call, lambda e: [replace(e, address=elsewhere, at=elsewhere)])
    assert "hits no place that a table names" in messages(known, log)[0]


def test_an_instruction_that_may_not_stand_there_is_illegal(arch: Arch) -> None:
    known = case(arch.name)
    told = messages(known, garbled(known.call))
    assert any("leaves " in m and "is none of the instructions that may stand" in m for m in told)
    assert any("finds " in m and "(of a trampoline: nop, jump)" in m for m in told)


def test_a_part_of_a_unit_is_illegal(arch: Arch) -> None:
    known, unit = case(arch.name), case(arch.name).arch.unit
    log = altered(known.call, lambda e: [replace(e, at=e.at + 1)] if e.kind == STORE else [e])
    wanted = f"does not lie in an aligned unit of {unit} bytes"
    assert any(wanted in m for m in messages(known, log))


def test_a_part_of_a_place_is_illegal_whatever_it_leaves(arch: Arch) -> None:
    """A branch to elsewhere by one of its bytes: before and behind it there is a branch."""
    known = case(arch.name)
    place, unit = known.trampoline(known.call), arch.unit
    row = arch.branch("jump")
    store = next(e for e in known.call.events if e.kind == STORE and covers(e, place, unit))
    at = place.address - store.address
    targets = range(place.address, place.address + 0x1000, 0x10)
    codes = [row.encode(place.address, t) for t in targets]
    old, new = next((a, b) for a, b in pairwise(codes) if sum(map(ne, a, b)) == 1)
    byte = next(i for i in range(row.size) if old[i] != new[i])
    whole = [store.old[:at] + c + store.old[at + len(c) :] for c in (old, new)]
    store = replace(store, old=whole[0], new=whole[1], at=store.address, size=unit)
    part = replace(store, at=place.address + byte, size=1)
    for event, told in ((store, 0), (part, 1)):
        log = replace(known.call, events=(Event(BEGIN), event, Event(END)))
        wanted = f"changes a part of a place of {place.size} bytes, which is exchanged as a whole"
        found = messages(known, log)
        assert len(found) == told and all(wanted in m for m in found)


# --- in which order ---


def orders(known: Case, log: WriteLog) -> list[str]:
    describe = known.machine.describe
    return [w.message for w in check_order(known.arch, known.places, log, describe, hooks=True)]


def test_the_runtimes_order_is_right(arch: Arch) -> None:
    for mode in ("trampoline", "inline"):
        known = case(arch.name, mode)
        for log in (known.call, known.guards):
            assert orders(known, log) == []


def test_the_slot_comes_before_the_code(arch: Arch) -> None:
    known = case(arch.name)
    data = next(e for e in known.call.events if e.kind == DATA)
    late = without(known.call, DATA)
    late = replace(late, events=(*late.events[:-1], data, Event(END)))
    assert any("is stored before the target that it loads" in m for m in orders(known, late))


def test_the_slot_is_published(arch: Arch) -> None:
    known = case(arch.name)
    told = orders(known, without(known.call, PUBLISH, "barrier"))
    assert any("is not published before the code" in m for m in told)


@pytest.mark.parametrize(
    ("early", "words"),
    [(True, "synchronised before the last store"), (False, "are never synchronised")],
)
def test_other_cpus_are_synchronised_behind_the_last_store(
    arch: Arch, early: bool, words: str
) -> None:
    known = case(arch.name)
    log = without(known.call, SYNC)
    if early:
        log = replace(log, events=(log.events[0], Event(SYNC), *log.events[1:]))
    assert any(words in m for m in orders(known, log))


def test_maintenance_is_complete_and_in_order(arch: Arch) -> None:
    known = case(arch.name)
    for row in arch.synchronise:
        log = altered(known.call, lambda e, w=row.what: [] if e.what == w else [e])  # type: ignore[misc]
        assert any(m.endswith(f"is not followed by {row.what}") for m in orders(known, log))
    rows = [e for e in known.call.events if e.kind == MAINTAIN]
    if len({e.what for e in rows}) > 2:
        mixed = iter(rows[::-1])
        log = altered(known.call, lambda e: [next(mixed)] if e.kind == MAINTAIN else [e])
        assert any("is not followed by" in m for m in orders(known, log))


def test_the_machine_that_runs_a_place_is_told_apart_from_the_program(arch: Arch) -> None:
    """Arguments and return addresses: a place that loses one is told by the register's name."""
    known = case(arch.name)
    place = known.trampoline(known.call)
    with Stepper(known.machine) as stepper:
        graph = Graph(stepper, Window([known.call], place, arch.unit), known.places.nulls)
        reader = begin(graph, 0)
        machine: Machine = known.machine
        (edge, *_) = graph.edges(reader, 0, False)
        state = edge.after.state
        while place.holds(state.pc):
            (edge, *_) = graph.edges(edge.after, 0, False)
            state = edge.after.state
        machine.restore(state.registers)
        machine.set_reg(arch.registers.arguments[1], 7)
        state.registers = machine.save()
        state.arrived = None
        assert f"{arch.registers.arguments[1]} was 0x" in graph.arrived(state).wrong
