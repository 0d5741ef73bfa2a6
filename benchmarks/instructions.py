"""Executed instructions of static calls and dynamic functions, counted in the emulator.

``python benchmarks/instructions.py`` prints the table of the README.  Two units,
built at -O2 with landing pads where the arch has them, by each compiler found:
in mode trampoline, and for the inline sites in mode inline.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import transformer
from transformer import arch as arches
from transformer.arch import Arch
from transformer.assembling import build_object
from transformer.emulator import Image, Machine, Outcome
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import STATIC_PIE, Compiler, available, compile_object, link

UNIT = """
#include <sc/sc.h>
extern volatile int need_resched;
void preempt_schedule_common(void);
int target(int value);
int __cond_resched(void);
int dynamic_cond_resched(void);
int __cond_resched(void)
{
	if (need_resched) {
		preempt_schedule_common();
		return 1;
	}
	return 0;
}
SC_DYNAMIC(0)
int dynamic_cond_resched(void)
{
	if (need_resched) {
		preempt_schedule_common();
		return 1;
	}
	return 0;
}
DEFINE_STATIC_CALL(key, target);
int through_key(void) { return static_call(key)(1) + 1; }
void switch_off(void) { dynamic_function_disable(dynamic_cond_resched); }
void aim(int (*other)(int)) { static_call_update(key, other); }
int target(int value) { return value; }
int through_many(int a)
{
	int sum = static_call(key)(a) + 1;

	sum = 3 * sum - static_call(key)(sum);
	sum ^= static_call(key)(sum << 2);
	if (static_call(key)(sum + 7) > 0)
		sum += 5 * static_call(key)(sum & 12345);
	return static_call(key)(sum);
}
"""

CALLER = """
volatile int need_resched;
void preempt_schedule_common(void) { }
int target(int value);
int __cond_resched(void);
int dynamic_cond_resched(void);
int direct(void) { return target(1) + 1; }
int direct_many(int a)
{
	int sum = target(a) + 1;

	sum = 3 * sum - target(sum);
	sum ^= target(sum << 2);
	if (target(sum + 7) > 0)
		sum += 5 * target(sum & 12345);
	return target(sum);
}
int call_plain(void) { return __cond_resched() + 1; }
int call_dynamic(void) { return dynamic_cond_resched() + 1; }
void _start(void) { }
"""


@dataclass(frozen=True)
class Costs:
    """Executed instructions, of a function from its entry to its return."""

    arch: str
    compiler: str
    lowering: str
    inline: int  # what a call through a key executes beyond a direct call, at an inline site
    inline_many: int  # the same of six sites, the last one a jump
    trampoline: int  # through a trampoline
    slot: int  # where the trampoline takes its slot path
    plain: int  # __cond_resched
    on: int  # dynamic_cond_resched, switched on
    off: int  # switched off
    off_code: tuple[bytes, ...]  # the instructions of `off`


class Program:
    """The two units, rewritten, built and started in the emulator."""

    def __init__(
        self, arch: Arch, cc: Compiler, lowering: str, folder: Path, mode: str = "trampoline"
    ) -> None:
        variant = arch.variants[-1]
        # Where functions begin must not hang on what lies before them.
        where = "-falign-functions=16"
        flags = ("-O2", where, *arch.toolchain.cflags, *variant.cflags, "-fno-builtin")
        headers = ("-I", str(header_dir("lowered", arch, mode)), "-DSC_FREESTANDING")
        result = transformer.rewrite(
            UNIT, path=str(folder / "unit.c"), arch=arch, mode=mode, cc=cc,
            cflags=flags, dynamic_lowering=lowering,
        )  # fmt: skip
        assert result.ok, result.diagnostics
        (folder / "unit.c").write_bytes(result.text)
        (folder / "caller.c").write_text(CALLER)
        sources = (folder / "unit.c", folder / "caller.c", runtime_source(arch))
        objects = []
        for source in sources:
            objects.append(folder / f"{source.stem}.o")
            if mode == "inline":
                built = build_object(cc, source, objects[-1], (*flags, *headers), arch)
                assert built.ok, built.completed.stderr or built.diagnostics
                continue
            done = compile_object(cc, source, objects[-1], (*flags, *headers))
            assert done.ok, done.stderr
        how = ("-static", *(STATIC_PIE if variant.pie else ()))
        done = link(cc, objects, folder / "program", ("-nostdlib", *how, *variant.ldflags))
        assert done.ok, done.stderr
        self.image = Image.load(folder / "program", arch)
        self.machine = Machine(arch, [self.image], stepping=True)
        for address in self.image.init_array:
            started = self.machine.run(address)
            assert started.ok, started.detail

    def run(self, function: str) -> Outcome:
        outcome = self.machine.run(self.image.symbols[function].address, trace=True)
        assert outcome.ok, outcome.detail
        return outcome

    def inside(self, caller: str, callee: str) -> list[int]:
        """The instructions from the callee's entry until the caller goes on."""
        outer = self.image.symbols[caller]
        trace = self.run(caller).trace
        start = trace.index(self.image.symbols[callee].address)
        return [a for a in trace[start:] if not outer.address <= a < outer.address + outer.size]

    def unpatch(self) -> None:
        """Puts the NOP back into the trampoline of `key`, as for a far target."""
        proxy = self.image.symbols["__SCP__key"].address
        field = proxy + 2 * self.machine.arch.pointer_size + 4
        distance = int.from_bytes(
            self.machine.read(field, 4), self.machine.arch.byteorder, signed=True
        )
        self.machine.poke(field + distance, self.machine.arch.instruction("nop").code)


@cache
def inline(arch: str, family: str) -> tuple[int, int]:
    """What one site, and six, execute beyond direct calls."""
    chosen = arches.load(arch)
    cc = available(chosen, (family,))[0]
    with tempfile.TemporaryDirectory() as folder:
        program = Program(chosen, cc, "key", Path(folder), "inline")
        counts = {
            f: program.run(f).instructions
            for f in ("direct", "through_key", "direct_many", "through_many")
        }
    return (
        counts["through_key"] - counts["direct"],
        counts["through_many"] - counts["direct_many"],
    )


def measure(arch: Arch, cc: Compiler, lowering: str) -> Costs:
    """The costs of one arch with one compiler and one lowering of dynamic functions."""
    with tempfile.TemporaryDirectory() as folder:
        program = Program(arch, cc, lowering, Path(folder))
        direct = program.run("direct").instructions
        through = program.run("through_key").instructions
        plain = program.inside("call_plain", "__cond_resched")
        on = program.inside("call_dynamic", "dynamic_cond_resched")
        program.unpatch()
        slot = program.run("through_key").instructions
        program.run("switch_off")
        off = program.inside("call_dynamic", "dynamic_cond_resched")
        code = [program.machine.read(a, arch.instruction("nop").size) for a in off]
    return Costs(
        arch.name, cc.family, lowering, *inline(arch.name, cc.family), through - direct,
        slot - direct,
        len(plain), len(on), len(off), tuple(code),
    )  # fmt: skip


def all_costs() -> Iterator[Costs]:
    for name in arches.names():
        arch = arches.load(name)
        for cc in available(arch):
            for lowering in ("key", "call"):
                yield measure(arch, cc, lowering)


def table(rows: list[Costs]) -> list[str]:
    """The README's table, in Markdown."""
    lines = [
        "| arch | compiler | inline site, beyond a direct call | through the trampoline | "
        "by its slot path | dynamic lowering | plain function | switched on | switched off |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.arch} | {r.compiler} | +{r.inline} | +{r.trampoline} | +{r.slot} | {r.lowering} | "
        f"{r.plain} | {r.on} | {r.off} |"
        for r in rows
    ]
    return lines


if __name__ == "__main__":
    print("\n".join(table(list(all_costs()))))
