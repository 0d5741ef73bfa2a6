"""The oracle's program: the units as they are, plain headers, -O0 (DESIGN §7)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from transformer import runtime
from transformer.arch import Arch, Variant
from transformer.corpus.build import ORACLE, Builder, BuildError, Setting
from transformer.corpus.case import Case
from transformer.corpus.ctype import CType, Function, Integer
from transformer.corpus.dwarf import PROBE, UnitTypes, read_types
from transformer.corpus.harness import (
    NEAR,
    Interfaces,
    render_harness,
    render_tail,
    render_targets,
    sources,
)
from transformer.corpus.plan import Plan, Reach, dummies, make_plan
from transformer.corpus.symbols import ObjectSymbols, read_symbols
from transformer.toolchain import Compiler, preprocess

_UNDECLARED = re.compile(r"['\u2018](\w+)['\u2019] undeclared|undeclared identifier '(\w+)'")
_UNKNOWN = Function(Integer("int", 4, True), (), prototyped=False)
_KEY, NAME = "key_", "name_"
_MARK = "SC_DYNAMIC"
#: What a unit defines is asked of the unit alone: the plain runtime's thirty functions, which
#: take longer to compile than most units, are only declared (its header guard is taken).
_NO_BODIES = """#define SC_PLAIN_H
int sc_plain_dynamic(void *function, int on);
#include <sc/runtime.h>
"""


@dataclass
class OracleBuild:
    """The plain program, and what was learned of the case from it.

    ``optimised`` is the same at -O2, for a scenario that the tool invents.
    ``records`` gives the name of each id in the event log; ``variables`` are
    the types of the case's and harness's variables by name.
    """

    plan: Plan
    program: Path
    interfaces: Interfaces
    harness: str
    records: dict[int, str]
    variables: dict[str, CType] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    reach: list[Reach] = field(default_factory=list)
    optimised: Path | None = None

    def without(self, text: str) -> str:
        """``text`` without the folder of the build, which is nobody's file."""
        return text.replace(f"{self.program.parent.parent}/", "")


def build_oracle(
    case: Case,
    arch: Arch,
    compiler: Compiler,
    folder: Path,
    shared: Path,
    variant: Variant | None = None,
) -> OracleBuild:
    """Compiles the plain build; ``BuildError`` or ``ScError`` where that fails.

    With ``variant`` the harness is the one that this variant's builds beside ``folder`` have.
    """
    builder = Builder(Setting(arch, compiler, ORACLE, "-O0"), folder, shared)
    common = common_builder(replace(builder.setting, variant=variant), builder) if variant else None
    models = builder.models()
    texts = expanded(case, builder)
    symbols, objects = compile_plain(case, builder, typed=is_dynamic(case, texts))
    plan = make_plan(case, symbols, texts)
    plan.undefined = without_models(plan, models)
    plan_disabled(plan, builder, objects)
    return finish_oracle(plan, builder, models, common)


def common_builder(setting: Setting, other: Builder) -> Builder:
    """Builds what is the same in every mode and at every level, in a folder beside ``other``'s.

    These are the harness and the far targets; what levels are about is the case's own code.
    """
    same = replace(setting, optimise="-O2")
    return Builder(same, other.folder.parent / f"common-{same.name}", other.shared)


def build_harness(built: OracleBuild, builder: Builder) -> Path:
    """Stubs, recorders and the near targets, if they are not there yet."""
    if (done := builder.folder / "harness.o").is_file():
        return done
    text = built.harness + render_targets(built.plan, built.reach, NEAR)
    return builder.harness("harness.c", text)


def is_dynamic(case: Case, texts: Mapping[int, str]) -> bool:
    """Whether there may be dynamic functions, whose types the units alone tell."""
    return bool(case.dynamic or texts)


def compile_plain(
    case: Case, builder: Builder, *, typed: bool
) -> tuple[list[ObjectSymbols], list[Path]]:
    """The units alone: what they define and leave undefined; types only if asked for."""
    headers, objects = runtime.header_dir("plain"), []
    flags = [*case.flags, *(() if typed else ("-g0",))]
    for index, path in enumerate(case.units):
        text = f'{_NO_BODIES}#include "{path}"\n'
        source = builder.write(f"plain_{index}.c", text)
        objects.append(builder.unit(source, headers, flags, path.name))
    return [read_symbols(o) for o in objects], objects


def expanded(case: Case, builder: Builder) -> dict[int, str]:
    """The preprocessed units, where the case's files speak of SC_DYNAMIC."""
    folders = {case.folder, *(u.parent for u in case.units)}
    files = [f for d in folders for f in d.rglob("*.[ch]")] if not case.invented else case.units
    if not any(_MARK in f.read_text(encoding="utf-8", errors="replace") for f in files):
        return {}
    headers = runtime.header_dir("analysis")
    flags = [*builder.setting.flags, *case.flags, "-I", str(headers)]
    found = {}
    for index, path in enumerate(case.units):
        done = preprocess(builder.setting.compiler, path, flags)
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        found[index] = "\n".join(line for line in lines if not line.startswith("#"))
    return found


def without_models(plan: Plan, models: Sequence[Path]) -> dict[str, int]:
    """The undefined names that need a stub: no model has them, or the case pins them."""
    modelled = {name for path in models for name in _defined(path)}
    pinned = plan.case.returns
    return {n: u for n, u in plan.undefined.items() if n not in modelled or n in pinned}


@cache
def _defined(model: Path) -> frozenset[str]:
    """Its names; a model's path tells its content."""
    symbols = read_symbols(model)
    return frozenset((*symbols.functions, *symbols.objects))


def plan_disabled(plan: Plan, builder: Builder, objects: Sequence[Path]) -> None:
    """Gives each dynamic function's unit the function that returns its disabled value."""
    if not plan.dynamic:
        return
    known = functions_of(read_types(builder.link("types", objects, ignore_undefined=True)))
    for name, (unit, value) in plan.dynamic.items():
        words = dummies(known.get(name, _UNKNOWN))
        plan.units[unit].disabled.append((name, value if words is not None else "", words or ""))


def finish_oracle(
    plan: Plan, builder: Builder, models: Sequence[Path], common: Builder | None = None
) -> OracleBuild:
    """From the plan to the program: probes, their types, the harness (by ``common``), the link."""
    objects = compile_tails(plan, builder)
    if _woken(plan, objects, models):
        objects = compile_tails(plan, builder)
    units = read_types(builder.link("probed", objects, ignore_undefined=True))
    variables = {n: t for u in reversed(units) for n, t in u.variables.items()}
    interfaces = _interfaces(plan, variables)
    text, records = render_harness(plan, interfaces, free_functions())
    program = builder.folder / "oracle"
    built = OracleBuild(plan, program, interfaces, text, records, variables, functions_of(units))
    built.reach = _reachable(plan, interfaces)
    harness = build_harness(built, common or builder)
    builder.link(program.name, [*objects, harness, *models])
    return built


def compile_tails(plan: Plan, builder: Builder) -> list[Path]:
    """The units with the harness's part of each, probes for types included."""
    return [_compile_tail(plan, builder, unit) for unit in range(len(plan.units))]


def _woken(plan: Plan, objects: Sequence[Path], models: Sequence[Path]) -> bool:
    """Whether static functions that only the harness names leave more names undefined."""
    before = set(plan.undefined)
    symbols = [read_symbols(path) for path in objects]
    defined = {n for s in symbols for n in (*s.functions, *s.objects)}
    for index, seen in enumerate(symbols):
        plan.leave_undefined(index, seen.undefined - defined)
    plan.undefined = without_models(plan, models)
    return set(plan.undefined) != before


def _compile_tail(plan: Plan, builder: Builder, index: int) -> Path:
    unit, headers = plan.units[index], runtime.header_dir("plain")
    probes = {_KEY + k: f"__SCT__{k}" for k, u in plan.keys.items() if u == index}
    probes |= {NAME + n: n for n, u in plan.undefined.items() if u == index}
    while True:
        source = builder.write(f"unit_{index}.c", render_tail(plan, unit, unit.path, probes=probes))
        try:
            return builder.unit(source, headers, plan.case.flags, unit.path.name)
        except BuildError as e:
            unknown = {a or b for a, b in _UNDECLARED.findall(str(e))}
            left = {n: s for n, s in probes.items() if s not in unknown}
            if len(left) == len(probes):
                raise
            probes = left


def _interfaces(plan: Plan, variables: dict[str, CType]) -> Interfaces:
    functions: dict[str, Function] = {}
    data: dict[str, CType] = {}
    for name in sorted(plan.undefined):
        found = variables.get(PROBE + NAME + name, _UNKNOWN)
        if isinstance(found, Function):
            functions[name] = found
        else:
            data[name] = found
    keys = {}
    for key in sorted(plan.keys):
        found = variables.get(PROBE + _KEY + key, _UNKNOWN)
        keys[key] = found if isinstance(found, Function) else _UNKNOWN
    return Interfaces(functions, data, keys)


def _reachable(plan: Plan, interfaces: Interfaces) -> list[Reach]:
    """The keys that can be called with invented arguments."""
    found = []
    for key, function in interfaces.keys.items():
        words = dummies(function) if function.prototyped or function.parameters else None
        if words is not None:
            found.append(Reach(key, words, function))
    return found


def functions_of(units: Sequence[UnitTypes]) -> dict[str, Function]:
    """All functions by name; the first unit's where names repeat."""
    return {n: f for u in reversed(units) for n, f in u.functions.items()}


@cache
def free_functions() -> frozenset[str]:
    """libc functions without side effects and without a model: no events."""
    data = tomllib.loads((sources() / "libc.toml").read_text(encoding="utf-8"))
    return frozenset(data["free"]["functions"])
