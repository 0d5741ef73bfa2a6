"""Invents a scenario for a C file that has none.

Every function that can be called is called with invented values, first as the
program starts, then after each key was pointed at each function of its type,
and after each static key was switched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from transformer import runtime
from transformer.arch import Arch
from transformer.corpus import literals
from transformer.corpus.build import ORACLE, Builder, Setting
from transformer.corpus.case import Action, Case, Step, Value
from transformer.corpus.ctype import (
    CType,
    Floating,
    Function,
    Integer,
    Pointer,
    Record,
    Void,
    compatible,
)
from transformer.corpus.dwarf import PROBE, UnitTypes, read_types
from transformer.corpus.harness import render_tail
from transformer.corpus.oracle import (
    NAME,
    OracleBuild,
    compile_plain,
    compile_tails,
    expanded,
    finish_oracle,
    functions_of,
    is_dynamic,
    plan_disabled,
    without_models,
)
from transformer.corpus.plan import Plan, make_plan
from transformer.corpus.symbols import HARNESS, is_runtime
from transformer.toolchain import Compiler

#: What stands in for integers and for a string, one row for each way of calling.
_ROWS = (
    ((0, 0, 0, 0), '""'),
    ((1, 2, 3, 5), '"12"'),
    ((-1, 7, 100, 2), '"sc"'),
    ((65, 48, 32, 10), '"-1234567.25"'),
    *(((9, 4, 6, 3), f'"{"9" * length}"') for length in (1, 3, 4, 6, 2)),
)
_LONGEST_RUN = 9
_Row = tuple[tuple[int, ...], str]
#: A call that is undefined in the plain build shows nothing of another.
_TRAPS = ("-fsanitize=undefined",)
_TRAPS_BY_FAMILY = {
    "gcc": ("-fsanitize-undefined-trap-on-error",),
    "clang": ("-fsanitize-trap=undefined", "-fno-sanitize=function"),
}
#: A target of a like type is taken as it is.
_LIKE = (
    "-Wno-incompatible-pointer-types",
    "-Wno-incompatible-function-pointer-types",
)
_MOST_STEPS = 600
_KEYS = ("struct static_key_true", "struct static_key_false")


def build_invented(
    case: Case, arch: Arch, compiler: Compiler, folder: Path, shared: Path
) -> OracleBuild:
    """The oracle of a case without steps, with steps; ``BuildError`` where that fails."""
    builder = Builder(Setting(arch, compiler, ORACLE, "-O0"), folder, shared)
    models = builder.models()
    case = replace(case, cflags=(*case.cflags, *_LIKE))
    texts = expanded(case, builder)
    symbols, objects = compile_plain(case, builder, typed=is_dynamic(case, texts))
    plan = make_plan(case, symbols, texts)
    plan.undefined = without_models(plan, models)
    objects_with_probes = compile_tails(plan, builder)
    types = read_types(builder.link("types", objects_with_probes, ignore_undefined=True))
    returns = {**_invented_returns(plan, types), **case.returns}
    case = replace(case, steps=tuple(invent_steps(plan, types)), returns=returns)
    plan = make_plan(case, symbols, texts)
    plan.undefined = without_models(plan, models)
    plan_disabled(plan, builder, objects)
    built = finish_oracle(plan, builder, models)
    built.optimised = _optimised(built, arch, compiler, folder / "optimised", shared)
    return built


def _optimised(
    built: OracleBuild, arch: Arch, compiler: Compiler, folder: Path, shared: Path
) -> Path:
    """The plain build once more, at -O2, where undefined behaviour traps.

    What hangs on chance differs between the two builds, or stops one of them.
    """
    builder = Builder(Setting(arch, compiler, ORACLE, "-O2"), folder, shared)
    headers, objects = runtime.header_dir("plain"), []
    flags = [*built.plan.case.flags, *_TRAPS, *_TRAPS_BY_FAMILY.get(compiler.family, ())]
    for unit in built.plan.units:
        source = builder.write(f"unit_{unit.index}.c", render_tail(built.plan, unit, unit.path))
        objects.append(builder.unit(source, headers, flags, unit.path.name))
    objects.append(builder.harness("harness.c", built.harness))
    return builder.link("optimised", [*objects, *builder.models()])


def _invented_returns(plan: Plan, types: list[UnitTypes]) -> dict[str, tuple[Value, ...]]:
    """What undefined functions return in turn: loops that end at -1 end, now sooner, now later."""
    variables = {n: t for u in types for n, t in u.variables.items()}
    guesses = [n for row, _ in literals.rows(u.text for u in plan.units) for n in row[:2]]
    values: list[Value] = []
    taken = 0
    for length in range(_LONGEST_RUN):
        values += [*guesses[taken : taken + length], -1]
        taken += length
    wanted = {n: variables.get(f"{PROBE}{NAME}{n}") for n in plan.undefined}
    return {
        name: tuple(values)
        for name, function in wanted.items()
        if isinstance(function, Function) and isinstance(function.returns, Integer)
    }


def invent_steps(plan: Plan, types: list[UnitTypes]) -> list[Step]:
    """The steps, at most ``_MOST_STEPS``."""
    functions = {
        n: f for n, f in functions_of(types).items() if _own(plan, n) and not n.startswith(HARNESS)
    }
    rows = (*_ROWS, *literals.rows(u.text for u in plan.units))
    calls = [s for row in rows for s in _calls(functions, row)]
    once = [s for row in (_ROWS[1], _ROWS[3]) for s in _calls(functions, row)]
    steps = list(calls)
    for change in _changes(plan, types, functions):
        steps += [Step((change,)), *once]
        if len(steps) > _MOST_STEPS:
            break
    return steps[:_MOST_STEPS]


def _own(plan: Plan, name: str) -> bool:
    return not is_runtime(name) and any(name in u.symbols.functions for u in plan.units)


def _calls(functions: Mapping[str, Function], row: _Row) -> Iterator[Step]:
    for name, function in sorted(functions.items()):
        if function.variadic:
            continue  # nothing tells what it reads of its further arguments
        words = _arguments(function.parameters, row)
        known = [w for w in words if w is not None]
        if len(known) == len(words) and (words or row in _ROWS[:2]):
            yield Step((Action("call", name, ", ".join(known)),))


def _arguments(parameters: Sequence[CType], row: _Row) -> list[str | None]:
    """One row's values; an integer before an argument vector is its length."""
    words = [_value(p, i, row) for i, p in enumerate(parameters)]
    for i, (one, following) in enumerate(pairwise(parameters)):
        if isinstance(one, Integer) and isinstance(following, Pointer) and following.words:
            words[i] = "0" if _is_empty(row) else "2"
    return words


def _is_empty(row: _Row) -> bool:
    """Whether this row's argument vectors are: every other one's are."""
    return row[0][0] % 2 == 0


def _value(ctype: CType, index: int, row: _Row) -> str | None:
    """The C spelling of an argument; strings are writable, as a ``char *`` may be."""
    integers, text = row
    if isinstance(ctype, Record):
        return f"*({ctype.spelling} *)(void *)__h_scratch" if ctype.spelling else None
    if isinstance(ctype, Pointer):
        if ctype.function:
            return None
        if ctype.words and _is_empty(row):
            return "(void *)(void *[]){ 0, 0 }"
        if ctype.words:
            return f'(void *)(void *[]){{ (char[]){{"sc"}}, (char[]){{{text}}}, 0, 0 }}'
        return f"(char[]){{{text}}}" if ctype.text else f"(void *)(__h_scratch + {64 * index})"
    if isinstance(ctype, Integer | Floating):
        return str(integers[index % len(integers)])
    return None


def _changes(
    plan: Plan, types: list[UnitTypes], functions: Mapping[str, Function]
) -> Iterator[Action]:
    """Every key with every target, then every static key switched on and off again."""
    variables = {n: t for u in types for n, t in u.variables.items()}
    for key in sorted(plan.keys):
        wanted = variables.get(f"{PROBE}key_{key}")
        if not isinstance(wanted, Function):
            continue
        for name, function in sorted(functions.items()):
            if compatible(wanted, function):
                yield Action("update", key, name)
        if isinstance(wanted.returns, Void | Integer | Pointer):
            yield Action("update", key, "NULL")
            if not isinstance(wanted.returns, Void):
                yield Action("update", key, "RET0")
    for name, ctype in sorted(variables.items()):
        if isinstance(ctype, Record) and ctype.spelling in _KEYS:
            yield from (Action(k, name) for k in ("enable", "disable", "enable"))
    for name in sorted(plan.dynamic):
        yield from (Action(k, name) for k in ("off", "on"))
