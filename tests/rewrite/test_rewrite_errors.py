"""A unit with several mistakes: the compiler's errors beside ours, each mistake once."""

from __future__ import annotations

import pytest
from rewrite_builds import BUILDS, Rewrite

from transformer.arch import load
from transformer.diagnostics import Diagnostic

HEAD = """#include <sc/sc.h>
int func_a(int a, int b);
void other(void);
DEFINE_STATIC_CALL(my_key, func_a);
DEFINE_STATIC_KEY_FALSE(tracing);
"""
FAMILIES = {cc.family: (arch, cc) for arch, cc in BUILDS}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> dict[str, object]:
    arch, cc = FAMILIES[request.param]
    return {"arch": arch, "cc": cc}


def errors(found: tuple[Diagnostic, ...]) -> list[tuple[int, str]]:
    first = HEAD.count("\n")
    return [(d.line - first, d.id) for d in found if d.severity == "error"]


def test_all_kinds_of_mistakes_are_told_in_one_run(
    rewrite: Rewrite, family: dict[str, object]
) -> None:
    text = """void a(void) { static_call(none)(1); }
int b(void) { return nowhere; }
int c(void) { return static_call(my_key)(1); }
void d(void) { static_call_update(my_key, other); }
int e(void) { if (static_branch_unlikely(&tracng)) return 1; return 0; }
int f(void) { return elsewhere; }
"""
    result = rewrite(HEAD + text, **family)
    assert errors(result.diagnostics) == [
        (1, "sc-unknown-key"),
        (2, "sc-compile"),
        (3, "sc-arg-count"),
        (4, "sc-incompatible-update"),
        (5, "sc-unknown-key"),
        (6, "sc-compile"),
    ]
    assert result.text == (HEAD + text).encode()


def test_what_a_compiler_says_of_the_same_mistake_is_left_out(
    rewrite: Rewrite, family: dict[str, object]
) -> None:
    text = """void a(void)
{
	static_call(none)(
		1,
		2);
	static_call_update(none,
		other);
}
DEFINE_STATIC_CALL(my_key, other);
DEFINE_STATIC_KEY_TRUE(tracing);
SC_DYNAMIC(1) void b(void) { }
int c(void) { return static_call(my_key)(1, 2); }
"""
    assert errors(rewrite(HEAD + text, **family).diagnostics) == [
        (3, "sc-unknown-key"),
        (6, "sc-unknown-key"),
        (9, "sc-conflicting-define"),
        (10, "sc-conflicting-define"),
        (11, "sc-dynamic"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DEFINE_STATIC_CALL_RET0(whole, big);\nvoid a(void) { static_call(whole)(); }\n", [2]),
        ("DEFINE_STATIC_CALL(whole, big);\nvoid a(void) { static_call(whole)(); }\n", [2]),
        ("DEFINE_STATIC_CALL(whole, big);\nvoid a(void) { static_call(whole)(); }\n"
         "void b(void) { static_call(none)(); }\n", [2, 4]),
    ],
)  # fmt: skip
def test_what_a_mode_refuses_is_told_beside_other_mistakes(
    text: str, expected: list[int], rewrite: Rewrite
) -> None:
    arch, cc = next((a, c) for a, c in BUILDS if "inline-asm" in load(a).modes)
    head = HEAD + "struct big { long a[4]; } big(void);\n"
    found = rewrite(head + text, arch=arch, cc=cc, mode="inline-asm").diagnostics
    assert [line for line, _ in errors(found)] == expected


def test_a_broken_function_is_told_by_the_compiler_and_the_next_one_is_seen(
    rewrite: Rewrite, family: dict[str, object]
) -> None:
    text = """int a(void)
{
	return func_a(1, 2;
}

int b(void)
{
	return static_call(my_kye)(1, 2);
}
"""
    result = rewrite(HEAD + text, **family)
    found = dict.fromkeys(errors(result.diagnostics))  # a compiler may say two things of one line
    assert list(found) == [(3, "sc-compile"), (8, "sc-unknown-key")]


def test_a_missing_brace_is_told_where_it_was_opened(rewrite: Rewrite) -> None:
    text = "int a(void)\n{\n\tif (1) {\n\treturn 1;\n}\n"
    text += "int b(void) { return static_call(none)(); }\n"
    found = errors(rewrite(HEAD + text).diagnostics)
    assert {i for _, i in found} <= {"sc-parse", "sc-compile", "sc-unknown-key"}
    assert (6, "sc-unknown-key") in found and len(found) > 1


def test_a_wrong_update_is_shown_with_the_keys_declaration(
    rewrite: Rewrite, family: dict[str, object]
) -> None:
    text = "void d(void) { static_call_update(my_key, other); }\n"
    (found,) = rewrite(HEAD + text, **family).diagnostics
    (note,) = found.children
    assert (note.line, note.column, note.length) == (4, 20, 6)
    assert note.text == "'my_key' is declared here, with the type of 'func_a'"


def test_the_compilers_notes_come_with_its_errors(
    rewrite: Rewrite, family: dict[str, object]
) -> None:
    (found,) = rewrite(HEAD + "int d(void) { return func_a(1); }\n", **family).diagnostics
    assert found.id == "sc-compile"
    assert [(n.line, n.severity, n.id) for n in found.children] == [(2, "note", "")]


def test_names_and_lines_that_are_no_ascii(rewrite: Rewrite) -> None:
    text = f'{HEAD}const char *t = "é"; int a(void) {{ return static_call(clé)(); }}\n'.encode()
    text += b'const char *s = "\xe9"; int b(void) { return static_call(none)(); }\n'
    first, second = rewrite(text).diagnostics
    assert first.text == "no static call 'clé' is declared or defined"
    assert first.column == first.source_line.encode().index(b"static_call") + 1
    assert "\udce9" in second.source_line
    assert 's = "<e9>"; int b' in second.render()
