"""What ``torture.py`` and ``csmith.py`` do to programs that nobody wrote for the tool."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

import pytest
from torture_injecting import CALL, START, guarded, injected
from trials import Trial, Trials, wrong_about

from transformer.rewriting import RewriteResult

PROGRAM = """#include <stdio.h>
static int half(int n);
static int twice(int n) { return n < 50 ? twice(n + half(n)) : n; }
static int half(int n) { return n / 2 + 1; }
int main(void)
{
	printf("%d\\n", twice(3) + half(8));
	return 3;
}
"""
NO_CALL = "int main(void) { return 3; }\n"
FLAGS = ("-O1", "-w")
WAYS = 12


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Trials:
    return Trials(tmp_path_factory.mktemp("trials"), ["trampoline"])


def with_call(trials: Trials, *, patched: bool) -> Trial:
    """The program with a static call, and with its guards, that are wrong until patched or not."""
    copy = trials.folder / "program.c"
    copy.write_text(PROGRAM)
    assert trials.compiles(copy, FLAGS, "original.o")
    before = trials.behaviour(["original.o"])
    seed = next(s for s in range(99) if (START in next(injected(PROGRAM, s))) == patched)
    chosen = next(trials.accepted(copy, islice(injected(PROGRAM, seed), WAYS), FLAGS))
    assert before == (3, b"76\n")
    return Trial(copy, chosen, FLAGS, before)


@pytest.mark.parametrize(("patched", "told"), [(False, ""), (True, " and patched")])
def test_a_call_goes_through_a_key(trials: Trials, patched: bool, told: str) -> None:
    trial = with_call(trials, patched=patched)
    assert f"static_call({CALL})" in trial.text and "static_branch_unlikely(" in trial.text
    outcomes = dict(trials.outcomes(trial))
    assert outcomes == {"trampoline": (f"read, call transformed{told}, ran alike", "")}


def test_what_calls_nothing_gets_a_guard(trials: Trials) -> None:
    assert not list(injected(NO_CALL, 0))
    copy = trials.folder / "guard.c"
    chosen = next(trials.accepted(copy, guarded(NO_CALL, 0), FLAGS))
    ((outcome, _),) = dict(trials.outcomes(Trial(copy, chosen, FLAGS, (3, b"")))).values()
    assert outcome.startswith("read, guard transformed") and outcome.endswith("ran alike")


def test_what_a_conditional_leaves_out_gets_nothing(trials: Trials) -> None:
    ways = guarded(f"#if 0\nint x;\n{NO_CALL}#endif\n", 0)
    assert list(trials.accepted(trials.folder / "out.c", ways, FLAGS)) == []


def test_a_definition_of_old_gets_a_guard(trials: Trials) -> None:
    old = "int less(a, b)\n int a;\n int (*b)();\n{ __label__ l; l: return a < b(); }\n"
    text = next(trials.accepted(trials.folder / "old.c", guarded(old, 0), FLAGS))
    assert text.index("DEFINE_") < text.index("int less") < text.index("l; if")


def test_a_site_that_is_not_patched_is_told(trials: Trials) -> None:
    trial = with_call(trials, patched=True)
    forgets = re.sub(r"static_call_update\([^)]*\);", "", trial.text)
    ((outcome, told),) = dict(trials.outcomes(replace(trial, text=forgets))).values()
    assert outcome == "read; its idioms change it without the tool"
    assert "became (-6, b'')" in told


def test_what_the_tool_changes_is_told(trials: Trials) -> None:
    trial = with_call(trials, patched=False)
    odd = "\n#if __has_include(<sc/trampoline.h>)\n\treturn 4;\n#endif\n"  # when lowered
    odd = trial.text.replace("\treturn 3;\n", f"{odd}\treturn 3;\n")
    outcomes = dict(trials.outcomes(replace(trial, text=odd)))
    told = r"(3, b'76\n') became (4, b'76\n')"
    assert outcomes == {"trampoline": ("behaves differently", told)}


def test_a_line_that_changed_is_told() -> None:
    text = next(injected(PROGRAM, 0))
    new = text.replace("static_call(", "__sc_call(")
    assert wrong_about(text, RewriteResult(new.encode())) is None
    changed = new.replace("return 3", "return 4").encode()
    assert wrong_about(text, RewriteResult(changed)) == ("bytes differ", "\treturn 3;")
    assert wrong_about(text, RewriteResult(text.encode())) is not None
