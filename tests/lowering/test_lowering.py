"""Edits: queued on the original bytes, refused where they overlap, applied once."""

import random

import pytest

from transformer.frontend import Analysis, Source, mark
from transformer.lowering import EditBuffer, Options, Origins, Overlap, fit, lower

HEAD = """struct static_key { int a; }; struct static_key_true { struct static_key key; };
struct static_key_false { struct static_key key; };
int f(int a, int b); void v(void); struct big { long a[4]; } st(void); typedef struct big pair;
DEFINE_STATIC_KEY_FALSE(one); DEFINE_STATIC_CALL(k, f);
"""


def lowered(text: str, *, patched: bool = True, call: bool = False) -> str:
    """What becomes of ``text``, without the head that declares what it uses."""
    source = Source(HEAD + text, "t.c")
    unit = Analysis(source.text, source, main="t.c", preprocessed=True).unit
    return lower(unit, source, Options(patched, call)).buffer.apply().split("\n", 4)[4]


def test_edits_apply_in_order_whatever_the_order_of_queueing() -> None:
    buffer = EditBuffer("abcdef")
    buffer.replace(4, 5, "E", "last")
    buffer.insert(2, "<", "first insertion")
    buffer.insert(2, ">", "second insertion")
    buffer.replace(0, 2, "AB", "first")
    assert buffer.apply() == "AB<>cdEf"


def test_an_overlap_names_both_owners() -> None:
    buffer = EditBuffer("abcdef")
    buffer.replace(1, 4, "x", "the call")
    buffer.replace(3, 5, "y", "the guard")
    with pytest.raises(Overlap, match=r"the call .* overlaps the guard"):
        buffer.apply()


def test_an_insertion_at_the_edge_of_a_replacement_is_no_overlap() -> None:
    buffer = EditBuffer("abcdef")
    buffer.replace(2, 4, "CD", "word")
    buffer.insert(2, "<", "before")
    buffer.insert(4, ">", "after")
    assert buffer.apply() == "ab<CD>ef"


def test_offsets_in_the_new_text_find_back() -> None:
    chance = random.Random(7)
    for _ in range(200):
        text = "".join(chance.choice("abcdefgh") for _ in range(40))
        buffer = EditBuffer(text)
        places = sorted(chance.sample(range(40), 6))
        for start, end in zip(places[::2], places[1::2], strict=True):
            buffer.replace(start, end, "X" * chance.randrange(6), "test")
        new, origins = buffer.apply(), Origins(buffer.edits())
        kept = [i for i, c in enumerate(new) if c != "X"]
        assert [text[origins.original(i)] for i in kept] == [new[i] for i in kept]


@pytest.mark.parametrize(
    ("new", "old", "result"),
    [("ab", "xxxx", "ab  "), ("abcd", "xx", "abcd"), ("ab", "xx\\\nyyy", "ab\n   "),
     ("ab", "x\\\r\ny", "ab\r\n ")],
)  # fmt: skip
def test_a_replacement_keeps_columns_and_lines(new: str, old: str, result: str) -> None:
    assert fit(new, old) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("DECLARE_STATIC_CALL(c, f);", "__sc_declare_call  (c, f);"),
        ("DEFINE_STATIC_CALL(c, f);", "__sc_define_call  (c, f, 1);"),
        ("DEFINE_STATIC_CALL(c, st);", "__sc_define_call  (c, st, 2);"),
        ("DEFINE_STATIC_CALL(c, what);", "__sc_define_call  (c, what, 0);"),
        ("DEFINE_STATIC_CALL_NULL(c, v );", "__sc_define_call_null  (c, v , 3);"),
        ("DEFINE_STATIC_CALL_RET0(c, f);", "__sc_define_call_ret0  (c, f, 1);"),
        ("DECLARE_STATIC_CALL(c, f); EXPORT_STATIC_CALL(c);",
         "__sc_declare_call  (c, f); __sc_export_call  (c);"),
        ("DEFINE_STATIC_CALL(c, f); EXPORT_STATIC_CALL(c);",
         "__sc_export_call(c); __sc_define_call  (c, f, 1); __sc_exported_call(c);"),
        ("EXPORT_STATIC_CALL_TRAMP(k);", "__sc_export_call_tramp  (k);"),
        ("static DEFINE_STATIC_KEY_TRUE(c);", "static __sc_define_key_true  (c);"),
        ("DEFINE_STATIC_KEY_FALSE_RO(c);", "__sc_define_key_false_ro  (c);"),
        ("DECLARE_STATIC_KEY_ARRAY_TRUE(c, 3);", "__sc_declare_key_array_true  (c, 3);"),
    ],
)  # fmt: skip
def test_declarations(text: str, result: str) -> None:
    assert lowered(text) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("static_call(k)(1, 2);", "__sc_call  (k)(1, 2);"),
        ("static_call(k, 1, 2);", "__sc_call (k)( 1, 2);"),
        ("static_call(k /* the , key */ , 1,\n\t2);", "__sc_call (k /* the , key */ )( 1,\n\t2);"),
        ("static_call(k)(static_call(k, 1, 2), 3);", "__sc_call  (k)(__sc_call (k)( 1, 2), 3);"),
        ("static_call_cond(k)(1, 2);", "__sc_call       (k)(1, 2);"),
        ("static_call_query(k);", "__sc_query       (k);"),
        ("static_call_update(k, f);", "__sc_update       (k, f);"),
        ("static_branch_likely(&one);", "__sc_likely         (&one);"),
        ("static_branch_unlikely(p);", "__sc_flag_unlikely    (p);"),
        ("static_branch_enable(&one);", "__sc_key_enable     (&one);"),
        ("static_key_count(&one);", "__sc_key_count  (&one);"),
        ("dynamic_function_enable(g);", "__sc_dynamic_enable    (g);"),
    ],
)
def test_uses(text: str, result: str) -> None:
    before, after = "void t(struct static_key_false *p) { x = ", " }"
    assert lowered(before + text + after) == before + result + after


def test_dynamic_function_with_key_lowering() -> None:
    assert lowered("SC_DYNAMIC(0) int d(int a, // first\n\tchar *b)\n{\n\treturn a;\n}") == (
        "__sc_dynamic_key(d) int __sc_dynamic_body(d)(int a, // first\n\tchar *b)\n"
        "{ __sc_dynamic_guard(d, 0)\n\treturn a;\n} "
        "__sc_dynamic_wrap(d, (int d(int a, char *b)), (0), (a, b))"
    )


def test_dynamic_void_function_with_key_lowering() -> None:
    assert lowered("SC_DYNAMIC() static void d(void) { }") == (
        "__sc_dynamic_key_static(d) static void __sc_dynamic_body(d)(void) "
        "{ __sc_dynamic_guard_void(d) } __sc_dynamic_wrap_void(d, (static void d(void)), ())"
    )


def test_dynamic_function_whose_body_stays() -> None:
    assert lowered("SC_DYNAMIC(-1) int d(int a, ...) { return a; }") == (
        "__sc_dynamic_key_in(d) int d(int a, ...) { __sc_dynamic_guard_in(d, -1) return a; }"
    )


def test_dynamic_function_with_call_lowering() -> None:
    assert lowered("SC_DYNAMIC((pair){{1,2}}) pair d(int a) { return x; }", call=True) == (
        "__sc_dynamic_call(d)      pair __sc_dynamic_impl(d)(int a) { __sc_dynamic_self(d) "
        "return x; } __sc_dynamic_tramp(d, (pair __sc_off_d(int a)), ((pair){{1,2}}))"
    )


def test_a_value_with_commas_is_one_argument_of_the_guard() -> None:
    assert "__sc_dynamic_guard(d, ((pair){{1,2}}))" in lowered(
        "SC_DYNAMIC((pair){{1,2}}) pair d(int a) { return x; }"
    )


def test_loaded_guards_are_noted_only_where_others_are_patched() -> None:
    text = HEAD + "void t(struct static_key_true *p) { static_branch_likely(p); }"
    source = Source(text, "t.c")
    unit = Analysis(text, source, main="t.c", preprocessed=True).unit
    assert [n.id for n in lower(unit, source, Options(True, False)).notes] == ["sc-loaded-guard"]
    assert lower(unit, source, Options(False, False)).notes == []


def test_what_must_come_first_in_a_body_stays_first() -> None:
    assert lowered(
        "SC_DYNAMIC() void d(void)\n{\n\t#pragma STDC X ON\n\t__label__ a, b; f(1, 2); }"
    ) == (
        "__sc_dynamic_key(d) void __sc_dynamic_body(d)(void)\n{\n\t#pragma STDC X ON\n"
        "\t__label__ a, b; __sc_dynamic_guard_void(d) f(1, 2); } "
        "__sc_dynamic_wrap_void(d, (void d(void)), ())"
    )
    assert "#pragma A\n__sc_dynamic_guard_void(d) }" in lowered(
        "SC_DYNAMIC() void d(void)\n{\n#pragma A\n}"
    )


@pytest.mark.parametrize("call", [False, True])
def test_idioms_in_the_value_of_a_dynamic_function_are_lowered_in_each_copy(call: bool) -> None:
    text = "SC_DYNAMIC(static_branch_likely(&one)\n? static_call(k, 1,2) : 2) int g(void) { v(); }"
    value = "__sc_likely(&one) ? __sc_call(k)(1,2) : 2"
    done = lowered(text, call=call)
    assert done.count("__sc_call (k)") == done.count("__sc_likely ") == (1 if call else 2)
    assert "".join(value.split()) in "".join(done.split())
    assert "static_call" not in done


def test_a_function_that_a_macro_repeats_is_lowered_once() -> None:
    text = "SC_DYNAMIC(1) int g(void) { return 2; }"
    source = Source(HEAD + text, "t.c")
    marked = mark(source.text.encode()).text.decode()
    unit = Analysis(f"{marked}\n{marked}", source, main="t.c").unit
    assert lower(unit, source, Options(True, False)).buffer.apply().count("__sc_dynamic_body") == 1
