"""Which mode a unit gets, and whether its assembly is annotated."""

from __future__ import annotations

import os
from dataclasses import dataclass

from transformer.arch import Arch
from transformer.launcher.commandline import CommandLine
from transformer.launcher.settings import Settings, Wrong

PATCHED, INLINE, ASM = "trampoline", "inline", "inline-asm"

# Flags that make files beside the object, named and filled by the run that makes
# the object: that run must then be one, from C to the object under its own name.
BESIDE = {
    "-gsplit-dwarf": "debug information in files of its own",
    "--coverage": "coverage",
    "-coverage": "coverage",
    "-ftest-coverage": "coverage",
    "-fprofile-arcs": "coverage",
    "-fprofile-generate": "a profile",
    "-fprofile-use": "a profile",
    "-fbranch-probabilities": "a profile",
    "-fauto-profile": "a profile",
    "-fstack-usage": "stack usage",
    "-fcallgraph-info": "call graphs",
    "-fdump-": "dumps",
    "-fopt-info": "reports of optimisation",
    "-fsave-optimization-record": "reports of optimisation",
    "-foptimization-record-file": "reports of optimisation",
    "-ftime-trace": "a trace of times",
    "-save-temps": "temporary files that are kept",
    "--save-temps": "temporary files that are kept",
}
LTO_NOTE = (
    "with -flto the compiler's output is no code yet: sites call their trampolines "
    "(mode trampoline)"
)


@dataclass(frozen=True)
class Choice:
    """``whole``: one run of the compiler makes the object under its own name."""

    mode: str
    reason: str = ""
    note: str = ""
    whole: bool = False

    @property
    def annotated(self) -> bool:
        return self.mode == INLINE


def choose(command: CommandLine, settings: Settings, arch: Arch) -> Choice:
    """The mode that the settings ask for, or the nearest that this command line allows."""
    mode = settings.mode or (INLINE if INLINE in arch.modes else arch.default_mode)
    if mode not in arch.modes:
        raise Wrong(f"{arch.name} has no mode '{mode}'; it has: {', '.join(arch.modes)}")
    beside = _beside(command.arguments)
    whole = bool(beside)
    if mode == INLINE and command.lto:
        return Choice(PATCHED, "-flto", _once(LTO_NOTE, command), whole)
    if mode == INLINE and whole:
        return Choice(PATCHED, f"the compiler makes {beside} beside the object", "", True)
    return Choice(mode, "", "", whole)


def _beside(arguments: list[str]) -> str:
    for argument in arguments:
        for flag, what in BESIDE.items():
            if argument.startswith(flag):
                return what
    return ""


def _once(note: str, command: CommandLine) -> str:
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
