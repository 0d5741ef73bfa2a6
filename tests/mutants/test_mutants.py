"""Machine-made mutants of templates and runtime: how they are made, and a sample of them judged.

``make mutants`` judges all.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from mutants import mutant_probe
from mutants.mutant_judging import TEMPLATES, Judge, Verdict
from mutants.mutant_making import Mutant, make, shown
from mutants.mutant_run import sample
from mutants.mutant_tally import EQUIVALENT, Reason, Tally, reasons
from mutants.mutant_text import built_lines, functions

from transformer import arch as arches
from transformer.toolchain import available

NAMES = arches.names()
SEED = 5
EACH = 1  # of an arch's mutants of the runtime are judged here

RUNTIME = """#include "sc_port_bare.h"
static int count;

static void put(volatile int *at, int value)
{
	int kept = *at;

	if (kept == value)
		return;
	*at = value;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (; count < 1; count++) {
		flush(at);
	}
	(void)kept;
}

#ifndef SC_FREESTANDING
static void natively(void)
{
	sync();
}
#endif
"""
MACROS = """/* Text. */
#define __SC_ARCH_CALL(tramp)				\\
	"mov x16, #8\\n\\t"				\\
	"bl " tramp "\\n\\t"
#define __SC_ARCH_CLOBBERS	"r1", "memory"
"""


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    for name, text in (("common/runtime/sc_runtime.c.j2", RUNTIME), ("new/call.h.j2", MACROS)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "common/runtime/sc_port_bare.h.j2").write_text("static int all;\n")
    return tmp_path


def made(templates: Path, name: str) -> dict[tuple[str, str, str], Mutant]:
    found = [m for m in make(templates, "new") if m.file.endswith(name)]
    return {(m.kind, shown(m.old), shown(m.new)): m for m in found}


def test_stores_barriers_and_calls_are_dropped_altered_and_exchanged(templates: Path) -> None:
    found = made(templates, "sc_runtime.c.j2")
    store, fence = "*at = value;", "__atomic_thread_fence(__ATOMIC_SEQ_CST);"
    assert ("drop", store, ";") in found
    assert ("drop", fence, ";") in found
    assert ("drop", "flush(at);", ";") in found
    assert ("alter", fence, "__atomic_thread_fence(__ATOMIC_RELAXED);") in found
    assert ("swap", f"{store} / {fence}", f"{fence} / {store}") in found
    assert any(k[0] == "alter" and "(unsigned char)(value >> 8 * i_)" in k[2] for k in found)
    assert not any("kept" in k[1] and k[0] == "drop" for k in found)


def test_lines_that_the_emulators_build_has_not_are_told_apart(templates: Path) -> None:
    found = made(templates, "sc_runtime.c.j2")
    assert not found["drop", "sync();", ";"].built
    assert found["drop", "flush(at);", ";"].built
    lines = RUNTIME.splitlines()
    assert [n for n, b in zip(lines, built_lines(RUNTIME), strict=True) if "sync" in n and b] == []


def test_assembler_lines_are_dropped_altered_and_exchanged(templates: Path) -> None:
    found = {(k, o): n for (k, o, n) in made(templates, "call.h.j2")}
    move, call = r'"mov x16, #8\n\t"', r'"bl " tramp "\n\t"'
    assert found["drop", move] == found["drop", call] == '""'
    assert found["swap", f"{move} / {call}"] == f"{call} / {move}"
    altered = {n for (k, o, n) in made(templates, "call.h.j2") if k == "alter"}
    assert {r'"mov x15, #8\n\t"', r'"mov x16, #9\n\t"', r'"b " tramp "\n\t"'} <= altered
    assert '#define __SC_ARCH_CLOBBERS "r1",' in {
        " ".join(n.split()) for (k, o, n) in made(templates, "call.h.j2")
    }


def test_a_mutant_changes_its_lines_alone(templates: Path) -> None:
    for mutant in make(templates, "new"):
        text = (templates / mutant.file).read_text()
        changed = mutant.apply(text)
        assert changed != text
        length = len(mutant.old.splitlines())
        behind = text.splitlines()[mutant.line - 1 + length :]
        assert changed.splitlines()[: mutant.line - 1] == text.splitlines()[: mutant.line - 1]
        assert not behind or changed.splitlines()[-len(behind) :] == behind


def test_statements_have_their_bodies() -> None:
    (body,) = functions(RUNTIME.split("#ifndef")[0])
    assert [s.text.split()[0] for s in body] == [
        "int",
        "if",
        "*at",
        *[body[3].text],
        "for",
        "(void)kept;",
    ]
    assert [s.text for s in body[4].body] == ["flush(at);"]


@pytest.mark.parametrize("name", NAMES)
def test_each_arch_and_the_runtime_have_mutants(name: str) -> None:
    found = make(TEMPLATES, name)
    files = {m.file for m in found if m.built}
    assert len(found) > 500
    assert {f"{name}/{n}.h.j2" for n in ("call", "guard", "hook", "trampoline")} <= files
    assert len({(m.file, m.line, m.new) for m in found}) == len(found)


def test_each_reason_is_about_a_mutant_and_says_why() -> None:
    every = [(n, m) for n in NAMES for m in make(TEMPLATES, n) if m.built]
    for reason in reasons():
        assert len(reason.why) > 20, reason
        assert any(reason.fits(n, m) for n, m in every), f"no such mutant: {reason}"
    assert set(tomllib.loads(EQUIVALENT.read_text())) == {"equivalent"}


def test_the_tally_tells_what_survived_and_why() -> None:
    mutant = Mutant("file.j2", 3, "drop", "\tstore();", "\t;")
    tally = Tally(_reasons=[Reason("file.j2", "store();", "because", arches=("one",))])
    assert tally.add("one", mutant, Verdict("survived")) == "equivalent"
    assert tally.add("two", mutant, Verdict("survived")) == "survived"
    assert tally.add("two", mutant, Verdict("caught", "fetch")) == "caught"
    assert tally.percent == 50.0
    assert "survived: two file.j2:3: drop: store(); -> ;" in tally.text()
    assert "two: 1 caught, 1 survived\n  caught by: fetch 1" in tally.text()


@pytest.mark.parametrize("name", NAMES)
def test_the_runtime_answers_as_its_header_says(name: str, tmp_path: Path) -> None:
    """What verify's cases cannot ask: counters, batches, refusals, walks, objects that go."""
    arch = arches.load(name)
    assert mutant_probe.run(arch, available(arch)[0], tmp_path) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_of_mutants_is_caught(name: str, tmp_path: Path) -> None:
    tally, judge = Tally(), Judge(name, tmp_path)
    of_runtime = [m for m in make(TEMPLATES, name) if m.built and m.file.startswith("common/")]
    for mutant in sample(of_runtime, EACH, SEED + NAMES.index(name)):
        tally.add(name, mutant, judge.judge(mutant))
    assert not tally.survivors, tally.text()
