"""`transformer.rewrite` with real compilers: what comes out, and that it compiles."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from rewrite_builds import BUILDS, Rewrite

import transformer
from transformer.arch import load
from transformer.rewriting import read_once
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, compile_object

SYSTEM = "".join(
    f"#include <{h}.h>\n" for h in ("stdio", "stdlib", "string", "pthread", "math", "signal")
)
WHOLE = (
    SYSTEM
    + r"""
#include <sc/sc.h>
struct big { long a[4]; };
typedef struct { struct static_key_false key; struct static_key_true keys[3]; } config;
static config cfg, *dyncfg = &cfg;
int func_a(int a, int b); int func_b(int a, int b);
double fl(float a, double b); struct big bg(struct big b, int n); int va(const char *f, ...);
void nothing(void);
DEFINE_STATIC_CALL(my_key, func_a);
DECLARE_STATIC_CALL(fl_key, fl);
DEFINE_STATIC_CALL(bg_key, bg);
DEFINE_STATIC_CALL(va_key, va);
DEFINE_STATIC_CALL_NULL(hook, nothing);
DEFINE_STATIC_CALL_RET0(zero, func_a);
EXPORT_STATIC_CALL(my_key);
EXPORT_STATIC_CALL_TRAMP(zero);
DEFINE_STATIC_KEY_TRUE(fast);
static DEFINE_STATIC_KEY_FALSE(verbose);
DEFINE_STATIC_KEY_ARRAY_FALSE(levels, 4);
#define SUM(a, b) ((a) + (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CALL(...) static_call(my_key)(__VA_ARGS__)
enum { LEVEL = 2 };
SC_DYNAMIC(0) int resched(void) { return func_a(1, 2); }
SC_DYNAMIC() void log_it(const char *text /* what */,
		int level)
{
	printf("%s %d\n", text, level);
}
int use(int x, config *p)
{
	static DEFINE_STATIC_KEY_FALSE(own);
	struct big b = { { 1 } };
	int r = SUM(static_call(my_key)(x, 1), static_call(my_key, x,
				/* why */ 2));
	r += MAX(static_call(my_key)(1, 2), 3) + CALL(r, 4);
	if (static_branch_likely(&fast) && !static_branch_unlikely(&verbose))
		r += static_branch_unlikely(&cfg.keys[LEVEL]) ? (int)static_call(fl_key)(1, 2) : 0;
	if (static_branch_unlikely(&p->key) || static_branch_unlikely(&levels[x])) r++;
	if (static_branch_unlikely(&own) || static_branch_likely(&levels[LEVEL + 1])) r++;
	b = static_call(bg_key)(b, r);
	static_call(va_key)("%d", ({ int z = static_call(zero)(1, 2); z; }));
	static_call_cond(hook)();
	static_call_update(my_key, func_b);
	static_call_update(hook, NULL);
	if (static_call_query(hook)) static_branch_enable(&verbose);
	static_branch_inc(&dyncfg->key); static_branch_dec(&dyncfg->key);
	static_branch_disable(&fast);
	dynamic_function_disable(resched); dynamic_function_enable(log_it);
	return r + static_key_enabled(&fast) + static_key_count(&cfg.key.key) + (int)b.a[0];
}
"""
)


@pytest.mark.parametrize("mode", ["generic", "slot", "trampoline"])
@pytest.mark.parametrize("lowering", ["key", "call"])
def test_a_whole_file_compiles_without_warnings(
    build: tuple[str, Compiler], mode: str, lowering: str, tmp_path: Path
) -> None:
    arch, cc = build
    path = tmp_path / "whole.c"
    result = transformer.rewrite(
        WHOLE, path=str(path), arch=arch, mode=mode, cc=cc, dynamic_lowering=lowering
    )
    notes = ["sc-loaded-guard"] * 2 if mode == "trampoline" else []
    assert [d.id for d in result.diagnostics] == notes
    path.write_bytes(result.text)
    include = f"-I{header_dir('lowered', load(arch), mode)}"
    for level in ("-O0", "-O2"):
        flags = [include, level, "-Wall", "-Wextra", "-Werror"]
        done = compile_object(cc, path, tmp_path / "whole.o", flags)
        assert done.ok, done.stderr
    again = transformer.rewrite(result.text, path=str(path), arch=arch, mode=mode, cc=cc)
    assert again.ok and again.text == result.text


def undone(result: transformer.RewriteResult, original: bytes) -> None:
    """Bytes outside the edits are the original's, and no line came or went."""
    kept, last = [], 0
    for edit in result.edits:
        kept.append((last, edit.start))
        last = edit.end
    kept.append((last, len(original)))
    rest = result.text
    for (start, end), new in zip(kept, [e.new for e in result.edits] + [""], strict=True):
        piece = original[start:end]
        assert rest.startswith(piece)
        rest = rest[len(piece) :]
        assert rest.startswith(new.encode("latin-1"))
        rest = rest[len(new) :]
    assert rest == b""
    assert result.text.count(b"\n") == original.count(b"\n")


PIECES = [
    b"\tx += static_call(k)(x, 2);", b"x += static_call(k, x,\n\t\t3); /* \xe9\xff */",
    b"if (static_branch_likely(&key)) x++; // static_call(k)(1)",
    b"static_branch_enable(&key);\t ", b'puts("static_call(k)(1, 2)");', b"x += 'a';",
    b"static_call_update(k, f);", b"#define M static_call(k)(1, 2)\n#undef M",
    b"x += static_\\\ncall(k)(1, 2);", b"{ static DEFINE_STATIC_KEY_TRUE(z); "
    b"x += static_branch_unlikely(&z); }", b"#if 0\nstatic_call(nope)(don't);\n#endif",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_bytes_outside_the_edits_are_the_same_and_twice_is_once(
    seed: int, rewrite: Rewrite
) -> None:
    chance = random.Random(seed)
    end = chance.choice([b"\n", b"\r\n"])
    body = end.join(chance.choices(PIECES, k=12)).replace(b"\r\n", b"\n").replace(b"\n", end)
    text = end.join([
        b"#include <stdio.h>", b"#include <sc/sc.h>", b"int f(int a, int b);",
        b"DEFINE_STATIC_CALL(k, f);", b"DEFINE_STATIC_KEY_FALSE(key);", b"int t(int x) {", body,
        b"return x; }",
    ]) + chance.choice([b"", end])  # fmt: skip
    result = rewrite(text)
    assert result.ok, [d.render() for d in result.diagnostics]
    assert result.edits
    undone(result, text)
    assert rewrite(result.text).text == result.text


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"int x;\r\n", b"int static_\xe9;", b"not C at all {"]
)
def test_without_idioms_nothing_changes_and_no_compiler_runs(text: bytes, rewrite: Rewrite) -> None:
    result = rewrite(text, arch="arm64", cc="/nonexistent/compiler")
    assert result.ok and result.text == text and result.edits == ()


def test_idioms_of_headers_and_macros_stay_where_they_are(rewrite: Rewrite, tmp_path: Path) -> None:
    (tmp_path / "own.h").write_text(
        "#include <sc/sc.h>\nint f(int);\nDECLARE_STATIC_CALL(k, f);\n"
        "#define CALL(x) static_call(k)(x)\n"
        "static inline int inner(int x) { return static_call(k)(x); }\n"
    )
    text = '#include "own.h"\nint t(int x) { return CALL(x) + inner(x); }\n'
    result = rewrite(text)
    assert result.ok and result.text == text.encode()
    assert {(s.kind, Path(s.path).name, s.line) for s in result.sites if s.kind == "call"} == {
        ("call", "t.c", 2), ("call", "own.h", 5)}  # fmt: skip


def test_a_word_that_lands_in_a_string_keeps_its_spelling(rewrite: Rewrite) -> None:
    text = (
        "#include <sc/sc.h>\n#define SHOW(x) (show(#x), (x))\nvoid show(const char *);\n"
        "int f(int);\nDEFINE_STATIC_CALL(k, f);\n"
        "int t(void) { return SHOW(static_call(k)(1)) + static_call(k)(2); }\n"
    )
    last = rewrite(text).text.splitlines()[-1]
    assert last == b"int t(void) { return SHOW(static_call(k)(1)) + __sc_call  (k)(2); }"


def test_a_key_named_by_a_macro(rewrite: Rewrite) -> None:
    text = (
        "#include <sc/sc.h>\nint f(int);\nDEFINE_STATIC_CALL(k, f);\n#define KEY k\n"
        "int t(void) { return static_call(KEY)(1) + static_call(k)(2); }\n"
    )
    result = rewrite(text)
    assert result.ok
    assert b"static_call(KEY)(1) + __sc_call  (k)(2)" in result.text


LAST_RESORT = """#include <stdio.h>
#include <sc/sc.h>
struct t { struct static_key_false key; };
#define ON(p) static_branch_unlikely(&(p)->key)
int f(int); DEFINE_STATIC_CALL(k, f);
int t(struct t *p) { return ON(p) ? static_call(k)(1) : puts("x"); }
"""


def test_the_last_resort_is_preprocessed_text_that_stands_alone(
    build: tuple[str, Compiler], tmp_path: Path
) -> None:
    arch, cc = build
    path = tmp_path / "t.c"
    result = transformer.rewrite(LAST_RESORT, path=str(path), arch=arch, cc=cc, mode="trampoline")
    assert [(d.id, d.line) for d in result.diagnostics] == [("sc-preprocessed", 6)]
    assert result.ok and b"#include" not in result.text and b"static_branch" not in result.text
    assert f'"{path}"'.encode() in result.text
    out = tmp_path / "t.i"
    out.write_bytes(result.text)
    done = compile_object(cc, out, tmp_path / "t.o", ["-O2"])
    assert done.ok, done.stderr
    again = transformer.rewrite(result.text, path=str(out), arch=arch, cc=cc)
    assert again.text == result.text


def test_modes_that_patch_no_guard_need_no_last_resort(rewrite: Rewrite) -> None:
    result = rewrite(LAST_RESORT, mode="slot")
    assert result.ok and not result.diagnostics and b"#include <sc/sc.h>" in result.text


def test_a_dynamic_function_that_a_macro_defines(rewrite: Rewrite, tmp_path: Path) -> None:
    text = (
        "#include <sc/sc.h>\n#define HOOK(name) SC_DYNAMIC(3) int name(int a) { return a; }\n"
        "HOOK(first)\nint t(void) { return first(1); }\n"
    )
    result = rewrite(text, dynamic_lowering="key")
    assert result.ok and [d.id for d in result.diagnostics] == ["sc-preprocessed"]
    assert b"__SCD__first" in result.text


def test_preprocessed_input_is_lowered_and_stands_alone(rewrite: Rewrite, tmp_path: Path) -> None:
    arch, cc = BUILDS[0]
    source = tmp_path / "t.c"
    source.write_text(
        "#include <stdio.h>\n#include <sc/sc.h>\nint f(int);\n"
        "DEFINE_STATIC_CALL(k, f);\nint t(int x) { return static_call(k)(x); }\n"
    )
    from transformer.toolchain import preprocess

    text = preprocess(cc, source, [f"-I{header_dir('analysis')}"]).stdout
    result = rewrite(text, path=str(tmp_path / "t.i"))
    assert result.ok, [d.render() for d in result.diagnostics]
    out = tmp_path / "t.i"
    out.write_bytes(result.text)
    assert compile_object(cc, out, tmp_path / "t.o").ok
    bad = text.replace(b"static_call(k)(x)", b"static_call(k)(x, 1)")
    (error,) = rewrite(bad, path=str(tmp_path / "t.i")).diagnostics
    assert (error.id, Path(error.path).name, error.line) == ("sc-arg-count", "t.c", 5)
    assert arch


HEAD = """#include <sc/sc.h>
int f(int a, int b); int g(char *a); struct big { long a[4]; } st(void);
DEFINE_STATIC_CALL(k, f);
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("int t(void) { return static_call(k)(1, 2), static_call_update(k, g); }",
         ("sc-incompatible-update", 44)),
        ("int t(void) { int x = static_call(k)(1, 2) + nope; return x; }", ("sc-compile", 46)),
        ("int t(void) {\treturn static_call(k)(1, 2) }", ("sc-compile", 42)),
        ("int t(void) { return static_call(k)(1); }", ("sc-arg-count", 22)),
        ("int t(void) { return static_call(none)(1); }", ("sc-unknown-key", 22)),
        ("int t(void) { static_call(k); return 1; }", ("sc-bare-call", 15)),
        ("DEFINE_STATIC_CALL_NULL(n, st);", ("sc-unsupported-signature", 1)),
        ("DEFINE_STATIC_CALL(k, f);", ("sc-conflicting-define", 1)),
        ("SC_DYNAMIC() int t(void) { return 1; }", ("sc-dynamic", 1)),
        ('int t(void) { return static_call(k)(1, 2); }\n#include "none.h"', ("sc-compile", None)),
    ],
)  # fmt: skip
def test_errors_are_told_at_the_users_line_and_column(
    line: str, expected: tuple[str, int | None], rewrite: Rewrite, tmp_path: Path
) -> None:
    for arch, cc in BUILDS[:2]:
        text = (HEAD + line).encode()
        result = rewrite(text, arch=arch, cc=cc)
        first = next(d for d in result.diagnostics if d.severity == "error")
        assert not result.ok and result.text == text
        assert first.id == expected[0] and first.path == str(tmp_path / "t.c")
        if expected[1] is not None:
            assert first.line == 4
            assert abs(first.column - expected[1]) <= (cc.family != "gcc"), first.render()


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "int t(void) { if (1) { return static_call(k)(1, 2); }\n",
        HEAD + "int t(void) { return static_call(k)( ; }\n",
        HEAD + "int t(void) } static_call(k)(1, 2) {\n",
        HEAD + "%%% static_call(k) @ ` \\ \n",
        HEAD + 'int t(void) { return static_call(k)(1, "x); }\n',
        HEAD + "int t(void) { static_call }\n",
        HEAD + "static_call(",
        HEAD + "SC_DYNAMIC(",
        HEAD + "SC_DYNAMIC(0) int t(",
        HEAD + "/* static_call(k) ",
        "#include <sc/sc.h>\nDEFINE_STATIC_CALL(k);\n",
        "#include <sc/sc.h>\nDEFINE_STATIC_CALL();\nDEFINE_STATIC_KEY_TRUE();\n",
        "#if\nstatic_call(k)",
    ],
)
def test_what_is_no_c_gives_a_diagnostic_and_never_a_traceback(text: str, rewrite: Rewrite) -> None:
    result = rewrite(text)
    assert not result.ok
    assert result.text == text.encode()
    assert all(d.id in ("sc-compile", "sc-parse") for d in result.diagnostics)


def test_damaged_text_never_ends_in_a_traceback(rewrite: Rewrite) -> None:
    chance = random.Random(11)
    words = re.findall(r"\w+|\s+|[^\w\s]", WHOLE[len(SYSTEM) :])
    for _ in range(25):
        damaged = list(words)
        for _ in range(chance.randrange(1, 4)):
            del damaged[chance.randrange(len(damaged))]
        rewrite("".join(damaged), check=False)


def test_a_nul_byte_is_refused(rewrite: Rewrite) -> None:
    (found,) = rewrite(b"int x;\nstatic_call(k)\0;").diagnostics
    assert (found.id, found.line, found.column) == ("sc-input", 2, 15)


def test_a_missing_compiler_says_what_to_install(rewrite: Rewrite) -> None:
    (found,) = rewrite(HEAD, arch="arm64", cc="/nonexistent/cc").diagnostics
    assert found.id == "sc-compiler" and "/nonexistent/cc" in found.text


def test_wrong_arguments_are_value_errors(rewrite: Rewrite) -> None:
    with pytest.raises(ValueError, match="no mode 'fast'"):
        rewrite(HEAD, mode="fast")
    with pytest.raises(ValueError, match="unknown arch 'vax'"):
        rewrite(HEAD, arch="vax", cc=None)
    with pytest.raises(ValueError, match="no dynamic lowering 'both'"):
        rewrite(HEAD, dynamic_lowering="both")


def test_functions_become_dynamic_by_name(rewrite: Rewrite) -> None:
    text = "int one(int a)\n{\n\treturn a;\n}\nvoid two(void) { }\n"
    head = "#include <sc/sc.h>\n"
    result = rewrite(head + text, dynamic={"one": "7", "two": ""}, dynamic_lowering="key")
    assert result.ok, [d.render() for d in result.diagnostics]
    assert result.text.decode() == head + (
        "__sc_dynamic_key(one) int __sc_dynamic_body(one)(int a)\n"
        "{ __sc_dynamic_guard(one, 7)\n\treturn a;\n}"
        " __sc_dynamic_wrap(one, (int one(int a)), (7), (a))\n"
        "__sc_dynamic_key(two) void __sc_dynamic_body(two)(void) "
        "{ __sc_dynamic_guard_void(two) } __sc_dynamic_wrap_void(two, (void two(void)), ())\n"
    )
    (error,) = rewrite(head + text, dynamic={"three": "0"}).diagnostics
    assert error.id == "sc-dynamic" and "three" in error.text


def test_users_flags_and_own_folder_are_seen(rewrite: Rewrite, tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "deep.h").write_text("int f(int);\n")
    (tmp_path / "near.h").write_text("#include <deep.h>\n#include <sc/sc.h>\n")
    text = '#include "near.h"\n#ifdef YES\nDEFINE_STATIC_CALL(k, f);\n#endif\n'
    flags = [f"-I{tmp_path / 'inc'}", "-DYES", "-c", "-o", "x.o", "-MD", "-MF", "x.d", "-Werror"]
    result = rewrite(text, cflags=flags)
    assert result.ok and result.keys == ("k",)
    assert rewrite(text, cflags=flags[:1]).keys == ()


def test_the_plain_headers_on_the_users_path_do_not_hide_the_idioms(rewrite: Rewrite) -> None:
    result = rewrite(HEAD, cflags=[f"-I{header_dir('plain')}"])
    assert b"__sc_define_call  (k, f, 1);" in result.text


def test_a_file_without_our_headers_gets_the_include_on_an_empty_line(
    build: tuple[str, Compiler], tmp_path: Path
) -> None:
    arch, cc = build
    text = b"/*\n\n*/\n#include <stdio.h>\n#if 1\n\n#endif\r\n\r\nint one(int a) { return a; }\n"
    path = tmp_path / "t.c"
    options = {"path": str(path), "arch": arch, "cc": cc, "dynamic": {"one": "7"}}
    result = transformer.rewrite(text, **options)  # type: ignore[arg-type]
    assert result.ok, [d.render() for d in result.diagnostics]
    assert result.text.splitlines()[7] == b"#include <sc/dynamic_function.h>"
    undone(result, text)
    again = transformer.rewrite(result.text, **options)  # type: ignore[arg-type]
    assert again.ok and again.text == result.text


def test_a_file_without_an_empty_line_is_preprocessed_instead(rewrite: Rewrite) -> None:
    result = rewrite("int one(int a) { return a; }\n", dynamic={"one": "7"})
    assert result.ok and [d.id for d in result.diagnostics] == ["sc-preprocessed"]


def test_a_function_that_another_file_defines_is_a_note(rewrite: Rewrite) -> None:
    result = rewrite("#include <sc/sc.h>\nint one(int a);\n", dynamic={"one": "7"})
    assert result.ok and [(d.severity, d.id) for d in result.diagnostics] == [
        ("note", "sc-dynamic")
    ]


@pytest.mark.parametrize("use", ["static_branch_likely(&nokey)", "static_branch_enable(&nokey)"])
def test_an_unknown_static_key(use: str, rewrite: Rewrite) -> None:
    text = f"#include <sc/sc.h>\nint t(void) {{ {use}; return 0; }}\n"
    assert [(d.id, d.line, d.column) for d in rewrite(text).diagnostics] == [
        ("sc-unknown-key", 2, 15)]  # fmt: skip


NAMED = """#include <sc/sc.h>
#define HIDDEN(name) int name(int a) { return a; }
#define DECORATE(x)
#define NOTE static
HIDDEN(first)
struct s { int a; };
DECORATE("text")
NOTE struct s *
second(struct s *p)
{ return p; }
int third(int a, int b) { return a + b; } int fourth(int a) { return third(a, a); }
void *use(void) { return second(0); }
"""


def test_functions_by_name_amid_macros(rewrite: Rewrite) -> None:
    chosen = {"second": "0", "fourth": "4"}
    result = rewrite(NAMED, dynamic=chosen, dynamic_lowering="key")
    assert result.ok, [d.render() for d in result.diagnostics]
    lines = result.text.decode().splitlines()
    assert lines[6:9] == ['DECORATE("text")', "__sc_dynamic_key_static(second) NOTE struct s *",
                          "__sc_dynamic_body(second)(struct s *p)"]  # fmt: skip
    assert lines[10].startswith(
        "int third(int a, int b) { return a + b; } __sc_dynamic_key(fourth)"
    )
    everything = {**chosen, "first": "1"}
    hidden = rewrite(NAMED, dynamic=everything, dynamic_lowering="key")
    assert hidden.ok and [d.id for d in hidden.diagnostics] == ["sc-preprocessed"]
    for name in everything:
        assert f"__SCD__{name} =".encode() in hidden.text


@pytest.mark.parametrize("attribute", ["", '__attribute__((target("sse3"))) '])
def test_modes_that_share_what_was_read_give_what_each_gives(
    rewrite: Rewrite, attribute: str
) -> None:
    """In any order, and what one mode has to say of a unit is not said in another."""
    arch, cc = BUILDS[0]
    text = (
        "#include <sc/sc.h>\nint f(int a) { return a; }\nDEFINE_STATIC_CALL(k, f);\n"
        f"DEFINE_STATIC_KEY_FALSE(g);\n{attribute}int use(int a)\n"
        "{\n\treturn static_branch_likely(&g) ? static_call(k)(a) : 0;\n}\n"
    )
    modes = load(arch).modes
    alone = {m: rewrite(text, arch=arch, cc=cc, mode=m, check=False) for m in modes}
    assert len({r.text for r in alone.values()}) > 1
    for order in (modes, modes[::-1]):
        with read_once():
            for mode in order:
                assert rewrite(text, arch=arch, cc=cc, mode=mode, check=False) == alone[mode]
    with read_once():
        other = rewrite(text.replace("static_branch_likely", "static_branch_unlikely"))
        assert other != rewrite(text)
