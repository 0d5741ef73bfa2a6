"""A key that the plain build calls or tests has entries in the case's own code."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_cases import MakeCase

from transformer.arch import host
from transformer.corpus import entries, verify
from transformer.corpus.coverage import Coverage
from transformer.corpus.results import CaseResult
from transformer.emulator import Image
from transformer.emulator.tables import Tables
from transformer.rewriting import Site

UNIT = """
#include <sc/sc.h>

int func_a(int a) { return a + 1; }
DEFINE_STATIC_CALL(my_key, func_a);
DEFINE_STATIC_KEY_FALSE(loud);

int first(int a)
{
	if (static_branch_unlikely(&loud))
		a++;
	return static_call(my_key)(a) + 1;
}
"""
CASE = """
title = "One call and one guard"
units = ["unit.c"]
[[step]]
call = "first(3)"
returns = 5
"""


def results(folder: Path) -> list[CaseResult]:
    return verify(
        [folder], arches=[host().name], modes=["inline"], compilers=["clang"], levels=["-O2"]
    ).results


def messages(results: list[CaseResult]) -> list[str]:
    return [f.render() for r in results for f in r.failures if f.check == "static"]


def test_a_dropped_site_is_seen(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables hold no entries but those of the harness, and no branch is left."""

    class Without(Tables):
        call_sites = ()  # type: ignore[assignment]
        guards = ()  # type: ignore[assignment]
        trampolines = {}  # noqa: RUF012

    folder = make_case(CASE, unit=UNIT)
    assert messages(results(folder)) == []
    monkeypatch.setattr(entries, "Tables", Without)
    told = messages(results(folder))
    assert any("unit.c:12: the call through 'my_key' runs" in m for m in told)
    assert any("unit.c:10: the test of 'loud' runs" in m for m in told)
    assert all("no update comes to them" in m for m in told)


def test_a_flag_that_is_loaded_needs_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard of what no asm can name: its operand is no key's name."""
    sites = [Site("guard", text, "unit.c", 3, 1) for text in ("&dev->up", "keys[0]", "key")]
    coverage = Coverage(3, 3, (), (), frozenset(sites))
    monkeypatch.setattr(entries, "_called", lambda tables: set())
    monkeypatch.setattr(entries, "_tested", lambda tables: set())
    image = Image.__new__(Image)
    image.arch, image.all_symbols = host(), []
    result = CaseResult("case", host().name, "inline", "-", "-")
    entries.check_entries(result, coverage, image, "inline")
    assert result.failures == []
