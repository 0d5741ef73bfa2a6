"""What build systems ask of an installed tool: its files, its runtime, its fingerprint."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from transformer import __version__
from transformer.arch import Arch, host, templates_dir
from transformer.cli.common import Usage
from transformer.launcher import machines
from transformer.launcher.commandline import CommandLine, parse
from transformer.launcher.machines import identify
from transformer.launcher.runtime import archive
from transformer.launcher.settings import Settings
from transformer.launcher.state import State
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import CompilerMissing, find

PACKAGE = Path(__file__).resolve().parent.parent
FILES = PACKAGE / "integration"
CMAKE = FILES / "cmake"
MAKE = FILES / "make" / "sc-transform.mk"
MESON = FILES / "meson" / "sc-transform.ini"
HASHED = (".py", ".j2", ".toml", ".h", ".c")


def program() -> str:
    """This tool's program, by an absolute path where there is one."""
    beside = Path(sys.executable).parent / "sc-transform"
    started = Path(sys.argv[0])
    if started.name == "sc-transform" and started.is_file():
        return str(started.absolute())
    return str(beside) if os.access(beside, os.X_OK) else "sc-transform"


def arch_of(cc: str | None) -> Arch:
    """The arch that a compiler command builds for; the host's where none is named."""
    if cc is None:
        return host()
    _, machine = identify(_command(cc, ()), State(os.environ))
    arch = machines.arch_of(machine, Settings())
    if arch is None:
        what = machine.triple or "an unknown machine"
        raise CompilerMissing(f"'{cc}' builds for {what}, for which there are no templates")
    return arch


def runtime_library(arch: Arch, cc: str | None, flags: Sequence[str]) -> Path:
    """What links the runtime into a program: an archive, or its source without a compiler.

    It is built once for a compiler and those of the flags that select the target,
    and is what the launcher adds to a link.
    """
    if cc is None:
        try:
            found = find(arch)
        except CompilerMissing:
            return runtime_source(arch)
        cc = shlex.join(found.hosted or found.argv)
    settings = Settings()
    settings.arch = arch.name
    path = archive(_command(cc, flags), settings, State(os.environ))
    assert path is not None  # the arch is named
    return Path(path)


def _command(cc: str, flags: Sequence[str]) -> CommandLine:
    """A command line such as this compiler gets."""
    try:
        words = [*shlex.split(cc), *flags, "-c", "unit.c"]
    except ValueError as e:
        raise Usage(f"the compiler command '{cc}' cannot be split: {e}") from e
    return parse(words, str(Path.cwd()), os.environ)


@cache
def fingerprint() -> str:
    """Changes whenever the code that this tool makes of a unit may change."""
    total = hashlib.sha256(__version__.encode())
    for root in dict.fromkeys((PACKAGE, templates_dir())):
        for path in sorted(p for p in root.rglob("*") if p.suffix in HASHED and p.is_file()):
            total.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:32]


def stamp() -> Path:
    """A file whose content and name are the fingerprint: what depends on it depends on the tool."""
    path = header_dir("plain").parent / f"stamp-{fingerprint()}"
    if not path.exists():
        path.write_text(f"sc-transform {__version__} {fingerprint()}\n", encoding="ascii")
    return path
