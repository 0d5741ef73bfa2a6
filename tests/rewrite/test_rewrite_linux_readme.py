"""The README's commands for a kernel, in the build folder of a small one."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import small_kernel
from elftools.elf.elffile import ELFFile
from readme_text import blocks, section

from transformer import arch
from transformer.toolchain import zig

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = """\
FLAGS = -Wp,-MMD,kernel/sched/.core.o.d -O2 -Iinclude -DNAME='"core file"'
kernel/sched/core.o: kernel/sched/core.c
	cc $(FLAGS) -c -o $@ $<
	echo "cmd_$@ := cc $(subst ",\\",$(FLAGS)) -c -o $@ $< ; ./check $@" > kernel/sched/.core.o.cmd
"""
UNIT = '#include "near.h"\nconst char *name = NAME;\n' + small_kernel.ALL_FORMS


def environment(folder: Path) -> dict[str, str]:
    """``sc-transform`` of this checkout, and a ``cc`` where the machine has none."""
    target = arch.host().toolchain.zig_target
    programs = {
        "first/sc-transform": f"{shlex.quote(sys.executable)} -m transformer",
        "last/cc": f"{shlex.quote(zig.binary() or '')} cc --target={target}",
    }
    for name, words in programs.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (folder / name).chmod(0o755)
    path = os.pathsep.join([str(folder / "first"), os.environ["PATH"], str(folder / "last")])
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SC_TRANSFORM")}
    return kept | {"PATH": path, "PYTHONPATH": str(ROOT)}


def loaded(path: Path) -> list[tuple[str, bytes]]:
    """What is loaded of an object; its symbols name its file, which has another name."""
    with path.open("rb") as file:
        return [(s.name, s.data()) for s in ELFFile(file).iter_sections() if s["sh_flags"] & 2]


def test_the_commands_run_as_written(tmp_path: Path) -> None:
    build = tmp_path / "build"
    small_kernel.write(build)
    (build / "kernel/sched").mkdir(parents=True)
    (build / "kernel/sched/near.h").write_text("")
    (build / "kernel/sched/core.c").write_text(UNIT)
    (build / "Makefile").write_text(MAKEFILE)
    (commands,) = blocks("Units of the Linux kernel", "sh")
    words = ["sh", "-eu", "-c", commands]
    env = environment(tmp_path / "bin")
    done = subprocess.run(words, cwd=build, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rewritten = (build / "core.c").read_text()
    assert "__sc_likely" in rewritten and "static_branch_likely" not in rewritten
    assert loaded(build / "core.o") == loaded(build / "kernel/sched/core.o")


def test_the_forms_that_it_names_are_known() -> None:
    from transformer.frontend.words import LINUX_WORDS

    named = re.findall(r"`(_\w+)`", section("Units of the Linux kernel"))
    assert named and all(
        any(n in word for word in LINUX_WORDS) for n in named if n != "__jump_table"
    )
