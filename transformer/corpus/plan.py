"""What is compiled behind each unit of a case: its steps, probes and addresses.

The tail of a unit stands in the unit's own scope, so that steps use its types
and reach its statics.  It is the same for the plain and the transformed build.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transformer.corpus.case import Action, Case, Value
from transformer.corpus.ctype import CType, Function, Pointer, Record
from transformer.corpus.symbols import HARNESS, ObjectSymbols, is_runtime
from transformer.diagnostics import Diagnostic, ScError

_STATEMENTS = {
    "enable": "static_branch_enable(&{})",
    "disable": "static_branch_disable(&{})",
    "inc": "static_branch_inc(&{})",
    "dec": "static_branch_dec(&{})",
    "on": "(void)dynamic_function_enable({})",
    "off": "(void)dynamic_function_disable({})",
}
_NULLS = ("NULL", "0")
_RET0 = ("RET0", "__static_call_return0", "(void *)&__static_call_return0")
_DYNAMIC = re.compile(r"\bSC_DYNAMIC\s*\(")
_HEAD = re.compile(r"[^;{}()]*?\b(?!__attribute__\b)([A-Za-z_]\w*)\s*\(")
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class PlannedAction:
    """One action with its place: ``id`` counts from 0, ``step`` is its step's number."""

    id: int
    step: int
    action: Action
    unit: int
    statement: str = ""
    returns: Value | None = None

    @property
    def label(self) -> str:
        """The action as messages name it."""
        return f"step {self.step + 1}: {self.action}"


@dataclass(frozen=True)
class Reach:
    """A key that can be called with invented arguments, ``dummies``."""

    name: str
    dummies: str
    type: Function


@dataclass
class UnitPlan:
    """One unit: where it is and what its tail holds."""

    index: int
    path: Path
    symbols: ObjectSymbols
    text: str
    addresses: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    actions: list[PlannedAction] = field(default_factory=list)
    memory: list[tuple[int, str]] = field(default_factory=list)
    disabled: list[tuple[str, str, str]] = field(default_factory=list)

    def mentions(self, name: str) -> bool:
        """Whether the unit's text spells this word."""
        return re.search(rf"\b{re.escape(name)}\b", self.text) is not None

    def defines(self, name: str) -> bool:
        return name in self.symbols.functions or name in self.symbols.objects


@dataclass
class Plan:
    """The whole case as it is built and run."""

    case: Case
    units: list[UnitPlan]
    actions: list[PlannedAction]
    keys: dict[str, int] = field(default_factory=dict)
    undefined: dict[str, int] = field(default_factory=dict)
    dynamic: dict[str, tuple[int, str]] = field(default_factory=dict)

    def leave_undefined(self, unit: int, names: set[str]) -> None:
        """The unit needs these from elsewhere: stubs, but for what the runtime brings."""
        for name in sorted(names):
            if not is_runtime(name) and not name.startswith(HARNESS):
                self.undefined.setdefault(name, unit)


def make_plan(
    case: Case, symbols: Sequence[ObjectSymbols], expanded: Mapping[int, str] | None = None
) -> Plan:
    """Gives each action and name to the unit that can reach it.

    ``expanded`` is the preprocessed text of units that may hold SC_DYNAMIC, by
    their number, with the idioms unexpanded.
    """
    units = [
        UnitPlan(i, path, symbols[i], path.read_text(encoding="utf-8", errors="replace"))
        for i, path in enumerate(case.units)
    ]
    plan = Plan(case, units, [])
    defined = {n for u in units for n, seen in u.symbols.functions.items() if seen}
    defined |= {n for u in units for n, seen in u.symbols.objects.items() if seen}
    for unit in units:
        for key in sorted(unit.symbols.keys):
            if key not in plan.keys or unit.symbols.defines_key(key):
                plan.keys[key] = unit.index
        plan.leave_undefined(unit.index, unit.symbols.undefined - defined)
        text = (expanded or {}).get(unit.index, "")
        for name, value in dynamic_functions(unit, text, case.dynamic):
            plan.dynamic[name] = (unit.index, value)
    for number, step in enumerate(case.steps):
        for action in step.actions:
            _plan_action(plan, number, action, step.returns)
    for index, name in enumerate(case.memory):
        _unit_of(plan, name, "memory").memory.append((index, name))
    return plan


def dynamic_functions(unit: UnitPlan, text: str, named: Mapping[str, str]) -> list[tuple[str, str]]:
    """(function, disabled value) of what the unit marks, and of the named that it defines."""
    found = [(n, v) for n, v in named.items() if n in unit.symbols.functions]
    for mark in _DYNAMIC.finditer(text):
        end = _closing(text, mark.end() - 1)
        value = text[mark.end() : end].strip()
        head = _HEAD.match(text, end + 1)
        if head and head[1] in unit.symbols.functions:
            found.append((head[1], value))
    return found


def _closing(text: str, opening: int) -> int:
    depth = 0
    for i in range(opening, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if not depth:
            return i
    return len(text) - 1


def _plan_action(plan: Plan, number: int, action: Action, returns: Value | None) -> None:
    identity = len(plan.actions)
    if action.kind == "call":
        unit = _unit_of(plan, action.name, "call")
        pin = returns
        statement = ""
    elif action.kind == "update":
        unit, statement, pin = *_update(plan, action), None
    else:
        base = _NAME.match(action.name)
        unit = _unit_of(plan, base[0] if base else action.name, action.kind)
        statement, pin = _STATEMENTS[action.kind].format(action.name), None
    planned = PlannedAction(identity, number, action, unit.index, statement, pin)
    unit.actions.append(planned)
    plan.actions.append(planned)


def _update(plan: Plan, action: Action) -> tuple[UnitPlan, str]:
    if action.name not in plan.keys:
        raise _wrong(plan.case, f"update: no unit has a key '{action.name}'")
    unit = plan.units[plan.keys[action.name]]
    return unit, f"(void)static_call_update({action.name}, {_target(plan, unit, action)})"


def _target(plan: Plan, unit: UnitPlan, action: Action) -> str:
    target = action.text.removeprefix("&").strip()
    if target in _NULLS:
        return "NULL"
    if target in _RET0:
        return "(void *)&__static_call_return0"
    owner = next((u for u in plan.units if target in u.symbols.functions), None)
    if owner is None and not unit.mentions(target):
        owner = next((u for u in plan.units if u.mentions(target)), None)
    if not is_runtime(target) and not any(u.defines(target) for u in plan.units):
        plan.undefined.setdefault(target, (owner or unit).index)
    if owner is None or owner is unit:
        return target
    if target not in owner.addresses:
        owner.addresses.append(target)
    if target not in unit.imports:
        unit.imports.append(target)
    return f"(__typeof__(&__SCT__{action.name}))__h_addr_{target}"


def _unit_of(plan: Plan, name: str, what: str) -> UnitPlan:
    """The unit that defines ``name``, else the first that spells it."""
    for unit in plan.units:
        if unit.defines(name):
            return unit
    for unit in plan.units:
        if unit.mentions(name):
            return unit
    raise _wrong(plan.case, f"{what}: no unit has '{name}'")


def _wrong(case: Case, text: str) -> ScError:
    return ScError(Diagnostic("error", "sc-input", text, str(case.folder / "case.toml")))


def dummies(function: Function, *, texts: str = '"x"') -> str | None:
    """Arguments of a call that any compiler takes; None where a type has no name."""
    words = [_dummy(p, i, texts) for i, p in enumerate(function.parameters)]
    known = [w for w in words if w is not None]
    return ", ".join(known) if len(known) == len(words) else None


def _dummy(ctype: CType, index: int, texts: str) -> str | None:
    if isinstance(ctype, Record):
        return f"*({ctype.spelling} *)(void *)__h_scratch" if ctype.spelling else None
    if isinstance(ctype, Pointer):
        if ctype.function:
            return "0"
        return f"(void *){texts}" if ctype.text else f"(void *)(__h_scratch + {8 * index})"
    return str(index + 1)
