"""Runs the compiler on a changed copy of a user's file, as if it were the file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from transformer.diagnostics import Diagnostic, ScError
from transformer.frontend import Source
from transformer.frontend.findings import diagnostic
from transformer.frontend.source import Place
from transformer.toolchain import (
    Compiler,
    Completed,
    check_syntax,
    compile_object,
    preprocess,
)
from transformer.toolchain.zig import is_zig

_WITH_VALUE = {"-o", "-MF", "-MT", "-MQ", "-MJ"}
_DROPPED = re.compile(r"-(?:c|S|E|MD|MMD|MP|MG|M|MM|save-temps.*|o.+|M[FTQ].+|Werror|Wp,-M.*)$")
_MESSAGE = re.compile(
    r"^(?P<path>[^\n]+?):(?P<line>\d+):(?:(?P<column>\d+):)?"
    r" (?P<severity>fatal error|error|warning|note): (?P<text>[^\n]*)$",
    re.MULTILINE,
)
#: maps an offset of the copy to the offset in the user's file
Back = Callable[[int], int]


@dataclass(frozen=True)
class Message:
    """One of the compiler's messages, at a place of the user's program, and its notes."""

    severity: str
    text: str
    place: Place
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Copy:
    """A temporary file that stands for the user's: same base name, same includes."""

    path: Path
    source: Source
    cc: Compiler
    cflags: tuple[str, ...]
    folder: str

    def flags(self, include: Path) -> list[str]:
        """The user's flags, with ``include`` before every other folder."""
        suffix = [] if self.path.suffix == ".c" else ["-x", "c"]
        return [f"-I{include}", f"-iquote{self.folder}", *self.cflags, *suffix]

    def preprocess(self, include: Path) -> Completed:
        flags = [*self.flags(include), *self._bytes()]
        through = self.path.with_name(f"{self.path.name}.preprocessed")
        return preprocess(self.cc, self.path, flags, through=through)

    def preprocessed(self, include: Path, back: Back) -> str:
        """The output of ``preprocess``; ``ScError`` with the compiler's errors."""
        done = self.preprocess(include)
        if done.ok:
            return done.stdout.decode("latin-1")
        text = self.path.read_bytes().decode("latin-1")
        errors = [
            diagnostic(self.source, m.place, "error", "sc-compile", m.text)
            for m in self.messages(done.stderr, text, back)
            if m.severity == "error"
        ]
        raise ScError(*(errors or [self.failure(done)]))

    def _bytes(self) -> list[str]:
        """GCC 11 and later count columns in characters, tabs as eight, unless told."""
        version = re.search(r"(?:\)|^\S+) (\d+)\.\d+", self.cc.version)
        if self.cc.family == "gcc" and (version is None or int(version[1]) >= 11):
            return ["-fdiagnostics-column-unit=byte"]
        return []

    def check(self, include: Path) -> Completed:
        """``-fsyntax-only``; locations are where the user's file uses a macro."""
        quiet = ["-Wno-error", *self._bytes()]
        if self.cc.family == "gcc":
            quiet += ["-ftrack-macro-expansion=0", "-fno-diagnostics-show-caret"]
        else:
            quiet += ["-fno-caret-diagnostics", "-ferror-limit=0"]
        flags = [*self.flags(include), *quiet]
        if is_zig(self.cc.argv):  # zig cc -fsyntax-only fails for want of an object
            return compile_object(self.cc, self.path, self.path.with_suffix(".o"), flags)
        return check_syntax(self.cc, self.path, flags)

    def messages(self, stderr: str, text: str, back: Back) -> list[Message]:
        """The errors and warnings in a compiler's output about the copy ``text``."""
        copy = Source(text, str(self.path))
        found: list[Message] = []
        for match in _MESSAGE.finditer(stderr):
            line, column = int(match["line"]), int(match["column"] or 0)
            place = Place(match["path"], line, column, None)
            if match["path"] == str(self.path):
                place = self._place(copy, line, column, back)
            severity = match["severity"].removeprefix("fatal ")
            message = Message(severity, match["text"], place)
            if severity != "note":
                found.append(message)
            elif found:
                found[-1] = replace(found[-1], notes=(*found[-1].notes, message))
        return found

    def _place(self, copy: Source, line: int, column: int, back: Back) -> Place:
        if not column:
            return Place(self.source.path, line, 0, None)
        offset = back(copy.offset(line, column))
        return Place(self.source.path, *self.source.position(offset), offset)

    def failure(self, done: Completed) -> Diagnostic:
        """For a compiler that failed and did not say why in a form that we know."""
        said = done.stderr.strip().splitlines()
        text = said[0] if said else f"the compiler gave up with status {done.returncode}"
        return diagnostic(
            self.source, Place(self.source.path, 0, 0, None), "error", "sc-compiler", text
        )


def readable(source: Source) -> None:
    """``ScError`` where a file is no text."""
    if "\0" in source.text:
        offset = source.text.index("\0")
        place = Place(source.path, *source.position(offset), offset)
        said = "this is no C text: it holds a NUL byte"
        raise ScError(diagnostic(source, place, "error", "sc-input", said))


@contextmanager
def copied(text: str, source: Source, cc: Compiler, cflags: Sequence[str]) -> Iterator[Copy]:
    """A ``Copy`` that holds ``text``; it is gone afterwards."""
    original = Path(source.path)
    named = source.path not in ("-", "<stdin>", "<input>")
    name = original.name if named and original.name else "input.c"
    with tempfile.TemporaryDirectory(prefix="sc-transform-") as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode("latin-1"))
        parent = str(original.parent) if named else "."
        yield Copy(path, source, cc, clean_flags(cflags), parent)


def clean_flags(cflags: Sequence[str]) -> tuple[str, ...]:
    """The flags that matter for reading a file: no outputs, no dependency files."""
    kept, skip = [], False
    for flag in cflags:
        if skip:
            skip = False
        elif flag in _WITH_VALUE:
            skip = True
        elif not _DROPPED.match(flag):
            kept.append(flag)
    return tuple(kept)
