"""The linked program: every entry of its table leads to a branch to that key's trampoline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from assembly_unit import REST, build
from elftools.elf.elffile import ELFFile

from transformer.arch import Arch
from transformer.toolchain import Compiler, assemble, compile_object, link

TAIL, WAY = 1, 4
LEVELS = {
    "O0": ["-O0", "-fno-pie"],
    "O2": ["-O2", "-fPIE"],
    "Os": ["-Os", "-fno-pie", "-ffunction-sections"],
    "O3": ["-O3", "-fPIE"],
}


class Program:
    """A linked program: its memory, and where trampolines and proxies are."""

    def __init__(self, path: Path, arch: Arch) -> None:
        self.arch = arch
        with path.open("rb") as file:
            elf: Any = ELFFile(file)
            self.parts = [
                (s["sh_addr"], s.data())
                for s in elf.iter_sections()
                if s["sh_flags"] & 2 and s["sh_type"] != "SHT_NOBITS"
            ]
            symbols = list(elf.get_section_by_name(".symtab").iter_symbols())
            table = elf.get_section_by_name("static_call_sites")
            self.table, self.size = table["sh_addr"], table["sh_size"]
        self.addresses = {s.name: s["st_value"] for s in symbols}
        self.names = {s["st_value"]: s.name for s in symbols if s.name.startswith("__SC")}

    def read(self, address: int, size: int) -> bytes:
        for start, data in self.parts:
            if start <= address < start + len(data):
                return bytes(data[address - start : address - start + size])
        raise AssertionError(f"{address:#x} is not in the program")

    def word(self, address: int) -> int:
        return address + int.from_bytes(self.read(address, 4), "little", signed=True)

    def entries(self) -> list[tuple[int, str, int]]:
        """Site, key and flags of each entry."""
        found = []
        for at in range(self.table, self.table + self.size, 8):
            key = self.word(at + 4)
            proxy = self.names[key & ~7]
            assert proxy.startswith("__SCP__")
            found.append((self.word(at), proxy.removeprefix("__SCP__"), key & 7))
        return found

    def branch(self, address: int) -> tuple[str, int]:
        """Name and target of the direct branch at ``address``."""
        code = self.read(address, 16)
        rows = [*self.arch.branches.items(), *((p.kind, p) for p in self.arch.pairs)]
        for name, row in rows:
            target = row.decode(address, code)
            if target is not None:
                return name, target
        raise AssertionError(f"no branch at {address:#x}: {code.hex()}")


@pytest.mark.parametrize("level", LEVELS)
def test_sites_are_branches_to_their_trampolines(
    pair: tuple[Arch, Compiler], tmp_path: Path, level: str
) -> None:
    arch, cc = pair
    flags = LEVELS[level]
    built = build(arch, cc, tmp_path, flags)
    assert built.ok, (built.completed.stderr, built.diagnostics)
    (tmp_path / "rest.c").write_text(REST)
    done = compile_object(
        cc, tmp_path / "rest.c", tmp_path / "rest.o", [*arch.toolchain.cflags, "-w", *flags]
    )
    assert done.ok, done.stderr
    objects = [tmp_path / "unit.o", tmp_path / "rest.o"]
    done = link(cc, objects, tmp_path / "program", ["-nostdlib", "-static", "-Wl,--no-gc-sections"])
    assert done.ok, done.stderr
    assert built.annotated is not None
    program = Program(tmp_path / "program", arch)
    entries = program.entries()
    ways = {site: key for site, key, flags in entries if flags & WAY}
    assert len(ways) == built.annotated.ways
    assert len(entries) == built.annotated.ways + len(built.annotated.sites)
    for site, key, bits in entries:
        name, target = program.branch(site)
        if ways and not bits & WAY:
            assert ways[target] == key
            assert site % 4 == 0
            assert arch.branches[name].size == arch.unit
        else:
            assert target == program.addresses[f"__SCT__{key}"]
        assert name.startswith("call") == (bits == 0), (name, bits)
        if not bits & WAY:
            assert site % arch.unit + arch.branches[name].size <= arch.unit


def test_sections_are_dropped_with_their_entries(
    pair: tuple[Arch, Compiler], tmp_path: Path
) -> None:
    """A COMDAT function and its entries go together, and --gc-sections keeps what is used."""
    arch, cc = pair
    built = build(arch, cc, tmp_path, ["-O2", "-fno-pie", "-ffunction-sections"])
    assert built.ok
    again = tmp_path / "again.o"
    text = (tmp_path / "unit.s").read_text()
    (tmp_path / "again.s").write_text(text)
    assert assemble(cc, tmp_path / "again.s", again, arch.toolchain.cflags).ok
    (tmp_path / "rest.c").write_text(REST)
    rest = tmp_path / "rest.o"
    assert compile_object(cc, tmp_path / "rest.c", rest, [*arch.toolchain.cflags, "-w"]).ok
    twice = ["-nostdlib", "-static", "-Wl,--gc-sections", "-Wl,-z,muldefs"]
    done = link(cc, [tmp_path / "unit.o", again, rest], tmp_path / "program", twice)
    assert done.ok, done.stderr
    program = Program(tmp_path / "program", arch)
    group = program.addresses["group"]
    inside = [e for e in program.entries() if group <= e[0] < group + 8 and not e[2] & WAY]
    assert len(inside) == 1
