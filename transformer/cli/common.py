"""What the subcommands share: names of arches and modes, files read and written whole."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from transformer.configuration import Usage
from transformer.diagnostics import Diagnostic, ScError

if TYPE_CHECKING:  # not every command reads an arch
    from transformer.arch import Arch

__all__ = [
    "ALL",
    "Usage",
    "known_only",
    "pick_arch",
    "pick_arches",
    "pick_mode",
    "pick_modes",
    "read_input",
    "split_list",
    "write_output",
    "write_text",
    "write_whole",
]

ALL = "all"


def pick_arch(name: str | None) -> Arch:
    """The arch called ``name``, else the host's; ``UnknownArch`` where there is none."""
    from transformer.arch import host, load

    return host() if name is None else load(name)


def pick_mode(arch: Arch, name: str | None) -> str:
    """A mode of ``arch``, its default where none is named."""
    if name is None:
        return arch.default_mode
    if name not in arch.modes:
        raise Usage(f"{arch.name} has no mode '{name}'; it has: {', '.join(arch.modes)}")
    return name


def pick_arches(text: str) -> list[str]:
    """The names in a comma-separated list, all arches for ``all``."""
    from transformer.arch import load, names

    if text == ALL:
        return names()
    return [load(name).name for name in split_list(text, "arch")]


def pick_modes(text: str, arches: Sequence[str]) -> list[str]:
    """The modes in a comma-separated list; each must be a mode of some arch."""
    from transformer.arch import load

    known = list(dict.fromkeys(mode for arch in arches for mode in load(arch).modes))
    return known if text == ALL else known_only(text, "mode", known)


def known_only(text: str, what: str, known: Sequence[str]) -> list[str]:
    """The names in a comma-separated list, each one of ``known``."""
    wanted = split_list(text, what)
    for name in wanted:
        if name not in known:
            raise Usage(f"unknown {what} '{name}'; there are: {', '.join(known)}")
    return wanted


def split_list(text: str, what: str) -> list[str]:
    """The words between commas, in order and each once; ``Usage`` where there is none."""
    words = list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not words:
        raise Usage(f"no {what} is named")
    return words


def read_input(name: str) -> bytes:
    """All of a file, or of standard input for ``-``; ``ScError`` where it cannot be read."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as e:
        text = f"cannot read this file: {e.strerror}"
        raise ScError(Diagnostic("error", "sc-input", text, name)) from e


def write_output(output: str | None, data: bytes) -> None:
    """Writes as ``write_text`` does; ``ScError`` where a file cannot be written."""
    if output in (None, "-"):
        stream = _standard_output().buffer
        stream.write(data)
        stream.flush()
        return
    assert output is not None
    try:
        write_whole(Path(output), data)
    except OSError as e:
        text = f"cannot write this file: {e.strerror}"
        raise ScError(Diagnostic("error", "sc-input", text, output)) from e


def write_text(output: str | None, text: str) -> None:
    """Writes to standard output (None or ``-``) or to a file, whole or not at all."""
    if output in (None, "-"):
        stream = _standard_output()
        stream.write(text)
        stream.flush()
    else:
        assert output is not None
        write_whole(Path(output), text.encode())


def _standard_output() -> TextIO:
    if sys.stdout is None:  # as Python has it where it is closed
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    return sys.stdout


def write_whole(path: Path, data: bytes) -> None:
    """Replaces a file in one step.  Devices and pipes are written to directly.

    A symbolic link stays one, and a file keeps its permissions.
    """
    path = path.resolve()
    mode = _mode(path)
    if mode is not None and not stat.S_ISREG(mode):
        path.write_bytes(data)
        return
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), stat.S_IMODE(mode) if mode else 0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
