"""What a call through a key costs on this machine, against a direct call, and what a guard costs.

    .venv/bin/python benchmarks/native.py [--rounds N]

Every way of calling runs in one process, in turn, from loops that begin at
each of eight places in a unit of code, so that neither a busy machine nor the
loops' places favour one.  The median over rounds and places counts; ratios are
of the same round and place.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from transformer import arch as arches
from transformer.arch import Arch
from transformer.assembling import build_object
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import Compiler, compile_object, find, link, run

PLACES = 8
CALLS = 400_000
TESTS_IN_A_TURN = 8

LOOPS = """
#include <sc/static_call.h>
#include <sc/static_key.h>
long target(long value);
extern long (*pointer)(long value);
DECLARE_STATIC_CALL(key, target);
DECLARE_STATIC_KEY_FALSE(off);
DECLARE_STATIC_KEY_FALSE(on);
extern int flag_off, flag_on;
#define FLAG(name) __builtin_expect(__atomic_load_n(&name, __ATOMIC_RELAXED), 0)
#ifdef TEST
# define ONE_TEST(i)	do { \\
		if (TEST) { \\
			taken += i; \\
			__asm__ volatile("" : : "r"(taken)); \\
		} \\
	} while (0)
# define STEP(i)	do { \\
		sum += (i) + 1; \\
		__asm__ volatile("" : : "r"(sum)); \\
		ONE_TEST(i); ONE_TEST(i); ONE_TEST(i); ONE_TEST(i); \\
		ONE_TEST(i); ONE_TEST(i); ONE_TEST(i); ONE_TEST(i); \\
	} while (0)
#else
# define STEP(i) sum += CALL(i)
#endif
#define LOOP(place) \\
	__attribute__((__aligned__(64))) long NAME(place)(long calls); \\
	long NAME(place)(long calls) \\
	{ \\
		long i, sum = 0, taken = 0; \\
		__asm__ volatile(".skip " #place ", 0x90"); \\
		for (i = 0; i < calls; i++) \\
			STEP(i); \\
		(void)taken; \\
		return sum; \\
	}
LOOP(0) LOOP(1) LOOP(2) LOOP(3) LOOP(4) LOOP(5) LOOP(6) LOOP(7)
"""

MAIN = """
#include <stdio.h>
#include <time.h>
#include <sc/static_call.h>
#include <sc/static_key.h>
long target(long value);
long (*pointer)(long value) = target;
DEFINE_STATIC_CALL(key, target);
DEFINE_STATIC_KEY_FALSE(off);
DEFINE_STATIC_KEY_FALSE(on);
int flag_off, flag_on = 1;
#define WAY(name) long name##0(long), name##1(long), name##2(long), name##3(long), \\
	name##4(long), name##5(long), name##6(long), name##7(long);
#include "ways.h"
#undef WAY
#define WAY(name) { name##0, name##1, name##2, name##3, name##4, name##5, name##6, name##7 },
static long (*const ways[][8])(long) = {
#include "ways.h"
};
static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}
int main(void)
{
	static_branch_enable(&on);
	for (int round = -1; round < ROUNDS; round++)
		for (int place = 0; place < 8; place++) {
			for (unsigned way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
				long long start = now();

				if (ways[way][place](CALLS) != CALLS * (CALLS + 1l) / 2)
					return 1;
				if (round >= 0)
					printf("%lld ", now() - start);
			}
			if (round >= 0)
				printf("\\n");
		}
	return 0;
}
"""
TARGET = "long target(long value);\nlong target(long value) { return value + 1; }\n"


@dataclass(frozen=True)
class Way:
    """One way of calling: its C, the mode of its headers, and what its compiler needs."""

    title: str
    name: str
    call: str
    mode: str
    flags: tuple[str, ...] = ()
    test: str = ""  #: in place of a call, what the loop tests


DIRECT = Way("direct call", "direct", "target", "trampoline")
WAYS = (
    DIRECT,
    Way("inline", "inline_", "static_call(key)", "inline"),
    Way("trampoline", "trampoline_", "static_call(key)", "trampoline"),
    Way("slot", "slot_", "static_call(key)", "slot"),
    Way("pointer", "pointer_", "pointer", "trampoline"),
)
NOTHING = Way("neither guard nor flag", "nothing_", "", "trampoline", test="0")
TESTS = (
    NOTHING,
    Way("guard, off", "guard_off_", "", "trampoline", test="static_branch_unlikely(&off)"),
    Way("loaded flag, off", "flag_off_", "", "trampoline", test="FLAG(flag_off)"),
    Way("guard, on", "guard_on_", "", "trampoline", test="static_branch_unlikely(&on)"),
    Way("loaded flag, on", "flag_on_", "", "trampoline", test="FLAG(flag_on)"),
)
#: How compilers are told to make retpolines, where they can.
RETPOLINES = (("-mindirect-branch=thunk", "-fcf-protection=none"), ("-mretpoline",))


@dataclass(frozen=True)
class Cost:
    """Nanoseconds of a turn of the loop, and how many times those of the way compared with."""

    title: str
    nanoseconds: float
    ratio: float
    beyond: float  #: nanoseconds more than that way, for each test


def _ways(cc: Compiler, folder: Path) -> list[Way]:
    """All ways, and a pointer's call as a retpoline where the compiler makes them."""
    empty = folder / "empty.c"
    empty.write_text("void f(void (*g)(void)) { g(); }\n")
    for flags in RETPOLINES:
        if compile_object(cc, empty, folder / "empty.o", flags).ok:
            retpoline = Way("pointer, retpoline", "retpoline_", "pointer", "trampoline", flags)
            return [*WAYS, retpoline, *TESTS]
    return [*WAYS, *TESTS]


def _object(arch: Arch, cc: Compiler, way: Way, folder: Path) -> Path:
    source, output = folder / f"{way.name}.c", folder / f"{way.name}.o"
    source.write_text(LOOPS)
    flags = [
        "-O2", "-fno-align-loops", *arch.toolchain.cflags, *way.flags,
        "-I", str(header_dir("lowered", arch, way.mode)),
        f"-DTEST={way.test}" if way.test else f"-DCALL={way.call}",
        f"-DNAME(place)={way.name}##place",
    ]  # fmt: skip
    if way.mode == "inline":
        built = build_object(cc, source, output, flags, arch)
        assert built.ok, built.completed.stderr
    else:
        done = compile_object(cc, source, output, flags)
        assert done.ok, done.stderr
    return output


def measure(
    arch: Arch,
    cc: Compiler,
    rounds: int,
    more: Sequence[Way] = (),
    more_objects: Sequence[Path] = (),
    link_flags: Sequence[str] = (),
) -> list[Cost]:
    """The cost of each way of calling, and of ``more`` with what they need, on the host's arch."""
    with tempfile.TemporaryDirectory(prefix="sc-native-") as name:
        folder = Path(name)
        ways = [*_ways(cc, folder), *more]
        objects = [_object(arch, cc, way, folder) for way in ways]
        (folder / "ways.h").write_text("".join(f"WAY({w.name})\n" for w in ways))
        (folder / "main.c").write_text(MAIN)
        (folder / "target.c").write_text(TARGET)
        headers = ("-I", str(header_dir("lowered", arch, "inline")))
        numbers = (f"-DROUNDS={rounds}", f"-DCALLS={CALLS}l")
        for source in (folder / "main.c", folder / "target.c", runtime_source(arch)):
            objects.append(folder / f"{source.stem}.o")
            flags = ("-O2", *arch.toolchain.cflags, *headers, *numbers)
            done = compile_object(cc, source, objects[-1], flags)
            assert done.ok, done.stderr
        done = link(cc, [*objects, *more_objects], folder / "program", link_flags)
        assert done.ok, done.stderr
        done = run([str(folder / "program")])
        assert done.ok, done.stderr
    times = [[int(t) for t in line.split()] for line in done.stdout.decode().splitlines()]
    return list(_costs(ways, times))


def _costs(ways: Sequence[Way], times: Sequence[Sequence[int]]) -> list[Cost]:
    found = []
    for i, way in enumerate(ways):
        with_what = ways.index(NOTHING if way.test else DIRECT)
        found.append(
            Cost(
                way.title,
                median(row[i] for row in times) / CALLS,
                median(row[i] / row[with_what] for row in times),
                median(row[i] - row[with_what] for row in times) / CALLS / TESTS_IN_A_TURN,
            )
        )
    return found


def show(arch: Arch, cc: Compiler, rounds: int) -> None:
    """The table, by the host's compiler."""
    print(f"calls on {arch.title}, {cc.family}, against a direct call in the same run")
    tests = {way.title for way in TESTS}
    costs = measure(arch, cc, rounds)
    for cost in costs:
        if cost.title not in tests:
            print(f"  {cost.title:<26} {cost.nanoseconds:7.2f} ns   {cost.ratio:5.2f} x direct")
    print(f"{TESTS_IN_A_TURN} tests in a loop, against the same loop with {NOTHING.title}")
    for cost in costs:
        if cost.title in tests:
            print(
                f"  {cost.title:<26} {cost.nanoseconds:7.2f} ns   {cost.ratio:5.2f} x,"
                f" {cost.beyond:+5.2f} ns a test"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=51, metavar="N")
    show(arches.host(), find(arches.host()), parser.parse_args().rounds)
