"""Runs the compiler on a changed copy of a user's file, as if it were the file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from transformer.diagnostics import Diagnostic, ScError
from transformer.frontend import Source
from transformer.frontend.findings import diagnostic
from transformer.frontend.source import Files, Place
from transformer.scratch import scratch
from transformer.toolchain import (
    Compiler,
    Completed,
    asked,
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


class Message(NamedTuple):
    """One of the compiler's messages, at a place of the user's program, and its notes."""

    severity: str
    text: str
    place: Place
    notes: tuple[Message, ...] = ()


class Copy(NamedTuple):
    """A temporary file that stands for the user's: same base name, same includes.

    ``search`` are flags that find what it includes.  ``texts`` are what stands for
    each file of ``source``, by path, the file itself first.
    """

    path: Path
    source: Source
    cc: Compiler
    cflags: tuple[str, ...]
    search: tuple[str, ...]
    texts: Mapping[str, str]

    def flags(self, include: Path) -> list[str]:
        """The user's flags, with ``include`` before every other folder."""
        suffix = [] if self.path.suffix == ".c" or "-x" in self.cflags else ["-x", "c"]
        return [f"-I{include}", *self.search, *self.cflags, *suffix]

    def preprocess(self, include: Path) -> Completed:
        """The columns of its messages are bytes only where the compiler's family is known."""
        flags = [*self.flags(include), *self._bytes()]
        with scratch() as folder:
            return preprocess(self.cc, self.path, flags, through=folder / "unit.i")

    def preprocessed(self, include: Path, back: Back) -> str:
        """The output of ``preprocess``; ``ScError`` with the compiler's errors."""
        done = self.preprocess(include)
        if not done.ok and not self.cc.family:
            done = self._replace(cc=asked(self.cc)).preprocess(include)
        if done.ok:
            return done.stdout.decode("latin-1")
        errors = [
            diagnostic(self.source, m.place, "error", "sc-compile", m.text)
            for m in self.messages(done.stderr, back)
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

    def messages(self, stderr: str, back: Back) -> list[Message]:
        """The errors and warnings in a compiler's output about the copy."""
        copy = Files([Source(text, path) for path, text in self.texts.items()])
        numbers = {file.path: number for number, file in enumerate(copy.files)}
        found: list[Message] = []
        for match in _MESSAGE.finditer(stderr):
            line, column = int(match["line"]), int(match["column"] or 0)
            place = Place(match["path"], line, column, None)
            number = numbers.get(match["path"], numbers.get(os.path.normpath(match["path"])))
            if number is not None:
                place = self._place(copy, number, line, column, back)
            severity = match["severity"].removeprefix("fatal ")
            message = Message(severity, match["text"], place)
            if severity != "note":
                found.append(message)
            elif found:
                found[-1] = found[-1]._replace(notes=(*found[-1].notes, message))
        return found

    def _place(self, copy: Files, number: int, line: int, column: int, back: Back) -> Place:
        if not column:
            return Place(self.source.files[number].path, line, 0, None)
        return self.source.place(back(copy.bases[number] + copy.files[number].offset(line, column)))

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
        place = source.place(offset)
        said = "this is no C text: it holds a NUL byte"
        raise ScError(diagnostic(source, place, "error", "sc-input", said))


@contextmanager
def copied(text: str, source: Source, cc: Compiler, cflags: Sequence[str]) -> Iterator[Copy]:
    """A ``Copy`` that holds ``text``; it is gone afterwards."""
    original = Path(source.path)
    named = source.path not in ("-", "<stdin>", "<input>")
    name = original.name if named and original.name else "input.c"
    with scratch() as folder:
        path = folder / name
        path.write_bytes(text.encode("latin-1"))
        parent = str(original.parent) if named else "."
        search = (f"-iquote{parent}",)
        yield Copy(path, source, cc, clean_flags(cflags), search, {str(path): text})


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
