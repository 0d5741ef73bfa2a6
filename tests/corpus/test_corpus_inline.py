"""Inline modes: which builds a case gets, and keys whose signatures do not fit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from corpus_cases import STEPS, Damage, MakeCase, family, run

from transformer.arch import load, names
from transformer.corpus import verify
from transformer.corpus.ctype import Floating, Function, Integer, Pointer, Record, Void
from transformer.corpus.levels import ALL, FEW, LEVELS, TURNS, first_turn, settings
from transformer.corpus.results import Failure
from transformer.corpus.transformed import SIGNATURE, Rewritten
from transformer.corpus.unfit import _untrue, fits
from transformer.diagnostics import Diagnostic
from transformer.rewriting import RewriteResult, Site

INT, LONG = Integer("int", 4, True), Integer("long", 8, True)
ARCH = load(names()[0])
MODES = ("inline", "inline-asm")


# --- which builds ---


def test_what_takes_turns_covers_every_level_and_variant() -> None:
    combinations = {(v, level) for v in range(len(ARCH.variants)) for level in LEVELS}
    for mode, turns in (("inline", 5), ("inline-asm", 10)):
        seen = Counter(s for turn in range(7, 7 + turns) for s in settings(ARCH, mode, TURNS, turn))
        assert set(seen) == combinations
        assert set(seen.values()) == {1}


@pytest.mark.parametrize("mode", ARCH.modes)
def test_few_builds_are_one_at_a_time_and_come_to_all(mode: str) -> None:
    every = {s for turn in range(10) for s in settings(ARCH, mode, TURNS, turn)}
    taken = [settings(ARCH, mode, FEW, turn) for turn in range(7, 27)]
    assert all(len(t) == 1 for t in taken)
    assert {s for t in taken for s in t} == every


def test_a_case_keeps_its_turn_when_others_come() -> None:
    assert first_turn("tail_calls") == first_turn("tail_calls")
    assert len({first_turn(f"case_{n}") % 5 for n in range(50)}) == 5


@pytest.mark.parametrize("mode", ["slot", *MODES])
def test_all_levels_are_all_and_named_ones_are_those(mode: str) -> None:
    assert len(settings(ARCH, mode, ALL, 3)) == len(LEVELS) * len(ARCH.variants)
    assert settings(ARCH, mode, ["-O3"], 1) == [(v, "-O3") for v in range(len(ARCH.variants))]


def test_the_results_name_level_and_kind_of_program(make_case: MakeCase) -> None:
    report = verify(
        [make_case()], arches=[ARCH.name], modes=["inline"], compilers=[family(ARCH.name)],
        levels=["-O1", "-Os"],
    )  # fmt: skip
    assert {(r.level, r.pie) for r in report.results} == {
        (level, v.pie) for level in ("-O1", "-Os") for v in ARCH.variants
    }
    assert report.turning == ()
    assert report.ok, report.results


# --- signatures ---

FLOATING = """
#include <sc/static_call.h>

double half(double x) { return x / 2; }
int same(int x) { return x; }
DEFINE_STATIC_CALL(halve, half);
DEFINE_STATIC_CALL(keep, same);

int first(int a, int b)
{
    return (int)static_call(halve)(a) + static_call(keep)(b);
}
"""


def test_a_key_that_does_not_fit_is_neither_built_nor_passed(make_case: MakeCase) -> None:
    toml = STEPS.split("[[step]]")[0] + '[[step]]\ncall = "first(4, 5)"\nreturns = 7\n'
    case = make_case(toml, unit=FLOATING)
    (result,) = run(case, mode="inline-asm")
    assert (result.status, result.unfit, result.level) == ("unfit", ["halve"], "")
    assert result.checks == {"refuse": 1}
    assert "1 key does not fit inline-asm" in result.message
    report = verify([case], arches=[ARCH.name], modes=["inline-asm"], compilers=["clang"])
    assert not report.ok, "nothing was verified"


@pytest.mark.parametrize(
    ("function", "right"),
    [
        (Function(Void(), ()), True),
        (Function(LONG, (INT, Pointer(8))), True),
        (Function(INT, (LONG,) * len(ARCH.registers.arguments)), True),
        (Function(INT, (LONG,) * (len(ARCH.registers.arguments) + 1)), False),
        (Function(INT, (Pointer(8),), variadic=True), False),
        (Function(Floating("double", 8), ()), False),
        (Function(INT, (Floating("float", 4),)), False),
        (Function(Integer("__int128", 16, True), ()), False),
        (Function(INT, (Record("struct", 4, 4, ()),)), False),
    ],
)
def test_what_fits(function: Function, right: bool) -> None:
    assert fits(function, ARCH) == right


def untrue(keys: dict[str, Function], *refused: str) -> list[Failure]:
    told = tuple(Diagnostic("error", SIGNATURE, f"no fit: '{k}'", "a.c", 3, 1) for k in refused)
    sites = tuple(Site("call", k, "a.c", 5, 9) for k in keys)
    rewritten = Rewritten((RewriteResult(b"", sites=sites),), told)
    known = {k: d for k, d in zip(refused, told, strict=True) if k in keys}
    return list(_untrue(rewritten, known, keys, ARCH))


def test_a_refusal_that_is_not_true_fails() -> None:
    good, bad = Function(INT, (INT,)), Function(Floating("double", 8), ())
    assert untrue({"good": good, "bad": bad}, "bad") == []
    (wrong,) = untrue({"good": good}, "good")
    assert "though its signature fits" in wrong.message and wrong.site == "a.c:3:1"
    (missed,) = untrue({"bad": bad})
    assert "is not refused" in missed.message and missed.site == "a.c:5"
    (unnamed,) = untrue({"good": good}, "other")
    assert "names no key" in unnamed.message


# --- what must be seen ---


def failures(case: Path, mode: str) -> str:
    results = run(case, mode=mode)
    assert all(r.status == "fail" for r in results), results
    return "\n".join(f.render() for r in results for f in r.failures)


def test_calls_that_all_go_to_the_trampoline_are_seen(make_case: MakeCase, damaged: Damage) -> None:
    damaged("common/include/sc/inline_asm.h.j2", "#if defined(__EXCEPTIONS)", "#if 1")
    text = failures(make_case(), "inline-asm")
    assert "key 'my_key' is called, but no site of it is patched" in text


@pytest.mark.parametrize("mode", MODES)
def test_sites_that_are_pointed_at_start_alone_are_seen(
    mode: str, make_case: MakeCase, damaged: Damage
) -> None:
    runtime = "common/runtime/sc_runtime.c.j2"
    damaged(runtime, "return sc_point_sites(update, object, proxy, target);", "return 0;")
    text = failures(make_case(), mode)
    assert "key 'my_key' dispatched to func_a, not to func_b" in text
    assert "first+0x" in text and "site:" in text
