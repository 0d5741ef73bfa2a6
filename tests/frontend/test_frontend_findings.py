"""What is said of several mistakes in one unit: all of them, each once, with what explains it."""

from __future__ import annotations

import pytest

from transformer.diagnostics import Diagnostic
from transformer.frontend import Analysis, Source, check, missing_defines
from transformer.frontend.spelling import distance, nearest

DECLARED = """int f(int a, int b);
void v(void);
DEFINE_STATIC_CALL(my_key, f);
DECLARE_STATIC_CALL(other, v);
DEFINE_STATIC_KEY_FALSE(tracing);
SC_DYNAMIC(0) int resched(void) { return 1; }
"""


def checked(text: str, **options: object) -> list[Diagnostic]:
    source = Source(DECLARED + text, "t.c")
    unit = Analysis(source.text, source, main="t.c", preprocessed=True, **options).unit  # type: ignore[arg-type]
    return check(unit, source)


def errors(text: str, **options: object) -> list[tuple[int, str]]:
    """Line, from 1 within ``text``, and id of each error."""
    first = DECLARED.count("\n")
    found = checked(text, **options)
    return [(d.line - first, d.id) for d in found if d.severity == "error"]


# --- names ---


@pytest.mark.parametrize(
    ("one", "other", "changes"),
    [("", "", 0), ("ab", "ab", 0), ("ab", "ba", 2), ("abc", "ac", 2), ("abc", "axc", 2),
     ("Abc", "abc", 1), ("kitten", "sitting", 6), ("ca", "abc", 6)],
)  # fmt: skip
def test_distances(one: str, other: str, changes: int) -> None:
    """Each change counts two, a change of case one, as in GCC."""
    assert distance(one, other, 99) == distance(other, one, 99) == changes


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("my_kye", "my_key"), ("my_keys", "my_key"), ("mykey", "my_key"), ("My_Key", "my_key"),
        ("yoour_ky", ""), ("x", "l"), ("k", "l"), ("tracing_on", "tracing"), ("tracing", ""),
    ],
)  # fmt: skip
def test_a_third_of_the_letters_may_differ(word: str, meant: str) -> None:
    assert nearest(word, ["other_thing", "my_key", "tracing", "l"]) == meant


@pytest.mark.parametrize(
    ("use", "wrong", "meant"),
    [
        ("static_call(my_kye)(1, 2);", "my_kye", "my_key"),
        ("static_call(my_kye, 1, 2);", "my_kye", "my_key"),
        ("static_call_update( my_kye , f);", "my_kye", "my_key"),
        ("static_call_query(othr);", "othr", "other"),
        ("if (static_branch_unlikely(&tracng)) ;", "tracng", "tracing"),
        ("dynamic_function_disable(reshced);", "reshced", "resched"),
    ],
)
def test_a_misspelt_name_is_corrected_where_it_stands(use: str, wrong: str, meant: str) -> None:
    (found,) = checked(f"void t(void) {{ {use} }}\n")
    assert found.id == "sc-unknown-key"
    assert found.text.endswith(f"; did you mean '{meant}'?")
    (fixit,) = found.fixits
    at = slice(fixit.column - 1, fixit.column - 1 + fixit.length)
    assert (fixit.line, found.source_line[at], fixit.text) == (found.line, wrong, meant)


@pytest.mark.parametrize(
    "use",
    [
        "static_call(tracng)();",  # a key of the other kind
        "static_branch_enable(&my_kye);",
        "static_call(something)();",
        "dynamic_function_enable(my_kye);",
    ],
)
def test_names_of_another_kind_and_far_ones_are_not_suggested(use: str) -> None:
    (found,) = checked(f"void t(void) {{ {use} }}\n")
    assert "did you mean" not in found.text and not found.fixits


@pytest.mark.parametrize(
    "text",
    [
        "int far(void); void t(void) { dynamic_function_enable(far); }",
        "void t(void) { extern int far(void); dynamic_function_enable(far); }",
        "void t(int (*far)(void)) { dynamic_function_enable(far); }",
    ],
)
def test_a_dynamic_function_may_be_defined_elsewhere(text: str) -> None:
    assert errors(text) == []


def test_a_function_that_is_chosen_by_a_misspelt_name() -> None:
    (found,) = checked("", dynamic={"reschd": "0"})
    assert found.text == "this file defines no function 'reschd'; did you mean 'resched'?"


# --- notes ---


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("void t(void) { static_call(my_key)(1); }",
         "'my_key' is declared here, with the type of 'f'", 3),
        ("DEFINE_STATIC_CALL(my_key, f);", "first defined here", 3),
        ("DEFINE_STATIC_KEY_FALSE(tracing);", "first defined here", 5),
        ("DECLARE_STATIC_KEY_TRUE(tracing);", "'tracing' is FALSE here", 5),
        ("void t(void) { static_call(tracing)(); }", "'tracing' is declared here", 5),
        ("void t(void) { static_call(late)(); }\nDEFINE_STATIC_CALL(late, v);",
         "'late' is declared here", 8),
    ],
)  # fmt: skip
def test_a_note_points_at_the_declaration(text: str, said: str, line: int) -> None:
    (found,) = checked(text)
    (note,) = found.children
    assert (note.severity, note.id, note.text, note.line) == ("note", "", said, line)
    marked = note.source_line[note.column - 1 : note.column - 1 + note.length]
    assert marked in ("my_key", "tracing", "late")


def test_a_key_that_no_unit_defines_is_shown_where_it_is_declared() -> None:
    source = Source(DECLARED + "void t(void) { static_call(other)(); }\n", "t.c")
    unit = Analysis(source.text, source, main="t.c", preprocessed=True).unit
    (found,) = missing_defines([(unit, source)])
    assert [(n.text, n.line) for n in found.children] == [("'other' is declared here", 4)]


# --- all errors, each once ---

MANY = """void a(void) { static_call(none)(); }
void b(void) { static_call(my_key)(1); static_call(my_key)(1, 2, 3); }
DEFINE_STATIC_CALL(my_key, f);
SC_DYNAMIC() int c(void) { return 1; }
void d(void) { static_call(my_key); static_branch_enable(&none); }
static DECLARE_STATIC_CALL(inner, v);
"""


def test_every_error_of_a_unit_is_told() -> None:
    assert errors(MANY) == [
        (1, "sc-unknown-key"),
        (2, "sc-arg-count"),
        (2, "sc-arg-count"),
        (3, "sc-conflicting-define"),
        (4, "sc-dynamic"),
        (5, "sc-bare-call"),
        (5, "sc-unknown-key"),
        (6, "sc-missing-define"),
    ]


def test_one_mistake_is_told_once() -> None:
    assert errors("void t(void) { static_call(none); }") == [(1, "sc-unknown-key")]
    assert errors("DEFINE_STATIC_KEY_ARRAY_TRUE(tracing, 4);") == [(1, "sc-conflicting-define")]


@pytest.mark.parametrize(
    "broken",
    [
        "void broken(void)\n{\n\tif (1) {\n\t\tv();\n}\n",
        "void broken(void)\n{\n\tv(;\n}\n\n",
        "void broken(void)\n{\n\tv(1));\n}\n\n",
        "void broken(void)\n{\n\tstatic_call(my_key)(1, f(2, 3);\n}\n\n",
        "SC_DYNAMIC(0) int broken(void)\n{\n\tif (1) {\n\t\tv();\n}\n",
    ],
)
def test_a_function_that_does_not_parse_hides_nothing_of_the_next(broken: str) -> None:
    text = broken + "void t(void) { static_call(none)(); }\nvoid s(void)\n{\n\tv(;\n}\n" + MANY
    found = errors(text)
    lines = broken.count("\n")
    assert [e for e in found if e[1] == "sc-parse"] == [
        next(e for e in found if e[0] <= lines), (lines + 4, "sc-parse"),
    ]  # fmt: skip
    others = [(n - lines, i) for n, i in found if i != "sc-parse"]
    expected = [(1, "sc-unknown-key"), *((n + 5, i) for n, i in errors(MANY))]
    assert others == expected


def test_a_mistake_within_a_broken_function_is_told_too() -> None:
    text = "void t(void)\n{\n\tstatic_call(none)();\n\tv(;\n}\n"
    assert errors(text) == [(3, "sc-unknown-key"), (4, "sc-parse")]


def test_a_broken_function_is_not_also_missing() -> None:
    text = "int chosen(void)\n{\n\tv(;\n}\n"
    assert errors(text, dynamic={"chosen": "0"}) == [(3, "sc-parse")]
    assert errors("", dynamic={"chosen": "0"})[0][1] == "sc-dynamic"
