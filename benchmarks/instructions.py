"""Executed instructions of static calls and dynamic functions, counted in the emulator.

``python benchmarks/instructions.py`` prints the table of the README.  Two units,
built at -O2 with landing pads where the arch has them, by each compiler found.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import transformer
from transformer import arch as arches
from transformer.arch import Arch
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
"""

CALLER = """
volatile int need_resched;
void preempt_schedule_common(void) { }
int target(int value);
int __cond_resched(void);
int dynamic_cond_resched(void);
int direct(void) { return target(1) + 1; }
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
    trampoline: int  # what a call through a key executes beyond a direct call
    slot: int  # the same where the trampoline takes its slot path
    plain: int  # __cond_resched
    on: int  # dynamic_cond_resched, switched on
    off: int  # switched off
    off_code: tuple[bytes, ...]  # the instructions of `off`


class Program:
    """The two units, rewritten, built and started in the emulator."""

    def __init__(self, arch: Arch, cc: Compiler, lowering: str, folder: Path) -> None:
        variant = arch.variants[-1]
        flags = ("-O2", *arch.toolchain.cflags, *variant.cflags, "-fno-builtin")
        headers = ("-I", str(header_dir("lowered", arch, "trampoline")), "-DSC_FREESTANDING")
        result = transformer.rewrite(
            UNIT, path=str(folder / "unit.c"), arch=arch, mode="trampoline", cc=cc,
            cflags=flags, dynamic_lowering=lowering,
        )  # fmt: skip
        assert result.ok, result.diagnostics
        (folder / "unit.c").write_bytes(result.text)
        (folder / "caller.c").write_text(CALLER)
        sources = (folder / "unit.c", folder / "caller.c", runtime_source(arch))
        objects = []
        for source in sources:
            objects.append(folder / f"{source.stem}.o")
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
        arch.name, cc.family, lowering, through - direct, slot - direct,
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
        "| arch | compiler | call through a key, beyond a direct call | by its slot path | "
        "dynamic lowering | plain function | switched on | switched off |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.arch} | {r.compiler} | +{r.trampoline} | +{r.slot} | {r.lowering} | {r.plain} | "
        f"{r.on} | {r.off} |"
        for r in rows
    ]
    return lines


if __name__ == "__main__":
    print("\n".join(table(list(all_costs()))))
