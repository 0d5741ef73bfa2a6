"""Cases that must be refused, and what is wrong with several units together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from transformer.arch import Arch
from transformer.corpus.case import Case, Refusal
from transformer.corpus.results import CaseResult, Failure
from transformer.corpus.transformed import rewrite_unit
from transformer.diagnostics import Diagnostic
from transformer.frontend.checks import FIRST
from transformer.rewriting import RewriteResult, Site
from transformer.toolchain import Compiler

_USES = ("call", "query", "update", "guard", "key-operation")


def run_refusal(case: Case, arch: Arch, mode: str, compiler: Compiler) -> CaseResult:
    """Rewrites the units and compares the errors with those that the case names."""
    result = CaseResult(case.name, arch.name, mode, compiler.family, "refuse")
    begun = time.monotonic()
    units = [rewrite_unit(case, p, arch, mode, compiler, check=True) for p in case.units]
    got = [d for u in units for d in u.diagnostics if d.severity == "error"]
    got += linkage_errors(units)
    result.count("refuse", len(case.refuse))
    result.fail(*_compare(case, got))
    result.seconds = time.monotonic() - begun
    return result


def _compare(case: Case, got: Sequence[Diagnostic]) -> Iterator[Failure]:
    left = list(got)
    for refusal in case.refuse:
        found = next((d for d in left if _fits(case, refusal, d)), None)
        if found is not None:
            left.remove(found)
            continue
        yield Failure(
            "refuse",
            "it is not refused as it must be",
            site=f"{refusal.path}:{refusal.line}:{refusal.column}",
            expected=str(refusal),
            got="; ".join(_one_line(d) for d in got) or "no error",
        )
    # A compiler may say more of one mistake than the case pins.
    for extra in (d for d in left if d.id != "sc-compile" or len(left) == len(got)):
        yield Failure("refuse", f"another error: {_one_line(extra)}", site=extra.where())


def _fits(case: Case, refusal: Refusal, found: Diagnostic) -> bool:
    path = Path(found.path)
    same = path.name == refusal.path or path.resolve() == (case.folder / refusal.path).resolve()
    column = refusal.column in (0, found.column)
    return same and column and (found.id, found.line) == (refusal.id, refusal.line)


def _one_line(found: Diagnostic) -> str:
    return f"{Path(found.path).name}:{found.line}:{found.column}: {found.text} [-W{found.id}]"


def linkage_errors(units: Sequence[RewriteResult]) -> list[Diagnostic]:
    """Keys that some unit uses and none defines, or that two units define."""
    definitions: dict[str, tuple[int, Site]] = {}
    found: list[Diagnostic] = []
    for index, unit in enumerate(units):
        for site in unit.sites:
            if site.kind not in ("define-call", "define-key"):
                continue
            first, other = definitions.setdefault(site.key, (index, site))
            if first != index:
                text = f"'{site.key}' is defined a second time"
                said = Diagnostic("note", "", FIRST, other.path, other.line, other.column)
                found.append(_at(site, "sc-conflicting-define", text)._replace(children=(said,)))
    return found + list(_missing(units, set(definitions)))


def _missing(units: Sequence[RewriteResult], defined: set[str]) -> Iterator[Diagnostic]:
    told: set[str] = set()
    for unit in units:
        declared = {s.key for s in unit.sites if s.kind in ("declare-call", "declare-key")}
        for site in unit.sites:
            name = site.key.strip("&() ")
            if site.kind in _USES and name in declared - defined - told:
                told.add(name)
                yield _at(site, "sc-missing-define", f"no unit defines '{name}'")


def _at(site: Site, identity: str, text: str) -> Diagnostic:
    return Diagnostic("error", identity, text, site.path, site.line, site.column)
