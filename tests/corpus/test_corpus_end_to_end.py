"""What verify says of cases that are right: every check was made, on every arch and mode."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest
from corpus_cases import CALL, MakeCase, family, run

from transformer.arch import load, names
from transformer.corpus import CaseResult, verify
from transformer.corpus.verify import Task


@pytest.mark.parametrize("mode", ["generic", "slot", "trampoline", "inline", "inline-asm"])
@pytest.mark.parametrize("arch", names())
def test_a_call_that_moves_passes_with_every_check_counted(
    arch: str, mode: str, make_case: MakeCase
) -> None:
    results = run(make_case(), arch, mode)
    assert [r.status for r in results] == ["pass"] * len(results), results
    assert {r.checks["dispatch"] for r in results} == {2}
    assert all(r.checks["reach"] >= 2 for r in results)
    pads = {v.name: v.pads for v in load(arch).variants}
    plain = [
        r for r in results if r.variant.split("-")[0] in pads
    ]  # a retpoline's call is a return
    assert plain and all(r.checks["abi"] >= 4 for r in plain)
    assert all(("pads" in r.checks) == pads[r.variant.split("-")[0]] for r in plain)
    assert all((r.sites_total, r.sites_executed) == (1, 1) for r in results)
    inline = mode.startswith("inline")
    assert all((r.inline_total, r.inline_executed) == (inline, inline) for r in results)


def test_the_builds_cover_both_optimisations_pie_and_pads(make_case: MakeCase) -> None:
    arch = load(names()[0])
    variants = {tuple(r.variant.rsplit("-", 1)) for r in run(make_case(), arch.name)}
    assert {v.name for v in arch.variants} == {name for name, _ in variants}
    assert {level for _, level in variants} == {"O0", "O2"}


def test_structs_floats_and_strings_are_compared_by_value(make_case: MakeCase) -> None:
    unit = """
        #include <sc/static_call.h>
        struct mixed { char c; double d; struct { short s; float f; } in; };
        struct mixed grow(struct mixed m, float by, const char *why);
        struct mixed keep(struct mixed m, float by, const char *why)
        {
            (void)by;
            (void)why;
            return m;
        }
        DEFINE_STATIC_CALL(change, keep);
        struct mixed go(int n)
        {
            struct mixed m = { (char)n, n * 1.5, { (short)-n, n / 4.0f } };
            return static_call(change)(m, 2.5f, "because");
        }
        """
    toml = """
        units = ["unit"]
        [[step]]
        call = "go(3)"
        [[step]]
        update = { change = "grow" }
        [[step]]
        call = "go(5)"
        """.replace('"unit"', '"unit.c"')
    case = make_case(toml, unit=unit)
    for result in run(case):
        assert result.status == "pass", result


def test_units_share_a_key_and_undefined_functions_are_events(make_case: MakeCase) -> None:
    header = "#include <sc/static_call.h>\nint twice(int); int log_it(const char *, ...);\n"
    one = header + (
        "int twice(int n) { return 2 * n; }\nDEFINE_STATIC_CALL(shared, twice);\n"
        'int use(int n) { return log_it("%d %s %f", n, "x", n / 2.0) + static_call(shared)(n); }\n'
    )
    two = header + (
        "static int thrice(int n) { return 3 * n; }\nDECLARE_STATIC_CALL(shared, twice);\n"
        "void switch_over(void) { static_call_update(shared, thrice); }\n"
    )
    toml = (
        'units = ["one.c", "two.c"]\nreturns = { log_it = [100, 200] }\n'
        '[[step]]\ncall = "use(4)"\nreturns = 108\n[[step]]\ncall = "switch_over()"\n'
        '[[step]]\ncall = "use(4)"\nreturns = 212\n[[step]]\nupdate = { shared = "thrice" }\n'
        '[[step]]\ncall = "use(5)"\nreturns = 15\n'
    )
    for result in run(make_case(toml, one=one, two=two)):
        assert result.status == "pass", result


def test_a_dynamic_function_that_is_off_returns_its_value_in_both_builds(
    make_case: MakeCase,
) -> None:
    unit = """
        #include <sc/dynamic_function.h>
        int effect(int n);
        SC_DYNAMIC(-5) int work(int n) { return effect(n) + 1; }
        int caller(int n) { return work(n); }
        """
    toml = (
        'units = ["unit.c"]\nreturns = { effect = 41 }\n'
        '[[step]]\ncall = "caller(1)"\nreturns = 42\n'
        '[[step]]\noff = "work"\n[[step]]\ncall = "caller(1)"\nreturns = -5\n'
        '[[step]]\non = "work"\n[[step]]\ncall = "caller(1)"\nreturns = 1\n'
    )
    for result in run(make_case(toml, unit=unit)):
        assert result.status == "pass", result


def test_a_file_without_a_scenario_gets_one(tmp_path: Path) -> None:
    (tmp_path / "alone.c").write_text(CALL + "int crash(int *p) { return **(int **)(void *)p; }\n")
    for result in run(tmp_path / "alone.c"):
        assert result.status == "pass", result
        assert result.unverified > 0, "the crash is not verified, and counted"
        assert result.checks["dispatch"] >= 6


def test_an_invented_call_whose_result_hangs_on_chance_is_not_verified(tmp_path: Path) -> None:
    """``pick(-1)`` reads what happens to lie before the table."""
    (tmp_path / "chance.c").write_text(
        CALL
        + 'static const char *const names[] = { "a", "b", "c" };\n'
        + "int before[] = { 1, 2, 3 };\n"
        + "const char *pick(int n) { return n > 2 ? 0 : names[first(n, 0)]; }\n"
        + "int unset(int n) { int local[4]; if (n == 7) local[0] = 1; return local[0]; }\n"
    )
    for result in run(tmp_path / "chance.c"):
        assert result.status == "pass", result
        assert result.unverified > 0


def test_results_are_in_the_same_order_with_several_processes(make_case: MakeCase) -> None:
    arch = names()[0]
    case = make_case()
    one, two = (
        verify([case], arches=[arch], compilers=[family(arch)], jobs=j).results for j in (1, 2)
    )
    assert [r.name for r in one] == [r.name for r in two]


def test_temporary_files_of_a_run_lie_in_the_folder_that_it_removes(
    monkeypatch: pytest.MonkeyPatch, make_case: MakeCase
) -> None:
    """An interrupt may come before a temporary file is known to who would remove it."""
    before, seen = tempfile.gettempdir(), []

    def run(task: Task) -> list[CaseResult]:
        seen.append((task.shared, Path(tempfile.gettempdir()), Path(os.environ["TMPDIR"])))
        return [CaseResult(task.case.name, task.arch, "-", "-", "-")] * task.cells

    monkeypatch.setattr(sys.modules["transformer.corpus.verify"], "run_task", run)
    verify([make_case()], arches=names()[:1])
    assert seen and all(a == b == c for a, b, c in seen)
    assert tempfile.gettempdir() == before and not seen[0][0].exists()
