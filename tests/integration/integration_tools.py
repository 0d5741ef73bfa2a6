"""A machine as a user of the examples has it: programs in PATH, and no more than that."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from transformer import arch
from transformer.toolchain import zig

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
HERE = Path(sys.executable).parent


def environment(folder: Path, **more: str) -> dict[str, str]:
    """This environment's programs in PATH, a compiler and its binutils behind them.

    What a test's own environment says of compilers and of the tool is left out.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SC_TRANSFORM", "CCACHE", "DISTCC", "CMAKE", "ICECC"))
        and name not in ("CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "CPATH", "MAKEFLAGS", "MAKELEVEL")
    }
    path = os.pathsep.join([str(HERE), os.environ["PATH"], str(stand_ins(folder))])
    return {**kept, "PATH": path, "LC_ALL": "C", **more}


def stand_ins(folder: Path) -> Path:
    """Programs for a machine without a compiler: the wheel's Clang and archiver.

    ``cc`` is a link, as Debian has it: the launcher knows a compiler by its name.
    """
    target = f"--target={arch.host().toolchain.zig_target}"
    bin_folder = folder / "stand-ins"
    binary = zig.binary()
    if bin_folder.is_dir() or not binary:
        return bin_folder
    bin_folder.mkdir()
    for name, words in {"clang": ["cc", target], "ar": ["ar"], "ranlib": ["ranlib"]}.items():
        script = bin_folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join([binary, *words])} "$@"\n')
        script.chmod(0o755)
    (bin_folder / "cc").symlink_to("clang")
    return bin_folder


def compiler() -> str:
    """The name of the C compiler that a build is told to use."""
    return next((name for name in ("gcc", "clang") if shutil.which(name)), "clang")


def run(
    *argv: object, cwd: Path, env: dict[str, str], status: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Runs a command; any other exit status than ``status`` (None: whatever) fails the test."""
    words = [str(a) for a in argv]
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True)
    told = f"{shlex.join(words)}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
    assert status is None or done.returncode == status, told
    return done


def example(name: str, folder: Path) -> Path:
    """A copy of an example, to build in."""
    copy = folder / name
    shutil.copytree(EXAMPLES / name, copy)
    return copy


def expected(folder: Path, name: str = "expected.txt") -> str:
    return (folder / name).read_text(encoding="utf-8")


def needs(*programs: str) -> None:
    """Skips, with the package's name, where a program that no wheel brings is missing."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"'{program}' is not installed (Debian: apt-get install {program})")


def section_size(path: Path, name: str) -> int:
    """Bytes of a section of a linked object; 0 where it has none."""
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        section = ELFFile(file).get_section_by_name(name)
        return 0 if section is None else int(section["sh_size"])


def sites(path: Path) -> int:
    return section_size(path, "static_call_sites")


def guards(path: Path) -> int:
    return section_size(path, "__jump_table")


def without_tool(env: dict[str, str], folder: Path) -> dict[str, str]:
    """The same machine, but for the tool: a program of its name that is none."""
    hidden = folder / "hidden"
    hidden.mkdir(exist_ok=True)
    script = hidden / "sc-transform"
    script.write_text("#!/bin/sh\necho 'sc-transform: not found' >&2\nexit 127\n")
    script.chmod(0o755)
    return {**env, "PATH": f"{hidden}{os.pathsep}{env['PATH']}"}


def copy_headers(folder: Path, env: dict[str, str]) -> None:
    """As each README has it."""
    run("sh", "-c", 'cp -r "$(sc-transform config --include)" include', cwd=folder, env=env)
