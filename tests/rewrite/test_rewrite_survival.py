"""What a rewrite must not touch: pragmas, line numbers, encodings and ends of lines.

Each text is rewritten as it is, as a header, preprocessed, and where only
preprocessed text helps; a compiler then warns where it warned before.
"""

from __future__ import annotations

import re
from pathlib import Path

import header_project as project
import pytest
from header_project import COMPILERS, HOST

import transformer
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, compile_object, preprocess

HEAD = b"""#include <sc/sc.h>
int f(int);
DEFINE_STATIC_CALL(k, f);
DEFINE_STATIC_KEY_TRUE(key);
"""
#: a guard that a macro hides, on lines of its own
HIDDEN = b"""#define ON(p) static_branch_likely(p)
int on(struct static_key_true *p) { return ON(p); }
"""
DYNAMIC = b"""SC_DYNAMIC(0) int dynamic(int x)
{
	int loud;
	return x;
}
"""
PACKED = b"""struct s { char c; int i; };
"""
ASSERTED = b'_Static_assert(sizeof(struct s) == 5, "the pragma has its effect");\n'
LOUD = b"int loud_(void) { int loud; return static_call(k)(2); }\n"
CASES = {
    "pragma": HEAD
    + b"""#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-variable"
int a(void) { int quiet; return static_call(k)(1); }
#pragma GCC diagnostic pop
#pragma STDC FP_CONTRACT OFF
#pragma pack(push, 1)
"""
    + PACKED
    + b"#pragma pack(pop)\n"
    + ASSERTED
    + LOUD,
    "_Pragma": HEAD
    + b"""#define QUIET(x) _Pragma("GCC diagnostic push") \\
	_Pragma("GCC diagnostic ignored \\"-Wunused-variable\\"") x _Pragma("GCC diagnostic pop")
QUIET(int a(void) { int quiet; return static_call(k)(1); })
int b(void) { int loud; return static_call(k, 2); }
_Pragma("pack(push, 1)") struct s { char c; int i; }; _Pragma("pack(pop)")
"""
    + ASSERTED
    + LOUD,
    "line": HEAD
    + LOUD
    + b'#line 100 "foo.y"\nint b(void) { int loud; return static_call(k)(__LINE__); }\n'
    + b'_Static_assert(__LINE__ == 101, "");\n# 7 "bar.y"\n'
    + DYNAMIC
    + b"#line 3\nint c(void) { int loud; return static_branch_likely(&key); }\n",
    "crlf": (
        HEAD + b"int a(void)\n{\n\tint loud;\n\treturn static_call(k,\n 1);\n}\n" + DYNAMIC
    ).replace(b"\n", b"\r\n"),
    "mixed ends": HEAD + LOUD.replace(b"\n", b"\r\n") + DYNAMIC,
    "utf8": b"\xef\xbb\xbf"
    + HEAD
    + """int größe(int ж) { int löud; return static_call(k)(ж); } // ü static_call(k)
const char *s = "é static_call(k)(1)";
DEFINE_STATIC_KEY_FALSE(schlüssel);
int u(void) { int loud; return static_branch_unlikely(&schlüssel); }
""".encode(),
    "latin1": HEAD
    + b'const char *s = "\xe9\x85\xa0"; /* \xfc\xa0 */ int a(void) { /* \xff */ int loud;'
    + b" /* \x85 */ return static_call(k)(1); }\n// \xe4\n"
    + DYNAMIC,
    "splice": HEAD
    + b"""int a(void) { int loud; return static_\\
call(k)(1) + static_call \\
 ( \\
 k \\
 , 1); }
int b(void) { int loud; return sta\\
tic_branch_lik\\
ely(&key); }
""",
    "form feed": HEAD
    + b"\f\nint a(void) { int loud; return static_call\f(k\v,\f1); }\n\f#define X 1\n"
    + b"\fint b(void) { int loud; return static_call(k)(X); }\n",
    "no end": HEAD + LOUD.rstrip(),
}
_SAID = re.compile(r"^([^\n:]+):(\d+):(?:\d+:)? warning: [^\n]*?(\[-W[^\]]*\])$", re.MULTILINE)


@pytest.fixture(params=COMPILERS, ids=lambda c: c.family)
def cc(request: pytest.FixtureRequest) -> Compiler:
    found: Compiler = request.param
    return found


@pytest.fixture(params=CASES)
def text(request: pytest.FixtureRequest) -> bytes:
    return CASES[request.param]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def warned(
    cc: Compiler, text: bytes, name: str, *more: str, flavour: str = "lowered"
) -> list[tuple[str, int, str]]:
    """(file, line, option) of each warning about a text, which must compile."""
    path = Path("warned", name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text)
    arch = (HOST, HOST.default_mode) if flavour == "lowered" else ()
    flags = [f"-I{header_dir(flavour, *arch)}", "-I.", "-Wall", "-Wextra", *more]
    done = compile_object(cc, path, Path("x.o"), flags)
    assert done.ok, done.stderr
    found = _SAID.findall(done.stderr)
    return [(p.removeprefix("warned/"), int(line), option) for p, line, option in found]


def rewritten(cc: Compiler, text: bytes, name: str) -> transformer.RewriteResult:
    Path(name).write_bytes(text)
    result = transformer.rewrite(text, path=name, arch=HOST, cc=cc, cflags=["-I."])
    assert result.ok, result.diagnostics
    return result


def test_a_file_keeps_its_bytes_and_its_warnings(text: bytes, cc: Compiler, folder: Path) -> None:
    before = warned(cc, text, "t.c", flavour="plain")
    assert before
    result = rewritten(cc, text, "t.c")
    assert result.edits and warned(cc, result.text, "t.c") == before
    kept, last = b"", 0
    for edit in result.edits:
        kept += text[last : edit.start] + edit.new.encode("latin-1")
        last = edit.end
        old = text[edit.start : edit.end]
        assert old.count(b"\n") == edit.new.count("\n")
        assert old.count(b"\r\n") == edit.new.count("\r\n")
    assert kept + text[last:] == result.text
    word = rb"(?<![\w\"])static_(?:call|branch_\w+)\b(?=[^\n\"]*;)"
    left = re.sub(rb"(?m)//[^\n]*|\"[^\"\n]*\"|^#define[^\n]*", b"", result.text)
    assert not re.search(word, left)


def test_a_header_is_rewritten_as_a_file_is(text: bytes, cc: Compiler, folder: Path) -> None:
    Path("t.h").write_bytes(text)
    Path("u.c").write_text('#include "t.h"\n')
    assert project.rewrite("u.c", "--out-dir", "out", cc=cc, flags=[]) == 0
    assert Path("out/t.h").read_bytes() == rewritten(cc, text, "t.c").text


def test_a_preprocessed_file_keeps_its_warnings(text: bytes, cc: Compiler, folder: Path) -> None:
    before = warned(cc, text, "t.c", flavour="plain")
    Path("t.c").write_bytes(text)
    done = preprocess(cc, Path("t.c"), [f"-I{header_dir('analysis')}"])
    result = rewritten(cc, done.stdout, "t.i")
    assert result.edits and warned(cc, result.text, "t.i") == before


def test_the_last_resort_keeps_its_warnings(text: bytes, cc: Compiler, folder: Path) -> None:
    ends = b"\r\n" if HEAD.splitlines()[0] + b"\r" in text else b"\n"
    at = text.index(b"DEFINE_STATIC_KEY_TRUE")
    at = text.index(b"\n", at) + 1
    hidden = text[:at] + HIDDEN.replace(b"\n", ends) + text[at:]
    before = warned(cc, hidden, "t.c", flavour="plain")
    result = rewritten(cc, hidden, "t.c")
    assert "sc-preprocessed" in {d.id for d in result.diagnostics} and not result.edits
    assert b"static_branch_" not in re.sub(rb"\"[^\"\n]*\"", b"", result.text)
    assert warned(cc, result.text, "t.c") == before
    assert warned(cc, result.text, "t.c", "-x", "cpp-output") == before


def test_the_comparison_sees_a_lost_pragma(cc: Compiler, folder: Path) -> None:
    """The negative control, and one for line numbers."""
    text = CASES["pragma"]
    before = warned(cc, text, "t.c")
    lost = text.replace(b'#pragma GCC diagnostic ignored "-Wunused-variable"', b"")
    assert warned(cc, lost, "t.c") != before
    assert warned(cc, b"\n" + text, "t.c") != before


# --- trigraphs ---


@pytest.mark.parametrize(
    ("spelled", "edited"),
    [
        ("int a(void) ??< return static_branch_likely(&keys??(1??)); ??>", True),
        ('int a(void) { return static_call(k, "??/", 1"[0]); }', False),
        ("int a(void) { return static_??/\ncall(k)(1); }", False),
        ('const char *s = "??/" static_call(k)(1) ??/"";', False),
    ],
)
def test_trigraphs(spelled: str, edited: bool, cc: Compiler, folder: Path) -> None:
    """What they cut or hide is left to the headers: never is a wrong thing taken for an idiom."""
    text = HEAD + b"DEFINE_STATIC_KEY_ARRAY_TRUE(keys, 2);\n" + spelled.encode() + b"\n"
    Path("t.c").write_bytes(text)
    result = transformer.rewrite(text, path="t.c", arch=HOST, cc=cc, cflags=["-std=c11"])
    assert result.ok, result.diagnostics
    assert (spelled.encode() not in result.text) == edited
    assert warned(cc, result.text, "t.c", "-std=c11", "-Wno-trigraphs") == []


# --- what preprocessed text has seen already ---

SEEN = HEAD + HIDDEN + b"int use(void) { return static_call(k)(SEEN); }\n"


@pytest.mark.parametrize("suffix", [".c", ".i"])
def test_nothing_is_read_a_second_time(suffix: str, cc: Compiler, folder: Path) -> None:
    Path("force.h").write_text(
        "struct forced { int a; };\nstatic inline int in(void) { return 1; }\n"
    )
    flags = ["-include", "force.h", "-D", "SEEN=seen", "-Dseen_=1", "-imacros", "force.h"]
    text = b"int seen = 1;\n" + SEEN
    Path("t.c").write_bytes(text)
    if suffix == ".i":
        text = preprocess(cc, Path("t.c"), [f"-I{header_dir('analysis')}", *flags]).stdout
    path = f"t{suffix}"
    result = transformer.rewrite(text, path=path, arch=HOST, cc=cc, cflags=[*flags, "-Dseen=2"])
    if suffix == ".c":  # where the macro is meant
        assert not result.ok
        result = transformer.rewrite(text, path=path, arch=HOST, cc=cc, cflags=flags)
    assert result.ok, result.diagnostics
    assert result.text.count(b"struct forced") == 1
    assert b"(seen)" in result.text
    warned(cc, result.text, path, "-x", "cpp-output")


def test_a_name_that_gnu_c_has_for_a_macro(cc: Compiler, folder: Path) -> None:
    text = b"#undef linux\n#undef unix\nint linux = 5, unix = 6;\n" + HEAD + HIDDEN
    result = rewritten(cc, text, "t.c")
    assert b"int linux = 5, unix = 6;" in result.text
    warned(cc, result.text, "t.c", "-x", "cpp-output")


def test_a_file_that_begins_with_a_mark_of_bytes(folder: Path) -> None:
    """Its first line is an include as any other."""
    Path("x.h").write_bytes(HEAD + b"int use(void) { return static_call(none)(1); }\n")
    text = b'\xef\xbb\xbf#include "x.h"\n'
    Path("t.c").write_bytes(text)
    result = transformer.rewrite(text, path="t.c", arch=HOST, cc=COMPILERS[0])
    assert [d.id for d in result.diagnostics] == ["sc-unknown-key"]
