"""The comparison of a kernel's units, on small ones: what it must see, it sees."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path

import pytest
from kernel import Row, _kept, _tokens, _unlike
from kernel_objects import difference, guards
from kernel_units import IDIOM, Unit, idioms, unit_of

from transformer.arch import load, names
from transformer.frontend.words import LINUX_WORDS
from transformer.toolchain import available, compile_object

ARCH = names()[0]
CC = available(load(ARCH))[0]
CODE = "int f(int); int k; int g(int x) { return f(x) + k + 3; }\n"


def made(folder: Path, text: str, name: str = "unit") -> Path:
    source, target = folder / "unit.c", folder / f"{name}.o"
    source.write_text(text)
    done = compile_object(CC, source, target, ["-O2"])
    assert done.ok, done.stderr
    return target


@pytest.mark.parametrize(
    "change", [("+ 3", "+ 4"), ("f(x)", "h(x)"), ("int k;", "int k = 1;"), ("k + 3", "3")]
)
def test_a_changed_object_is_told(tmp_path: Path, change: tuple[str, str]) -> None:
    other = CODE.replace("int f(int);", "int f(int); int h(int);").replace(*change)
    assert difference(made(tmp_path, CODE), made(tmp_path, other, "other"))


def test_objects_that_differ_in_no_code_or_data_are_the_same(tmp_path: Path) -> None:
    comment = '__asm__(".pushsection .comment; .string \\"x\\"; .popsection");'
    one, two = made(tmp_path, CODE), made(tmp_path, CODE + comment, "two")
    assert one.read_bytes() != two.read_bytes()
    assert difference(one, two) == ""


def test_a_table_of_guards_is_read(tmp_path: Path) -> None:
    entry = '__asm__(".pushsection __jump_table, \\"aw\\"; .balign 8; %s.popsection");'
    rows = ".long g - .; .long g - .; .quad k + %d - .; "
    one = made(tmp_path, CODE + entry % "".join(rows % n for n in (1, 8, 3)))
    found = guards(one)
    assert found.total() == 3
    assert {(key, offset, branch) for key, offset, branch, _ in found} == {
        ("k", 0, True), ("k", 8, False),
    }  # fmt: skip
    assert any(nop for *_, nop in found)
    assert guards(made(tmp_path, CODE, "none")) == Counter()


def test_the_search_for_idioms_sees_each_and_only_tokens() -> None:
    assert all(IDIOM.fullmatch(word) for word in LINUX_WORDS)
    text = (
        "#include <linux/static_call.h>\nstatic_call(k)(1); /* static_call(k) */\n"
        'x = "static_call(k)"; // static_branch_inc(&k)\n'
        "static_callback(); DEFINE_STATIC_KEY_X(k)\n"
    )
    assert [text.count("\n", 0, at) + 1 for at in idioms(text)] == [2, 4]


def test_a_missed_word_is_told(tmp_path: Path) -> None:
    source = tmp_path / "unit.c"
    source.write_text("int x;\nstatic_call(a)(); static_branch_inc(&b);\n")
    unit = Unit(ARCH, "unit.c", tmp_path, source, ("cc",))
    row = Row(unit)
    _tokens(unit, {"edited": [[2, 1]], "left": []}, row)
    assert row.wrong == ["line 2 is missed"]
    row = Row(unit)
    _tokens(unit, {"edited": [[2, 1]], "left": [[2, 19, "this x stays: why"]]}, row)
    assert (row.words, row.edited, row.left, row.wrong) == (2, 1, Counter({"why": 1}), [])


@pytest.mark.parametrize(("condition", "wrong"), [("0", []), ("1", ["line 3 is compiled"])])
def test_a_word_that_is_said_to_be_dropped_and_is_not_is_told(
    tmp_path: Path, condition: str, wrong: list[str]
) -> None:
    source = tmp_path / "unit.c"
    source.write_text(f"int x;\n#if {condition}\nstatic_call(a)();\n#endif\n")
    cc = tmp_path / "cc"
    cc.write_text(f'#!/bin/sh\nexec {shlex.join(CC.command)} "$@"\n')
    cc.chmod(0o755)
    unit = Unit(ARCH, "unit.c", tmp_path, source, (str(cc),))
    left = [3, 1, "this static_call stays: the preprocessor drops it"]
    assert _kept(unit, {"edited": [], "left": [left]}) == wrong


def test_warnings_that_came_and_went_are_told() -> None:
    assert _unlike(["a", "a", "b"], ["a", "c", "b"]) == ["gone: a", "new: c"]
    assert _unlike(["a", "b"], ["b", "a"]) == []


def test_what_the_build_noted_is_read(tmp_path: Path) -> None:
    folder = tmp_path / f"b-{ARCH}" / "fs"
    folder.mkdir(parents=True)
    (folder / "x.o").touch()
    (folder / ".x.o.cmd").write_text(
        "cmd_fs/x.o := gcc -Wp,-MMD,fs/.x.o.d -Iinclude -c -o fs/x.o '/s/fs/x.c'"
        " ; ./objtool --orc fs/x.o\n"
    )
    unit = unit_of(tmp_path, ARCH, "fs/x.c")
    assert unit and unit.command == ("gcc", "-Iinclude") and unit.source == Path("/s/fs/x.c")
    assert unit.objtool == ("./objtool", "--orc")
    assert unit_of(tmp_path, ARCH, "fs/y.c") is None
