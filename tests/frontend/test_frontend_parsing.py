"""Lexing, chunks, typedef names, and GNU C that pycparser does not know."""

import pytest
from pycparser import c_ast

from transformer.frontend.chunks import split
from transformer.frontend.declarations import Declarations, typedef_names
from transformer.frontend.gnu import Unparsable, parse
from transformer.frontend.lexing import tokens
from transformer.frontend.source import LineMap, Source


def chunks(text: str) -> list[str]:
    return [text[c.start : c.end] for c in split(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["int a;", "int f(void) { return 1; }", "int b;"],
        ["struct s { int a; } x;", "int y;"],
        ["struct __attribute__((packed)) s { int a; } *p, q;", "int y;"],
        ["struct s f(int a) { return x; }", "int y;"],
        ["int kr(a, b) int a; char *b; { return a; }", "int y;"],
        ["int a[] = { 1, 2 }, b = (3);", "void g(void) {}"],
        ["enum e : unsigned char { A };", "int y;"],
        ['char *s = "}{;";', "char c = '}';", "int y;"],
        ["static inline int f(void) __attribute__((x)); ".strip(), "int y;"],
        ["int f(int (*g)(void), struct s { int a; } b) { { } }", "int y;"],
    ],
)
def test_top_level_chunks(parts: list[str]) -> None:
    assert chunks('\n# 1 "a.h"\n'.join(parts)) == parts


def test_unbalanced_brackets_are_known() -> None:
    assert split("int f(void) { if (1) { }")[0].broken == 12
    assert split("int f(void) { (1; }\nint y;")[0].broken == 14
    assert [c.broken for c in split("int f(void) { }\nint y;")] == [-1, -1]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("unsigned long size_t;", ["size_t"]),
        ("int a_t, *b_t, c_t[4];", ["a_t", "b_t", "c_t"]),
        ("struct foo { int x; } foo_t;", ["foo_t"]),
        ("int (*cb)(int, char);", ["cb"]),
        ("void (*signal_t(int, void (*)(int)))(int);", ["signal_t"]),
        ("int fn_t(int a, char b);", ["fn_t"]),
        ("int (fn_t)(int);", ["fn_t"]),
        ("other_t *(*maker)(void);", ["maker"]),
        ("__typeof__(int *) p_t;", ["p_t"]),
        ("float v4 __attribute__((vector_size(16)));", ["v4"]),
    ],
)
def test_typedef_names(text: str, names: list[str]) -> None:
    assert typedef_names(tokens(text)) == names


@pytest.mark.parametrize(
    "body",
    [
        '__asm__ volatile("nop" : "=r"(x) : "r"(1) : "memory");',
        'asm goto("jmp %l0" : : : : lab); lab: ;',
        "void *p = &&lab; goto *p; lab: ;",
        "switch (x) { case 1 ... 3: break; }",
        "int a[] = { [0 ... 3] = 1 };",
        "x = x ?: 3;",
        "x = ({ int y = 1; y; });",
        "__label__ l; l: ;",
        "__extension__ int z = __alignof__(x);",
        "x = __builtin_offsetof(struct s, a[1].b);",
        "__typeof__(x) y = x; __auto_type w = x;",
        "__builtin_va_list ap; x = __builtin_va_arg(ap, int);",
        "[[maybe_unused]] int y;",
        "x = a && b && (c) && d;",
        "static DEFINE_STATIC_KEY_FALSE(k); x = static_branch_likely(&k);",
        "x = static_call(k)(1, 2) + __sc_at_12_static_call(k, 3);",
        "unsigned __int128 y; _Float128 z; __complex__ double w;",
    ],
)
def test_gnu_syntax_parses(body: str) -> None:
    found = tokens(f"int f(int x) {{ {body} }}")
    assert isinstance(parse(found, ()).tree.ext[0], c_ast.FuncDef)


def test_asm_is_no_call_and_a_key_is_no_int() -> None:
    found = tokens('void f(void) { asm("nop"); static DEFINE_STATIC_KEY_TRUE(k); }')
    body = parse(found, ()).tree.ext[0].body.block_items
    assert not any(isinstance(item, c_ast.FuncCall) for item in body)
    assert body[1].name == "k" and body[1].type.type.name == "static_key_true"


def test_what_is_no_c_is_refused_with_its_token() -> None:
    with pytest.raises(Unparsable) as caught:
        parse(tokens("int f(void) { int x = 5 6; }"), ())
    assert caught.value.index == 10


def test_types_are_told_from_variables() -> None:
    found = tokens("int f(int x) { T * p; return x * p; }")
    assert isinstance(parse(found, {"T"}).tree.ext[0].body.block_items[0], c_ast.Decl)


def test_lookup_parses_only_what_is_asked() -> None:
    unit = Declarations("int a; typedef int t; t f(t x) { t a; } %%% ;")
    found = unit.lookup("f")
    assert found is not None and found.node.name == "f"
    assert unit.lookup("x") is None


def test_line_markers() -> None:
    text = '# 1 "a.c"\nint x;\n# 7 "dir/b\\"q.h" 1 3\nint y;\nint z;\n# 3 "a.c" 2\nint w;\n'
    lines = LineMap(text, "?")
    assert lines.place(text.index("x")) == ("a.c", 1)
    assert lines.place(text.index("z")) == ('dir/b"q.h', 8)
    assert lines.place(text.index("w")) == ("a.c", 3)


def test_positions_and_offsets_are_inverse() -> None:
    source = Source("ab\r\n\tcd\n\nx", "f.c")
    for offset in range(len(source.text)):
        assert source.offset(*source.position(offset)) == offset
    assert source.line(2) == "\tcd" and source.line(9) == ""
