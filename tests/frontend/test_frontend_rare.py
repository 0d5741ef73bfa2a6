"""C that few units say, and that a compiler takes: old, new and GNU."""

import pytest

from transformer.frontend import Analysis, Source, mark
from transformer.frontend.declarations import Declarations
from transformer.frontend.gnu import Unparsable, parse
from transformer.frontend.idioms import Guard
from transformer.frontend.lexing import raw_tokens, tokens

CASES = "".join(f"case {number}: " for number in range(3000))
RARE = [
    "constexpr int x = 3; int f(void) { constexpr int y = 4; return y; }",
    "thread_local int t; alignas(8) int a; bool b = true; typeof_unqual(a) u;",
    "_BitInt(7) b; unsigned _BitInt(12) f(_BitInt(3) a) { return a + 3wb; }",
    "struct s { int a, b; } s = { a: 1, b: { 2 } }; int v[3] = { [0] 1, [1] = 2, [2] 3 };",
    "static x; const *p; int f(a, b) register a; { return a; }",
    "f(a) char *a; { return 0; }",
    "int f(int n) { int g(int k) { return n + k; } return g(1); }",
    "int f(int n) { auto int g(int); int g(k) int k; { return k; } return g(n); }",
    "int f(void) { void (*p)(void) = ({ void g(void) { } g; }); p(); return 0; }",
    "int f(x) { return __builtin_convertvector(x, int) + __builtin_bit_cast(float, 1); }",
    "int f(void) { return __builtin_has_attribute(f, noinline); }",
    "int f(int x) { void *t = (void *) &&a; goto *t; a: return &&a - &&a; }",
    "int f(int n; int a[n], int n) { return a[0]; }",
    "_Decimal64 d = 1.0dd; __float80 e = 1.0w; int __seg_gs *p;",
    "struct [[deprecated]] s { int x [[deprecated]]; }; enum [[a]] e { A [[b]] = 1 };",
    "int f(void) <% int a<:3:> = <% 1 %>; return a<:0:>; %> int g;",
    "int \\u00c1b = 1; int f(void) { return \\U000000c1b + \xc3\xa9; }",
    "const char *s = \"a\" u8\"b\" L\"c\"; int c = L'x' + u'x' + u8'x';",
    "struct s { int a; struct { int b } c };",
    "int f(int *n) { char a[*n]; return sizeof a; }",
    "typedef int T; int f(void) { goto T; T: return 0; }",
    "__vector_of_compiler_t f(__vector_of_compiler_t a, const __other_t *b);",
    'void f(void) __s_on("a") __s_off; void (*p)(void) __s_on;',
    'void g(int a) __s_off __s_on("b") { }',
    "static vector bool char f(vector pixel a) { return (__vector __bool char) a; }",
    "typedef void *(A)(int), *(B)(int), (C)(int); A *a(B *b, C *c) { return 0; }",
    "int f(int *p, int n) { while (*p++ && n--) ; return n-- && p; }",
    'const char *s = R"x("}{)x"; int f(void) { return LR"(\n")"[0]; }',
    "int f(void) { switch (1) { " + CASES + "; } }",
    "typedef int T; void f(int (*T)(void)) { T(); } int g(void) { return sizeof(enum { T }); }",
    "(a); (*b)(c); *d;",
    "typedef a; typedef b, c; a f(b *d) { return *d; }",
    "typedef unsigned short (F)(void *); typedef struct s (G)(int); F *f(G *g) { return g; }",
    "typedef __float128 _Float128; typedef float _Float32; _Float32 f(_Float128 a);",
    "int f(void) { __transaction_atomic { return 1; } }",
    "int f(void) { return " + "(" * 200 + "1" + ")" * 200 + "; }",
]


def refused(text: str) -> list[str]:
    """The chunks of a text that do not parse, with those whose brackets do not match."""
    declarations = Declarations(text)
    found = []
    for chunk in declarations.chunks:
        try:
            parse(tokens(text, chunk.start, chunk.end), declarations.typedefs)
        except Unparsable:
            found.append(text[chunk.start : chunk.end])
    return found + ["broken" for chunk in declarations.chunks if chunk.broken >= 0]


@pytest.mark.parametrize("text", RARE)
def test_rare_syntax_parses(text: str) -> None:
    assert refused(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "int f(void) { int g(int k) }",
        "int v[3] = { [0] };",
        "static static;",
        "int f(void) { return (int) && 1 2; }",
        "struct s { int a b };",
    ],
)
def test_mending_takes_nothing_that_is_no_c(text: str) -> None:
    assert refused(text)


def constant(text: str) -> list[bool]:
    unit = Analysis(f"DEFINE_STATIC_KEY_FALSE(k);\n{text}", Source("", "x.c"), main="x.c").unit
    assert not unit.problems
    return [i.constant for i in unit.idioms if isinstance(i, Guard)]


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        ("int f(void) { int g(int k) { return static_branch_likely(&k); } return g(1); }", False),
        ("int f(void) { int g(int n) { return static_branch_likely(&k); } return g(k); }", True),
        (
            "int f(void) { int g(k) int k; { return static_branch_likely(&k); } return g(1); }",
            False,
        ),
        (
            "int f(void) { int g(int k) { return k; } return static_branch_likely(&k) + k; }",
            True,
        ),
        ("int f(int k; int a[k], int n) { return static_branch_likely(&k) + (k != 0); }", True),
        (f"int f(int a) {{ switch (a) {{ {CASES} return static_branch_likely(&k) + k; }} }}", True),
        (f"int f(int k) {{ switch (k) {{ {CASES} return static_branch_likely(&k); }} }}", False),
        ("f(k) { int v[1] = { [0] 1 }; return static_branch_likely(&k); }", False),
    ],
)
def test_scopes_of_mended_functions(text: str, judged: bool) -> None:
    assert constant(text) == [judged]


@pytest.mark.parametrize("text", ['R"x(" static_call(k)(1) ")x"', 'u8R"(\n" SC_DYNAMIC(0) ")"'])
def test_a_raw_string_holds_no_idiom(text: str) -> None:
    assert mark(f"const char *s = {text};".encode()).text.count(b"__sc_at_") == 0
    assert [t.kind for t in raw_tokens(text)] == ["str"] == [t.kind for t in tokens(text)]


def test_a_word_between_two_strings_is_one() -> None:
    assert b"__sc_at_5_static_call" in mark(b'"x(" static_call(k)(1) ")x"').text


def test_digraphs_are_the_brackets_that_they_stand_for() -> None:
    text = "int a<:1:> = <%1%>; x <<= a<:0:>;"
    assert [t.text for t in raw_tokens(text)] == [t.text for t in tokens(text)]
    assert "".join(t.text for t in tokens(text)) == "inta[1]={1};x<<=a[0];"


def test_names_of_types_behind_their_operands() -> None:
    assert {"a_t", "b_t"} <= Declarations(
        "typedef _Atomic(int) a_t; typedef _BitInt(7) b_t;"
    ).typedefs


@pytest.mark.parametrize("attributes", ["", '__attribute__((packed, x("y")))', "[[gnu::packed]]"])
def test_enumerators_are_constants(attributes: str) -> None:
    text = f"DEFINE_STATIC_KEY_ARRAY_FALSE(ks, 2); enum {attributes} e : short {{ A, B = 1 }};"
    assert constant(f"{text} int f(void) {{ return static_branch_likely(&ks[B]); }}") == [True]
    assert constant(f"{text} int f(int B) {{ return static_branch_likely(&ks[B]); }}") == [False]
