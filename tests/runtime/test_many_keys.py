"""Trampolines over several pages: no linker moves an instruction of theirs into a veneer."""

from __future__ import annotations

from pathlib import Path

import pytest
from runtime_program import compiled, compiler, linked

from transformer import arch as arches
from transformer.emulator import static_check
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import STATIC_PIE, available

KEYS = 600
UNIT = (
    "#include <sc/static_call.h>\nint f(void);\nint f(void) { return 0; }\n"
    + "\n".join(f"DEFINE_STATIC_CALL(k{i}, f);" for i in range(KEYS))
    + "\nvoid _start(void);\nvoid _start(void)\n{\n"
    + "\n".join(f"\tstatic_call(k{i})();" for i in range(0, KEYS, 7))
    + "\n}\n"
)
CELLS = [
    (name, cc.family, variant.name)
    for name in arches.names()
    for cc in available(arches.load(name))
    for variant in arches.load(name).variants
]


@pytest.mark.parametrize(("name", "family", "variant_name"), CELLS)
def test_all_stay_whole(name: str, family: str, variant_name: str, tmp_path: Path) -> None:
    arch = arches.load(name)
    cc = compiler(name, family)
    variant = next(v for v in arch.variants if v.name == variant_name)
    headers = str(header_dir("lowered", arch, arch.default_mode))
    flags = ("-O2", "-DSC_FREESTANDING", "-fno-builtin", "-I", headers, *variant.cflags)
    (tmp_path / "unit.c").write_text(UNIT)
    objects = compiled(cc, arch, tmp_path, ("unit.c", runtime_source(arch)), *flags)
    pie = STATIC_PIE if variant.pie else ()
    image = linked(cc, arch, tmp_path / "program", objects, *pie)
    report = static_check(image, arch, arch.default_mode, variant.pads)
    assert report.problems == []
    assert report.counts["trampolines"] == KEYS
