"""``rewrite``: reads nothing but its argument, runs the compiler, hands texts to the stages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from transformer.arch import Arch, host, load
from transformer.diagnostics import Diagnostic, ScError
from transformer.frontend import Analysis, Marked, Source, check, mark
from transformer.frontend.findings import diagnostic, in_order
from transformer.frontend.idioms import (
    CallDeclaration,
    CallDefinition,
    Idiom,
    KeyDeclaration,
    KeyDefinition,
    Unit,
)
from transformer.frontend.words import may_stand
from transformer.lowering import Edit, Lowered, Options, Origins, lower
from transformer.quick import may_hold_idioms
from transformer.rewriting.checking import beyond, compile_check, is_syntax_error
from transformer.rewriting.linux import rewrite_linux
from transformer.rewriting.preprocessed import expand, spent
from transformer.rewriting.result import RewriteResult, Site
from transformer.rewriting.unit import Copy, copied, readable
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, find

LOWERINGS = ("key", "call")
PROFILES = ("sc", "linux")
_INCLUDE = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*#[ \t]*include", re.MULTILINE)
_NEAR = re.compile(_INCLUDE.pattern + rb'[^"<\n]*(?:"|<sc/)', re.MULTILINE)


def rewrite(
    text: bytes | str,
    *,
    path: str = "<input>",
    arch: str | Arch | None = None,
    mode: str | None = None,
    cc: str | Compiler | None = None,
    cflags: Sequence[str] = (),
    preprocessed: bool = False,
    dynamic: Mapping[str, str] | None = None,
    dynamic_lowering: str | None = None,
    check: bool = True,
    profile: str = "sc",
) -> RewriteResult:
    """Replace the idioms of a C file by the words of the lowered headers.

    ``text`` is the file, ``path`` its name (its folder is searched for
    includes).  ``arch`` is a name (the host's where None), ``mode`` one of its
    modes, ``cc`` a compiler command.  ``preprocessed`` says that the text is
    the output of ``-E``; a path that ends in ``.i`` says so too.  ``dynamic``
    maps functions to the values that they return while they are off.
    ``dynamic_lowering`` is key or call.  ``check`` compiles the result with
    ``-fsyntax-only``.  The profile "linux" is for a unit of the kernel, whose
    ``cflags`` are those of its build: see ``transformer.rewriting.linux``.

    Errors in the program are diagnostics of the result, whose text is then
    the input's.  ``UnknownArch`` and ``ValueError`` tell of wrong arguments.
    """
    data = text.encode() if isinstance(text, str) else bytes(text)
    if profile not in PROFILES:
        raise ValueError(f"no profile '{profile}'; there are: {', '.join(PROFILES)}")
    try:
        job = job_of(data, path, arch, mode, cc, cflags, dynamic or {}, dynamic_lowering, check)
        if profile == "linux":
            return rewrite_linux(data, path, lambda: cc or job.compiler, job.cflags, check=check)
        return job.run(preprocessed or path.endswith(".i"))
    except ScError as e:
        return RewriteResult(data, diagnostics=e.diagnostics)


def job_of(
    data: bytes,
    path: str,
    arch: str | Arch | None,
    mode: str | None,
    cc: str | Compiler | None,
    cflags: Sequence[str],
    dynamic: Mapping[str, str],
    dynamic_lowering: str | None,
    check: bool,
) -> Rewrite:
    chosen = arch if isinstance(arch, Arch) else load(arch) if arch else host()
    mode = mode or chosen.default_mode
    if mode not in chosen.modes:
        known = ", ".join(chosen.modes)
        raise ValueError(f"{chosen.name} has no mode '{mode}'; it has: {known}")
    lowering = dynamic_lowering or chosen.dynamic_lowering
    if lowering not in LOWERINGS:
        raise ValueError(f"no dynamic lowering '{lowering}'; there are: {', '.join(LOWERINGS)}")
    source = Source(data.decode("latin-1"), path)
    return Rewrite(data, source, chosen, mode, cc, tuple(cflags), dynamic, lowering, check)


@dataclass
class _Read:
    """Units that were read: the preprocessed texts, and what was found in them."""

    preprocessed: dict[object, tuple[str, str]] = field(default_factory=dict)
    analysed: dict[object, Analysis] = field(default_factory=dict)


_READ: ContextVar[_Read | None] = ContextVar("read", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Within it the same unit is read once for all modes: no file may change."""
    token = _READ.set(_Read())
    try:
        yield
    finally:
        _READ.reset(token)


@dataclass(frozen=True)
class Rewrite:
    """One file on its way through the stages, within the rest of its options."""

    data: bytes
    source: Source
    arch: Arch
    mode: str
    cc: str | Compiler | None
    cflags: tuple[str, ...]
    dynamic: Mapping[str, str]
    lowering: str
    check: bool

    def run(self, preprocessed: bool) -> RewriteResult:
        readable(self.source)
        if not self._may_matter():
            return RewriteResult(self.data)
        if preprocessed:
            return self._preprocessed()
        text, main = self._marked()
        if not self.dynamic and next(may_stand(text), None) is None:
            return RewriteResult(self.data)
        unit = self._analyse(text, self.source, main)
        found = check(unit, self.source)
        if _failed(found):
            return self._refused(unit, found)
        lowered = lower(unit, self.source, self.options)
        if lowered.stuck:
            return self._last_resort(unit, lowered, found)
        return self._finish(unit, lowered, found)

    @property
    def compiler(self) -> Compiler:
        if isinstance(self.cc, Compiler):
            return self.cc
        return find(self.arch, cc=self.cc)

    @cached_property
    def include(self) -> Path:
        return header_dir("lowered", self.arch, self.mode)

    @property
    def options(self) -> Options:
        patched = (self.include / "sc" / "guard.h").exists()
        call = self.lowering == "call" and (self.include / "sc" / "trampoline.h").exists()
        exceptions = [f for f in self.cflags if f in ("-fexceptions", "-fno-exceptions")]
        return Options(
            patched, call, self.registers is not None, exceptions[-1:] == ["-fexceptions"]
        )

    @cached_property
    def registers(self) -> int | None:
        """How many arguments a call that is written as asm passes, if this mode has such calls."""
        if self.arch.inline_asm and (self.include / "sc" / "inline_asm.h").exists():
            return len(self.arch.inline_asm.arguments)
        return None

    def _analyse(self, text: str, source: Source, main: str, *, preprocessed: bool = False) -> Unit:
        read = _READ.get() or _Read()
        dynamic = tuple(sorted(self.dynamic.items()))
        key = (text, source.path, source.text, main, preprocessed, dynamic)
        if key not in read.analysed:
            read.analysed[key] = Analysis(
                text, source, main=main, preprocessed=preprocessed, dynamic=self.dynamic
            )
        return read.analysed[key].unit_for(self.registers)

    def _may_matter(self) -> bool:
        """False where there can be no idiom: none here, and no header of the user's."""
        if self.dynamic or may_hold_idioms(self.data):
            return True
        own = any(f.startswith(("-include", "-imacros")) for f in self.cflags)
        if any(f.startswith(("-I", "-isystem", "-iquote", "-idirafter")) for f in self.cflags):
            return own or bool(_INCLUDE.search(self.data))
        return own or bool(_NEAR.search(self.data))

    def _marked(self) -> tuple[str, str]:
        """The preprocessed marked copy, and what its markers call the user's file."""
        return self._preprocess(mark(self.data))

    def _unmarked(self) -> tuple[str, str]:
        return self._preprocess(Marked(self.data, ()))

    def _preprocess(self, marked: Marked) -> tuple[str, str]:
        read = _READ.get() or _Read()
        key = (self.source.path, marked.text, self.compiler, self.cflags)
        if key not in read.preprocessed:
            read.preprocessed[key] = self._preprocess_now(marked)
        return read.preprocessed[key]

    def _preprocess_now(self, marked: Marked) -> tuple[str, str]:
        text = marked.text.decode("latin-1")
        with copied(text, self.source, self.compiler, self.cflags) as copy:
            return copy.preprocessed(header_dir("analysis"), marked.original), str(copy.path)

    def _refused(self, unit: Unit, found: list[Diagnostic]) -> RewriteResult:
        """All that is wrong, the rest as the compiler sees it.

        Where the text does not parse, the compiler says better why.
        """
        if not self.check:
            return self._result(unit, self.data, (), found)
        source = self.source
        lowered = lower(unit, source, self.options)
        edits = lowered.buffer.edits()
        said = self._compile_check(unit, lowered.buffer.apply(), edits)
        parsing = [d for d in found if (d.id, d.severity) == ("sc-parse", "error")]
        if not parsing:  # where types may not be read, lowering knows nothing better
            said = [*(d for d in lowered.notes if d.severity == "error"), *said]
        rest = beyond(said, [d for d in found if d not in parsing], unit, source)
        broken = {(d.path, d.line) for d in parsing}
        rest = [d for d in rest if is_syntax_error(d) or (d.path, d.line) not in broken]
        if any(is_syntax_error(d) for d in rest):
            found = [d for d in found if d not in parsing]
        found = [*found, *rest]
        return self._result(unit, self.data, (), in_order(found, source))

    def _finish(self, unit: Unit, lowered: Lowered, found: list[Diagnostic]) -> RewriteResult:
        edits = lowered.buffer.edits()
        text = lowered.buffer.apply()
        found = found + lowered.notes
        own = any(i.place.editable or i.place.path == self.source.path for i in unit.idioms)
        if self.check and (edits or own):
            found += self._compile_check(unit, text, edits)
        data = self.data if _failed(found) else text.encode("latin-1")
        return self._result(unit, data, () if _failed(found) else edits, found)

    def _compile_check(self, unit: Unit, text: str, edits: tuple[Edit, ...]) -> list[Diagnostic]:
        back = Origins(edits).original
        return compile_check(self._opened(text, edits), unit, self.include, back)

    def _opened(self, text: str, edits: tuple[Edit, ...]) -> AbstractContextManager[Copy]:
        """A copy that holds ``text``, which is what ``edits`` make of the source."""
        return copied(text, self.source, self.compiler, self.cflags)

    def _last_resort(self, unit: Unit, lowered: Lowered, found: list[Diagnostic]) -> RewriteResult:
        """Preprocessed text, since some idiom can be named in no other way."""
        notes = [
            diagnostic(self.source, i.place, "note", "sc-preprocessed", _why_preprocessed(i))
            for i in lowered.stuck
        ]
        text, main = self._unmarked()
        inner = replace(self, source=Source(text, self.source.path), check=False)
        again = self._analyse(text, inner.source, main, preprocessed=True)
        done = lower(again, inner.source, self.options)
        expanded = expand(
            done.buffer.apply(), self.source, self.compiler, self.cflags, self.include, main
        )
        found = found + notes + lowered.notes
        if self.check:
            found += self._check_expanded(unit, expanded)
        data = self.data if _failed(found) else expanded.encode("latin-1")
        return self._result(unit, data, (), found)

    def _preprocessed(self) -> RewriteResult:
        """Text that is preprocessed already."""
        main = self.source.path
        unit = self._analyse(self.source.text, self.source, main, preprocessed=True)
        if not any(not i.internal for i in unit.idioms):
            return RewriteResult(self.data)
        found = check(unit, self.source)
        if _failed(found):
            return self._result(unit, self.data, (), found)
        lowered = lower(unit, self.source, self.options)
        text = expand(
            lowered.buffer.apply(), self.source, self.compiler, self.cflags, self.include, main
        )
        found = found + lowered.notes
        if self.check:
            found += self._check_expanded(unit, text)
        data = self.data if _failed(found) else text.encode("latin-1")
        return self._result(unit, data, lowered.buffer.edits(), found)

    def _check_expanded(self, unit: Unit, text: str) -> list[Diagnostic]:
        """The compiler's errors; its lines are those of the markers already."""
        flags = [*spent(self.cflags), "-x", "cpp-output"]
        opened = copied(text, self.source, self.compiler, flags)
        return compile_check(opened, unit, self.include, lambda offset: offset)

    def _result(
        self, unit: Unit, data: bytes, edits: tuple[Edit, ...], found: list[Diagnostic]
    ) -> RewriteResult:
        sites = tuple(_site(i) for i in unit.idioms if not i.internal)
        kinds = CallDeclaration | CallDefinition | KeyDeclaration | KeyDefinition
        keys = tuple(dict.fromkeys(i.name for i in unit.idioms if isinstance(i, kinds)))
        return RewriteResult(data, edits, keys, sites, tuple(found))


def _why_preprocessed(idiom: Idiom) -> str:
    if idiom.kind == "dynamic":
        return (
            f"the output is preprocessed: macros, headers or conditionals hold parts of the "
            f"definition of '{idiom.name}'"
        )
    return (
        f"the output is preprocessed: a macro or header spells this {idiom.spelled}, "
        f"whose operand '{idiom.name}' only preprocessed text can name"
    )


def _site(idiom: Idiom) -> Site:
    place = idiom.place
    static = isinstance(idiom, KeyDefinition) and (idiom.local or "static" in idiom.storage)
    return Site(idiom.kind, idiom.name, place.path, place.line, place.column, static)


def _failed(found: Sequence[Diagnostic]) -> bool:
    return any(d.severity == "error" for d in found)
