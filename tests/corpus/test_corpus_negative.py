"""Negative controls: what is wrong must fail, and the message must say what and where."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
from corpus_cases import CALL, STEPS, Damage, MakeCase, run

from transformer.corpus import program, transformed, verify
from transformer.corpus.results import CaseResult
from transformer.emulator import SelfTestResult
from transformer.rewriting import RewriteResult

RUNTIME = "common/runtime/sc_runtime.c.j2"


def failed(results: list[CaseResult], check: str, *texts: str) -> None:
    """Every result failed in ``check`` with a message that has these texts."""
    assert results
    for result in results:
        assert result.status == "fail", result
        told = [f.render() for f in result.failures if f.check == check]
        assert any(all(t in m for t in texts) for m in told), result.failures


@pytest.fixture
def rewriting(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Makes the rewriter give other text: it swaps one piece for another."""

    def swap(old: str, new: str) -> None:
        real = transformed.rewrite_unit

        def wrong(*args: object, **more: object) -> RewriteResult:
            result = real(*args, **more)  # type: ignore[arg-type]
            assert old.encode() in result.text
            return result._replace(text=result.text.replace(old.encode(), new.encode()))

        monkeypatch.setattr(transformed, "rewrite_unit", wrong)

    return swap


def test_a_stale_trampoline_is_a_wrong_target(make_case: MakeCase, damaged: Damage) -> None:
    damaged(RUNTIME, "struct sc_proxy *proxy = key->proxies;", "struct sc_proxy *proxy = 0;")
    failed(
        run(make_case()),
        "dispatch",
        "key 'my_key' dispatched to func_a, not to func_b",
        "unit.c:11",
        "expected: my_key -> func_b(3, 4)",
        "trampoline:",
    )


def test_swapped_arguments_are_seen(
    make_case: MakeCase, rewriting: Callable[[str, str], None]
) -> None:
    rewriting("(a, b);", "(b, a);")
    results = run(make_case(), mode="slot")
    failed(results, "dispatch", "func_a got other arguments", "unit.c:11", "func_a(4, 3)")


def test_a_call_that_bypasses_its_key_is_a_missing_event(
    make_case: MakeCase, rewriting: Callable[[str, str], None]
) -> None:
    rewriting("__sc_call  (my_key)", "func_a")
    failed(run(make_case()), "dispatch", "an event is missing: my_key -> func_a(3, 4)")


def test_a_call_too_many_is_seen(
    make_case: MakeCase, rewriting: Callable[[str, str], None]
) -> None:
    rewriting("return __sc_call", "__sc_call(my_key)(0, 0); return __sc_call")
    failed(run(make_case()), "dispatch", "func_a got other arguments", "func_a(0, 0)")


def test_another_result_is_seen(make_case: MakeCase, rewriting: Callable[[str, str], None]) -> None:
    rewriting("(a, b);", "(a, b) + 1;")
    results = run(make_case(), mode="generic")
    failed(results, "dispatch", "the returned value differs", "expected: 7", "got:      8")


def test_an_update_that_never_ends_is_cut_off(
    make_case: MakeCase, damaged: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged(RUNTIME, "if (sc_has_no_null(key, func))", "while (key->func != func);\n\tif (0)")
    monkeypatch.setattr(program, "_LIMIT", 50_000)
    failed(run(make_case(), mode="slot"), "dispatch", "step 2", "cut off at", "got:      hang")


def test_return_0_that_returns_1_is_seen(make_case: MakeCase, damaged: Damage) -> None:
    damaged(RUNTIME, "return (struct sc_zero){ 0, 0 };", "return (struct sc_zero){ 1, 0 };")
    steps = STEPS.replace('"func_b"', '"RET0"').replace("returns = 13", "returns = 0")
    failed(run(make_case(steps)), "dispatch", "the returned value differs", "got:      1")


def test_a_trampoline_that_ignores_reach_is_seen(make_case: MakeCase, damaged: Damage) -> None:
    damaged("common/runtime/sc_insn.h.j2", "if (!sc_reaches(kind, at, target))", "if (0)")
    failed(run(make_case()), "reach", "does not reach a target beyond")


def test_a_trampoline_that_is_never_patched_is_seen(make_case: MakeCase, damaged: Damage) -> None:
    damaged(
        RUNTIME,
        "error = sc_put(update, object, at, SC_AT_TRAMPOLINE, SC_JUMP, target);",
        "error = -ERANGE;",
    )
    failed(run(make_case()), "reach", "takes the slot path for a target within reach")


def test_a_file_whose_sites_never_run_has_failed(make_case: MakeCase) -> None:
    unit = CALL + "int other(void) { return 1; }\n"
    results = run(make_case('units = ["unit.c"]\n[[step]]\ncall = "other()"\n', unit=unit))
    failed(results, "dispatch", "unit.c: none of its sites was executed")
    assert results[0].unexecuted == ["unit.c:11:9: call my_key"]


def test_a_pin_that_the_plain_build_does_not_meet_is_an_error(make_case: MakeCase) -> None:
    results = run(make_case(STEPS.replace("returns = 7", "returns = 8")))
    assert {r.status for r in results} == {"error"}
    assert "step 1: first(3, 4): returns 7, not 8" in results[0].message


def test_a_unit_that_does_not_compile_is_an_error_and_no_traceback(make_case: MakeCase) -> None:
    results = run(make_case(unit=CALL + "int broken( { }\n"))
    assert {r.status for r in results} == {"error"}
    assert "unit.c" in results[0].message
    assert "Traceback" not in results[0].message


def test_a_refusal_that_does_not_come_fails(make_case: MakeCase) -> None:
    toml = 'units = ["unit.c"]\nrefuse = { id = "sc-unknown-key", at = "unit.c:11:9" }\n'
    results = run(make_case(toml))
    failed(results, "refuse", "not refused", "unit.c:11:9", "no error")


def test_a_refusal_at_another_place_fails(make_case: MakeCase) -> None:
    toml = 'units = ["unit.c"]\nrefuse = { id = "sc-unknown-key", at = "unit.c:11:9" }\n'
    unit = CALL.replace("static_call(my_key)", "\n static_call(nobody)")
    failed(run(make_case(toml, unit=unit)), "refuse", "not refused", "nobody")


def test_nothing_passes_where_the_emulator_fails_its_own_tests(
    make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("transformer.corpus.verify")
    monkeypatch.setattr(module, "selftest", lambda arch: [SelfTestResult("steps", False, "0 of 3")])
    report = verify([make_case()])
    assert not report.ok
    assert not report.results
    assert "steps: 0 of 3" in report.selftests[0].failures[0].render()
