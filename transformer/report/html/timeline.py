"""A schedule as a page shows it: a column for each CPU, a row for each step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from transformer.corpus.results import Schedule, Step

#: What a CPU does in a step of each kind, as the third person of a verb.
WORDS = {
    "store": "writes code",
    "data": "writes data",
    "publish": "publishes",
    "sync": "synchronises",
    "maintain": "cleans caches",
    "fetch": "fetches",
    "load": "loads",
    "trap": "traps",
    "interrupt": "is interrupted",
    "start": "starts",
    "arrive": "arrives",
}
WRITER = 0
_STORES = ("store", "data")
_STORE = re.compile(r"\bstore (\d+)\b")
_SAID = re.compile(r"^store \d+: ")  # stands in the row already
_PAIR = re.compile(r"(.+?)(?: becomes | -> | → )(.+)")
_AFTER = re.compile(r"^after store (\d+)\b")
_RUN = re.compile(r"(?<![\w])[0-9a-f]{2}(?: [0-9a-f]{2})+(?![\w])|(?<=: )[0-9a-f]{2}(?= {3,})")


@dataclass(frozen=True)
class Part:
    """A piece of text; ``changed`` where it is a byte that is not as it was."""

    text: str
    changed: bool = False


@dataclass(frozen=True)
class Row:
    """One step.  ``store`` counts the stores, from 1, and is 0 for what is none.

    ``parts`` tell what it is or, of a store, becomes; ``was`` what it was before.
    ``code`` are the bytes of the place behind the store, where they are known.
    ``missed`` is the number of the step whose store was not seen yet, 0 where
    none is named; ``stale`` what was seen instead of the newest value.
    """

    number: int
    cpu: int
    kind: str
    word: str
    place: str
    address: str
    parts: tuple[Part, ...]
    was: tuple[Part, ...]
    code: tuple[Part, ...]
    stale: str
    store: int
    missed: int


@dataclass(frozen=True)
class Timeline:
    """``columns`` are the CPUs with what each does; ``story`` tells all of it in sentences."""

    columns: tuple[tuple[int, str], ...]
    rows: tuple[Row, ...]
    story: tuple[str, ...]
    outcome: str
    code: tuple[tuple[Part, ...], ...]


def timeline(schedule: Schedule) -> Timeline:
    """The schedule, ready to be written down."""
    cpus = sorted({WRITER, 1, *(s.cpu for s in schedule.steps)})
    columns = tuple((c, schedule.update if c == WRITER else schedule.reader) for c in cpus)
    states = tuple(_states(schedule.code))
    rows = tuple(_rows(schedule.steps, {n: parts for n, parts in map(_bytes, states) if n}))
    return Timeline(columns, rows, tuple(_story(schedule, cpus)), schedule.outcome, states)


def _rows(steps: Sequence[Step], codes: Mapping[int, tuple[Part, ...]]) -> Iterator[Row]:
    stores = _stores(steps)
    at = {store: number for number, store in stores.items()}
    for number, step in enumerate(steps, 1):
        named = _STORE.search(step.stale)
        store = stores.get(number, 0)
        was, now = before_and_after(_SAID.sub("", step.text) if store else step.text)
        yield Row(
            number=number,
            cpu=step.cpu,
            kind=step.kind,
            word=WORDS.get(step.kind, step.kind),
            place=step.place,
            address=f"{step.address:#x}" if step.address else "",
            parts=now,
            was=was,
            code=codes.get(store, ()) if step.kind == "store" else (),
            stale=step.stale,
            store=store,
            missed=at.get(int(named[1]), 0) if named else 0,
        )


def _stores(steps: Sequence[Step]) -> dict[int, int]:
    """The number of each store by that of its step: as its text has it, else counted."""
    every = [(n, s) for n, s in enumerate(steps, 1) if s.kind in _STORES]
    told = {n: int(found[1]) for n, s in every if (found := _STORE.search(s.text))}
    if told:
        return told
    return {number: count for count, (number, _) in enumerate(every, 1)}


def _story(schedule: Schedule, cpus: Sequence[int]) -> Iterator[str]:
    others = "another ran" if len(cpus) == 2 else f"{len(cpus) - 1} others ran"
    yield f"While one CPU did “{schedule.update}”, {others} “{schedule.reader}”."
    stale = [n for n, s in enumerate(schedule.steps, 1) if s.stale]
    if stale:
        steps = f"step {stale[0]}" if len(stale) == 1 else f"steps {_listed(stale)}"
        yield f"In {steps} it saw a value that was no longer the newest, as this arch allows."
    yield from _between(schedule)
    traps = [n for n, s in enumerate(schedule.steps, 1) if s.kind == "trap"]
    if traps:
        yield f"It trapped in step {traps[0]}."


def _between(schedule: Schedule) -> Iterator[str]:
    """Says so where what was fetched last is an instruction that nobody wanted there."""
    fetches = [(n, s.text) for n, s in enumerate(schedule.steps, 1) if s.kind == "fetch"]
    found = [_AFTER.match(line) for line in schedule.code]
    for line, after in list(zip(schedule.code, found, strict=True))[1:-1]:
        run = _RUN.search(line)
        text = line[run.end() :].strip() if run is not None else ""
        if after is not None and text and fetches and fetches[-1][1] == text:
            yield (
                f"What it fetched in step {fetches[-1][0]}, “{text}”, is neither the old nor the "
                f"new instruction: it stands there between two of the {len(found) - 1} stores "
                "that make the change."
            )
            return


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"


# --- bytes that have changed ---


def before_and_after(text: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Of ``old becomes new`` both, what differs marked; of any other text nothing and all of it."""
    found = _PAIR.fullmatch(text)
    if found is None:
        return (), (Part(text),) if text else ()
    return changes(found[2], found[1]), changes(found[1], found[2])


def changes(old: str, new: str) -> tuple[Part, ...]:
    """The words or bytes of ``new`` with blanks between; marked where ``old`` has another."""
    parts = []
    for index, (a, b) in enumerate(zip_longest(old.split(), new.split())):
        if b is None:
            break
        if index:
            parts.append(Part(" "))
        parts.append(Part(b, a != b))
    return tuple(parts)


def _states(lines: Sequence[str]) -> Iterator[tuple[Part, ...]]:
    """Each line, the bytes in it marked where the line before has others there."""
    before = ""
    for line in lines:
        run = _RUN.search(line)
        if run is None:
            yield _some(line)
            continue
        parts = changes(before, run[0]) if before else (Part(run[0]),)
        yield (*_some(line[: run.start()]), *parts, *_some(line[run.end() :]))
        before = run[0]


def _bytes(state: Sequence[Part]) -> tuple[int, tuple[Part, ...]]:
    """The number of the store that made a state, and its bytes; 0 where no store is named."""
    found = _AFTER.match(state[0].text) if state else None
    return (int(found[1]), tuple(state[1:-1])) if found else (0, ())


def _some(text: str) -> tuple[Part, ...]:
    return (Part(text),) if text else ()
