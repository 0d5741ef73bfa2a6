"""Sites in the source against entries in the tables: a compiler clones, merges and drops code.

A copy of a site that no entry names is a branch to its trampoline, which the
static check finds.  A site that has left nothing is found here: a key that the
case calls or tests, when its plain build runs, has entries in the case's own
code.  Which of a key's sites an entry comes from nobody can tell: compilers
give code that they have merged no line, or that of either.
"""

from __future__ import annotations

import re
from pathlib import Path

from transformer.arch.modes import INLINE_MODES, PATCHED_MODES
from transformer.corpus.coverage import Coverage
from transformer.corpus.results import CaseResult, Failure
from transformer.corpus.symbols import HARNESS
from transformer.corpus.values import plain_name
from transformer.emulator import Image
from transformer.emulator.code import code_of
from transformer.emulator.tables import GUARDS, SITES, Tables
from transformer.rewriting import Site

#: A guard's operand that names its key; any other may be a flag that is loaded.
_NAMED = re.compile(r"&?\s*(\w+)\Z")


def check_entries(result: CaseResult, coverage: Coverage | None, image: Image, mode: str) -> None:
    """Each key that was called or tested, where the mode has entries for that."""
    if coverage is None or mode not in PATCHED_MODES:
        return
    tables = Tables(image)
    called, tested = _called(tables), _tested(tables)
    keys = {s.name for s in image.all_symbols if s.kind == "object"}
    for site in sorted(coverage.reached, key=lambda s: (s.path, s.line, s.column)):
        named = _NAMED.match(site.key)
        if site.kind == "call" and mode in INLINE_MODES:
            result.count("static")
            if site.key not in called:
                result.fail(_lost(site, site.key, "call through", SITES))
        elif site.kind == "guard" and named and named[1] in keys:
            result.count("static")
            if named[1] not in tested:
                result.fail(_lost(site, named[1], "test of", GUARDS))


def _called(tables: Tables) -> set[str]:
    """The keys of call sites outside of the harness; a user's own asm may have no entry."""
    found = {
        tables.trampolines[branch.target]
        for address, branch in code_of(tables.image).branches.items()
        if branch.target in tables.trampolines and _own(tables.image, address)
    }
    for entry in tables.call_sites:
        proxy = tables.proxy_at.get(entry.proxy)
        if proxy is not None and not entry.is_way and _own(tables.image, entry.code):
            found.add(plain_name(tables.call_key_name(proxy.key)))
    return found


def _tested(tables: Tables) -> set[str]:
    """The static keys of guards, what lies within an array or a struct by its name."""
    names = (tables.static_key_name(g.key) for g in tables.guards if _own(tables.image, g.code))
    return {plain_name(name.split("+")[0]) for name in names}


def _own(image: Image, address: int) -> bool:
    found = image.symbol_at(address)
    return found is None or not found[0].name.startswith(HARNESS)


def _lost(site: Site, key: str, what: str, table: str) -> Failure:
    return Failure(
        "static",
        f"the {what} '{key}' runs in the plain build, but no entry names code of it: "
        "its sites were dropped, and no update comes to them",
        site=f"{Path(site.path).name}:{site.line}",
        expected=f"an entry of '{key}' in {table}",
        got="none but the harness's",
    )
