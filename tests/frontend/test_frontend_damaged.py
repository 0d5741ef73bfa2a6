"""Damaged C that once ended in a traceback, in minutes of work, or in two views of one text."""

from __future__ import annotations

import time

import pytest
from pure_stages import Way, rewritten

from transformer.diagnostics import ScError
from transformer.frontend import Source, mark
from transformer.frontend.lexing import tokens
from transformer.frontend.linux import find
from transformer.frontend.spelling import nearest
from transformer.frontend.words import LINUX_WORDS

HEAD = """int func_a(int a); int x;
DEFINE_STATIC_CALL(my_key, func_a);
DEFINE_STATIC_KEY_FALSE(tracing);
"""
LONG = "9" * 5000


@pytest.mark.parametrize("way", [Way(), Way(inline_asm=True), Way(preprocessed=True)])
@pytest.mark.parametrize(
    "text",
    [
        "int f(void) { return __sc_at_99999999999999999999_static_call(my_key)(1); }",
        f"int f(void) {{ return __sc_at_{LONG}_static_call(my_key)(1); }}",
        f'char *s = "__sc_at_{LONG}_ static_call(my_key)"; int f(void) {{ static_call(x); }}',
        f"\n# {LONG}\nint f(void) {{ return static_call(my_key)(1); }}",
        "int f(int a]) (b) { return static_branch_likely(&tracing[x]); }",
        "int g(const char *t) static_call_cond(x, y)\n{ return 0; }\nDEFINE_STATIC_CALL(odd, g);\n"
        "int f(void) { return static_call(odd)(1); }",
    ],
)
def test_damage_is_refused_or_left_alone(text: str, way: Way) -> None:
    data = (HEAD + text).encode()
    try:
        found = rewritten(data, way)
    except ScError:
        return
    assert found.ok or found.text == data


@pytest.mark.parametrize("way", [Way(), Way(inline_asm=True), Way(preprocessed=True)])
def test_types_may_be_as_deep_as_compilers_take_them(way: Way) -> None:
    deep = 500
    nested = f"int {'(*' * deep}deep(int a){')(void)' * deep};\n"
    use = "DEFINE_STATIC_CALL(odd, deep);\nvoid f(void) { static_call(odd)(1); }\n"
    assert rewritten((HEAD + nested + use).encode(), way).ok


@pytest.mark.parametrize("between", ["", " ", "int y;\n"])
def test_a_function_that_is_marked_twice_is_refused(between: str) -> None:
    text = f"SC_DYNAMIC(1) {between} SC_DYNAMIC(2) int twice(int a) {{ return a; }}\n"
    found = rewritten((HEAD + text).encode(), Way())
    assert not found.ok
    assert {d.id for d in found.diagnostics} == {"sc-dynamic"}


def test_what_only_looks_like_a_mark_is_none() -> None:
    """The offset that the name carries is that of another word."""
    data = (HEAD + "int f(void) { return __sc_at_0_static_call(my_key)(1); }\n").encode()
    found = rewritten(data, Way())
    assert found.text.decode().endswith("return __sc_at_0_static_call(my_key)(1); }\n")
    assert b"int func_a(int a)" in found.text


def test_what_only_looks_like_a_mark_is_none_in_a_unit_of_linux() -> None:
    text = f"int f(void) {{ static_call(k)(1); }} int __sc_at_{LONG}_static_call(int);\n"
    marked = mark(text.encode(), LINUX_WORDS)
    found = find(Source(text, "t.c"), marked, marked.text.decode())
    assert [i.name for i in found.spelled] == ["k"]


@pytest.mark.parametrize("blank", ["\f", "\v", "\r", " \f\t"])
def test_any_blank_may_stand_before_a_directive(blank: str) -> None:
    """As in GNU sources, which have pages."""
    for before in ("", "/* a comment */"):
        text = f"{before}{blank}#define static_call(k) k\nint y = static_call(1);\n"
        assert mark(text.encode()).offsets == ()


def test_a_word_goes_on_with_any_byte_beyond_ascii() -> None:
    """The second byte of a letter in UTF-8 may be no letter in Latin-1; so may be the first."""
    text = "int static_call\u05d0, \u05d0static_call, static_call\u00a3;".encode()
    assert [t.text for t in tokens(text.decode("latin-1")) if t.text.startswith("static")] == [
        "static_call\u05d0".encode().decode("latin-1"),
        "static_call\u00a3".encode().decode("latin-1"),
    ]
    assert mark(text).offsets == ()


def test_suggestions_take_no_time_to_speak_of() -> None:
    start = time.process_time()
    assert nearest("x(" * 3000, [f"key_{n}" for n in range(100)]) == ""
    many = [f"static_key_number_{n}" for n in range(1000)]
    uses = "".join(f"int f{n}(void) {{ return static_call(none_{n})(1); }}\n" for n in range(1000))
    keys = "".join(f"DEFINE_STATIC_CALL({name}, func_a);\n" for name in many)
    found = rewritten((HEAD + keys + uses).encode(), Way())
    assert sum(d.id == "sc-unknown-key" for d in found.diagnostics) == 1000
    assert time.process_time() - start < 5
    assert nearest("static_key_numbr_7", many) == "static_key_number_7"
