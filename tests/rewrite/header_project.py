"""A project whose headers spell idioms, and what the tests do with it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from transformer.arch import host
from transformer.cli.main import main
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, available, link
from transformer.toolchain.running import run

HOST = host()
COMPILERS = available(HOST)
FLAGS = ["-O2", "-Iinclude", "-Wall", "-Wextra", "-Werror"]
FILES = {
    "include/x.h": """\
#pragma once
#include <sc/sc.h>
#include "near.h"
int f(int);
DECLARE_STATIC_CALL(k, f);
DECLARE_STATIC_KEY_FALSE(debug);
static inline int via(int a) { return static_call(k)(a) + static_call(k, a); }
static inline int on(struct static_key_false *key) { return static_branch_unlikely(key); }
#ifdef FIRST
static inline int mine(void) { return static_branch_unlikely(&debug) ? 1 : 2; }
#else
static inline int mine(void) { return static_branch_likely(&debug) ? 3 : 4; }
#endif
""",
    "include/near.h": "#pragma once\nenum { NEAR = 3 };\n",
    "src/functions.h": """\
#include "near.h" /* another */
DEFINE_STATIC_CALL(k, f);
DEFINE_STATIC_KEY_FALSE(debug);
SC_DYNAMIC(7) static int dynamic(int a)
{
	return a + SRC_NEAR;
}
""",
    "src/near.h": "#define SRC_NEAR 1\n",
    # read as often as it is included, by macros of the includer
    "src/keys.inc": """\
KEY(NAME);
int CAT(test_, NAME)(void) { return static_branch_unlikely(&NAME) ? 5 : 6; }
int CAT(call_, NAME)(int a) { return static_call(k)(a) + OTHER(NAME); }
#undef NAME
#undef OTHER
""",
    "src/a.c": """\
#define FIRST 1
#include "../include/x.h"
#include "functions.h"
int printf(const char *, ...);
#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#define KEY(n) DEFINE_STATIC_KEY_TRUE(n)
#define NAME first
#define OTHER(n) static_branch_likely(&n)
#include "keys.inc"
#define NAME second
#define OTHER(n) 0
#include "keys.inc"
int f(int a) { return a + NEAR; }
static int g(int a) { return a * 10; }
int b(void);
static void show(void)
{
	printf("%d %d %d %d %d\\n", via(1), on(&debug), mine(), dynamic(1), b());
	printf("%d %d %d %d\\n", test_first(), test_second(), call_first(1), call_second(2));
}
int main(void)
{
	show();
	static_call_update(k, g);
	static_branch_enable(&debug);
	static_branch_disable(&first);
	dynamic_function_disable(dynamic);
	show();
	printf("%s:%d\\n", __FILE__, __LINE__);
	return 0;
}
""",
    "src/b.c": "#include <x.h>\nint b(void) { return via(2) + 1000 * mine(); }\n",
}  # fmt: skip
OUTPUT = """\
8 0 2 2 4010
5 5 5 5
20 1 1 7 3040
6 5 10 20
src/a.c:30
"""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def rewrite(*words: str, cc: Compiler = COMPILERS[0], flags: list[str] | None = None) -> int:
    """The command on files of the current folder."""
    own = ["rewrite", "--arch", HOST.name, "--cc", shlex.join(cc.argv), *words]
    return main([*own, "--", *(FLAGS if flags is None else flags)])


def compiled(cc: Compiler, unit: str, flags: list[str], cflags: list[str] | None = None) -> bytes:
    """The object of a unit that was rewritten into ``out``."""
    return compiled_as(cc, f"out/{unit}", [f"@out/{unit}.cflags", *flags], cflags)


def compiled_as(
    cc: Compiler, path: str, flags: list[str], cflags: list[str] | None = None
) -> bytes:
    done = run(
        [*cc.command, *flags, *(FLAGS if cflags is None else cflags), "-c", path, "-o", "same.o"]
    )
    assert done.ok, done.stderr
    return Path("same.o").read_bytes()


def output(cc: Compiler, units: list[str]) -> str:
    """What the program prints that is made of units in ``out``."""
    for number, unit in enumerate(units):
        Path(f"{number}.o").write_bytes(compiled(cc, unit, []))
    inputs = [*(Path(f"{number}.o") for number in range(len(units))), runtime_source(HOST)]
    done = link(cc, inputs, Path("program"), [f"-I{header_dir('plain')}", "-O2", "-pthread"])
    assert done.ok, done.stderr
    return subprocess.run(["./program"], capture_output=True, text=True, check=True).stdout


def plain_rewrite(cc: Compiler, unit: str) -> bytes:
    """The object of a unit that was rewritten alone: headers expand by the lowered ones."""
    path = Path("alone", unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert rewrite(unit, "-o", str(path), cc=cc) == 0
    lowered = header_dir("lowered", HOST, HOST.default_mode)
    beside = [f"-iquote{Path(unit).parent}", f"-I{lowered}", "-ffile-prefix-map=alone/="]
    return compiled_as(cc, str(path), beside)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """What is in the folder, and when it was written."""
    return {
        str(p.relative_to(folder)): (p.read_bytes(), p.stat(follow_symlinks=False).st_mtime_ns)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "lock"
    }
