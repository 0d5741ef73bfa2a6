"""A thread in a slot path, a retpoline among them, can be sent back from each instruction."""

from __future__ import annotations

from pathlib import Path

import pytest
from runtime_program import compiled

from transformer import arch as arches
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import FAMILIES, available, link, run

SOURCE = Path(__file__).parent / "rewind" / "rewind.c"
HOST = arches.host()
#: Flags, and how many instructions a slot path then has, its NOP included.
BUILDS = {"plain": ((), 3), "retpoline": (("-DSC_RETPOLINE",), 6)}


@pytest.mark.skipif(not any(v.retpolines for v in HOST.hardened), reason="it has no retpolines")
@pytest.mark.parametrize("build", sorted(BUILDS))
@pytest.mark.parametrize("family", [c.family for c in available(HOST, FAMILIES)])
def test_from_each_instruction_it_goes_to_the_new_target(
    family: str, build: str, tmp_path: Path
) -> None:
    (cc,) = available(HOST, (family,))
    extra, instructions = BUILDS[build]
    runtime = runtime_source(HOST)
    include = ("-I", str(header_dir("lowered", HOST, "slot")), "-I", str(runtime.parent))
    flags = ("-O2", "-w", "-fPIE", "-pthread", "-mno-red-zone", *include, *extra)
    objects = compiled(cc, HOST, tmp_path, (SOURCE,), *flags)
    done = link(cc, objects, tmp_path / "program", ("-pie", "-pthread"))
    assert done.ok, done.stderr
    ended = run([str(tmp_path / "program")], timeout=60)
    assert (ended.returncode, ended.stdout.decode()) == (0, f"{instructions} 40\n")
