"""The headers compile without a warning, in every flavour, mode and standard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from runtime_program import compiler

from transformer import arch as arches
from transformer.runtime import header_dir, render_headers
from transformer.toolchain import available, compile_object

CELLS = [
    (name, cc.family, mode)
    for name in arches.names()
    for cc in available(arches.load(name))
    for mode in ("plain", *arches.load(name).modes)
]

USES = """
#include <sc/sc.h>
#include <sc/sc.h>
int twice(int a);
void quiet(const char *text, ...);
struct wide { double x, y; long z[3]; };
struct wide make(struct wide w);
struct ops { int (*fn)(void); };
DECLARE_STATIC_CALL(other, twice);
DEFINE_STATIC_CALL(key, twice);
DEFINE_STATIC_CALL_NULL(unset, quiet);
DEFINE_STATIC_CALL_RET0(zero, *((struct ops *)0)->fn);
DEFINE_STATIC_CALL(wide, make);
EXPORT_STATIC_CALL(key);
EXPORT_STATIC_CALL_TRAMP(zero);
DEFINE_STATIC_KEY_TRUE(on);
static DEFINE_STATIC_KEY_FALSE(off);
DECLARE_STATIC_KEY_TRUE(elsewhere);
DEFINE_STATIC_KEY_ARRAY_FALSE(many, 4);
struct device { int id; struct static_key_false busy; } devices[2];
int use(struct wide *w);
int use(struct wide *w)
{
	static DEFINE_STATIC_KEY_FALSE(local);

	static_call(unset)("%d", 1);
	static_call_cond(unset)("%d", 1);
	*w = static_call(wide)(*w);
	static_call_update(key, twice);
	static_call_update(unset, (void (*)(const char *, ...))0);
	if (static_branch_likely(&on) && !static_branch_unlikely(&off))
		static_branch_inc(&many[1]);
	if (static_branch_unlikely(&many[1]) || static_branch_unlikely(&devices[1].busy))
		static_branch_enable(&off);
	if (static_branch_likely(&elsewhere) || static_branch_unlikely(&local))
		static_branch_dec(&many[1]);
	static_branch_disable(&on);
	return static_call(key)(1) + static_call(other, 2) + static_call(zero)() +
		(static_call_query(key) == twice) + static_key_enabled(&on) +
		static_key_count(&off.key);
}
"""


def _flags(name: str, mode: str) -> tuple[str, ...]:
    arch = arches.load(name)
    folder = header_dir("plain") if mode == "plain" else header_dir("lowered", arch, mode)
    return (*arch.toolchain.cflags, "-I", str(folder), "-Wall", "-Wextra", "-Werror")


@pytest.mark.parametrize(("name", "family", "mode"), CELLS)
@pytest.mark.parametrize(
    "how", [("-std=c11", "-O0", "-fno-pie"), ("-std=gnu11", "-O2", "-fPIC"), ("-O2", "-fPIE")]
)
def test_no_warning(
    name: str, family: str, mode: str, how: tuple[str, ...], tmp_path: Path
) -> None:
    source = tmp_path / "uses.c"
    source.write_text(USES)
    flags = (*_flags(name, mode), *how)
    done = compile_object(compiler(name, family), source, tmp_path / "uses.o", flags)
    assert done.ok, done.stderr
    assert not done.stderr


def test_a_rewritten_file_is_refused_by_the_plain_headers(tmp_path: Path) -> None:
    source = tmp_path / "rewritten.c"
    source.write_text(
        "#include <sc/sc.h>\nint f(void);\n__sc_define_call(k, f, 1);\nint g(void)\n"
        "{\n\treturn __sc_call(k)();\n}\n"
    )
    host = arches.names()[0]
    for cc in available(arches.load(host)):
        done = compile_object(cc, source, tmp_path / "x.o", ("-I", str(header_dir("plain"))))
        assert not done.ok
        assert "compile it with the lowered headers" in done.stderr


@pytest.mark.parametrize("operand", ["&number", "&flag.key", "number"])
def test_a_guard_takes_only_keys(operand: str, tmp_path: Path) -> None:
    source = tmp_path / "guard.c"
    source.write_text(
        "#include <sc/static_key.h>\nint number; DEFINE_STATIC_KEY_TRUE(flag);\n"
        f"int g(void)\n{{\n\treturn static_branch_likely({operand});\n}}\n"
    )
    name, family, mode = CELLS[-1]
    done = compile_object(compiler(name, family), source, tmp_path / "x.o", _flags(name, mode))
    assert not done.ok


@pytest.mark.parametrize(("name", "family", "mode"), [c for c in CELLS if c[2] == "trampoline"])
@pytest.mark.parametrize("how", ["-O0", "-O2"])
def test_a_key_that_is_no_constant_never_gets_into_the_table(
    name: str, family: str, mode: str, how: str, tmp_path: Path
) -> None:
    source = tmp_path / "guard.c"
    source.write_text(
        "#include <sc/static_key.h>\nint g(struct static_key_true *key)\n"
        "{\n\treturn static_branch_likely(key);\n}\n"
    )
    flags = (*_flags(name, mode), how)
    assert not compile_object(compiler(name, family), source, tmp_path / "x.o", flags).ok


def test_update_with_another_type_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "update.c"
    source.write_text(
        "#include <sc/static_call.h>\nint f(int);\nvoid other(char *);\n"
        "DEFINE_STATIC_CALL(k, f);\nvoid g(void)\n{\n\tstatic_call_update(k, other);\n}\n"
    )
    for name, family, mode in CELLS:
        flags = (*_flags(name, mode), "-Werror")
        assert not compile_object(compiler(name, family), source, tmp_path / "x.o", flags).ok, (
            name,
            family,
            mode,
        )


def _public_macros(flavour: str) -> set[str]:
    text = "\n".join(render_headers(flavour).values())
    names = re.findall(r"^# ?define (\w+)", text, re.MULTILINE)
    return {n for n in names if not n.startswith(("_", "SC_")) or n == "SC_DYNAMIC"}


def test_the_analysis_headers_define_each_word_as_itself() -> None:
    """So that ``#ifdef static_call`` holds, and the word is left to the analysis."""
    words = {
        tuple(line.split()[1:])
        for text in render_headers("analysis").values()
        for line in text.splitlines()
        if line.startswith("#define ") and len(line.split()) == 3
    }
    selves = {w[0] for w in words if w[0] == w[1]}
    assert selves == {n for n in _public_macros("plain") if not n.endswith("_INIT")}


def test_unknown_flavours_and_modes_are_named() -> None:
    arch = arches.load(arches.names()[0])
    with pytest.raises(ValueError, match="'mauve'"):
        render_headers("mauve")
    with pytest.raises(ValueError, match="'fast'"):
        render_headers("lowered", arch, "fast")
    with pytest.raises(ValueError, match="no arch"):
        render_headers("lowered")
