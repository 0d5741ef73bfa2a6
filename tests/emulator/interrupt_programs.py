"""A program whose runtime can be made wrong while it stands still, and its trials."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache

from emulator_build import FLAGS, compile_to, folder
from machines import construct

from transformer import arch as arches
from transformer import runtime
from transformer.arch import Arch
from transformer.emulator import Image, Machine, Outcome
from transformer.emulator.interrupts import (
    Bounds,
    InterruptibleMachine,
    Runtime,
    Trials,
    find_places,
)
from transformer.emulator.interrupts.cpu import BELOW

UNSAVED, SHORT, UNKEPT, FREED, NEVER = range(1, 6)  # what is wrong
PROGRAM = """
#include <sc/sc.h>
volatile int result, wrong;
int add(int a, int b) { return a + b; }
int sub(int a, int b) { return a - b; }
int mul(int a, int b) { return a * b; }
DEFINE_STATIC_CALL(op, add);
DEFINE_STATIC_KEY_FALSE(off);
__attribute__((noinline)) void call(void) { result = static_call(op)(7, 3); }
__attribute__((noinline)) int tail(int a, int b) { return static_call(op)(b, a); }
void call_tail(void) { result = tail(3, 8); }
__attribute__((noinline)) int leaf(int n)
{
    volatile int kept[8] = { n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7 };
    if (static_branch_unlikely(&off)) kept[0] = 100;
    return kept[0] + kept[1] + kept[2] + kept[3] + kept[4] + kept[5] + kept[6] + kept[7];
}
void call_leaf(void) { result = leaf(5); }
void to_sub(void) { static_call_update(op, sub); }
void flip(void) { static_branch_enable(&off); }
"""
#: What is called, and what ``result`` must be then.
STEPS = (
    ("call", 10),
    ("call_tail", 11),
    ("call_leaf", 68),
    ("to_sub", 68),
    ("call", 4),
    ("flip", 4),
    ("call_leaf", 163),
)
#: Files of the runtime, what stands there, and what stands in its place.
_SWITCHES = (
    ("sc_window.h", "SC_HOOK_CPU_FLAG = state->in_trampoline;",
     "SC_HOOK_CPU_FLAG = wrong == 1 ? 0 : state->in_trampoline;"),
    ("sc_window.h", "proxy->trampoline + proxy->size)\n\t\t\treturn",
     "proxy->trampoline + proxy->size - (wrong == 2 ? 8 : 0))\n\t\t\treturn"),
    ("sc_window.h", "state->in_trampoline = SC_HOOK_CPU_FLAG;",
     "if (wrong != 3)\n\t\tstate->in_trampoline = SC_HOOK_CPU_FLAG;"),
    ("sc_window.h", "static int sc_window_readers;",
     "static int sc_window_readers;\nextern volatile int wrong;"),
    ("sc_grace.h", "if (SC_ARCH_IN_FLIGHT && SC_HOOK_CPU_FLAG)",
     "if (wrong != 4 && (wrong == 5 || (SC_ARCH_IN_FLIGHT && SC_HOOK_CPU_FLAG)))"),
)  # fmt: skip


def _runtime(arch: Arch) -> str:
    """The runtime's source with the switches in it."""
    source = runtime.runtime_source(arch)
    copy = folder() / f"runtime-{arch.name}"
    shutil.copytree(source.parent, copy, dirs_exist_ok=True)
    for name, old, new in _SWITCHES:
        text = (copy / name).read_text()
        assert text.count(old) == 1, f"{name}: {old}"
        (copy / name).write_text(text.replace(old, new))
    return str(copy / source.name)


@cache
def built(name: str) -> Image:
    """In a variant whose slot paths hold the target in a register for a while."""
    arch = arches.load(name)
    thunks = [v for v in arch.hardened if v.retpolines and "clang" in v.compilers]
    made = [*thunks, *arch.variants][0]
    headers = runtime.header_dir("lowered", arch, "trampoline")
    path = compile_to(
        arch,
        [PROGRAM, _runtime(arch)],
        folder() / f"interrupts-{name}",
        *FLAGS,
        *made.cflags,
        "-pie" if made.pie else "-static",
        "-DSC_FREESTANDING",
        f"-I{headers}",
    )
    return Image.load(path, arch)


@dataclass
class Run:
    """A program with the trials that interrupt it."""

    image: Image
    cpu: InterruptibleMachine
    trials: Trials

    @property
    def messages(self) -> list[str]:
        return [f.message for f in self.trials.findings]

    def go(self, function: str) -> Outcome:
        self.trials.expect()
        return self.cpu.go(self.image.symbols[function].address, self.trials.visit)

    def steps(self) -> list[int]:
        """What ``result`` is after each step."""
        found = []
        for function, _ in STEPS:
            assert self.go(function).ok
            address = self.image.symbols["result"].address
            found.append(self.cpu.integer(self.cpu.read(address, 4)))
        return found


def run(arch: Arch, *, wrong: int = 0, below: int = BELOW, bounds: Bounds | None = None) -> Run:
    """The program, started, with one thing wrong in its runtime."""
    image = built(arch.name)
    runtime_of = Runtime.of(image)
    assert runtime_of is not None
    cpu = InterruptibleMachine(arch, [image], find_places(image, arch), below=below)
    construct(Machine(arch, [image], stepping=False), image)
    end = max(s.end for s in image.entry_sections)
    far = (end + (4 << arch.branch("jump").bits)) & -0x1000
    cpu.map_region(far, 0x1000, executable=True)
    near = [image.symbols[n].address for n in ("mul", "call")]
    found = Run(image, cpu, Trials(cpu, runtime_of, near, [far, far + 64], bounds))
    for constructor in image.init_array:
        assert cpu.go(constructor, found.trials.visit).ok
    cpu.write(image.symbols["wrong"].address, cpu.word(wrong, 4))
    return found
