"""Types out of DWARF, declared anew by their layout, and the libc models' output."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_cases import family

from transformer.arch import load, names
from transformer.corpus.build import ORACLE, Builder, Setting
from transformer.corpus.case import read_case
from transformer.corpus.ctype import Floating, Function, Integer, Pointer, Record, Void, size_of
from transformer.corpus.declare import Declarations
from transformer.corpus.dwarf import read_types
from transformer.corpus.oracle import build_oracle
from transformer.corpus.program import Program
from transformer.emulator import Image
from transformer.toolchain import find

TYPES = """
struct inner { short s; float f; };
struct __attribute__((packed)) tight { char c; int i; };
struct bits { unsigned a : 3; int b : 7; unsigned long long c : 40; };
struct __attribute__((aligned(32))) wide { char c; };
union either { int i; double d; };
typedef struct { char name[5]; struct inner in[2]; union either e; enum { A, B } kind; } record;
struct holder { struct tight t; struct bits b; record r; long double l; _Bool yes; };
struct holder held;
struct wide one;
double take(record r, const char *text, void (*call)(int), float f, ...);
double take(record r, const char *text, void (*call)(int), float f, ...) { return f; }
"""


@pytest.fixture(params=names())
def builder(request: pytest.FixtureRequest, tmp_path: Path) -> Builder:
    arch = load(request.param)
    compiler = find(arch, family(arch.name))
    (tmp_path / "shared").mkdir()
    return Builder(Setting(arch, compiler, ORACLE, "-O0"), tmp_path / "b", tmp_path / "shared")


def test_structs_declared_anew_have_the_layout_of_the_originals(builder: Builder) -> None:
    built = builder.compile(builder.write("types.c", TYPES), (), "types")
    (unit,) = read_types(builder.link("types", [built]))
    declared = Declarations()
    checks = []
    for name in ("held", "one"):
        record = unit.variables[name]
        assert isinstance(record, Record)
        spelled = declared.spell(record)
        checks.append(f"sizeof({spelled}) == {size_of(record)}")
        checks += [
            f"__builtin_offsetof({spelled}, m{i}) == {m.offset}"
            for i, m in enumerate(record.members)
            if m.bits is None
        ]
    text = "\n".join([*declared.lines, *(f'_Static_assert({c}, "{c}");' for c in checks)])
    builder.compile(builder.write("again.c", text + "\n"), (), "the declarations")


def test_a_signature_is_read_as_it_is_called(builder: Builder) -> None:
    built = builder.compile(builder.write("types.c", TYPES), (), "types")
    (unit,) = read_types(builder.link("types", [built]))
    take = unit.functions["take"]
    assert isinstance(take, Function)
    assert take.variadic
    assert take.prototyped
    assert take.returns == Floating("double", 8)
    record, text, call, number = take.parameters
    assert isinstance(record, Record)
    assert (text, call) == (Pointer(8, text=True), Pointer(8, function=True))
    assert number == Floating("float", 4)


@pytest.mark.parametrize("old", ["int f() { return 1; }", "int f(void) { return 1; }"])
def test_old_and_new_functions_without_parameters(builder: Builder, old: str) -> None:
    built = builder.compile(builder.write("old.c", old + "\n"), (), "old")
    (unit,) = read_types(builder.link("old", [built]))
    assert unit.functions["f"].returns == Integer("int", 4, True)
    assert unit.functions["f"].parameters == ()
    assert not isinstance(unit.functions["f"].returns, Void)


def test_what_a_program_prints_is_an_event_with_its_text(tmp_path: Path) -> None:
    """The models' printf against Python's."""
    rows = [
        ("%d|%5d|%-5d|%05d|%+d", (42, 42, 42, 42, 42)),
        ("%x|%X|%#x|%o|%u", (255, 255, 255, 8, 7)),
        ("%.3d|%8.3d|%-8.3dz", (5, 5, 5)),
        ("%s|%8s|%-8s|%.2s", ("text", "text", "text", "text")),
        ("%c%c%%", ("a", "b")),
        ("%f|%.2f|%8.1f|%+.0f|%.3f", (1.5, 2.345, -3.26, 4.0, 0.125)),
        ("%ld|%lld|%hd", (-(2**40), 2**62, 77)),
    ]
    body = "".join(f"    printf({_c(f)}, {', '.join(map(_c, a))});\n" for f, a in rows)
    text = f"#include <stdio.h>\nvoid go(void)\n{{\n{body}}}\n"
    (tmp_path / "unit.c").write_text(text)
    (tmp_path / "case.toml").write_text('units = ["unit.c"]\n[[step]]\ncall = "go()"\n')
    (tmp_path / "shared").mkdir()
    arch = load(names()[0])
    compiler = find(arch, family(arch.name))
    case = read_case(tmp_path)
    built = build_oracle(case, arch, compiler, tmp_path / "o", tmp_path / "shared")
    program = Program(arch, Image.load(built.program, arch), built)
    did = program.act(built.plan.actions[0])
    wanted = [f'printf("{(f.replace("ll", "").replace("l", "")) % a}")' for f, a in rows]
    assert [str(e) for e in did.events] == wanted


def _c(value: object) -> str:
    if isinstance(value, str) and len(value) == 1:
        return f"'{value}'"
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value}L" if isinstance(value, int) and abs(value) > 2**31 else str(value)
