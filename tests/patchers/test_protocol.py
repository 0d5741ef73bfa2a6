"""What `sc-transform litmus` writes is what the runtime does: the same steps in the same order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from patcher_program import Base, PatcherProgram

from transformer import arch as arches
from transformer.cli.litmus import litmus_tests

#: What a line of a test is in the runtime's log; lines in between order nothing that it orders.
STEPS = (
    ("data", r"STR W2,\[X3\]|sw x9,0\(x5\)|movq \$\d,\(slot\)"),
    ("order", r"DMB ISH$|lw x1\d,0\(x7\)|movq \(answer\),.*"),
    ("store", r"STR W[05],\[X1\]|sw x9,0\(x8\)|movq \$\d,\(unit\)"),
)
KINDS = {"data": "data", "publish": "order", "barrier": "order", "store": "store"}


def steps_of(name: str, test: str) -> list[str]:
    """What the updating CPU of a test does; maintenance by arch.toml's names."""
    (litmus,) = (t for t in litmus_tests(arches.load(name)) if t.name == test)
    rows = re.findall(r"^ (.*?) +\|", litmus.text.split("\n P0 ", 1)[1], re.MULTILINE)
    maintenance = {r.what for r in arches.load(name).synchronise}
    found = []
    for row in rows:
        found += [kind for kind, pattern in STEPS if re.match(pattern, row)]
        found += [what for what in maintenance if row.lower().split(",")[0] == what]
    return found


def done_by_the_runtime(program: PatcherProgram, name: str, *updates: str) -> list[str]:
    """The same of updates that run, without what the tests have no line for."""
    written = set(steps_of(name, "sc-slot"))
    found: list[str] = []
    for update in updates:
        last = 0  # an instruction that is a barrier and maintenance is one step
        for event in program.update(update).events:
            kind = KINDS.get(event.kind, event.what)
            if kind in written and event.pc != last:
                found.append(kind)
                last = event.pc
    return found


@pytest.mark.parametrize("name", arches.names())
def test_the_runtime_takes_the_steps_of_the_tests(name: str, tmp_path: Path) -> None:
    program = PatcherProgram(Base(name, "trampoline", tmp_path / "o").linked("", "right"))
    wanted = steps_of(name, "sc-slot")
    assert wanted[:3] == ["data", "order", "store"]
    assert "order" not in steps_of(name, "sc-slot-unordered")
    assert done_by_the_runtime(program, name, "to_far") == wanted
    program.update("to_one")
    twice = done_by_the_runtime(program, name, "to_two", "to_far")
    assert twice == steps_of(name, "sc-two-updates") == [*wanted, *wanted]
