"""Compiles changed text as if it were the user's file.

Debug information, ``__FILE__`` and includes come out as from the original.  GCC
gets a copy of the same base name, includes through a link to the original's
folder, and both names are mapped back; Clang gets an overlay of the file system,
and the original name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence

from transformer.toolchain import Compiler
from transformer.toolchain.zig import is_zig

_MAPS = {
    "-ffile-prefix-map=": ("debug", "macro"),
    "-fdebug-prefix-map=": ("debug",),
    "-fmacro-prefix-map=": ("macro",),
}
LANGUAGES = {".c": "c", ".i": "cpp-output"}
TRIES = 4


class Copy:
    """A temporary folder with the changed text; ``close`` takes it away.

    The folder's name follows from what is compiled, so that a compiler cache
    sees the same command line for the same unit.
    """

    def __init__(self, path: str, text: bytes, cc: Compiler, flags: Sequence[str]) -> None:
        self.path = path
        self.flags = list(flags)
        self.folder = _folder(path, text, cc, flags)
        self.overlaid = cc.family == "clang" and not is_zig(cc.argv)
        self.file = os.path.join(self.folder, os.path.basename(path))
        try:
            with open(os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(text)
            if os.path.exists(path):  # __TIMESTAMP__ tells
                status = os.stat(path)
                os.utime(self.file, ns=(status.st_atime_ns, status.st_mtime_ns))
            if self.overlaid:
                self._write_overlay()
            else:
                folder = os.path.join(os.getcwd(), os.path.dirname(path))
                os.symlink(folder, f"{self.folder}/here")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def source(self) -> str:
        """What the compiler is asked to compile."""
        return self.path if self.overlaid else self.file

    def compile_flags(self, include: str, preprocessed: bool) -> list[str]:
        """All flags, with the headers of ``include`` before every other."""
        language = self._language("cpp-output" if preprocessed else "c")
        first = [f"-I{include}"]
        if self.overlaid:
            return [*first, *self.flags, "-w", "-ivfsoverlay", f"{self.folder}/overlay", *language]
        return [
            *first,
            "-iquote",
            f"{self.folder}/here",
            *self.flags,
            "-w",
            *self._maps(),
            *language,
        ]

    def _language(self, name: str) -> list[str]:
        """Said where the suffix does not: a distcc server's file has another one, and needs it."""
        natural = LANGUAGES.get(os.path.splitext(self.path)[1])
        return [] if name == natural else ["-x", name]

    def _write_overlay(self) -> None:
        whole = os.path.abspath(self.path)
        entry = {"type": "file", "name": os.path.basename(whole), "external-contents": self.file}
        root = {"type": "directory", "name": os.path.dirname(whole), "contents": [entry]}
        text = {"version": 0, "case-sensitive": "true", "use-external-names": "false"}
        with open(f"{self.folder}/overlay", "w", encoding="utf-8") as file:
            json.dump({**text, "roots": [root]}, file)

    def _maps(self) -> list[str]:
        """Maps the copy's names to what the user's own maps make of the original's.

        Both are folders: a word that ends as a source does is one to a distcc server.
        """
        folder = self.path[: len(self.path) - len(os.path.basename(self.path))]
        maps = []
        for kind in ("debug", "macro"):
            for old in (f"{self.folder}/", f"{self.folder}/here/"):  # the last one wins
                maps.append(f"-f{kind}-prefix-map={old}={self._mapped(folder, kind)}")
        return maps

    def _mapped(self, name: str, kind: str) -> str:
        for flag in reversed(self.flags):  # the last one wins
            for option, kinds in _MAPS.items():
                if flag.startswith(option) and kind in kinds:
                    old, _, new = flag[len(option) :].rpartition("=")
                    if name.startswith(old):
                        return new + name[len(old) :]
        return name


def _folder(path: str, text: bytes, cc: Compiler, flags: Sequence[str]) -> str:
    what = repr((os.path.abspath(path), os.getcwd(), cc.argv, tuple(flags))).encode()
    name = hashlib.sha256(what + text).hexdigest()[:16]
    for number in range(TRIES):
        folder = f"{tempfile.gettempdir()}/sc-transform-{name}-{number}"
        try:
            os.mkdir(folder, 0o711)  # a distcc server of this machine, another user, passes
        except FileExistsError:
            continue
        return folder
    return tempfile.mkdtemp(prefix="sc-transform-")
