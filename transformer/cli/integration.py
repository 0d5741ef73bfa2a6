"""What build systems ask of an installed tool: its files, its runtime, its fingerprint."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from transformer import __version__
from transformer.arch import Arch, host, load, names, templates_dir
from transformer.cli.common import Usage
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, CompilerMissing, compile_object, find, run

PACKAGE = Path(__file__).resolve().parent.parent
FILES = PACKAGE / "integration"
CMAKE = FILES / "cmake"
MAKE = FILES / "make" / "sc-transform.mk"
MESON = FILES / "meson" / "sc-transform.ini"
RUNTIME_FLAGS = ("-O2", "-fPIC", "-w")
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
    try:
        argv = shlex.split(cc)
    except ValueError as e:
        raise Usage(f"the compiler command '{cc}' cannot be split: {e}") from e
    asked = run([*argv, "-dumpmachine"], timeout=60.0)
    cpu = asked.stdout.decode(errors="replace").strip().partition("-")[0] if asked.ok else ""
    for arch in map(load, names()):
        if cpu in {triple.partition("-")[0] for triple in arch.toolchain.triples}:
            return arch
    raise CompilerMissing(f"'{cc}' builds for {cpu or 'an unknown machine'}, which is no arch here")


def runtime_library(arch: Arch, cc: str | None, flags: Sequence[str]) -> Path:
    """What links the runtime into a program: its object, or its source without a compiler.

    The object is built once for a compiler and its flags, beside the source.
    """
    source = runtime_source(arch)
    try:
        compiler = find(arch, cc=cc)
    except CompilerMissing:
        if cc is not None:
            raise
        return source
    output = source.with_name(f"sc_runtime-{_digest(compiler, flags)}.o")
    if not output.exists():
        _compile(compiler, source, output, arch, flags)
    return output


def _digest(compiler: Compiler, flags: Sequence[str]) -> str:
    text = repr((compiler.command, compiler.version, *RUNTIME_FLAGS, *flags))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _compile(cc: Compiler, source: Path, output: Path, arch: Arch, flags: Sequence[str]) -> None:
    include = header_dir("lowered", arch, arch.default_mode)
    handle, name = tempfile.mkstemp(prefix=".sc_runtime-", suffix=".o", dir=output.parent)
    os.close(handle)
    try:
        options = (*arch.toolchain.cflags, *RUNTIME_FLAGS, *flags, "-I", str(include))
        done = compile_object(cc, source, Path(name), options)
        if not done.ok:
            raise Usage(f"the runtime does not compile:\n{done.stderr.rstrip()}")
        shutil.move(name, output)
    finally:
        Path(name).unlink(missing_ok=True)


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
