"""Renders the C that is compiled around a case (``templates/common/harness``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformer.arch import templates_dir
from transformer.corpus.case import Value
from transformer.corpus.ctype import (
    CType,
    Floating,
    Function,
    Integer,
    Pointer,
    Record,
    Void,
    size_of,
)
from transformer.corpus.declare import Declarations
from transformer.corpus.plan import Plan, Reach, UnitPlan
from transformer.runtime import render_template

SCRATCH = 1024
FIRST_STUB = 1
FIRST_RECORDER = 100_000
NEAR, FAR = "__h_near_", "__h_far_"


@dataclass(frozen=True)
class Interfaces:
    """Types of what the harness stands in for, read from the plain build's DWARF.

    ``functions`` and ``data`` are undefined in the case; ``keys`` are its
    static calls by name.
    """

    functions: Mapping[str, Function]
    data: Mapping[str, CType]
    keys: Mapping[str, Function]


def sources() -> Path:
    """The folder of the harness's C files that are compiled as they are."""
    return templates_dir() / "common" / "harness"


def render_harness(
    plan: Plan, interfaces: Interfaces, free: frozenset[str]
) -> tuple[str, dict[int, str]]:
    """The stubs and recorders, and what each record's id stands for."""
    declared, names = Declarations(), {}
    stubs = []
    for identity, (name, function) in enumerate(interfaces.functions.items(), FIRST_STUB):
        names[identity] = name
        values = plan.case.returns.get(name, ())
        stubs.append(_stub(declared, identity, name, function, values, name not in free))
    recorders = []
    for identity, (key, function) in enumerate(interfaces.keys.items(), FIRST_RECORDER):
        names[identity] = key
        recorders.append(_callee(declared, identity, f"__h_rec_{key}", function))
    text = _render(
        "harness.c.j2",
        case=plan.case.name,
        types=declared.lines,
        data=[
            {"name": n, "size": max(size_of(t), 256 if not size_of(t) else 1)}
            for n, t in interfaces.data.items()
        ],
        stubs=stubs,
        recorders=recorders,
    )
    return text, names


def render_targets(plan: Plan, reach: Sequence[Reach], prefix: str) -> str:
    """One target for each key, to be built near or far."""
    declared = Declarations(prefix)
    targets = [{**_callee(declared, 0, prefix + r.name, r.type), "fill": 1} for r in reach]
    return _render(
        "targets.c.j2",
        case=plan.case.name,
        types=declared.lines,
        targets=targets,
        far=prefix == FAR,
    )


def render_tail(
    plan: Plan,
    unit: UnitPlan,
    source: Path,
    *,
    probes: Mapping[str, str] | None = None,
    reach: Sequence[Reach] = (),
    preprocessed: bool = False,
) -> str:
    """The unit by ``#include`` of ``source``, and what stands behind it.

    ``probes`` are symbols by the name of their probe.  ``preprocessed`` tells
    that ``source`` holds no directives any more.
    """
    return _render(
        "tail.c.j2",
        case=plan.case.name,
        unit=str(source),
        index=unit.index,
        addresses=unit.addresses,
        imports=unit.imports,
        memory=[{"index": i, "name": n} for i, n in unit.memory],
        probes=[{"name": n, "symbol": s} for n, s in (probes or {}).items()],
        disabled=[{"name": n, "value": v, "dummies": d} for n, v, d in unit.disabled],
        steps=[
            {
                "id": a.id,
                "kind": a.action.kind,
                "name": a.action.name,
                "text": a.action.text,
                "statement": a.statement,
            }
            for a in unit.actions
        ],
        scratch=SCRATCH if reach or plan.case.invented or unit.disabled else 0,
        reach=reach,
        preprocessed=preprocessed,
    )


def _callee(declared: Declarations, identity: int, name: str, function: Function) -> dict[str, Any]:
    returns = function.returns
    return {
        "id": identity,
        "name": name,
        "prototype": _prototype(declared, function, name),
        "parameters": len(function.parameters),
        "format": _format_argument(function),
        "returns": "" if isinstance(returns, Void) else declared.spell(returns),
        "record": isinstance(returns, Record),
    }


def _prototype(declared: Declarations, function: Function, name: str) -> str:
    return declared.prototype(function, name)


def _stub(
    declared: Declarations,
    identity: int,
    name: str,
    function: Function,
    values: Sequence[Value],
    logged: bool,
) -> dict[str, Any]:
    row = _callee(declared, identity, name, function)
    void = isinstance(function.returns, Void | Record)
    return {
        **row,
        "results": [] if void else [_literal(v, function.returns) for v in values],
        "value_type": _value_type(function.returns),
        "logged": logged,
    }


def _value_type(ctype: CType) -> str:
    if isinstance(ctype, Pointer):
        return "char *const" if ctype.text else "void *const"
    if isinstance(ctype, Floating):
        return ctype.name
    return ctype.name if isinstance(ctype, Integer) and ctype.size > 8 else "long long"


def _literal(value: Value, ctype: CType) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'(void *)"{escaped}"'
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(ctype, Pointer):
        return f"(void *){int(value):#x}"
    if isinstance(value, int):
        return f"(long long){value:#x}ull" if value >= 0 else f"(-{-value}ll)"
    return repr(value)


def _format_argument(function: Function) -> int | None:
    """The parameter that holds a printf format: the last, if it points at characters."""
    if not function.variadic or not function.parameters:
        return None
    last = len(function.parameters) - 1
    parameter = function.parameters[last]
    return last if isinstance(parameter, Pointer) and parameter.text else None


def _render(name: str, **context: Any) -> str:
    return render_template(f"common/harness/{name}", context)
