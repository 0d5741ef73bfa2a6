"""Mode inline-asm with real compilers: what is spliced in where, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from rewrite_builds import BUILDS, Rewrite

import transformer
from transformer.arch import load
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, compile_object, preprocess

MODE = "inline-asm"
HEADER = """
#include <sc/static_call.h>
struct dev;
int hook(struct dev *d, int flags);
void quiet(void);
DECLARE_STATIC_CALL(k_hook, hook);
DECLARE_STATIC_CALL(k_quiet, quiet);
DECLARE_STATIC_CALL(k_idle, hook);
static inline void in_header(void) { static_call(k_quiet)(); }
"""
UNIT = b"""#include "keys.h"
/* A comment \xe9 that ends
   here */ static int own(int a) { return a; }
#define CALL(...) static_call(k_own)(__VA_ARGS__)
DECLARE_STATIC_CALL(k_own, own);
DEFINE_STATIC_CALL(k_own, own);
#ifdef NEVER
static int use(void) {
#else
static int
use(struct dev *d, int (*unused)(void))
{
#endif
	in_header();
	return CALL(1) + static_call(k_hook)(d, 2) + static_call(k_own, 3);
}
int last(struct dev *d) { return use(d, 0) + (static_call(k_hook))(d, 1); }
"""


def spliced(result: transformer.RewriteResult) -> list[tuple[int, str]]:
    """The lines that hold declarations of calls, without what stood there before."""
    lines = enumerate(result.text.decode("latin-1").splitlines(), 1)
    return [(number, line) for number, line in lines if "__sc_asm_call" in line]


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    (tmp_path / "keys.h").write_text(HEADER)
    path = tmp_path / "unit.c"
    path.write_bytes(UNIT)
    return path


def rewritten(
    path: Path, build: tuple[str, Compiler], text: bytes | None = None, **options: object
) -> transformer.RewriteResult:
    arch, cc = build
    data = path.read_bytes() if text is None else text
    return transformer.rewrite(data, path=str(path), arch=arch, mode=MODE, cc=cc, **options)  # type: ignore[arg-type]


def test_keys_of_headers_are_declared_before_the_functions_that_call_them(
    build: tuple[str, Compiler], unit: Path
) -> None:
    result = rewritten(unit, build)
    assert result.ok and not result.diagnostics, result.diagnostics
    assert spliced(result) == [
        (3, "   here */ __sc_asm_call_void(k_quiet, 0, (void)); static int own(int a) "
            "{ return a; }"),
        (5, "__sc_declare_call  (k_own, own); __sc_asm_call(k_own, 1, int, (int __sc_1));"),
        (10, "__sc_asm_call(k_hook, 2, int, (struct dev *__sc_1, int __sc_2)); static int"),
    ]  # fmt: skip
    assert result.text.count(b"\n") == UNIT.count(b"\n")
    again = rewritten(unit, build, result.text)
    assert again.ok and again.text == result.text


@pytest.mark.parametrize("flags", [["-std=gnu89", "-O0"], ["-std=c11", "-O2", "-fPIC"]])
def test_the_result_compiles_without_warnings_in_every_mode(
    build: tuple[str, Compiler], unit: Path, flags: list[str]
) -> None:
    """In the modes that write no asm the declarations of calls say nothing."""
    arch, cc = build
    result = rewritten(unit, build)
    unit.write_bytes(result.text)
    for mode in load(arch).modes:
        include = f"-I{header_dir('lowered', load(arch), mode)}"
        more = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-Wno-unused-parameter"]
        done = compile_object(cc, unit, unit.with_suffix(".o"), [include, *more, *flags])
        assert done.ok and not done.stderr, (mode, done.stderr)


def test_preprocessed_text_gets_its_calls_too(build: tuple[str, Compiler], unit: Path) -> None:
    include = f"-I{header_dir('analysis')}"
    done = preprocess(build[1], unit, [include])
    result = rewritten(unit.with_suffix(".i"), build, done.stdout)
    assert result.ok, result.diagnostics
    asm = b"static_call_sites"
    assert result.text.count(asm) >= 3


def test_guards_that_need_preprocessed_text_do_not_lose_the_calls(
    build: tuple[str, Compiler], unit: Path
) -> None:
    text = UNIT + b"#include <sc/static_key.h>\n#define ON(p) static_branch_likely(p)\n" + (
        b"int guard(struct static_key_true *key) { return ON(key) + static_call(k_own)(1); }\n"
    )  # fmt: skip
    result = rewritten(unit, build, text)
    assert result.ok and [d.id for d in result.diagnostics] == ["sc-preprocessed"]
    assert result.text.count(b"static_call_sites") >= 3


REFUSED = """#include <sc/sc.h>
double half(double a);
int printf_like(const char *format, ...);
DECLARE_STATIC_CALL(k_half, half);
  DEFINE_STATIC_CALL(k_print, printf_like);
DEFINE_STATIC_CALL(k_half, half);
int use(void)
{
	static_call(k_print)("x");
	static_call(k_print)("y");
	return (int)static_call(k_half)(1.0);
}
"""


def told(result: transformer.RewriteResult) -> list[tuple[str, str, int, int]]:
    return [(d.severity, d.id, d.line, d.column) for d in result.diagnostics]


def test_refusals_name_the_first_declaration_of_each_key(
    build: tuple[str, Compiler], tmp_path: Path
) -> None:
    result = rewritten(tmp_path / "r.c", build, REFUSED.encode())
    assert told(result) == [
        ("error", "sc-inline-asm-signature", 4, 1),
        ("error", "sc-inline-asm-signature", 5, 3),
    ]
    assert result.text == REFUSED.encode()
    assert rewritten(tmp_path / "r.c", build, REFUSED[: REFUSED.index("int use")].encode()).ok


def test_the_compiler_refuses_what_only_it_can_tell(
    build: tuple[str, Compiler], tmp_path: Path
) -> None:
    text = (
        "#include <sc/sc.h>\ntypedef int v4 __attribute__((vector_size(16)));\n"
        "int f(v4 a);\nDEFINE_STATIC_CALL(k, f);\nint g(v4 a) { return static_call(k)(a); }\n"
    )
    result = rewritten(tmp_path / "v.c", build, text.encode())
    assert not result.ok
    assert ("error", "sc-inline-asm-signature", 4) in [t[:3] for t in told(result)]


def test_another_calling_convention_is_refused(tmp_path: Path) -> None:
    conventions = {"x86_64": "ms_abi", "arm64": "aarch64_vector_pcs"}
    for build in BUILDS:
        if build[0] not in conventions:
            continue
        text = (
            f"#include <sc/sc.h>\n__attribute__(({conventions[build[0]]})) int f(int a);\n"
            "DEFINE_STATIC_CALL(k, f);\nint g(void) { return static_call(k)(1); }\n"
        )
        result = rewritten(tmp_path / "c.c", build, text.encode())
        assert ("error", "sc-inline-asm-signature", 3) in [t[:3] for t in told(result)], build
        plain = text.replace(conventions[build[0]], "cold")
        assert rewritten(tmp_path / "c.c", build, plain.encode()).ok


def test_with_exceptions_calls_stay_calls(build: tuple[str, Compiler], unit: Path) -> None:
    result = rewritten(unit, build, cflags=["-fexceptions"])
    assert result.ok
    assert told(result) == [("note", "sc-inline-asm-trampoline", 9, 0)]  # the first: keys.h's
    assert b"__sc_asm_call" not in result.text


@pytest.mark.parametrize("tail", ["", "\nint last;\n", "\n/* no more */\n"])
def test_a_macro_that_defines_and_calls_a_key_is_followed_by_its_line(
    build: tuple[str, Compiler], tmp_path: Path, tail: str
) -> None:
    text = (
        "#include <sc/sc.h>\nint f(int a);\n"
        "#define BOTH(k) DEFINE_STATIC_CALL(k, f); "
        "int k##_call(void) { return static_call(k)(1); }\n"
        f"BOTH(one)\nBOTH(two){tail}"
    )
    result = rewritten(tmp_path / "m.c", build, text.encode())
    assert result.ok and not told(result)
    assert result.text.count(b"__sc_asm_call(") == 2
    assert result.text.decode().index("BOTH(one)") < result.text.decode().index("__sc_asm_call(one")
    assert result.text.decode().index("BOTH(two)") < result.text.decode().index("__sc_asm_call(two")


def test_an_argument_of_another_type_is_still_noticed(rewrite: Rewrite) -> None:
    text = (
        "#include <sc/sc.h>\nvoid f(char *a, int b);\nDEFINE_STATIC_CALL(k, f);\n"
        'void g(void) { static_call(k)("x", 1, 2); }\n'
    )
    assert [d.id for d in rewrite(text, mode=MODE).diagnostics] == ["sc-arg-count"]
