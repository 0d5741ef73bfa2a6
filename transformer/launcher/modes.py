"""Which mode a unit gets, and whether its assembly is annotated."""

from __future__ import annotations

import os
from dataclasses import dataclass

from transformer.arch import Arch, modes
from transformer.launcher.commandline import CommandLine
from transformer.launcher.settings import Settings, Wrong
from transformer.toolchain import Compiler

PATCHED, INLINE = modes.TRAMPOLINE, modes.INLINE

GCC_NAMES_FILES = 11  # since then GCC can be told how to name what it writes beside an object
SPLIT = ("-gsplit-dwarf", "-gsplit-dwarf=split", "-gsplit-dwarf=single")
LTO_NOTE = (
    "with -flto the compiler's output is no code yet: sites call their trampolines "
    "(mode trampoline)"
)


@dataclass(frozen=True)
class Choice:
    """``note`` is for the user, ``reason`` for the log."""

    mode: str
    reason: str = ""
    note: str = ""

    @property
    def annotated(self) -> bool:
        return self.mode == INLINE


def choose(command: CommandLine, settings: Settings, cc: Compiler, arch: Arch) -> Choice:
    """The mode that the settings ask for, or the nearest that this command line allows."""
    mode = settings.mode or (INLINE if INLINE in arch.modes else arch.default_mode)
    if mode not in arch.modes:
        raise Wrong(f"{arch.name} has no mode '{mode}'; it has: {', '.join(arch.modes)}")
    if mode == INLINE and command.lto:
        return Choice(PATCHED, "-flto", _once(LTO_NOTE))
    if mode == INLINE and _in_one_run(command, cc):
        return Choice(PATCHED, "the compiler writes other files beside the object")
    return Choice(mode)


def _in_one_run(command: CommandLine, cc: Compiler) -> bool:
    """Whether only the run that makes the object can name the files beside it."""
    if cc.family == "clang":
        return any(word in SPLIT for word in command.arguments)
    return command.auxiliary and (cc.major or 0) < GCC_NAMES_FILES


def _once(note: str) -> str:
    """The note, once in a build: in a session, for the folder that its objects are in."""
    import hashlib
    import tempfile

    build = f"{os.getsid(0)} {os.getcwd()}"
    name = hashlib.sha256(build.encode()).hexdigest()[:16]
    stamp = f"{tempfile.gettempdir()}/sc-transform-{os.getuid()}-noted-{name}"
    try:
        os.close(os.open(stamp, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:
        return ""
    return note
