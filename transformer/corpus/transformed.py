"""The transformed build of a case: rewritten units, lowered headers, the runtime."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import transformer
from transformer import runtime
from transformer.arch import Arch
from transformer.arch.modes import ANNOTATED_MODES, INLINE_MODES
from transformer.corpus.build import Builder, Setting
from transformer.corpus.case import Case
from transformer.corpus.harness import FAR, render_tail, render_targets
from transformer.corpus.oracle import OracleBuild, build_harness, common_builder
from transformer.diagnostics import Diagnostic, ScError
from transformer.rewriting import RewriteResult, Site
from transformer.toolchain import Compiler

SIGNATURE = "sc-inline-asm-signature"


@dataclass(frozen=True)
class Rewritten:
    """A case's units after the rewrite, in the order of the case.

    ``unfit`` are the errors of a mode that takes no signatures such as those
    of the case: nothing is built then.
    """

    units: tuple[RewriteResult, ...]
    unfit: tuple[Diagnostic, ...] = ()

    @property
    def sites(self) -> list[Site]:
        """All sites; one that several units share through a header counts once."""
        return list(dict.fromkeys(s for u in self.units for s in u.sites))


def rewrite_case(case: Case, arch: Arch, mode: str, compiler: Compiler) -> Rewritten:
    """Rewrites each unit; ``ScError`` where the tool refuses one for more than a signature."""
    results = tuple(
        rewrite_unit(case, path, arch, mode, compiler, check=False) for path in case.units
    )
    errors = tuple(d for r in results for d in r.diagnostics if d.severity == "error")
    if any(d.id != SIGNATURE for d in errors):
        raise ScError(*errors)
    return Rewritten(results, errors)


def rewrite_unit(
    case: Case, path: Path, arch: Arch, mode: str, compiler: Compiler, *, check: bool
) -> RewriteResult:
    """What ``sc-transform rewrite`` does with this unit of the case."""
    text = path.read_bytes()
    return transformer.rewrite(
        text,
        path=str(path),
        arch=arch,
        mode=mode,
        cc=compiler,
        cflags=[*arch.toolchain.cflags, *case.flags],
        dynamic={n: v for n, v in case.dynamic.items() if _defines(text, n)},
        dynamic_lowering=case.dynamic_lowering,
        check=check,
    )


def _defines(text: bytes, function: str) -> bool:
    """Whether the file holds this function's body: names of the case's other units are none."""
    head = rb"\b" + re.escape(function.encode()) + rb"\s*\([^;{}]*\)[^;{}]*\{"
    return re.search(head, text) is not None


@dataclass(frozen=True)
class Programs:
    """The program, and the far image that some keys are pointed at; None without keys."""

    main: Path
    far: Path | None


def build_transformed(
    built: OracleBuild,
    rewritten: Rewritten,
    setting: Setting,
    mode: str,
    folder: Path,
    shared: Path,
) -> Programs:
    """Compiles and links one variant; ``BuildError`` where that fails."""
    builder = Builder(setting, folder, shared)
    headers = runtime.header_dir("lowered", setting.arch, mode)
    compile_unit = builder.annotated if mode in ANNOTATED_MODES else builder.unit
    objects = [
        _unit(built, builder, rewritten.units[i], i, headers, compile_unit)
        for i in range(len(rewritten.units))
    ]
    common = common_builder(setting, builder)
    objects += [build_harness(built, common), *common.models()]
    # First, so that it does not lie between the units and their trampolines.
    objects.insert(0, (common if mode in INLINE_MODES else builder).runtime())
    return Programs(builder.link("program", objects), _far(built, common))


def _unit(
    built: OracleBuild,
    builder: Builder,
    result: RewriteResult,
    index: int,
    headers: Path,
    compile_unit: Callable[[Path, Path, Sequence[str], str], Path],
) -> Path:
    unit, case = built.plan.units[index], built.plan.case
    copy = Path(f"u{index}", unit.path.name)
    builder.write(str(copy), result.text)
    reach = [r for r in built.reach if built.plan.keys[r.name] == index]
    preprocessed = any(d.id == "sc-preprocessed" for d in result.diagnostics)
    tail = render_tail(built.plan, unit, copy, reach=reach, preprocessed=preprocessed)
    source = builder.write(f"unit_{index}.c", tail)
    flags = ["-iquote", str(unit.path.parent), *case.flags]
    return compile_unit(source, headers, flags, unit.path.name)


def _far(built: OracleBuild, builder: Builder) -> Path | None:
    if not built.reach:
        return None
    if (done := builder.folder / "far").is_file():
        return done
    source = builder.write("far.c", render_targets(built.plan, built.reach, FAR))
    code = builder.compile(source, ["-fPIE"], "the far targets")
    return builder.link("far", [code], pie=True)
