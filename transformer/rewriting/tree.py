"""Where the copies of a project's files lie, and how compilers are led to them.

All copies lie below one folder, as the files lie below the project's root, so
that ``#include "x.h"`` and ``"../include/x.h"`` find copies from copies; each
folder that a build searches has its counterpart, which is searched before it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from transformer.frontend import Source
from transformer.frontend.source import Files, unescape
from transformer.lowering.edits import Edit, EditBuffer
from transformer.rewriting.unit import Copy, clean_flags
from transformer.toolchain import Compiler

_SEARCHED = re.compile(r"(-I|-iquote)(.*)", re.DOTALL)
_MARKER = re.compile(r'^(#[ \t]*\d+[ \t]+")((?:[^"\\\n]|\\.)*)(")([ \t0-9]*)$', re.MULTILINE)
_ENTERED, _SYSTEM = "1", "3"  # flags of line markers, as GCC's manual of cpp has them


@dataclass(frozen=True)
class Layout:
    """``root`` is the folder above all of the project, as the user names it."""

    root: str = "."

    def inside(self, path: str) -> str | None:
        """A file's or folder's path below the root, without ``..``; None outside of it."""
        plain, real = _absolute(path), os.path.realpath(path)
        tries = [(plain, _absolute(self.root)), (real, os.path.realpath(self.root))]
        for place, root in tries if os.path.realpath(plain) == real else tries[1:]:
            found = os.path.relpath(place, root)
            if found != os.pardir and not found.startswith(os.pardir + os.sep):
                return found
        return None

    def shown(self, path: str) -> str:
        """A file's name in messages: without ``..``, so that it has one only."""
        plain = os.path.normpath(path)
        return plain if os.path.realpath(plain) == os.path.realpath(path) else path

    def flags(self, top: str, cflags: Sequence[str]) -> list[str]:
        """What has the copies below ``top`` found, to stand before the flags of the build.

        Folders outside of the root keep their turn in the search.
        """
        found, mapped = [], False
        for option, folder in _searched(cflags):
            inside = self.inside(folder)
            mapped = mapped or inside is not None
            found.append(option + (folder if inside is None else _under(top, inside)))
        return found if mapped else []

    def result_flags(self, top: str, cflags: Sequence[str]) -> list[str]:
        """The same for the results: names in messages of programs and debuggers are the user's."""
        here = Path(self.root) == Path()
        own = "" if here else f"{Path(self.root)}/"
        return [*self.flags(top, cflags), f"-ffile-prefix-map={Path(top)}/={own}"]


def _absolute(path: str) -> str:
    """Without ``..``, and by the same links as the user's."""
    return os.path.normpath(Path(path).absolute())


def _under(top: str, inside: str) -> str:
    return os.path.normpath(Path(top, inside))


def _searched(cflags: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(-I or -iquote, folder) in the order of the flags."""
    option = ""
    for flag in cflags:
        if option:
            yield option, flag
            option = ""
        elif match := _SEARCHED.fullmatch(flag):
            if match[2]:
                yield match[1], match[2]
            else:
                option = match[1]


def read_by(text: str, main: str) -> list[str]:
    """The headers that preprocessed text was read from, but for the system's: each once."""
    found: dict[str, None] = {}
    for match in _MARKER.finditer(text):
        flags = match[4].split()
        if _ENTERED in flags and _SYSTEM not in flags:
            found[_path(match[2])] = None
    found.pop(main, None)
    return list(found)


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Preprocessed text with the files in its line markers called by other names."""

    def one(match: re.Match[str]) -> str:
        new = names.get(os.path.normpath(_path(match[2])))
        if new is None:
            return match[0]
        return match[1] + re.sub(r'["\\]', r"\\\g<0>", new) + match[3] + match[4]

    return _MARKER.sub(one, text)


def _path(name: str) -> str:
    """The path that a line marker means."""
    return os.fsdecode(unescape(name).encode("latin-1"))


def parts(source: Files, edits: Sequence[Edit]) -> list[str]:
    """The text of each file after its edits."""
    buffers = [EditBuffer(file.text) for file in source.files]
    for edit in edits:
        number = source.index(edit.start)
        base = source.bases[number]
        buffers[number].replace(edit.start - base, edit.end - base, edit.new, edit.owner)
    return [buffer.apply() for buffer in buffers]


@contextmanager
def planted(
    source: Files,
    places: Sequence[str],
    texts: Sequence[str],
    cc: Compiler,
    cflags: Sequence[str],
    layout: Layout,
) -> Iterator[Copy]:
    """A ``Copy`` with headers: ``texts`` stand for the files, each at its place below a folder.

    What is unchanged is linked, so that compilers know it for the same file.
    """
    with tempfile.TemporaryDirectory(prefix="sc-transform-") as top:
        paths = [_under(top, place) for place in places]
        for path, text, file in zip(paths, texts, source.files, strict=True):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            if text == file.text and path != paths[0]:
                Path(path).symlink_to(Path(file.path).absolute())
            else:
                Path(path).write_bytes(text.encode("latin-1"))
        search = tuple(layout.flags(top, cflags))
        known = dict(zip(paths, texts, strict=True))
        yield Copy(Path(paths[0]), source, cc, clean_flags(cflags), search, known)


def response(flags: Sequence[str]) -> str:
    """A file that compilers take by ``@``, a flag on each line: blanks and quotes are escaped."""
    return "".join(re.sub(r"[\s\\\"']", r"\\\g<0>", flag) + "\n" for flag in flags)


def rules(target: str, read: Sequence[str]) -> str:
    """What make is to know, as compilers write it for ``-MMD -MP``."""
    names = [re.sub(r"[\s#]", r"\\\g<0>", name).replace("$", "$$") for name in (target, *read)]
    lines = [f"{names[0]}: " + " \\\n ".join(names[1:])]
    return "\n".join([*lines, *(f"{name}:" for name in names[2:])]) + "\n"


def in_place(source: Source, cc: Compiler, cflags: Sequence[str]) -> Copy:
    """The user's own file, read where it stands."""
    path = Path(source.path)
    return Copy(path, source, cc, clean_flags(cflags), (), {str(path): source.text})
