"""Makes a program of anything that ``inspect`` is given, and loads it.

An object is linked by itself, with a stub for each symbol that it lacks, so
that what refers to one still has a name.  C is compiled with the lowered
headers first.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from transformer.arch import Arch, load, names
from transformer.arch.modes import ANNOTATED_MODES
from transformer.assembling import build_object
from transformer.cli.common import pick_arch, pick_mode
from transformer.diagnostics import Diagnostic, ScError
from transformer.emulator import Image, ImageError
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, Completed, compile_object, find, link

C_SUFFIXES = (".c", ".i")
LINKERS_OWN = ("__start_", "__stop_", "_GLOBAL_OFFSET_TABLE_", "__global_pointer$")
KINDS = {"ET_REL": "object", "ET_DYN": "program or shared object", "ET_EXEC": "program"}


@dataclass(frozen=True)
class Request:
    """What the command line says of the arch, and of how to compile C."""

    arch: str | None
    mode: str | None
    cc: str | None
    flags: tuple[str, ...]


@contextmanager
def loaded(path: Path, request: Request) -> Iterator[tuple[Image, str]]:
    """The file as a loaded image, and what it was: ``ScError`` where it cannot be."""
    with tempfile.TemporaryDirectory(prefix="sc-inspect-") as name:
        folder = Path(name)
        try:
            if path.suffix in C_SUFFIXES:
                arch = pick_arch(request.arch)
                yield (
                    Image.load(_link(_compile(path, arch, request, folder), arch, folder), arch),
                    "C",
                )
                return
            arch, kind = _identify(path, request.arch)
            program = _link(path, arch, folder) if kind == "ET_REL" else path
            yield Image.load(program, arch, 0), KINDS.get(kind, kind)
        except ImageError as e:
            raise _error(path, str(e)) from e


def _identify(path: Path, wanted: str | None) -> tuple[Arch, str]:
    """The arch of an ELF file and its type; a wanted arch is taken if it fits."""
    try:
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            facts: tuple[str, int, bool] = (elf["e_machine"], elf.elfclass, elf.little_endian)
            kind: str = elf["e_type"]
    except ELFError as e:
        raise _error(path, f"neither C nor an ELF file: {e}") from e
    for arch in map(load, names() if wanted is None else [wanted]):
        if (arch.elf_machine, arch.elf_class, arch.byteorder == "little") == facts:
            return arch, kind
    raise _error(path, f"is for {facts[0]}, which is no arch that was asked for or is known")


def _compile(path: Path, arch: Arch, request: Request, folder: Path) -> Path:
    """An object of a C file, its idioms expanded by the lowered headers."""
    mode = pick_mode(arch, request.mode)
    cc = find(arch, cc=request.cc)
    include = header_dir("lowered", arch, mode)
    flags = [*arch.toolchain.cflags, "-O2", "-g", f"-I{include}", *request.flags]
    output = folder / "unit.o"
    if mode in ANNOTATED_MODES:
        built = build_object(cc, path.absolute(), output, flags, arch)
        if built.completed.ok and not built.ok:
            raise ScError(*(d for d in built.diagnostics if d.severity == "error"))
        _checked(path, built.completed)
    else:
        _checked(path, compile_object(cc, path, output, flags))
    return output


def _link(path: Path, arch: Arch, folder: Path) -> Path:
    cc = find(arch)
    output = folder / "program"
    flags = [
        *arch.toolchain.ldflags,
        "-nostdlib",
        "-static",
        "-Wl,--entry=0",
        "-Wl,--build-id=none",
    ]
    _checked(path, link(cc, [path, _stubs(path, cc, folder)], output, flags))
    return output


def _stubs(path: Path, cc: Compiler, folder: Path) -> Path:
    """An object that defines each symbol that ``path`` lacks."""
    source, output = folder / "stubs.s", folder / "stubs.o"
    rows = [f'.globl "{name}"\n"{name}":\n\t.skip 16\n' for name in _lacking(path)]
    source.write_text(".text\n" + "".join(rows))
    _checked(path, compile_object(cc, source, output))
    return output


def _lacking(path: Path) -> Sequence[str]:
    with path.open("rb") as stream:
        table: Any = ELFFile(stream).get_section_by_name(".symtab")
        symbols = [] if table is None else list(table.iter_symbols())
    lacking = {s.name for s in symbols if s["st_shndx"] == "SHN_UNDEF" and s.name}
    return sorted(name for name in lacking if not name.startswith(LINKERS_OWN))


def _checked(path: Path, done: Completed) -> None:
    if not done.ok:
        raise _error(path, f"cannot be built:\n{done.stderr.rstrip()}", "sc-compile")


def _error(path: Path, text: str, kind: str = "sc-input") -> ScError:
    text = text.removeprefix(f"{path}: ")
    return ScError(Diagnostic("error", kind, text, path=str(path)))
