"""Units with idioms: rewritten, compiled again in silence, and put in the plain one's place.

From the moment that a unit is known to hold idioms until its object is whole
there is no object, as in a compiler's own run: what is interrupted is built anew.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformer.arch import Arch
from transformer.diagnostics import Diagnostic, ScError
from transformer.launcher.commandline import CommandLine, Source
from transformer.launcher.copying import Copy
from transformer.launcher.detect import NO_IDIOM, PLAIN, Found
from transformer.launcher.machines import arch_of, identify
from transformer.launcher.modes import GCC_NAMES_FILES, INLINE, Choice, choose
from transformer.launcher.precompiled import has_precompiled
from transformer.launcher.record import Record
from transformer.launcher.settings import Settings
from transformer.launcher.state import State, write_whole
from transformer.launcher.telling import tell
from transformer.rewriting import RewriteResult, defined, rewrite
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, Completed
from transformer.toolchain.running import run

if TYPE_CHECKING:
    from transformer.assembly import Annotated

FAILED = 1


@dataclass(frozen=True)
class Refused(Exception):
    """A unit that stays plain, and why."""

    reason: str


class Transform:
    """The second half of a command line, after the plain compiler's run."""

    def __init__(
        self,
        command: CommandLine,
        settings: Settings,
        state: State,
        record: Record,
        words: list[str],
    ) -> None:
        self.command = command
        self.settings = settings
        self.state = state
        self.record = record
        self.words = words

    def run(self, units: Sequence[Found]) -> int:
        outputs = [Path(os.path.realpath(u.output)) for u in units if u.plain is not None]
        try:
            compiler, arch = self._compiler()
        except Refused as e:
            return self._stay_plain(units, e.reason)
        modes = {path: path.stat().st_mode & 0o7777 for path in outputs}
        for path in outputs:
            path.unlink()
        if self.command.stage == "link":
            from transformer.launcher.program import Program

            return Program(self, compiler, arch).run(units)
        asked = {u.source.position for u in units}
        for source in self.command.sources:
            if source.position not in asked:
                object_ = self.command.object_of(source)
                self.record.unit(source.path, object_, "skipped", NO_IDIOM)
        done = 0
        for unit, path in zip(units, outputs, strict=True):
            status = self.unit(unit, compiler, arch, path, modes[path])
            done = done or status
        self.record.end("transformed" if not done else "failed", "", done)
        return done

    def _compiler(self) -> tuple[Compiler, Arch]:
        compiler, machine = identify(self.command, self.state)
        arch = arch_of(machine, self.settings)
        if arch is None:
            raise Refused(f"no templates for {machine.triple or 'this machine'}")
        return compiler, arch

    def _stay_plain(self, units: Sequence[Found], reason: str) -> int:
        for unit in units:
            self.record.unit(unit.source.path, unit.output, "passed", reason)
        self.record.end("passed", reason, 0)
        return 0

    def unit(self, found: Found, cc: Compiler, arch: Arch, output: Path, mode: int) -> int:
        """Transforms one unit; its plain output is put back where it is to stay plain."""
        work = Unit(self.command, self.settings, self.record, found.source, cc, arch)
        try:
            reason = work.build(output)
        except ScError as e:
            tell(e.diagnostics)
            self.record.unit(found.source.path, found.output, "failed", work.reason, work.facts)
            return FAILED
        if reason:
            if found.plain is not None:
                write_whole(str(output), found.plain)
            decision = "skipped" if reason == NO_IDIOM else "passed"
            self.record.unit(found.source.path, found.output, decision, reason, work.facts)
            return 0
        if output.exists():
            output.chmod(mode)
        self.record.unit(found.source.path, found.output, "transformed", work.reason, work.facts)
        return 0


class Unit:
    """One source on its way to an object or to assembly."""

    def __init__(
        self,
        command: CommandLine,
        settings: Settings,
        record: Record,
        source: Source,
        cc: Compiler,
        arch: Arch,
    ) -> None:
        self.command = command
        self.settings = settings
        self.record = record
        self.source = source
        self.cc = cc
        self.arch = arch
        self.preprocessed = source.language == "cpp-output"
        self.flags = command.compile_flags(source)
        self.one_run = command.auxiliary  # only the run under the object's name names its files
        if command.auxiliary and cc.family == "gcc" and (cc.major or 0) >= GCC_NAMES_FILES:
            self.flags += command.naming_flags(source)
            self.one_run = False
        self.reason = ""
        self.facts: dict[str, Any] = {}

    def build(self, output: Path) -> str:
        """Builds the object or assembly; gives a reason where the unit is to stay plain."""
        if self.settings.profile == "linux":
            return self._annotate(self.source.path, self.flags, output, "linux")
        choice = choose(self.command, self.settings, self.cc, self.arch)
        self.reason, self.facts["mode"] = choice.reason, choice.mode
        if choice.note:
            self._tell([Diagnostic("note", "sc-lto", choice.note)])
        text = Path(self.source.path).read_bytes()
        if self.preprocessed and PLAIN in text:
            said = "it was preprocessed with the plain headers, and stays plain"
            self._tell([Diagnostic("warning", "sc-launcher", said, self.source.path)])
            return said
        result = self.record.timed("rewrite", lambda: self._rewrite(text, choice.mode, False))
        if not result.ok:  # all of what is wrong, as the compiler sees it too
            result = self._rewrite(text, choice.mode, True)
        if result.ok and not result.sites:  # one that only calls a dynamic function: no news
            return NO_IDIOM
        self._tell([d for d in result.diagnostics if d.severity != "error"])
        if not result.ok:
            raise ScError(*(d for d in result.diagnostics if d.severity == "error"))
        self._note(result)
        preprocessed = self.preprocessed or (not result.edits and result.text != text)
        return self._compile(text, result.text, preprocessed, choice, output)

    def _rewrite(self, text: bytes, mode: str, check: bool) -> RewriteResult:
        return rewrite(
            text,
            path=self.source.path,
            arch=self.arch,
            mode=mode,
            cc=self.cc,
            cflags=self.flags,
            preprocessed=self.preprocessed,
            dynamic=defined(self.settings.dynamic, text),
            dynamic_lowering=self.settings.dynamic_lowering,
            check=check,
        )

    def _note(self, result: RewriteResult) -> None:
        sites = Counter(s.key for s in result.sites if s.kind in ("call", "guard", "dynamic"))
        self.facts.update(keys=list(result.keys), sites=sites)

    def _compile(
        self, text: bytes, new: bytes, preprocessed: bool, choice: Choice, output: Path
    ) -> str:
        include = str(header_dir("lowered", self.arch, choice.mode))
        copy = Copy(self.source.path, new, self.cc, self.flags)
        try:
            flags, path = copy.compile_flags(include, preprocessed), copy.source
            if has_precompiled(text, self.source.path, self.flags):
                if self.cc.family != "gcc":
                    return "a precompiled header"
                flags, path = self._expanded(copy, include, preprocessed)
            if choice.annotated:
                return self._annotate(path, flags, output, "sc", text)
            self._direct(path, flags, output, text, choice.mode)
        finally:
            copy.close()
        return ""

    def _expanded(self, copy: Copy, include: str, preprocessed: bool) -> tuple[list[str], str]:
        """The preprocessed copy: GCC takes no precompiled header for -E, nor after it."""
        path = copy.file + ".i"
        flags = [*copy.compile_flags(include, preprocessed), "-E", copy.source, "-o", path]
        done = run([*self.cc.command, *flags])
        if not done.ok:
            raise ScError(Diagnostic("error", "sc-compile", done.stderr.strip(), self.source.path))
        return copy.compile_flags(include, True), path

    def _direct(self, source: str, flags: list[str], output: Path, text: bytes, mode: str) -> None:
        """One run of the compiler, to the stage that the user asked for.

        Where it writes other files too, it names them after the object.
        """
        stage = "-S" if self.command.stage == "assembly" else "-c"
        target = output if self.one_run else beside(output)
        argv = [*self.cc.command, *flags, stage, source, "-o", str(target)]
        try:
            done = self.record.timed("compile", lambda: run(argv))
            if not done.ok:
                raise self._why(text, mode, done.stderr)
            target.replace(output)
        finally:
            if target != output:
                target.unlink(missing_ok=True)

    def _annotate(
        self, source: str, flags: list[str], output: Path, profile: str, text: bytes = b""
    ) -> str:
        """To assembly, annotated, assembled and checked; the assembly itself for -S."""
        from transformer.assembling import build_object

        target = beside(output)
        kept = target.with_name(target.name + ".s")
        folder, base, extension = self.command.auxiliary_names(self.source)
        named = Path(folder + base.removesuffix(extension) + ".o")
        try:
            built = self.record.timed(
                "compile",
                lambda: build_object(
                    self.cc,
                    Path(source),
                    target,
                    flags,
                    self.arch,
                    profile=profile,
                    assembly=kept,
                    named=named,
                ),
            )
            if not built.ok:
                if built.annotated is None:
                    raise self._why(text, INLINE, built.completed.stderr)
                raise ScError(*built.diagnostics, *self._said(built.completed))
            self._tell(built.diagnostics)
            (kept if self.command.stage == "assembly" else target).replace(output)
            if self.command.save_temps and kept.exists():
                self._save(kept)
        finally:
            target.unlink(missing_ok=True)
            kept.unlink(missing_ok=True)
        self._count(built.annotated)
        return ""

    def _save(self, assembly: Path) -> None:
        """The assembly that -save-temps left is the plain one: this is the object's."""
        folder, base, extension = self.command.auxiliary_names(self.source)
        name = base.removesuffix(extension) + ".s"
        for path in (Path(folder + name), Path(name)):
            if path.is_file():
                assembly.replace(path)
                return

    def _count(self, annotated: Annotated | None) -> None:
        if annotated is not None:
            sites = Counter(site.key for site in annotated.sites)
            self.facts["sites"] = {**self.facts.get("sites", {}), **sites}

    def _tell(self, found: Sequence[Diagnostic]) -> None:
        """Warnings and notes, but for those that the command line switches off."""
        off = set(self.command.arguments)
        tell(d for d in found if not off & {"-w", f"-Wno-{d.id}"})

    def _said(self, done: Completed) -> list[Diagnostic]:
        if done.ok:
            return []
        return [Diagnostic("error", "sc-compile", done.stderr.strip(), self.source.path)]

    def _why(self, text: bytes, mode: str, stderr: str) -> ScError:
        """What is wrong with the unit, said at the user's lines where that can be found."""
        if text:
            checked = self._rewrite(text, mode, True)
            if errors := [d for d in checked.diagnostics if d.severity == "error"]:
                return ScError(*errors)
        said = stderr.strip() or "the compiler failed and did not say why"
        return ScError(Diagnostic("error", "sc-compile", said, self.source.path))


def beside(output: Path) -> Path:
    """A name in the same folder, from which a rename to ``output`` is one step."""
    return output.with_name(f".{output.name}.sc-{os.getpid()}")
