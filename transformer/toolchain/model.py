"""What a compiler is to the rest of the project, and what a run of one gives."""

from __future__ import annotations

import re
from typing import NamedTuple

from transformer.diagnostics import Diagnostic, ScError

FAMILIES = ("gcc", "clang")


class CompilerMissing(ScError):
    """No compiler for what was asked; the message names what to install."""

    def __init__(self, text: str) -> None:
        super().__init__(Diagnostic("error", "sc-compiler", text))


class Compiler(NamedTuple):
    """A C compiler driver that builds for one arch.

    ``argv`` starts it, ``base_flags`` go before all other flags.  ``linker``
    is a linker to run in place of the driver's own, where the driver has none
    (the wheel's Clang); ``hosted`` is the driver that links with a C library,
    where that is not ``argv``.  Both are empty for an ordinary compiler.
    """

    family: str
    argv: tuple[str, ...]
    base_flags: tuple[str, ...]
    version: str
    linker: tuple[str, ...] = ()
    hosted: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """How a command line with this compiler begins."""
        return self.argv + self.base_flags

    @property
    def major(self) -> int | None:
        """The major number of the version, which is the last word or before "(...)" there."""
        found = re.findall(r"\b(\d+)\.\d+", re.sub(r"\(.*?\)", "", self.version))
        return int(found[0]) if found else None


class Completed(NamedTuple):
    """A finished run.  ``stdout`` stays bytes: it may be preprocessed C."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: str

    @property
    def ok(self) -> bool:
        return self.returncode == 0
