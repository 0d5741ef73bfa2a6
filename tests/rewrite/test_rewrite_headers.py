"""`rewrite --out-dir`: an idiom in a project's header is decided once, in a copy of the header."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import header_project as project
import pytest
from header_project import COMPILERS, FILES, FLAGS, OUTPUT, compiled, output, snapshot, write

import transformer
from transformer.diagnostics.patch import unified
from transformer.runtime import header_dir
from transformer.toolchain import Compiler

UNITS = ["src/a.c", "src/b.c"]
SC = "#include <sc/sc.h>\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def whole(folder: Path) -> Path:
    write(folder, FILES)
    return folder


@pytest.fixture(params=COMPILERS, ids=lambda c: c.family)
def cc(request: pytest.FixtureRequest) -> Compiler:
    found: Compiler = request.param
    return found


def into(folder: Path, files: dict[str, str], *words: str, flags: list[str] | None = None) -> int:
    write(folder, files)
    return project.rewrite(*words, "--out-dir", "out", flags=flags)


# --- a program ---


def test_a_program_does_what_it_did(whole: Path, cc: Compiler) -> None:
    assert project.rewrite(*UNITS, "--out-dir", "out", cc=cc) == 0
    assert output(cc, UNITS) == OUTPUT


def test_flags_in_response_files(whole: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The folders that they name are searched, and their outputs are not written."""
    write(whole, {"flags": "@more -Wall", "more": "-O2 '-Iinclude' -c -o none.o -MD -MF none.d"})
    assert project.rewrite(*UNITS, "--out-dir", "out", flags=["@flags", "-Wextra"]) == 0
    assert output(COMPILERS[0], UNITS) == OUTPUT
    assert not list(whole.glob("none.*"))
    write(whole, {"again": "-O2 @again"})
    assert project.rewrite("src/b.c", "--out-dir", "out", flags=["@again"]) == 2
    assert "response files" in capfd.readouterr().err


def test_the_idioms_of_headers_are_rewritten_in_copies(
    whole: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {name: (whole / name).read_bytes() for name in FILES}
    assert project.rewrite(*UNITS, "--out-dir", "out") == 0
    copy = (whole / "out/include/x.h").read_text()
    for words in (
        "__sc_declare_call  (k, f);",
        "return __sc_call  (k)(a) + __sc_call (k)( a);",
        "return __sc_flag_unlikely    (key);",
        "return __sc_unlikely         (&debug) ? 1 : 2;",
        "return __sc_likely         (&debug) ? 3 : 4;",
    ):
        assert words in copy
    functions = (whole / "out/src/functions.h").read_text()
    assert "__sc_define_call  (k, f, 1);" in functions
    assert "__sc_dynamic_key_static(dynamic) static int __sc_dynamic_body(dynamic)" in functions
    keys = (whole / "out/src/keys.inc").read_text()
    assert "return __sc_unlikely         (&NAME) ? 5 : 6;" in keys
    assert "sc-preprocessed" not in capfd.readouterr().err
    assert {name: (whole / name).read_bytes() for name in FILES} == before


def test_only_idioms_change(whole: Path) -> None:
    """Lines and what stands outside of the words stay."""
    assert project.rewrite(*UNITS, "--out-dir", "out") == 0
    for name in ("include/x.h", "src/a.c", "src/keys.inc"):
        old, new = FILES[name].split("\n"), (whole / "out" / name).read_text().split("\n")
        assert len(old) == len(new)
        for before, after in zip(old, new, strict=True):
            same = before == after
            assert same or re.search(r"static_|STATIC_|SC_DYNAMIC|^\{|dynamic_", before)


def test_headers_without_idioms_are_links(whole: Path) -> None:
    assert project.rewrite(*UNITS, "--out-dir", "out") == 0
    for name in ("include/near.h", "src/near.h"):
        copy = whole / "out" / name
        assert copy.is_symlink() and copy.samefile(whole / name)
        assert not copy.readlink().is_absolute()


def test_the_object_is_that_of_the_plain_rewrite(folder: Path, cc: Compiler) -> None:
    """Where the lowered headers can expand what a header spells, they make the same of it."""
    text = FILES["include/x.h"].replace("(key)", "(&debug)").replace("*key", "*unused_")
    text = text.replace(
        "{ return static_branch_unlikely", "{ (void)unused_; return static_branch_unlikely"
    )
    write(folder, FILES | {"include/x.h": text})
    assert project.rewrite("src/b.c", "--out-dir", "out", cc=cc) == 0
    assert (folder / "out/include/x.h").read_text() != text
    assert compiled(cc, "src/b.c", []) == project.plain_rewrite(cc, "src/b.c")
    # the negative control
    (folder / "out/include/x.h").write_text(text.replace("? 3 : 4", "? 3 : 5"))
    assert compiled(cc, "src/b.c", []) != project.plain_rewrite(cc, "src/b.c")


def test_what_needed_preprocessed_text_needs_it_no_more(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A guard's operand that is no constant, and a dynamic function, both in a header."""
    header = SC + "SC_DYNAMIC(0) int d(void) { return 1; }\n"
    header += (
        "static inline int on(struct static_key_true *k) { return static_branch_likely(k); }\n"
    )
    write(folder, {"d.h": header, "t.c": '#include "d.h"\n'})
    assert project.rewrite("t.c", "-o", "alone.c") == 0
    assert "sc-preprocessed" in capfd.readouterr().err
    assert project.rewrite("t.c", "--out-dir", "out") == 0
    assert "sc-preprocessed" not in capfd.readouterr().err
    assert (folder / "out/t.c").read_text() == '#include "d.h"\n'
    compiled(COMPILERS[0], "t.c", [])


def test_what_a_macro_pastes_together_needs_it(
    folder: Path, capfd: pytest.CaptureFixture[str], cc: Compiler
) -> None:
    use = "int on(struct static_key_true *k) { return ON(k); }\n"
    header = SC + "#define ON(k) static_branch_likely(k)\n" + "int n;\n" * 3
    write(folder, {"t.h": header, "t.c": '#include "t.h"\n' + use})
    assert project.rewrite("t.c", "--out-dir", "out", cc=cc) == 0
    assert "t.c:2:0" not in (said := capfd.readouterr().err) and "sc-preprocessed" in said
    assert '# 1 "t.c"' in (folder / "out/t.c").read_text()
    compiled(cc, "t.c", [])


# --- every order, and all at once ---


def test_the_copies_are_the_same_in_every_order(whole: Path) -> None:
    made = []
    for number, orders in enumerate([[UNITS], [UNITS[::-1]], [UNITS[1:], UNITS[:1], UNITS[1:]]]):
        for units in orders:
            assert project.rewrite(*units, "--out-dir", f"out{number}") == 0
        here = snapshot(whole / f"out{number}")
        made.append({n: d for n, (d, _) in here.items() if not n.endswith((".d", ".cflags"))})
    assert made[0] == made[1] == made[2]


def test_one_unit_alone_leaves_what_it_does_not_see(whole: Path, cc: Compiler) -> None:
    """It stays as it is spelled until another sees it."""
    assert project.rewrite("src/b.c", "--out-dir", "out", cc=cc) == 0
    copy = (whole / "out/include/x.h").read_text()
    assert "return static_branch_unlikely(&debug) ? 1 : 2;" in copy and "__sc_likely" in copy
    compiled(cc, "src/b.c", [])
    assert project.rewrite("src/a.c", "--out-dir", "out", cc=cc) == 0
    assert output(cc, UNITS) == OUTPUT


def test_what_is_unchanged_keeps_its_time(whole: Path) -> None:
    assert project.rewrite(*UNITS, "--out-dir", "out") == 0
    before = snapshot(whole / "out")
    assert project.rewrite(*reversed(UNITS), "--out-dir", "out") == 0
    after = snapshot(whole / "out")
    units = {f"src/{name}" for name in ("a.c", "b.c")}
    assert {n for n in after if after[n] != before.get(n)} <= units
    assert all(after[n][0] == before[n][0] for n in before) and after.keys() == before.keys()


def test_a_header_that_changes_is_decided_anew(whole: Path, cc: Compiler) -> None:
    assert project.rewrite(*UNITS, "--out-dir", "out", cc=cc) == 0
    write(whole, {"include/x.h": "/* first */ int more;\n" + FILES["include/x.h"]})
    assert project.rewrite("src/b.c", "--out-dir", "out", cc=cc) == 0
    copy = (whole / "out/include/x.h").read_text()
    assert copy.startswith("/* first */ int more;\n") and "__sc_call (k)( a)" in copy
    compiled(cc, "src/b.c", [])


def test_what_was_kept_may_be_spoilt(whole: Path) -> None:
    assert project.rewrite(*UNITS, "--out-dir", "out") == 0
    before = snapshot(whole / "out")
    kept = whole / "out/.sc-transform/include/x.h.json"
    assert '"decisions"' in kept.read_text()
    for text in ("", "{", "[]", '{"decisions": 1}', kept.read_text().replace('"by"', '"of"')):
        kept.write_text(text)
        assert project.rewrite(*UNITS, "--out-dir", "out") == 0
        assert snapshot(whole / "out")["include/x.h"][0] == before["include/x.h"][0]


def test_processes_may_share_the_folder(folder: Path) -> None:
    """Each sees another part of one header: none gets lost, and no file is ever cut off."""
    count = 6
    part = "#ifdef U{0}\nint u{0}(void) {{ return static_branch_likely(&k); }}\n#endif\n"
    header = KEY + "".join(part.format(n) for n in range(count))
    units = {f"u{n}.c": f'#define U{n}\n#include "h.h"\n' for n in range(count)}
    write(folder, {"h.h": header, **units})
    words = [sys.executable, "-m", "transformer", "rewrite", "--no-check", "--out-dir", "out"]
    root = str(Path(transformer.__file__).parents[1])
    running = [
        subprocess.Popen([*words, unit], env={**os.environ, "PYTHONPATH": root}) for unit in units
    ]
    assert [process.wait(100) for process in running] == [0] * count
    assert (folder / "out/h.h").read_text().count("__sc_likely         (&k)") == count + 1
    assert sorted(p.name for p in (folder / "out").iterdir() if p.suffix == ".c") == sorted(units)
    assert not [p for p in (folder / "out").rglob("*") if p.name.startswith(".h.h")]


def test_an_idiom_ends_in_its_header(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = {
        "t.c": SC + '#include "open.inc"\n#include "close.inc"\n',
        "open.inc": "int f(int);\nDEFINE_STATIC_CALL(k\n",
        "close.inc": ", f);\n",
    }
    assert into(folder, files, "t.c", flags=[]) == 1
    assert "open.inc:2:" in capfd.readouterr().err


def test_a_dynamic_function_that_two_headers_share(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = {
        "t.c": SC + '#include "open.inc"\n#include "close.inc"\n',
        "open.inc": "SC_DYNAMIC(0) int f(void)\n",
        "close.inc": "{ return 1; }\n",
    }
    assert into(folder, files, "t.c", flags=[]) == 0
    assert "sc-preprocessed" in capfd.readouterr().err
    compiled(COMPILERS[0], "t.c", [], [])


def test_a_dynamic_function_that_is_read_twice(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = {"h.h": "SC_DYNAMIC(0) int f(void) { return 1; }\n"}
    files["t.c"] = SC + '#include "h.h"\n' * 2
    assert into(folder, files, "t.c", flags=[]) == 1
    assert re.search(r"^h\.h:1:\d+: error: redefinition of ", capfd.readouterr().err, re.M)


def test_units_that_decide_differently(folder: Path, cc: Compiler) -> None:
    """What one takes for a constant is none for another: the flag is right for both."""
    write(folder, {
        "h.h": "static inline int on(void) { return static_branch_likely(K); }\n",
        "a.c": SC + "DEFINE_STATIC_KEY_TRUE(k);\n#define K &k\n" + '#include "h.h"\n' + USE,
        "b.c": SC + "struct static_key_true *p;\n#define K p\n" + '#include "h.h"\n' + USE,
    })  # fmt: skip
    for order in itertools.permutations(["a.c", "b.c", "a.c"]):
        shutil.rmtree("out", ignore_errors=True)
        for unit in order:
            assert project.rewrite(unit, "--out-dir", "out", cc=cc) == 0
        assert "__sc_flag_likely    (K)" in (folder / "out/h.h").read_text()
        compiled(cc, "a.c", [])
        compiled(cc, "b.c", [])


def test_a_unit_that_another_includes(folder: Path, cc: Compiler) -> None:
    """Its copy is a unit's result and a header's at once."""
    write(folder, {
        "a.c": "#define K p\n" + SC + 'struct static_key_true *p;\n#include "b.c"\n',
        "b.c": SC + "DECLARE_STATIC_KEY_TRUE(k);\n#ifndef K\n#define K &k\n#endif\n"
        "int on(void) { return static_branch_likely(K); }\n",
    })  # fmt: skip
    for order in (["a.c", "b.c"], ["b.c", "a.c"], ["b.c", "a.c", "b.c"]):
        shutil.rmtree("out", ignore_errors=True)
        assert project.rewrite(*order, "--out-dir", "out", cc=cc, flags=[]) == 0
        assert "__sc_flag_likely    (K)" in (folder / "out/b.c").read_text()
        assert "__sc_declare_key_true  (k);" in (folder / "out/b.c").read_text()
        compiled(cc, "a.c", [])
        compiled(cc, "b.c", [])


def test_what_a_unit_decides_is_what_it_decides_now(folder: Path) -> None:
    """Another header has changed, by which a word of this one means something else."""
    files = {"h.h": "DEFINE_STATIC_CALL(k, f);\n", "t.c": '#include "type.h"\n#include "h.h"\n'}
    for kind, told in (("int", 1), ("void", 3), ("struct s *", 1)):
        assert into(folder, {**files, "type.h": f"{SC}{kind} f(int);\n"}, "t.c", flags=[]) == 0
        assert f"(k, f, {told});" in (folder / "out/h.h").read_text()


def test_differences_that_no_word_is_right_for(folder: Path, cc: Compiler) -> None:
    write(folder, {
        "h.h": "DEFINE_STATIC_CALL(k, f);\n",
        "a.c": SC + 'int f(int);\n#include "h.h"\n',
        "b.c": SC + 'void f(int);\n#include "h.h"\n',
    })  # fmt: skip
    for order in (["a.c", "b.c", "a.c"], ["b.c", "a.c", "b.c"]):
        shutil.rmtree("out", ignore_errors=True)
        assert project.rewrite(order[0], "--out-dir", "out", cc=cc) == 0
        assert "__sc_define_call" in (folder / "out/h.h").read_text()
        assert project.rewrite(*order[1:], "--out-dir", "out", cc=cc) == 0
        assert (folder / "out/h.h").read_text() == "DEFINE_STATIC_CALL(k, f);\n"
        compiled(cc, "a.c", [])


def test_a_declaration_that_is_read_twice(folder: Path) -> None:
    """Where calls are asm it is followed by a definition, which a header may not repeat."""
    if "inline-asm" not in project.HOST.modes:
        pytest.skip("no such mode here")
    files = {
        "h.h": "DECLARE_STATIC_CALL(k, f);\n",
        "t.c": SC + 'int f(int);\n#include "h.h"\n#include "h.h"\n'
        "int use(void) { return static_call(k)(1); }\n",
    }
    assert into(folder, files, "t.c", "--mode", "inline-asm", flags=[]) == 0
    assert (folder / "out/h.h").read_text() == "__sc_declare_call  (k, f);\n"
    assert "__sc_asm_call(k, 1, int, (int __sc_1)); int use" in (folder / "out/t.c").read_text()
    compiled(COMPILERS[0], "t.c", [])


# --- where things lie ---

ON = "static inline int on(void) { return static_branch_likely(&k); }\n"
KEY = SC + "DECLARE_STATIC_KEY_TRUE(k);\n" + ON
USE = "int use(void) { return on(); }\n"


@pytest.mark.parametrize(
    ("unit", "include", "header", "flags"),
    [
        ("t.c", '"x.h"', "x.h", []),
        ("src/t.c", '"x.h"', "src/x.h", []),
        ("src/t.c", '"../include/x.h"', "include/x.h", []),
        ("src/t.c", "<x.h>", "include/x.h", ["-Iinclude"]),
        ("src/t.c", "<x.h>", "include/x.h", ["-I", "./include/../include"]),
        ("src/t.c", '"x.h"', "include/x.h", ["-iquote", "include"]),
        ("src/t.c", "<lib/x.h>", "lib/x.h", ["-I."]),
        ("a/b/t.c", '"../../c/x.h"', "c/x.h", []),
    ],
)
@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
def test_ordinary_builds_find_the_copies(
    unit: str, include: str, header: str, flags: list[str], absolute: bool, folder: Path
) -> None:
    name = str(folder / unit) if absolute else unit
    files = {unit: f"#include {include}\n{USE}", header: KEY}
    assert into(folder, files, name, flags=flags) == 0
    copy = (folder / "out" / header).read_text()
    assert "__sc_likely " in copy
    (folder / "out" / header).write_text(copy + "extern int found_the_copy;\n#define USED 1\n")
    with (folder / "out" / unit).open("a") as file:
        file.write("int *is_found = &found_the_copy;\n")
    compiled(COMPILERS[0], unit, [], [*flags, "-O2"])


def test_folders_outside_keep_their_turn(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A header outside of the root that comes first still does; it is no copy's business."""
    other = tmp_path_factory.mktemp("other")
    (other / "x.h").write_text(KEY + "#define WHICH other\n")
    own = {"include/x.h": KEY + "#define WHICH own\n", "u.c": '#include "include/x.h"\n'}
    files = {**own, "t.c": "#include <x.h>\nint WHICH;\n" + USE}
    flags = [f"-I{other}", "-Iinclude"]
    assert into(folder, files, "t.c", "u.c", flags=flags) == 0
    assert (folder / "out/include/x.h").exists() and (other / "x.h").read_text().startswith(KEY)
    assert b"other" in compiled(COMPILERS[0], "t.c", [], flags)
    assert sorted(p.name for p in other.iterdir()) == ["x.h"]


def test_headers_of_one_name(folder: Path, cc: Compiler) -> None:
    """Each folder's own config.h is found from the copy that lies where its folder is."""
    one = '#pragma once\n#include "config.h"\n' + KEY
    files = {
        "one/config.h": "#pragma once\n#define ONE 1\n",
        "two/config.h": "#pragma once\n#define TWO 2\n",
        "one/x.h": one,
        "two/x.h": one.replace("on(", "on2("),
        "two/t.c": '#include "../one/x.h"\n#include "x.h"\nint use[ONE + TWO];\n',
    }
    assert into(folder, files, "two/t.c", flags=["-Ione", "-Itwo"]) == 0
    compiled(cc, "two/t.c", [], ["-Ione", "-Itwo"])


def test_include_next(folder: Path, cc: Compiler) -> None:
    two = {"two/x.h": "#define TWO 2\n", "t.c": "#include <x.h>\nint n = TWO;\n" + USE}
    files = {"one/x.h": "#include_next <x.h>\n" + KEY, **two}
    flags = ["-Ione", "-Itwo", "-Wno-gnu-include-next"]
    assert into(folder, files, "t.c", flags=flags) == 0
    compiled(cc, "t.c", [], flags)


def test_a_header_without_idioms_includes_one_with(folder: Path, cc: Compiler) -> None:
    """Both must come as copies, for #pragma once goes by the file."""
    files = {"x.h": "#pragma once\n" + KEY, "y.h": '#pragma once\n#include "x.h"\n',
             "t.c": '#include "x.h"\n#include "y.h"\n' + USE}  # fmt: skip
    assert into(folder, files, "t.c", flags=[]) == 0
    compiled(cc, "t.c", [], ["-O2"])


def test_files_that_are_only_asked_for(folder: Path, cc: Compiler) -> None:
    asked = '#if __has_include("asked.h")\nint asked;\n#endif\n'
    files = {
        "a/t.c": f'#include "../b/x.h"\n{asked}' + USE,
        "b/x.h": asked.replace("asked;", "again;") + '#include "asked.h"\n' + KEY,
        "a/asked.h": "",
        "b/asked.h": '#if !__has_include("near.h")\n#error\n#endif\n',
        "b/near.h": "",
    }
    assert into(folder, files, "a/t.c", flags=[]) == 0
    made = compiled(cc, "a/t.c", [], ["-g0"])
    assert b"asked" in made and b"again" in made


def test_what_copies_would_change_is_an_error(
    folder: Path, cc: Compiler, capfd: pytest.CaptureFixture[str]
) -> None:
    """The compiler reads the header itself, for -include, and would not know its copy for it."""
    write(folder, {"x.h": "#pragma once\n" + KEY, "t.c": '#include "x.h"\n' + USE})
    flags = ["-include", "x.h"]
    assert project.rewrite("t.c", "--out-dir", "out", cc=cc, flags=flags) == 1
    assert "it preprocesses to another text" in capfd.readouterr().err and not Path("out").exists()
    write(folder, {"x.h": f"#ifndef X\n#define X\n{KEY}#endif\n"})
    assert project.rewrite("t.c", "--out-dir", "out", cc=cc, flags=flags) == 0
    compiled(cc, "t.c", [], flags)


def test_a_word_that_is_a_macro_of_the_project(folder: Path, cc: Compiler) -> None:
    files = {
        "own.h": "#define static_branch_likely(x) own_likely(x)\nint own_likely(void *);\n",
        "x.h": '#include "own.h"\n' + ON,
        "t.c": 'int k;\n#include "x.h"\n' + USE + "DEFINE_STATIC_KEY_TRUE(key);\n",
    }
    files["t.c"] = SC + "#undef static_branch_likely\n" + files["t.c"]
    assert into(folder, files, "t.c", flags=[]) == 0
    assert "static_branch_likely(&k)" in (folder / "out/x.h").read_text()
    assert "__sc_define_key_true  (key);" in (folder / "out/t.c").read_text()
    assert b"own_likely" in compiled(cc, "t.c", [], ["-g0"])


def test_system_headers_are_left_alone(folder: Path) -> None:
    files = {"system/x.h": KEY, "t.c": "#include <x.h>\n" + USE}
    assert into(folder, files, "t.c", flags=["-isystem", "system"]) == 0
    assert not (folder / "out/system").exists()
    compiled(COMPILERS[0], "t.c", [], ["-isystem", "system"])


def test_a_project_above_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write(
        folder, {"include/x.h": KEY, "src/t.c": '#include "../include/x.h"\n' + USE, "build/n": ""}
    )
    monkeypatch.chdir(folder / "build")
    assert project.rewrite("../src/t.c", "--out-dir", "out", flags=[]) == 1
    assert "--root names" in capfd.readouterr().err and not Path("out").exists()
    assert project.rewrite("../src/t.c", "--out-dir", "out", "--root", "..", flags=["-g"]) == 0
    assert "__sc_likely" in Path("out/include/x.h").read_text()
    assert b"../src" in compiled(COMPILERS[0], "src/t.c", ["-g"], ["-O2", "-gno-column-info"])
    assert not (folder / "src/include").exists()


def test_nothing_is_written_outside(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = {"in/t.c": '#include "../x.h"\n' + USE, "x.h": KEY}
    write(folder, files)
    assert project.rewrite("in/t.c", "--out-dir", "in/out", "--root", "in", flags=[]) == 1
    assert "sc-headers" in (said := capfd.readouterr().err) and "in/t.c:1:" in said
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*.*")) == ["in/t.c", "x.h"]


def test_a_file_does_not_take_its_own_place(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(folder, {"t.c": '#include "x.h"\n' + USE, "x.h": KEY})
    assert project.rewrite("t.c", "--out-dir", ".", flags=[]) == 1
    assert "the result would take the place of the file itself" in capfd.readouterr().err
    assert (folder / "x.h").read_text() == KEY and (folder / "t.c").read_text().endswith(USE)


def test_links_in_the_folder_lead_nowhere(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither a file's nor a folder's: what they lead to stays as it is."""
    write(folder, {"src/t.c": '#include "x.h"\n' + USE, "src/x.h": KEY, "far/keep": ""})
    (folder / "out").mkdir()
    (folder / "out/src").symlink_to("../far")
    assert project.rewrite("src/t.c", "--out-dir", "out", flags=[]) == 1
    assert "a link leads out of the folder" in capfd.readouterr().err
    assert [p.name for p in (folder / "far").iterdir()] == ["keep"]
    (folder / "out/src").unlink()
    (folder / "out/src").mkdir()
    (folder / "out/src/x.h").symlink_to("../../src/x.h")
    assert project.rewrite("src/t.c", "--out-dir", "out", flags=[]) == 0
    assert (folder / "src/x.h").read_text() == KEY
    assert not (folder / "out/src/x.h").is_symlink()


def test_a_header_that_gets_or_loses_idioms(folder: Path) -> None:
    write(folder, {"t.c": '#include "x.h"\n' + USE, "x.h": KEY})
    assert project.rewrite("t.c", "--out-dir", "out", flags=[]) == 0
    assert not (folder / "out/x.h").is_symlink()
    write(folder, {"x.h": "static inline int on(void) { return 1; }\n"})
    assert project.rewrite("t.c", "--out-dir", "out", flags=[]) == 0
    assert (folder / "out/x.h").is_symlink()
    write(folder, {"x.h": KEY})
    assert project.rewrite("t.c", "--out-dir", "out", flags=[]) == 0
    assert not (folder / "out/x.h").is_symlink() and (folder / "x.h").read_text() == KEY


def test_a_header_that_is_gone_is_found_no_more(folder: Path, cc: Compiler) -> None:
    """Nor is its copy, which would be found before what is included now."""
    files = {"src/t.c": '#include "x.h"\n#include "y.h"\n' + USE, "src/y.h": "int old;\n",
             "src/x.h": KEY, "include/x.h": KEY + "int now;\n", "include/y.h": "int now_y;\n",
             "other/z.c": USE.replace("on()", "1")}  # fmt: skip
    flags = ["-Iinclude"]
    assert into(folder, files, "src/t.c", "other/z.c", flags=flags) == 0
    (folder / "src/x.h").unlink()
    (folder / "src/y.h").unlink()
    (folder / "other").rename(folder / "elsewhere")
    assert project.rewrite("elsewhere/z.c", "--out-dir", "out", flags=flags) == 0
    assert project.rewrite("src/t.c", "--out-dir", "out", cc=cc, flags=flags) == 0
    assert not (folder / "out/src/x.h").exists()
    made = compiled(cc, "src/t.c", [], [*flags, "-g0"])
    assert b"now" in made and b"now_y" in made and b"old" not in made


def test_another_root_has_copies_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"in/t.c": '#include "x.h"\n' + USE, "in/x.h": KEY, "u.c": USE})
    assert project.rewrite("in/t.c", "--out-dir", "out", flags=[]) == 0
    assert project.rewrite("in/t.c", "--out-dir", "out", "--root", "in", flags=[]) == 0
    for name in ("in/t.c", "in/x.h", "t.c", "x.h"):
        assert (folder / "out" / name).is_file()


# --- messages ---


def test_errors_stand_at_the_header(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    call = "int g(int);\nDECLARE_STATIC_CALL(call, g);\n"
    header = KEY + call + "static inline int h(void)\n{ return static_call(cal)(1); }\n"
    write(folder, {"include/x.h": header, "src/t.c": '#include "../include/x.h"\n'})
    assert project.rewrite("src/t.c", "--out-dir", "out", flags=[]) == 1
    said = capfd.readouterr().err
    assert said.startswith("include/x.h:7:10: error: no static call 'cal' is declared or defined")
    assert "    7 | { return static_call(cal)(1); }\n      |          ^~~~~~~~~~~" in said
    assert not (folder / "out").exists()


def test_errors_of_the_compiler_stand_at_the_header(
    folder: Path, cc: Compiler, capfd: pytest.CaptureFixture[str]
) -> None:
    """Behind a word that has become shorter, too."""
    header = SC + "int g(int);\nDEFINE_STATIC_CALL(c, g);\n\n"
    header += "int h(void) { return static_call(c, 1) + none; }\n"
    write(folder, {"x.h": header, "t.c": '#include "x.h"\n' + "int n = 1;\n"})
    assert project.rewrite("t.c", "--out-dir", "out", cc=cc, flags=[]) == 1
    (line,) = [n for n in capfd.readouterr().err.splitlines() if "error:" in n]
    assert line.startswith("x.h:5:42: error: ") and "none" in line


def test_a_header_of_two_units_is_blamed_once(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    header = KEY.replace("(&k)", "(&kk)")
    files = {"x.h": header, "a.c": '#include "x.h"\n', "b.c": '#include "x.h"\n', "c.c": "int n;\n"}
    assert into(folder, files, "a.c", "b.c", "c.c", flags=[]) == 1
    assert capfd.readouterr().err.count("no static key 'kk'") == 1
    assert [p.name for p in (folder / "out").glob("*.c")] == ["c.c"]


def test_what_make_is_told(whole: Path) -> None:
    assert project.rewrite("src/b.c", "--out-dir", "out") == 0
    assert (whole / "out/src/b.c.d").read_text() == (
        "out/src/b.c: src/b.c \\\n include/x.h \\\n include/near.h\ninclude/x.h:\ninclude/near.h:\n"
    )
    lowered = header_dir("lowered", project.HOST, project.HOST.default_mode)
    assert (whole / "out/src/b.c.cflags").read_text() == (
        f"-I{lowered}\n-Iout/include\n-ffile-prefix-map=out/=\n"
    )


def test_folders_with_odd_names(folder: Path, cc: Compiler) -> None:
    files = {"an 'odd' \\ dir/x.h": KEY, "t.c": "#include <x.h>\n" + USE}
    flags = ["-Ian 'odd' \\ dir"]
    assert into(folder, files, "t.c", flags=flags) == 0
    compiled(cc, "t.c", [], flags)
    assert "an\\ 'odd'" in (folder / "out/t.c.d").read_text()


# --- the rest of the options ---


def test_a_diff_of_all_files(whole: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert project.rewrite(*UNITS, "--out-dir", "out", "--diff") == 0
    diff = capfdbinary.readouterr().out
    assert not Path("out").exists()
    assert project.rewrite(*UNITS, "--out-dir", "out") == 0
    parts = re.split(rb"(?m)^(?=--- )", diff)[1:]
    changed = ["src/a.c", "include/x.h", "src/functions.h", "src/keys.inc"]
    assert [p.split()[1].decode() for p in parts] == changed
    for name, part in zip(changed, parts, strict=True):
        old, new = (whole / name).read_bytes(), (whole / "out" / name).read_bytes()
        assert part == unified(name, old, new)


def test_preprocessed_units_have_no_headers(folder: Path, cc: Compiler) -> None:
    from transformer.toolchain import preprocess

    write(folder, {"x.h": KEY, "t.c": '#include "x.h"\n' + USE})
    done = preprocess(cc, Path("t.c"), [f"-I{header_dir('analysis')}"])
    Path("t.i").write_bytes(done.stdout)
    assert project.rewrite("t.i", "--out-dir", "out", cc=cc, flags=[]) == 0
    assert sorted(p.name for p in (folder / "out").iterdir() if p.is_file()) == [
        "t.i", "t.i.cflags", "t.i.d"
    ]  # fmt: skip
    compiled(cc, "t.i", [], ["-O2"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.c", "b.c"], "--out-dir"),
        (["a.c", "--root", "."], "--out-dir"),
        (["a.c", "-o", "b.c", "--out-dir", "out"], "-o names one"),
        (["-", "--out-dir", "out"], "have a name"),
        (["a.c", "--out-dir", "out", "--profile", "linux"], "profile linux"),
        (["a.c", "--out-dir", "out", "--left"], "profile linux"),
    ],
)
def test_wrong_usage(
    words: list[str], said: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(folder, {"a.c": USE, "b.c": USE})
    assert project.rewrite(*words, flags=[]) == 2
    assert said in capfd.readouterr().err


def test_every_mode(whole: Path) -> None:
    for mode in project.HOST.modes:
        out = f"out-{mode}"
        assert project.rewrite(*UNITS, "--mode", mode, "--out-dir", out) == 0
        assert "__sc_call (k)( a)" in (whole / out / "include/x.h").read_text()
        flags = [f"@{out}/src/a.c.cflags", *FLAGS]
        project.compiled_as(COMPILERS[0], f"{out}/src/a.c", flags)
