"""The fetch model held against published outcomes: what an arch allows, it must see.

It may see more: each such row says why. What an arch allows because the update's own steps are
incomplete, the check of their order refuses instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from published import ALLOWED, FORBIDDEN, OUTCOMES, SAME_SHAPE, Outcome

from transformer import arch as arches
from transformer.cli.litmus import litmus_tests
from transformer.emulator.fetch.graph import Graph
from transformer.emulator.fetch.log import Event, WriteLog
from transformer.emulator.fetch.order import maintenance
from transformer.emulator.fetch.paths import Reader
from transformer.emulator.fetch.places import TRAMPOLINE, Place
from transformer.emulator.fetch.steps import Fetched, State
from transformer.emulator.fetch.window import Window

UNIT = 4
X, Y, ELSEWHERE, WORD = 0x1000, 0x2000, 0x3000, 0x9000
UNITS = {"x": X, "y": Y}
PLACE = Place(
    TRAMPOLINE, X, UNIT, X, TRAMPOLINE, WORD, "key",
    (range(X, X + UNIT), range(Y, Y + UNIT), range(ELSEWHERE, ELSEWHERE + UNIT)),
)  # fmt: skip


class Steps:
    """In the place of an emulated CPU: a program is a list of what it fetches and loads."""

    def __init__(self) -> None:
        self.program: tuple[str, ...] = ()
        self.arch = SimpleNamespace(instruction_alignment=UNIT, pointer_size=UNIT)
        self.machine = self

    def read(self, address: int, size: int) -> bytes:
        return bytes(size)

    def code(self, address: int, size: int) -> bytes:
        return bytes(size)

    def begin(self, place: Place, condition: int = 0, zero: bool = False) -> State:
        return self._at(0, ())

    def size(self, pc: int, code: bytes) -> int:
        return UNIT

    def step(
        self, state: State, code: Fetched, word: int = 0, value: bytes = b""
    ) -> tuple[State, bool]:
        """Takes note of what was fetched and loaded."""
        wanted = self.program[state.depth]
        seen = list(state.registers)
        for name, address in UNITS.items():
            if f"fetch {name}" in wanted:
                seen.append(number(code[0]) if state.pc == address else 0)
        loads = "load d" in wanted
        if loads:
            seen.append(number(value))
        return self._at(state.depth + 1, tuple(seen)), loads

    def _at(self, depth: int, seen: tuple[int, ...]) -> State:
        wanted = self.program[depth] if depth < len(self.program) else ""
        pc = next((a for n, a in UNITS.items() if f"fetch {n}" in wanted), ELSEWHERE)
        return State(pc, depth, seen, b"")


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def word(value: int) -> bytes:
    return value.to_bytes(UNIT, "little")


def written(writer: tuple[str, ...], arch: str = "arm64") -> WriteLog:
    """The writer's side as the model has it, in one update."""
    now = {"x": 0, "y": 0, "d": 0}
    events, last = [Event("begin")], X
    for step in writer:
        name, _, value = step.partition("=")
        if value:
            address = UNITS.get(name, WORD)
            kind = "data" if name == "d" else "store"
            old, new = word(now[name]), word(int(value))
            events.append(Event(kind, address, old, new, at=address, size=UNIT))
            now[name], last = int(value), address
        elif name.startswith("maintain"):
            said = [s.strip() for s in name.removeprefix("maintain").split(",") if s.strip()]
            rows = arches.load(arch).synchronise
            said = said or [r.what for r in rows if not r.closes]
            given = {r.what: bool(r.operand) for r in rows}
            events += [Event("maintain", last if given[s] else 0, what=s) for s in said]
        else:
            events.append(Event(name))
        if name == "sync":  # this CPU fetches anew too
            events += [
                Event("maintain", what=r.what) for r in arches.load(arch).synchronise if r.closes
            ]
    return WriteLog("update", (*events, Event("end")), {WORD: (0, now["d"])})


def found(outcome: Outcome) -> set[tuple[int, ...]]:
    """All that the readers may see, one after the other, by the model."""
    steps: Any = Steps()
    window = Window([written(outcome.writer)], PLACE, UNIT)
    return set(_readers(steps, window, outcome.readers, 0))


def _readers(
    steps: Any, window: Window, readers: tuple[tuple[str, ...], ...], position: int
) -> Iterator[tuple[int, ...]]:
    if not readers:
        yield ()
        return
    steps.program = readers[0]
    if readers[0][0] == "told":
        steps.program, position = readers[0][1:], window.end
    graph = Graph(steps, window, {})
    begin = graph.reader(graph.root, window.phase[position], window.first_floor(position))
    for seen, then in list(_walk(graph, begin, position)):
        for more in _readers(steps, window, readers[1:], then):
            yield (*seen, *more)


def _walk(graph: Graph, reader: Reader, position: int) -> Iterator[tuple[tuple[int, ...], int]]:
    steps: Any = graph.stepper
    if reader.state.depth == len(steps.program):
        yield reader.state.registers, position
        return
    for edge in graph.edges(reader, position, True):
        yield from _walk(graph, edge.after, edge.position)


def name(outcome: Outcome) -> str:
    return outcome.name


@pytest.mark.parametrize("outcome", [o for o in OUTCOMES if not o.refused], ids=name)
def test_what_is_allowed_is_seen_and_what_is_forbidden_is_not_but_for_a_reason(
    outcome: Outcome,
) -> None:
    seen = outcome.seen in found(outcome)
    assert seen == (outcome.published == ALLOWED or bool(outcome.weaker))


@pytest.mark.parametrize("outcome", OUTCOMES, ids=name)
def test_the_values_that_no_test_asks_for_are_seen_too(outcome: Outcome) -> None:
    """All old and all new: the model forbids no plain order of events."""
    every = found(outcome)
    newest = {"x": 0, "y": 0, "d": 0}
    for step in outcome.writer:
        if "=" in step:
            newest[step[0]] = max(newest[step[0]], int(step[2]))
    wanted = [w for reader in outcome.readers for w in reader]
    places = [p for w in wanted for p in ("x", "y", "d") if f" {p}" in w]
    assert tuple(newest[p] for p in places) in every
    if not any("told" in r for r in outcome.readers):
        assert tuple(0 for _ in places) in every


@pytest.mark.parametrize("outcome", [o for o in OUTCOMES if "sync" in o.writer], ids=name)
def test_an_update_whose_own_steps_are_incomplete_is_refused(outcome: Outcome) -> None:
    arch = arches.load("arm64")
    wrong = [w.message for w in maintenance(arch, written(outcome.writer), hex)]
    if outcome.refused:
        assert f"is not followed by {outcome.refused}" in wrong[0]
    else:
        assert wrong == []


def test_rows_are_complete() -> None:
    names = [o.name for o in OUTCOMES]
    assert len(set(names)) == len(names) >= 30
    for outcome in OUTCOMES:
        assert outcome.published in (ALLOWED, FORBIDDEN)
        assert not outcome.weaker or outcome.published == FORBIDDEN
        assert not outcome.refused or outcome.published == ALLOWED


@pytest.mark.parametrize("own", SAME_SHAPE)
def test_what_is_written_for_herd_has_the_published_outcome_of_its_shape(own: str) -> None:
    (litmus,) = (t for t in litmus_tests(arches.load("arm64")) if t.name == own)
    (outcome,) = (o for o in OUTCOMES if o.name == SAME_SHAPE[own])
    assert (litmus.kind == "exists") == (outcome.published == ALLOWED)


def test_a_model_that_sees_less_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: bounds that rise with each fetch, or that never rise."""
    monkeypatch.setattr(Window, "code_later", lambda w, c, p: range(c.newest(p), len(c.values)))
    (coherent,) = (o for o in OUTCOMES if o.name == "coFF")
    assert coherent.seen not in found(coherent)
    monkeypatch.undo()
    monkeypatch.setattr(Window, "code_later", lambda w, c, p: range(len(c.values)))
    (told,) = (o for o in OUTCOMES if o.name == "MP.RF+cachesync+ctrlisb")
    assert told.seen in found(told)
