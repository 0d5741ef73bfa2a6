"""The runtime as a package: made, built by make, and linked into a transformed program."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from integration_tools import run

import transformer
from transformer import arch as arches
from transformer.arch import Arch
from transformer.cli.main import main
from transformer.toolchain import zig

#: Two units: one with keys and their sites, as a library has them, and one that uses it.
LIBRARY = """\
#include <sc/sc.h>

static int one(int a) { return a + 1; }
static int two(int a) { return a * 2; }
static void noted(int *count) { ++*count; }

DEFINE_STATIC_CALL(which, one);
DEFINE_STATIC_CALL_NULL(note, noted);
DEFINE_STATIC_KEY_FALSE(louder);

int used(int a)
{
	int notes = 0;

	static_call_cond(note)(&notes);
	return static_call(which)(a) + (static_branch_unlikely(&louder) ? 100 : 0) + 1000 * notes;
}

int switch_it(int on)
{
	int error = static_call_update(which, on ? two : one);

	if (!error)
		error = static_call_update(note, on ? noted : (void (*)(int *))0);
	if (on)
		static_branch_enable(&louder);
	else
		static_branch_disable(&louder);
	return error;
}
"""
PROGRAM = """\
#include <stdio.h>

int used(int a);
int switch_it(int on);

int main(void)
{
	int error, off = used(5), on;

	error = switch_it(1);
	on = used(5);
	error |= switch_it(0);
	printf("%d %d %d %d\\n", off, on, used(5), error);
	return 0;
}
"""
PRINTED = "6 1110 6 0\n"
PRINTED_IN_SLOTS = "6 1010 6 0\n"  # text is never written: no guard switches
UNITS = ("library.c", "program.c")


def package(folder: Path, *options: str) -> Path:
    """What ``sc-transform runtime`` writes, in ``folder``/sc-runtime."""
    made = folder / "sc-runtime"
    assert main(["runtime", *options, "-o", str(made)]) == 0
    return made


def sources(folder: Path, arch: Arch, mode: str | None = None) -> Path:
    """The program's units in ``folder``, the library rewritten (but for mode "")."""
    folder.mkdir(parents=True, exist_ok=True)
    text = LIBRARY.encode()
    if mode != "":
        result = transformer.rewrite(text, path="library.c", arch=arch, mode=mode)
        assert result.ok, result.diagnostics
        text = result.text
    (folder / "library.c").write_bytes(text)
    (folder / "program.c").write_text(PROGRAM)
    return folder


def hosts() -> list[str]:
    """This machine's compilers: its GCC where there is one, and the wheel's Clang."""
    return [*filter(shutil.which, ["gcc"]), "clang"]


def installed(
    made: Path, env: dict[str, str], *settings: str, target: str = "install", prefix: str = "usr"
) -> Path:
    """Built and installed by make, below the folder that holds it; its prefix."""
    path = made.parent / prefix
    run("make", "-s", target, f"PREFIX={path}", *settings, cwd=made, env=env)
    return path


def pkg_config(prefix: Path, *, static: bool = False) -> tuple[list[str], list[str]]:
    """Compiler's and linker's flags, read from the file that pkg-config reads."""
    (path,) = prefix.rglob("sc-runtime.pc")
    said = dict(re.findall(r"^([\w.]+)(?:=|: )(.*)$", path.read_text(), re.MULTILINE))

    def words(name: str) -> list[str]:
        text = said[name]
        while found := re.search(r"\$\{(\w+)\}", text):
            text = text.replace(found.group(), said[found.group(1)])
        return text.split()

    return words("Cflags"), words("Libs") + (words("Libs.private") if static else [])


def linked(
    folder: Path, env: dict[str, str], cc: Sequence[object], prefix: Path, *flags: str
) -> Path:
    """The program in ``folder``, compiled and linked with what is installed."""
    static = not list(prefix.rglob("*.so"))
    cflags, libs = pkg_config(prefix, static=static)
    output = folder / "program"
    words = ["-O2", "-Wall", *cflags, *flags, *UNITS, "-o", output]
    run(*cc, *words, *libs, cwd=folder, env=env)
    return output


def printed(program: Path, prefix: Path, runner: Sequence[object] = ()) -> str:
    """What the program prints, the installed libraries in the loader's path."""
    libraries = os.pathsep.join({str(p.parent) for p in prefix.rglob("*.so")})
    env = {**os.environ, "LD_LIBRARY_PATH": libraries}
    return run(*runner, program, cwd=program.parent, env=env).stdout


def other_arches() -> list[str]:
    host = arches.host().name
    return [name for name in arches.names() if name != host]


def emulator(arch: Arch) -> list[str] | None:
    """The word that starts a program of this arch here; none for the machine's own."""
    if arch == arches.host():
        return []
    found = next((p for m in arch.machines if (p := shutil.which(f"qemu-{m}"))), None)
    return [found] if found else None


def zig_cc(target: str) -> list[str]:
    binary = zig.binary()
    assert binary
    return [binary, "cc", f"--target={target}", "-fno-sanitize=undefined"]


def symbols(path: Path, table: str) -> dict[str, str]:
    """Defined global and weak symbols by name, with their visibility."""
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        section = ELFFile(file).get_section_by_name(table)
        assert section, f"{path} has no {table}"
        return {
            s.name: s["st_other"]["visibility"]
            for s in section.iter_symbols()
            if s["st_shndx"] != "SHN_UNDEF" and s["st_info"]["bind"] in ("STB_GLOBAL", "STB_WEAK")
        }


def kind(path: Path) -> str:
    """static, static-pie, dynamic, dynamic-pie or shared: what a linked file is."""
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        elf = ELFFile(file)
        interpreted = any(s["p_type"] == "PT_INTERP" for s in elf.iter_segments())
        pie = elf["e_type"] == "ET_DYN"
    return ("dynamic" if interpreted else "static") + ("-pie" if pie else "")


def has_text_relocations(path: Path) -> bool:
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".dynamic")
        if not isinstance(section, DynamicSection):
            return False
        tags = list(section.iter_tags())
    flagged = any(t["d_tag"] == "DT_FLAGS" and t["d_val"] & 4 for t in tags)
    return flagged or any(t["d_tag"] == "DT_TEXTREL" for t in tags)
