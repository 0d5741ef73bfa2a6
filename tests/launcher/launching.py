"""A desk for the tests of the launcher: a folder, compilers in PATH, and what is left behind."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from transformer import arch
from transformer.toolchain import available, zig

HOST = arch.host()
SCRIPT = Path(sys.executable).parent / "sc-transform"
FAMILIES = [c.family for c in available(HOST)]
INLINE = "inline" in HOST.modes

CALLS = """\
#include <stdio.h>
#include <sc/static_call.h>

static int func_a(int a, int b) { return a + b; }
static int func_b(int a, int b) { return a * b; }

DEFINE_STATIC_CALL(my_key, func_a);

int main(void)
{
    printf("%d\\n", static_call(my_key, 6, 7));
    static_call_update(my_key, func_b);
    printf("%d\\n", static_call(my_key)(6, 7));
    return 0;
}
"""
SAID = "13\n42\n"
PLAIN = "int plain(int a) { return a + 1; }\n"


class Desk:
    """A working folder; ``temporary`` must be empty again when a test is over."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder / "a desk"
        self.bin = folder / "bin"
        self.temporary = folder / "temporary"
        for path in (self.folder, self.bin, self.temporary):
            path.mkdir()
        self.env = environment(self.bin, self.temporary, cache)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(
        self, *words: object, status: int | None = 0, **env: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(w) for w in words],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        told = f"{shlex.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert status is None or done.returncode == status, told
        return done

    def cc(
        self, *words: object, status: int | None = 0, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run(SCRIPT, "cc", *words, status=status, **env)

    def data(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def script(self, name: str, text: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def left(self) -> list[str]:
        """Files that should be gone: the notes of LTO are meant to stay."""
        here = self.folder.rglob(".*.sc-*")
        return sorted(p.name for p in [*self.temporary.iterdir(), *here] if "-noted-" not in p.name)

    def counted(self, family: str) -> tuple[str, Path]:
        """A compiler that notes each of its runs in the file."""
        log = self.folder.parent / "runs"
        real = self.bin / "clang" if family == "clang" else "/usr/bin/gcc"
        name = f"counted-{family}"
        self.script(
            name, f'echo "$*" >>{shlex.quote(str(log))}\nexec {shlex.quote(str(real))} "$@"'
        )
        return name, log


def environment(folder: Path, temporary: Path, cache: Path) -> dict[str, str]:
    """PATH with the wheel's Clang as ``clang``; nothing of this environment's own settings."""
    foreign = ("SC_", "CCACHE", "DISTCC", "GCC_", "CCC_")
    named = ("CPATH", "C_INCLUDE_PATH", "SUNPRO_DEPENDENCIES", "DEPENDENCIES_OUTPUT", "CC")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign) and k not in named}
    write_clang(folder)
    path = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "TMPDIR": str(temporary), "SC_CACHE": str(cache), "LC_ALL": "C"}


def write_clang(folder: Path) -> None:
    """Compiles as Clang itself does; links, which needs a C library, as ``zig cc``."""
    clang = next(c for c in available(HOST) if c.family == "clang")
    alone = shlex.join(clang.command)
    hosted = shlex.join([str(zig.binary()), "cc", f"--target={HOST.toolchain.zig_target}"])
    script = folder / "clang"
    script.write_text(
        "#!/bin/sh\nfor word; do case $word in\n"
        f'-c|-S|-E|-M|-MM|-fsyntax-only|--version|-dumpmachine) exec {alone} "$@" ;;\n'
        f'esac; done\nexec {hosted} -fno-sanitize=undefined "$@"\n'
    )
    script.chmod(0o755)
