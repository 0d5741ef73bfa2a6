"""Each byte of a trampoline has call-frame information, on every arch: it has no frame of its own.

On the machine itself test_seen_unwinder.py walks the stack at each instruction.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile
from runtime_program import compiled, linked

import transformer
from transformer import arch as arches
from transformer.runtime import header_dir
from transformer.toolchain import available

UNIT = """
#include <sc/sc.h>
long one(long a);
long one(long a) { return a + 1; }
DEFINE_STATIC_CALL(key, one);
SC_DYNAMIC(7) long switched(long a) { return a; }
void __sc_register(struct sc_object *object) { (void)object; }
void __sc_unregister(struct sc_object *object) { (void)object; }
long __static_call_return0(void) { return 0; }
void _start(void) { static_call(key)(switched(1)); }
"""
CELLS = [
    (name, mode, variant.name)
    for name in arches.names()
    for mode in arches.load(name).modes
    if mode != "generic"
    for variant in arches.load(name).variants
]


def frames(path: Path) -> tuple[list[tuple[int, int, str]], list[FDE]]:
    """Trampolines as (start, end, name), and the frame descriptions of the program."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        section = elf.get_section_by_name(".symtab")
        found = [s for s in section.iter_symbols() if s.name in ("__SCT__key", "switched")]
        entries = [e for e in elf.get_dwarf_info().EH_CFI_entries() if isinstance(e, FDE)]
        for entry in entries:
            entry.get_decoded()
    spans = [(s["st_value"], s["st_value"] + s["st_size"], s.name) for s in found]
    return spans, entries


def end_of(entry: FDE) -> int:
    return int(entry["initial_location"] + entry["address_range"])


@pytest.mark.parametrize(("name", "mode", "variant"), CELLS, ids=["-".join(c) for c in CELLS])
def test_frame_of_trampolines(name: str, mode: str, variant: str, tmp_path: Path) -> None:
    arch = arches.load(name)
    chosen = next(v for v in arch.variants if v.name == variant)
    cc = available(arch, ("clang",))[0]
    headers = str(header_dir("lowered", arch, mode))
    flags = ("-O2", "-w", "-fasynchronous-unwind-tables", "-I", headers, *chosen.cflags)
    result = transformer.rewrite(UNIT, path=str(tmp_path / "unit.c"), arch=arch, mode=mode, cc=cc)
    assert result.ok, result.diagnostics
    (tmp_path / "unit.c").write_bytes(result.text)
    linked(cc, arch, tmp_path / "program", compiled(cc, arch, tmp_path, ["unit.c"], *flags))
    spans, entries = frames(tmp_path / "program")
    assert "__SCT__key" in [n for _, _, n in spans]
    for start, end, symbol in spans:
        (entry,) = [e for e in entries if e["initial_location"] <= start < end_of(e)]
        if symbol == "__SCT__key":
            assert (entry["initial_location"], end_of(entry)) == (start, end)
            (row,) = entry.get_decoded().table or entry.cie.get_decoded().table
            assert row["cfa"].offset == arch.emulation.stack_bias_at_entry
