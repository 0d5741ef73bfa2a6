"""Reads litmus tests, and decides small ones by trying every order.

For those without instruction fetch: loads and stores of named words, registers that are set
to constants, fences. ``TSO`` and ``RELAXED`` say which two accesses of one CPU keep their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_ROW = re.compile(r"^ (.*) ;$")

_FORMS = (  # what it does, and where its register or constant and its address stand
    ("set", re.compile(r"^ori (?P<reg>\w+),x0,(?P<value>\d+)$")),
    ("store", re.compile(r"^movq \$(?P<value>\d+),\((?P<at>\w+)\)$")),
    ("store", re.compile(r"^sw (?P<reg>\w+),0\((?P<at>\w+)\)$")),
    ("load", re.compile(r"^movq \((?P<at>\w+)\),%(?P<reg>\w+)$")),
    ("load", re.compile(r"^lw (?P<reg>\w+),0\((?P<at>\w+)\)$")),
    ("fence", re.compile(r"^(?:mfence|fence rw,rw)$")),
    ("nothing", re.compile(r"^fence\.i$")),
)


@dataclass(frozen=True)
class Parsed:
    """One litmus test in its parts; ``programs`` are the columns below their heads."""

    head: str
    init: str
    programs: tuple[tuple[str, ...], ...]
    condition: str


def parse(text: str) -> Parsed:
    """Fails where the text has not the shape of a litmus test."""
    head, rest = text.split("\n", 1)
    comment = re.match(r"\(\*.*?\*\)\n", rest, re.DOTALL)
    assert comment, rest
    body = re.match(r"\{\n(.*?)\n\}\n(.*)", rest[comment.end() :], re.DOTALL)
    assert body, rest
    lines = body[2].splitlines()
    rows = [m[1].split(" | ") for m in map(_ROW.match, lines) if m]
    assert len({len(line) for line in lines[: len(rows)]}) == 1, "a crooked table"
    columns = tuple(tuple(c.strip() for c in column) for column in zip(*rows, strict=True))
    assert [c[0] for c in columns] == [f"P{i}" for i in range(len(columns))]
    condition = "\n".join(lines[len(rows) :])
    programs = tuple(tuple(i for i in c[1:] if i) for c in columns)
    return Parsed(head, re.sub(r"\(\*.*?\*\)", "", body[1]), programs, condition)


@dataclass(frozen=True)
class Access:
    """``kind`` is load, store or fence; ``register`` is what a load sets."""

    kind: str
    at: str = ""
    register: str = ""
    value: int = 0


Order = Callable[[Access, Access], bool]


def TSO(first: Access, second: Access) -> bool:
    """A load does not wait for an earlier store to another place; all else is in order."""
    return RELAXED(first, second) or (first.kind, second.kind) != ("store", "load")


def RELAXED(first: Access, second: Access) -> bool:
    """Only a fence or one place keeps order."""
    return "fence" in (first.kind, second.kind) or first.at == second.at


def accesses(test: Parsed, cpu: int) -> Iterator[Access]:
    """What one CPU does to memory, with the constants that it stores."""
    places = dict(re.findall(rf"\b{cpu}:(\w+)=([a-z]+)\b", test.init))
    constants: dict[str, int] = {}
    for text in test.programs[cpu]:
        kind, found = next((k, m) for k, r in _FORMS if (m := r.match(text)))
        groups = found.groupdict()
        at = places.get(groups.get("at", ""), groups.get("at", ""))
        if kind == "set":
            constants[groups["reg"]] = int(groups["value"])
        elif kind == "store":
            value = groups.get("value")
            yield Access("store", at, "", constants[groups["reg"]] if value is None else int(value))
        elif kind != "nothing":
            yield Access(kind, at, groups.get("reg", ""))


def ends(test: Parsed, ordered: Order) -> Iterator[dict[str, int]]:
    """The registers (``1:rax``) at every end that some order of accesses leads to."""
    threads = [list(accesses(test, cpu)) for cpu in range(len(test.programs))]
    before = [
        [sum(1 << j for j in range(i) if ordered(t[j], t[i])) for i in range(len(t))]
        for t in threads
    ]
    seen = set()
    todo = [(tuple(0 for _ in threads), (), ())]
    while todo:
        state = todo.pop()
        if state in seen:
            continue
        seen.add(state)
        done, memory, registers = state
        if all(d == (1 << len(t)) - 1 for d, t in zip(done, threads, strict=True)):
            yield dict(registers)
            continue
        for cpu, thread in enumerate(threads):
            for i, access in enumerate(thread):
                if done[cpu] >> i & 1 or before[cpu][i] & ~done[cpu]:
                    continue
                after = tuple(d | 1 << i if c == cpu else d for c, d in enumerate(done))
                values, held = dict(memory), dict(registers)
                if access.kind == "store":
                    values[access.at] = access.value
                elif access.kind == "load":
                    held[f"{cpu}:{access.register}"] = values.get(access.at, 0)
                todo.append((after, tuple(sorted(values.items())), tuple(sorted(held.items()))))


def holds(test: Parsed, registers: dict[str, int]) -> bool:
    """Whether the condition's proposition is true of these registers."""
    text = re.sub(r"^(forall|~exists|exists)\s*", "", test.condition)
    text = re.sub(r"(\d:\w+)=(\d+)", lambda m: str(registers[m[1].lower()] == int(m[2])), text)
    text = text.replace("/\\", " and ").replace("\\/", " or ").replace("~", " not ")
    assert re.fullmatch(r"(True|False|and|or|not|[()\s])*", text), text
    return bool(eval(" ".join(text.split())))
