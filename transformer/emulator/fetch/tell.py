"""Turns a path through the graph into a schedule that a person can follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from transformer.emulator.disassembly import instructions
from transformer.emulator.fetch.log import BARRIER, BEGIN, DATA, END, PUBLISH, STORE, SYNC, Event
from transformer.emulator.fetch.paths import Edge, Moment, Reader
from transformer.emulator.fetch.places import GUARD, Place
from transformer.emulator.fetch.schedule import WRITER, Schedule, Step

if TYPE_CHECKING:
    from transformer.emulator.fetch.graph import Graph

_WORDS = {
    BEGIN: ("start", "the update begins"),
    END: ("arrive", "the update has returned"),
    PUBLISH: ("publish", "all CPUs see what was stored to data so far"),
    BARRIER: ("publish", "a barrier"),
    SYNC: ("sync", "all CPUs fetch anew from here on"),
}


def tell(graph: Graph, path: Sequence[Moment], problem: str) -> Schedule:
    """The schedule of a path that ended wrong."""
    return Schedule(
        update=" then ".join(dict.fromkeys(g.label or "an update" for g in graph.window.logs)),
        reader=reader_name(graph, graph.place),
        steps=tuple(_steps(graph, path)),
        outcome=problem,
        code=tuple(_states(graph)),
    )


def reader_name(graph: Graph, place: Place) -> str:
    """``call site f+0x9 (unit.c:12) of my_key``."""
    kinds = {"trampoline": "the trampoline", "guard": "guard", "way": "way station"}
    kind = kinds.get(place.kind, f"{place.kind} site")
    return f"{kind} {graph.stepper.machine.describe(place.address)} of {place.key}"


def _steps(graph: Graph, path: Sequence[Moment]) -> Iterator[Step]:
    describe, position = graph.stepper.machine.describe, 0
    for moment in path:
        for index in range(position, moment.position):
            yield _writer(graph, graph.window.events[index], graph.window.numbers[index])
        position = max(position, moment.position)
        if moment.before is not None and moment.edge is not None:
            made = max(graph.window.numbers[:position], default=0)
            yield from _reader(graph, moment.cpu, moment.before, moment.edge, made)
        elif moment.cpu:
            at = graph.place.start
            yield Step(moment.cpu, "start", at, describe(at), "comes upon it")
    last = path[-1]
    if last.edge is not None:
        pc = last.edge.after.state.pc
        yield Step(last.cpu, "arrive", pc, describe(pc), "is here now")


def _writer(graph: Graph, event: Event, number: int) -> Step:
    machine = graph.stepper.machine
    if event.kind == STORE:
        place = machine.describe(event.at)
        old, new = _instruction(graph, event, event.old), _instruction(graph, event, event.new)
        text = f"store {number}: {old} becomes {new}"
        return Step(WRITER, "store", event.at, place, text)
    if event.kind == DATA:
        was, now = (_word(graph, v) for v in (event.old, event.new))
        text = f"store {number}: {was} becomes {now}"
        return Step(WRITER, "data", event.address, machine.describe(event.address), text)
    kind, text = _WORDS[event.kind]
    place = machine.describe(event.pc) if event.pc else "the update"
    return Step(WRITER, kind, event.pc, place, text)


def _word(graph: Graph, data: bytes) -> str:
    value = int.from_bytes(data, graph.stepper.arch.byteorder)
    return graph.stepper.machine.describe(value) if graph.place.kind != GUARD else str(value)


def _instruction(graph: Graph, event: Event, code: bytes) -> str:
    """The patched instruction in a unit's bytes; what the store begins with, if it is elsewhere."""
    place = graph.place
    inside = event.address <= place.address < event.address + len(code)
    return _text(graph, place.address if inside else event.at, event.address, code)


def _text(graph: Graph, pc: int, base: int, code: bytes) -> str:
    machine = graph.stepper.machine
    code = code[pc - base :]
    first = next(iter(instructions(graph.stepper.arch, code, pc, machine.image_at(pc))))
    return " ".join(f"{first.text} {f'<{first.target}>' if first.target else ''}".split())


def _reader(graph: Graph, cpu: int, reader: Reader, edge: Edge, made: int) -> Iterator[Step]:
    """What it fetched and loaded when ``made`` stores were done."""
    machine, pc = graph.stepper.machine, reader.state.pc
    code = _code(graph, pc, edge)
    base = pc & -graph.window.unit
    text = _text(graph, pc, base, code)
    stale = next(filter(None, (_stale(c.stores, i, made) for c, i in edge.fetched)), "")
    yield Step(cpu, "fetch", pc, machine.describe(pc), text, stale)
    if edge.loaded is not None and graph.word is not None:
        value = _word(graph, graph.word.values[edge.loaded])
        word = graph.word
        stale = _stale(word.stores, edge.loaded, made)
        yield Step(cpu, "load", word.address, machine.describe(word.address), value, stale)


def _code(graph: Graph, pc: int, edge: Edge) -> bytes:
    """The two units from the one that ``pc`` is in, as they were fetched."""
    unit, machine = graph.window.unit, graph.stepper.machine
    base, code = pc & -unit, bytearray()
    chosen = {c.address: c.values[i] for c, i in edge.fetched}
    for address in (base, base + unit):
        code += chosen.get(address) or machine.read(address, unit)
    return bytes(code)


def _stale(stores: Sequence[int], index: int, made: int) -> str:
    """Which value it was: that before the store that gave the next one, once that was made."""
    missed = stores[index + 1] if index + 1 < len(stores) else 0
    return f"the value before store {missed}" if 0 < missed <= made else ""


def _states(graph: Graph) -> Iterator[str]:
    """Each value that the place's unit has had."""
    place, unit = graph.place, graph.window.unit
    base = place.address & -unit
    cell = graph.window.cells.get(base)
    for index, value in enumerate(cell.values if cell is not None else ()):
        assert cell is not None
        raw = value[place.address - base : place.address - base + place.size].hex(" ")
        since = f"after store {cell.stores[index]}" if index else "before"
        yield f"{since:<14} {raw:<18} {_text(graph, place.address, base, value)}"
