"""The runtime's encoder in C writes what the Python encoder writes, from the same rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from transformer import arch as arches
from transformer.emulator import Image, Machine
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import compile_object, find, link

ENCODER = """
#define SC_FREESTANDING
#include "sc_runtime.c"
long long distances[64];
sc_word words[64];
int reached[64];
unsigned int count;
void encode(void);
void encode(void)
{
	for (unsigned int i = 0; i < count; i++) {
		const char *from = (const char *)0x4000000000;
		const char *to = from + SC_JUMP_BIAS + distances[i];

		reached[i] = sc_reaches(from, to);
		words[i] = SC_JUMP | sc_jump_field(distances[i]);
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
    source = tmp_path / "encode.c"
    source.write_text(ENCODER)
    headers = str(header_dir("lowered", arch, arch.modes[0]))
    flags = ("-O1", "-I", headers, "-I", str(runtime_source(arch).parent), "-fno-builtin")
    done = compile_object(cc, source, tmp_path / "e.o", (*arch.toolchain.cflags, *flags))
    assert done.ok, done.stderr
    done = link(cc, [tmp_path / "e.o"], tmp_path / "e", ("-nostdlib", "-static"))
    assert done.ok, done.stderr

    image = Image.load(tmp_path / "e", arch)
    machine = Machine(arch, [image], stepping=False)
    jump = arch.branch("jump")
    distances = _distances(jump.bits, jump.step)
    base = {n: image.symbols[n].address for n in ("distances", "words", "reached", "count")}
    for i, distance in enumerate(distances):
        machine.write(base["distances"] + 8 * i, distance.to_bytes(8, arch.byteorder, signed=True))
    machine.write(base["count"], len(distances).to_bytes(4, arch.byteorder))
    assert machine.run(image.symbols["encode"].address).ok

    start = 0x4000000000
    for i, distance in enumerate(distances):
        target = start + jump.bias + distance
        reached = int.from_bytes(machine.read(base["reached"] + 4 * i, 4), arch.byteorder)
        assert bool(reached) == jump.reaches(start, target), hex(distance)
        if reached:
            word = machine.read(base["words"] + 8 * i, jump.size)
            assert word == jump.encode(start, target), hex(distance)
