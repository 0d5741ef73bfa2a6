"""Plain and transformed objects in one process: every update reaches every site."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration_tools import compiler, environment, guards, run, sites

HEADER = """
#include <sc/sc.h>
int one(void);
int two(void);
DECLARE_STATIC_CALL(which, one);
DECLARE_STATIC_KEY_FALSE(louder);
int library(void);
void library_switch(int on);
"""
LIBRARY = """
#include "lib.h"
int one(void) { return 1; }
int two(void) { return 2; }
DEFINE_STATIC_CALL(which, one);
DEFINE_STATIC_KEY_FALSE(louder);
int library(void) { return static_call(which)() + (static_branch_unlikely(&louder) ? 10 : 0); }
void library_switch(int on)
{
	static_call_update(which, on ? two : one);
	if (on)
		static_branch_inc(&louder);
	else
		static_branch_dec(&louder);
}
"""
# It uses the idioms, too: its own sites are plain or transformed as it is built.
PROGRAM = """
#include <stdio.h>
#include "lib.h"
static int own(void)
{
	return static_call(which)() + (static_branch_unlikely(&louder) ? 10 : 0);
}
int main(void)
{
	printf("%d %d\\n", library(), own());
	static_call_update(which, two);
	static_branch_enable(&louder);
	printf("%d %d\\n", library(), own());
	static_call_update(which, one);
	static_branch_disable(&louder);
	printf("%d %d\\n", library(), own());
	library_switch(1);
	printf("%d %d\\n", library(), own());
	library_switch(0);
	printf("%d %d\\n", library(), own());
	return 0;
}
"""
EXPECTED = "1 1\n12 12\n1 1\n12 12\n1 1\n"
LAUNCH = ["sc-transform", "cc"]


@pytest.mark.parametrize(
    ("program", "library"),
    [("plain", "transformed"), ("transformed", "plain"), ("transformed", "transformed")],
)
def test_updates_reach_the_sites_of_both(program: str, library: str, tmp_path: Path) -> None:
    """Updates by the program and by its shared library, each plain or transformed."""
    env = environment(tmp_path)
    for name, text in (("lib.h", HEADER), ("lib.c", LIBRARY), ("main.c", PROGRAM)):
        (tmp_path / name).write_text(text)
    include = run("sc-transform", "config", "--cflags", cwd=tmp_path, env=env).stdout.split()

    def build(how: str, *words: str) -> None:
        first = LAUNCH if how == "transformed" else []
        run(*first, compiler(), "-O2", *include, *words, cwd=tmp_path, env=env)

    build(library, "-fPIC", "-c", "lib.c")
    build(library, "-shared", "lib.o", "-o", "lib.so")
    build(program, "-c", "main.c")
    build(program, "main.o", "./lib.so", "-o", "prog")
    for name, how in (("lib.so", library), ("prog", program)):
        patched = sites(tmp_path / name) > 0 and guards(tmp_path / name) > 0
        assert patched == (how == "transformed"), name
    assert run("./prog", cwd=tmp_path, env=env).stdout == EXPECTED
