"""The runtime's encoder in C writes what the Python encoder writes, from the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from runtime_program import compiled, linked

from transformer import arch as arches
from transformer.arch import Branch
from transformer.emulator import Image, Machine
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import find

ENCODER = """
#define SC_FREESTANDING
#include "sc_runtime.c"
long long distances[64];
sc_word words[64];
int reached[64];
unsigned int count;
int kind;
void encode(void);
void encode(void)
{
	for (unsigned int i = 0; i < count; i++) {
		const char *from = (const char *)0x4000000000;
		const char *to = from + sc_insns[kind].bias + distances[i];

		reached[i] = sc_reaches(kind, from, to);
		words[i] = sc_encode(kind, from, to);
	}
}
void _start(void);
void _start(void) { encode(); }
"""


def _distances(bits: int, step: int) -> list[int]:
    limit = 1 << (bits - 1)
    inside = [0, step, -step, 0x123456 & -step, -(0x54321 & -step), limit - step, -limit]
    return [d for d in inside if -limit <= d < limit] + [limit, -limit - step]


@pytest.mark.parametrize("name", arches.names())
def test_both_encoders_agree(name: str, tmp_path: Path) -> None:
    arch = arches.load(name)
    cc = find(arch, "clang")
    states = {s for form in arch.forms.values() for s in form.states}
    rows = [arch.branches[s] for s in sorted(states) if s in arch.branches]
    assert {"jump", "call"} <= {r.name for r in rows}
    kinds = ", ".join(f"SC_{r.name.upper()}" for r in rows)
    source = tmp_path / "encode.c"
    source.write_text(f"{ENCODER}int kinds[] = {{ {kinds} }};\n")
    headers = str(header_dir("lowered", arch, arch.modes[0]))
    flags = ("-O1", "-I", headers, "-I", str(runtime_source(arch).parent), "-fno-builtin")
    image = linked(cc, arch, tmp_path / "e", compiled(cc, arch, tmp_path, [source], *flags))
    machine = Machine(arch, [image], stepping=False)
    for index, row in enumerate(rows):
        kind = machine.read(image.symbols["kinds"].address + 4 * index, 4)
        machine.write(image.symbols["kind"].address, kind)
        _agree(image, machine, row)


def _agree(image: Image, machine: Machine, row: Branch) -> None:
    order = machine.arch.byteorder
    distances = _distances(row.bits, row.step)
    base = {n: image.symbols[n].address for n in ("distances", "words", "reached", "count")}
    for i, distance in enumerate(distances):
        machine.write(base["distances"] + 8 * i, distance.to_bytes(8, order, signed=True))
    machine.write(base["count"], len(distances).to_bytes(4, order))
    assert machine.run(image.symbols["encode"].address).ok

    start = 0x4000000000
    for i, distance in enumerate(distances):
        target = start + row.bias + distance
        reached = int.from_bytes(machine.read(base["reached"] + 4 * i, 4), order)
        assert bool(reached) == row.reaches(start, target), (row.name, hex(distance))
        if reached:
            word = machine.read(base["words"] + 8 * i, row.size)
            assert word == row.encode(start, target), (row.name, hex(distance))
