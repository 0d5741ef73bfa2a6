"""Inline sites in programs that run: the host's, and others where an emulator of programs is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from runtime_program import runner
from site_assembly import unit

from transformer import arch as arches
from transformer.arch import Arch
from transformer.assembling import build_object
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, available, compile_object, find, link, run

KEYS = """
#include <sc/static_call.h>
long one(long a);
void note(long a);
long other(long a);
DECLARE_STATIC_CALL(integer, one);
DECLARE_STATIC_CALL(nothing, note);
DECLARE_STATIC_CALL(elsewhere, other);
"""
#: One call of each key by the words of a header; compiled once for each mode.
USES = (
    KEYS
    + """
long NAME(integer)(long a) { return static_call(integer)(a); }
long NAME(nothing)(long a) { static_call(nothing)(a); return 0; }
long NAME(elsewhere)(long a) { return static_call(elsewhere)(a) + 0; }
"""
)
#: Defines a key, and remembers what stood at this object's sites before any other constructor.
OTHER = (
    KEYS
    + """
long other(long a) { return a + 1; }
__sc_define_call(elsewhere, other, SC_RETURNS_INTEGER);
extern struct sc_site __start_static_call_sites[], __stop_static_call_sites[];
static struct { char *at; char code[5]; } before[64];
static int count;
__attribute__((constructor(100))) static void remember(void)
{
	struct sc_site *site;

	for (site = __start_static_call_sites; site < __stop_static_call_sites; site++)
		if (!(((long)&site->key + site->key) & SC_SITE_WAY)) {
			before[count].at = (char *)&site->code + site->code;
			__builtin_memcpy(before[count].code, before[count].at, 5);
			count++;
		}
}
int untouched(void)
{
	int same = 0, i;

	for (i = 0; i < count; i++)
		same += !__builtin_memcmp(before[i].code, before[i].at, 4 + BYTES);
	return same;
}
"""
)
MAIN = (
    KEYS
    + """
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
long seen;
int untouched(void);
long one(long a) { return a + 1; }
long two(long a) { return a + 2; }
void note(long a) { seen = a + 1; }
void other_note(long a) { seen = a + 2; }
long three(long a) { return a + 3; }
__sc_define_call(integer, one, SC_RETURNS_INTEGER);
__sc_define_call(nothing, note, SC_RETURNS_VOID);
#define SITE(name) long name(long);
#include "list.h"
#undef SITE
#define SITE(name) { #name, name },
static struct { const char *name; long (*call)(long); } sites[] = {
#include "list.h"
};
static int failed;
static void expect(const char *when, const char *key, long wanted)
{
	for (unsigned i = 0; i < sizeof(sites) / sizeof(sites[0]); i++)
		if (strstr(sites[i].name, key)) {
			long got;

			seen = 0;
			got = sites[i].call(40);
			if (!strcmp(key, "nothing"))
				got = seen;
			if (got != wanted && ++failed)
				printf("%s: %s gives %ld, not %ld\\n", when, sites[i].name, got, wanted);
		}
}
/* A copy beyond the reach of any branch. */
static void *far_copy(void *function)
{
	for (char *at = (char *)((long)one & -65536l) + AWAY;; at += AWAY) {
		char *page = mmap(at, 65536, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | 0x100000, -1, 0);

		if (page == at) {
			memcpy(page, function, 64);
			__builtin___clear_cache(page, page + 64);
			mprotect(page, 65536, PROT_READ | PROT_EXEC);
			return page;
		}
	}
}
static void writable_code(const char *when)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, " rwx") && ++failed)
			printf("%s: %s", when, line);
	fclose(maps);
}
int main(void)
{
	long (*far)(long);

	if (untouched() > FAR_SITES && ++failed)
		printf("%d sites are as they were built\\n", untouched());
	expect("start", "integer", 41);
	expect("start", "nothing", 41);
	expect("start", "elsewhere", 41);
	writable_code("start");
	far = far_copy(three);
	for (int round = 0; round < 2; round++) {
		failed += !!static_call_update(integer, two);
		failed += !!static_call_update(elsewhere, two);
		failed += !!static_call_update(nothing, other_note);
		expect("two", "integer", 42);
		expect("two", "elsewhere", 42);
		expect("two", "nothing", 42);
		failed += !!static_call_update(integer, far);
		failed += !!static_call_update(elsewhere, far);
		expect("far", "integer", 43);
		expect("far", "elsewhere", 43);
		failed += !!static_call_update(integer, 0);
		failed += !!static_call_update(nothing, 0);
		expect("NULL", "integer", 0);
		expect("NULL", "nothing", 0);
		failed += !!static_call_update(elsewhere, (void *)__static_call_return0);
		expect("RET0", "elsewhere", 0);
		writable_code("end");
	}
	printf("%u functions\\n", (unsigned)(sizeof(sites) / sizeof(sites[0])));
	return failed != 0;
}
"""
)
NAMES = ("integer", "nothing", "elsewhere")
MODES = ("plain", "generic", "slot", "trampoline", "inline")


@dataclass(frozen=True)
class How:
    """One way to build the program."""

    name: str
    cflags: tuple[str, ...]
    ldflags: tuple[str, ...]
    shared: bool = False


HOWS = (
    How("static", ("-fno-pie",), ("-static", "-no-pie")),
    How("static-pie", ("-fPIE",), ("-static-pie",)),
    How("no-pie", ("-fno-pie",), ("-no-pie",)),
    How("pie", ("-fPIE",), ("-pie",)),
    How("shared", ("-fPIE",), ("-pie",), shared=True),
    How("shared-no-pie", ("-fno-pie",), ("-no-pie",), shared=True),
)


CELLS = [
    (name, how)
    for name in arches.names()
    if runner(arches.load(name)) is not None
    for how in HOWS
    if name == arches.host().name or how.name in ("static", "shared")
    if how.name != "static" or available(arches.load(name), ("gcc",))  # the wheel's libc is shared
]


def functions(arch: Arch, folder: Path) -> list[str]:
    """Writes the sites of the program and of its other half; the names of all functions."""
    names = [f"{mode}_{key}" for mode in MODES for key in NAMES]
    for half in ("exe", "lib"):
        own = [(f"{half}_{key}_{k}", k, key) for k in ("call", "tail") for key in NAMES]
        (folder / f"{half}.s").write_text(unit(arch, own))
        names += [n for n, _, _ in own]
    return names


class Builder:
    def __init__(self, arch: Arch, how: How, folder: Path) -> None:
        self.arch, self.how, self.folder = arch, how, folder
        self.cc: Compiler = find(arch)

    def compile(self, source: str | Path, mode: str, *flags: str, name: str = "") -> Path:
        headers = header_dir("plain") if mode == "plain" else header_dir("lowered", self.arch, mode)
        output = self.folder / f"{name or Path(source).stem}.o"
        every = ("-O2", *self.arch.toolchain.cflags, "-w", "-I", str(headers), *flags)
        if mode == "inline" and Path(source).suffix == ".c":
            built = build_object(self.cc, self.folder / source, output, every, self.arch)
            assert built.ok, built.completed.stderr or built.diagnostics
            return output
        done = compile_object(self.cc, self.folder / source, output, every)
        assert done.ok, done.stderr
        return output

    def link(self, objects: Sequence[Path], name: str, flags: Sequence[str]) -> Path:
        done = link(self.cc, objects, self.folder / name, (*self.arch.toolchain.cflags, *flags))
        assert done.ok, done.stderr
        return self.folder / name

    def program(self) -> Path:
        """The program, its other half in it or in a shared object."""
        arch, how = self.arch, self.how
        for name, text in (("main.c", MAIN), ("other.c", OTHER), ("uses.c", USES)):
            (self.folder / name).write_text(text)
        names = functions(arch, self.folder)
        (self.folder / "list.h").write_text("".join(f"SITE({n})\n" for n in names))
        # Of a shared object's sites four are of keys whose targets the program has.
        far = f"-DFAR_SITES={4 * how.shared}"
        away = f"-DAWAY={2 << arch.branch('jump').bits}l"
        objects = [
            self.compile("main.c", "trampoline", away, far, *how.cflags),
            self.compile("exe.s", "inline"),
            self.compile(runtime_source(arch), "inline", *how.cflags),
        ]
        for mode in MODES:
            macro = f"-DNAME(key)={mode}_##key"
            objects.append(self.compile("uses.c", mode, macro, *how.cflags, name=f"uses-{mode}"))
        pic = ("-fPIC",) if how.shared else how.cflags
        fifth = f"-DBYTES={arch.instruction_alignment == 1:d}"
        half = [self.compile("lib.s", "inline"), self.compile("other.c", "inline", fifth, *pic)]
        if how.shared:
            half = [self.link(half, "libhalf.so", ("-shared",))]
        rpath = (f"-Wl,-rpath,{self.folder}",) if how.shared else ()
        return self.link([*objects, *half], "program", (*how.ldflags, *rpath))


@pytest.mark.parametrize(("name", "how"), CELLS, ids=[f"{n}-{h.name}" for n, h in CELLS])
def test_modes_mix_in_one_program(name: str, how: How, tmp_path: Path) -> None:
    arch = arches.load(name)
    program = Builder(arch, how, tmp_path).program()
    done = run([*(runner(arch) or ()), str(program)], timeout=60)
    assert (done.returncode, done.stdout.decode()) == (0, "27 functions\n"), done.stderr
