"""The runtime for a compiler and its target: built once, kept by content."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformer.arch import Arch
from transformer.diagnostics import Diagnostic, ScError
from transformer.launcher.commandline import CommandLine
from transformer.launcher.machines import arch_of, identify
from transformer.launcher.settings import Settings
from transformer.launcher.state import State, write_whole
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, compile_object

MAGIC = b"!<arch>\n"
FLAGS = ("-O2", "-fPIC", "-fno-lto", "-w")


def archive(command: CommandLine, settings: Settings, state: State) -> str | None:
    """The path of the archive; None where the arch has no templates."""
    cc, machine = identify(command, state)
    arch = arch_of(machine, settings)
    if arch is None:
        return None
    source = runtime_source(arch)
    what = repr((cc.argv, cc.version, command.targets, FLAGS, source.parent.name, str(arch.name)))
    digest = hashlib.sha256(what.encode()).hexdigest()[:16]
    folder = source.parent.parent
    path = folder / f"libsc-runtime-{digest}.a"
    if not path.is_file():
        write_whole(str(path), ar(_compile(cc, arch, source, command.targets)))
    return str(path)


def _compile(cc: Compiler, arch: Arch, source: Path, targets: Sequence[str]) -> bytes:
    """The object, with landing pads where the compiler makes them."""
    include = header_dir("lowered", arch, arch.default_mode)
    pads = next((v.cflags for v in arch.variants if v.pads), ())
    with tempfile.TemporaryDirectory(prefix="sc-transform-") as folder:
        output = Path(folder) / "sc_runtime.o"
        for extra in (pads, ()):
            flags = [*targets, *extra, *FLAGS, f"-I{include}"]
            done = compile_object(cc, source, output, flags)
            if done.ok:
                return output.read_bytes()
    text = f"the runtime does not compile: {done.stderr.strip()}"
    raise ScError(Diagnostic("error", "sc-launcher", text))


def ar(member: bytes) -> bytes:
    """An archive of one object, with the index that linkers want (System V's form)."""
    names = _defined(member)
    texts = b"".join(name.encode() + b"\0" for name in names)
    size = 4 + 4 * len(names) + len(texts)
    size += size % 2
    offset = len(MAGIC) + 60 + size
    index = len(names).to_bytes(4, "big") + offset.to_bytes(4, "big") * len(names) + texts
    index = index.ljust(size, b"\n")
    return MAGIC + _header(b"/", size) + index + _header(b"sc_runtime.o/", len(member)) + member


def _defined(member: bytes) -> list[str]:
    """The names that others can be linked to."""
    from elftools.elf.elffile import ELFFile

    table: Any = ELFFile(io.BytesIO(member)).get_section_by_name(".symtab")
    symbols = [] if table is None else list(table.iter_symbols())
    return [
        s.name
        for s in symbols
        if s["st_shndx"] != "SHN_UNDEF" and s["st_info"]["bind"] in ("STB_GLOBAL", "STB_WEAK")
    ]


def _header(name: bytes, size: int) -> bytes:
    return b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name, 0, 0, 0, 0o644, size)
