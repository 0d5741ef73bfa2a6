"""Judges a mutant: builds a few cases with the mutated templates and runs verify's cells.

What the plain build does hangs on no template that is mutated, so it is run once for each
case, arch and compiler.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mutants import mutant_probe
from mutants.mutant_making import Mutant

from transformer import arch as arches
from transformer import runtime
from transformer.arch import Arch, Variant
from transformer.corpus.build import BY_FAMILY, FREESTANDING, Setting, hooks
from transformer.corpus.case import find_cases
from transformer.corpus.cell import run_cell
from transformer.corpus.levels import hardened
from transformer.corpus.oracle import build_oracle
from transformer.corpus.results import CaseResult
from transformer.corpus.transformed import Rewritten, rewrite_case
from transformer.corpus.truth import Truth, find_truth
from transformer.toolchain import Compiler, available, compile_object

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
#: What a mutant is tried on, in this order: (case, mode), in each variant.
OWN = "tests/mutants/case"
LINES = "tests/damage/case"
KEPT = "corpus/kept_across_calls"
BY_FILE = {
    "call.h.j2": ((LINES, "inline-asm"), (KEPT, "inline-asm")),
    "guard.h.j2": ((LINES, "trampoline"), (LINES, "inline")),
    "trampoline.h.j2": ((LINES, "trampoline"), (LINES, "slot"), (LINES, "inline")),
}
APART = "tests/mutants/apart"
RUNTIME = ((OWN, "inline"), (OWN, "trampoline"), (LINES, "inline"), (APART, "inline"))
#: Lines that only one of the compilers reads.
BOTH_COMPILERS = ("call.h.j2", "guard.h.j2")
#: Lines that only some variants read.
HARDENED = ("trampoline.h.j2",)


@dataclass
class Verdict:
    """``outcome``: caught, refused (it does not build), same, unbuilt or survived.

    ``by`` is the check that caught it, "build", or what all builds have in common.
    """

    outcome: str
    by: str = ""
    message: str = ""


@dataclass(frozen=True)
class Cell:
    case: str
    mode: str
    family: str
    variant: int


@dataclass
class Judge:
    """One arch's judge; ``folder`` is its own, for a copy of the templates and for builds."""

    name: str
    folder: Path
    truths: dict[tuple[str, str], tuple[Truth, dict[str, Rewritten]]] = field(default_factory=dict)
    sound: dict[Cell, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.templates = self.folder / "templates"
        for part in ("common", self.name):
            shutil.copytree(TEMPLATES / part, self.templates / part, dirs_exist_ok=True)
        self.cache = self.folder / "cache"

    @property
    def arch(self) -> Arch:
        return arches.load(self.name)

    @cached_property
    def compilers(self) -> tuple[Compiler, ...]:
        """GCC first where it is here: it is the faster."""
        found = {c.family: c for c in available(self.arch)}
        return tuple(found[f] for f in ("gcc", "clang") if f in found)

    # --- one mutant ---

    def judge(self, mutant: Mutant) -> Verdict:
        with self._mutated(mutant):
            first, *rest = self._cells(mutant)
            verdict = self._run(first)
            if verdict is None and self._same(mutant):
                return self._why_same(mutant)
            if mutant.file.startswith("common/"):
                verdict = verdict or self._probe()
            for cell in rest:
                verdict = verdict or self._run(cell)
            return verdict or Verdict("survived")

    @contextmanager
    def _mutated(self, mutant: Mutant) -> Iterator[None]:
        path = self.templates / mutant.file
        text = path.read_text()
        path.write_text(mutant.apply(text))
        try:
            with environment(SC_TEMPLATES=str(self.templates), SC_CACHE=str(self.cache)):
                yield
        finally:
            path.write_text(text)
            self._clean()

    def _clean(self) -> None:
        for made in [*self.cache.glob("runtime-*"), *self.cache.glob("include-*")]:
            shutil.rmtree(made, ignore_errors=True)

    def _cells(self, mutant: Mutant) -> list[Cell]:
        name = Path(mutant.file).name
        pairs = BY_FILE.get(name, RUNTIME)
        families = [c.family for c in self.compilers]
        if name not in BOTH_COMPILERS:
            families = families[:1]
        variants = list(range(len(self.arch.variants)))
        if pairs is RUNTIME:
            variants = [v for v in variants if self.arch.variants[v].pie][:1]
        order = [(p, f, v) for f in families for v in variants for p in pairs]
        cells = [Cell(p[0], p[1], f, v) for p, f, v in order if p[1] in self.arch.modes]
        if name in HARDENED:
            modes = [p[1] for p in pairs]
            cells += [c for c in self._hardened() if c.mode in modes]
        return cells

    def _hardened(self) -> Iterator[Cell]:
        """In the variants that not every compiler makes, by one that does."""
        for mode in self.arch.modes:
            made: set[int] = set()
            for compiler in self.compilers:
                found = {n for n, _ in hardened(self.arch, compiler, mode, "all", 0)}
                yield from (Cell(LINES, mode, compiler.family, n) for n in sorted(found - made))
                made |= found

    # --- verify ---

    def _run(self, cell: Cell) -> Verdict | None:
        """What this cell says; nothing where it fails with the right templates too."""
        if cell not in self.sound:
            with environment(SC_TEMPLATES=str(TEMPLATES)):
                verdict = self._cell(cell)
            self.sound[cell] = verdict is None
            if verdict is not None:
                print(f"not used: {self.name} {cell}: {verdict.message}", file=sys.stderr)
        return self._cell(cell) if self.sound[cell] else None

    def _cell(self, cell: Cell) -> Verdict | None:
        truth, rewritten = self._truth(cell)
        setting = self._setting(cell)
        # What the cells of a case share by this folder does not hang on the templates.
        home = self.folder / f"{cell.case.replace('/', '-')}-{cell.family}"
        place, shared = home / "cell", home / "shared"
        for path in (place, shared):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
        try:
            result = run_cell(truth, rewritten[cell.mode], setting, cell.mode, place, shared)
        except Exception as e:  # the tool itself stumbles over it: noticed, if not told well
            return Verdict("caught", "internal", f"{type(e).__name__}: {e}")
        return _verdict(result)

    def _setting(self, cell: Cell) -> Setting:
        compiler = next(c for c in self.compilers if c.family == cell.family)
        return Setting(self.arch, compiler, self._variants[cell.variant], "-O2")

    @cached_property
    def _variants(self) -> tuple[Variant, ...]:
        return (*self.arch.variants, *self.arch.hardened)

    def _truth(self, cell: Cell) -> tuple[Truth, dict[str, Rewritten]]:
        key = (cell.case, cell.family)
        if key not in self.truths:
            with environment(SC_TEMPLATES=str(TEMPLATES), SC_CACHE=str(self.cache)):
                self.truths[key] = self._find_truth(cell)
        return self.truths[key]

    def _find_truth(self, cell: Cell) -> tuple[Truth, dict[str, Rewritten]]:
        (case,) = find_cases(ROOT / cell.case)
        arch = arches.load(self.name)
        modes = tuple(m for m in arch.modes if not case.modes or m in case.modes)
        shared = self.folder / f"truth-{len(self.truths)}"
        shared.mkdir(exist_ok=True)
        compiler = self._setting(cell).compiler
        rewritten = {m: rewrite_case(case, arch, m, compiler) for m in modes}
        built = build_oracle(case, arch, compiler, shared / "build", shared)
        sites = min(rewritten.values(), key=lambda r: len(r.unfit)).sites
        return find_truth(built, arch, sites), rewritten

    def _probe(self) -> Verdict | None:
        """The runtime's own interface, from a program in the emulator."""
        for compiler in self.compilers[:1]:
            place = self.folder / "probe"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            wrong = mutant_probe.run(self.arch, compiler, place)
            if wrong:
                return Verdict("caught", "interface", wrong)
        return None

    # --- the same machine code ---

    def _same(self, mutant: Mutant) -> bool:
        return self._machine_code(mutant, pristine=False) == self._machine_code(
            mutant, pristine=True
        )

    def _machine_code(self, mutant: Mutant, *, pristine: bool) -> list[str]:
        """A hash of each object that the mutated file goes into, in all variants and modes."""
        kind = Path(mutant.file).name if Path(mutant.file).name in BY_FILE else "runtime"
        if not pristine:
            return list(self._objects(kind))
        if kind not in self._pristine:
            with environment(SC_TEMPLATES=str(TEMPLATES)):
                self._pristine[kind] = list(self._objects(kind))
        return self._pristine[kind]

    @cached_property
    def _pristine(self) -> dict[str, list[str]]:
        return {}

    def _objects(self, kind: str) -> Iterator[str]:
        for index, compiler in enumerate(self.compilers):
            if kind == "runtime" and index:
                continue
            for variant in range(len(self.arch.variants)):
                cell = Cell(LINES, "", compiler.family, variant)
                if kind != "runtime":
                    yield from (self._unit_object(cell, m) for m in self.arch.modes)
                elif self.arch.variants[variant].pie:
                    yield self._runtime_object(cell)
                    break
        if kind in HARDENED:
            yield from (self._unit_object(cell, cell.mode) for cell in self._hardened())

    def _runtime_object(self, cell: Cell) -> str:
        headers = runtime.header_dir("lowered", self.arch, self.arch.default_mode)
        flags = [*FREESTANDING.get(cell.family, ()), "-DSC_FREESTANDING", "-I", str(headers)]
        flags += hooks(self.arch)
        return self._hash(cell, runtime.runtime_source(self.arch), flags)

    def _unit_object(self, cell: Cell, mode: str) -> str:
        _, rewritten = self._truth(cell)
        source = self.folder / "unit.c"
        source.write_bytes(rewritten[mode].units[0].text)
        headers = runtime.header_dir("lowered", self.arch, mode)
        return self._hash(cell, source, ["-I", str(headers)])

    def _hash(self, cell: Cell, source: Path, flags: list[str]) -> str:
        setting, output = self._setting(cell), self.folder / "same.o"
        every = [*setting.arch.toolchain.cflags, "-w", "-fno-builtin", "-fno-stack-protector"]
        every += [*BY_FAMILY.get(cell.family, ()), *setting.variant.cflags, "-O2", *flags]
        done = compile_object(setting.compiler, source, output, every, cwd=self.folder)
        return hashlib.sha256(output.read_bytes()).hexdigest() if done.ok else done.stderr

    def _why_same(self, mutant: Mutant) -> Verdict:
        """Whether any build reads the line at all: garbage in its place would be noticed."""
        if Path(mutant.file).name not in BY_FILE:
            return Verdict("same", "same machine code")
        garbage = "\n".join(_spoilt(line) for line in mutant.old.splitlines())
        spoilt = Mutant(mutant.file, mutant.line, "spoil", mutant.new, garbage)
        path = self.templates / mutant.file
        path.write_text(spoilt.apply(path.read_text()))
        if self._same(mutant):
            return Verdict("unbuilt", "no build of the corpus reads this line")
        return Verdict("same", "same machine code")


def _spoilt(line: str) -> str:
    return line.replace('"', '"@@@ ', 1)


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """These variables for a while."""
    kept = {k: os.environ.get(k) for k in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _verdict(result: CaseResult) -> Verdict | None:
    if result.status == "pass":
        return None
    if result.failures:
        failure = result.failures[0]
        return Verdict("caught", failure.check, failure.message)
    refused = any(w in result.message for w in ("compiling", "linking", "assembl"))
    return Verdict("refused" if refused else "caught", "build", result.message)
