"""Which idioms a unit holds, told from text that is preprocessed already."""

import pytest

from transformer.frontend import Analysis, Source, check, mark, missing_defines
from transformer.frontend.idioms import Call, CallDefinition, DynamicDefinition, Guard, Unit

TYPES = """
struct static_key { int enabled; unsigned flags; };
struct static_key_true { struct static_key key; };
struct static_key_false { struct static_key key; };
typedef int handler_t(int, char *);
struct ops { handler_t *func; void (*update)(void); struct big { long a[4]; } (*big)(void); };
union u { int i; }; enum e { ONE = 1, TWO };
int f(int a, int b); void v(void); char *p(const char *, ...); double d(void);
union u un(void); enum e en(void); struct big st(void); __int128 wide(void);
unsigned long long ull(void); handler_t h; int old();
int __attribute__((vector_size(16))) vec(void);
struct ops x_pmu;
"""


def unit_of(text: str, **options: object) -> Unit:
    source = Source(TYPES + text, "t.c")
    return Analysis(source.text, source, main="t.c", preprocessed=True, **options).unit  # type: ignore[arg-type]


def ids(text: str) -> list[str]:
    source = Source(TYPES + text, "t.c")
    return [
        d.id
        for d in check(Analysis(source.text, source, main="t.c", preprocessed=True).unit, source)
    ]


def only(unit: Unit, kind: type) -> list:  # type: ignore[type-arg]
    return [i for i in unit.idioms if isinstance(i, kind)]


@pytest.mark.parametrize(
    ("func", "returns"),
    [
        ("f", "integer"), ("v", "void"), ("p", "pointer"), ("d", "other"), ("un", "other"),
        ("en", "integer"), ("st", "other"), ("wide", "other"), ("ull", "integer"),
        ("vec", "unknown"),
        ("h", "integer"), ("handler_t", "integer"), ("*x_pmu.update", "void"),
        ("*(((struct ops *)0)->func)", "integer"), ("*x_pmu.big", "other"), ("nowhere", "unknown"),
    ],
)  # fmt: skip
def test_return_classes(func: str, returns: str) -> None:
    (found,) = only(unit_of(f"DEFINE_STATIC_CALL(k, {func});"), CallDefinition)
    assert (found.name, found.returns) == ("k", returns)


@pytest.mark.parametrize(
    ("use", "form", "count"),
    [
        ("static_call(k)(1, 2);", "2016", 2),
        ("static_call(k, 1, 2);", "2018", 2),
        ("static_call(k)();", "2016", 0),
        ("static_call(k)((1, 2), g(3, 4));", "2016", 2),
        ("(static_call(k))(1);", "2016", 1),
        ("p = static_call(k);", "bare", None),
        ("static_call_cond(k)({ 1; }, x);", "2016", 2),
        ("(*static_call(k))(1);", "bare", None),
    ],
)
def test_calls(use: str, form: str, count: int | None) -> None:
    (found,) = only(unit_of(f"DECLARE_STATIC_CALL(k, old); void t(void) {{ {use} }}"), Call)
    assert (found.form, found.count) == (form, count)


@pytest.mark.parametrize(
    ("statement", "bare"),
    [
        ("static_call(k);", True),
        ("if (x) static_call(k);", True),
        ("else static_call(k);", True),
        ("lab: static_call(k);", True),
        ("for (;;) static_call(k);", True),
        ("(void)static_call(k);", False),
        ("fn = static_call(k);", False),
        ("return static_call(k);", False),
        ("static_call(k)();", False),
    ],
)
def test_a_designator_as_a_statement_is_an_error(statement: str, bare: bool) -> None:
    text = f"DECLARE_STATIC_CALL(k, old); void t(void) {{ {statement} }}"
    assert ("sc-bare-call" in ids(text)) == bare


GUARD_SCOPE = """
DEFINE_STATIC_KEY_FALSE(k); DEFINE_STATIC_KEY_ARRAY_TRUE(arr, 4);
struct cfg { struct static_key_false key, keys[3], *ptr; };
extern struct cfg cfg, cfgs[4], *cp; struct static_key_false *kp, mat[3][3];
static __thread struct cfg tls;
enum { N = 2 };
int t(int i, struct cfg *p, struct static_key_false byval)
{ static struct cfg local; struct cfg autom; extern struct cfg ext; enum { M = 1 };
  { int k2; } static DEFINE_STATIC_KEY_FALSE(own);
  return static_branch_likely(%s); }
"""


@pytest.mark.parametrize(
    "operand",
    [
        "&k", "((&k))", "&(k)", "&arr[1]", "&arr[N + M]", "&arr[sizeof(int) - 2]", "&1[arr]",
        "&cfg.key", "&cfg.keys[N]", "&cfgs[3].keys[1]", "&local.key", "&ext.key", "&own", "arr",
        "&mat[1][2]", "mat[1]", "(struct static_key_true *)&k", "&(&cfg)->key", "&*&k",
    ],
)  # fmt: skip
def test_address_constants(operand: str) -> None:
    (guard,) = only(unit_of(GUARD_SCOPE % operand), Guard)
    assert guard.constant, guard.reason


@pytest.mark.parametrize(
    "operand",
    [
        "&p->key", "&arr[i]", "&cp->key", "kp", "&kp[1]", "&cfg.ptr[1]", "cfg.ptr", "&autom.key",
        "&byval", "&tls.key", "find_key()", "i ? &k : &k", "arr + 1", "&(cfgs + 1)->key",
        "&cfgs->key", "&mat[i][2]", "&(*p).key", "&(&arr[1])[1]",
    ],
)  # fmt: skip
def test_operands_that_are_no_constants(operand: str) -> None:
    (guard,) = only(unit_of(GUARD_SCOPE % operand), Guard)
    assert not guard.constant and guard.reason


def test_a_local_name_hides_a_key() -> None:
    text = "DEFINE_STATIC_KEY_FALSE(k); int t(void) { { struct static_key_false k; %s } %s }"
    guard = "static_branch_likely(&k);"
    found = only(unit_of(text % (guard, guard)), Guard)
    assert [g.constant for g in found] == [False, True]


def test_a_function_that_pycparser_refuses_is_judged_by_tokens() -> None:
    text = """DEFINE_STATIC_KEY_FALSE(k);
    int t(struct static_key_false *q) { void (*g(int a))(void) { return 0; }
      return static_branch_likely(&k) + static_branch_likely(q); }"""
    unit = unit_of(text)
    assert [g.constant for g in only(unit, Guard)] == [True, False]
    assert [p.severity for p in unit.problems] == ["note"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("void t(void) { static_call(nope)(); }", ["sc-unknown-key"]),
        ("int t(void) { return static_call_update(nope, f); }", ["sc-unknown-key"]),
        ("void t(void) { static_call(k)(1,2); } DEFINE_STATIC_CALL(k, f);", ["sc-unknown-key"]),
        ("DEFINE_STATIC_CALL(k, f); int t(void) { return static_call(k)(1); }", ["sc-arg-count"]),
        ("DEFINE_STATIC_CALL(k, f); int t(void) { return static_call(k, 1, 2, 3); }",
         ["sc-arg-count"]),
        ("DEFINE_STATIC_CALL(k, p); void t(void) { static_call(k)(\"\", 1, 2); }", []),
        ("DEFINE_STATIC_CALL(k, p); void t(void) { static_call(k)(); }", ["sc-arg-count"]),
        ("DEFINE_STATIC_CALL(k, old); void t(void) { static_call(k)(1, 2, 3); }", []),
        ("int u(); DEFINE_STATIC_CALL(k, u); int t(void) { return static_call(k)(1); }"
         "int u(int a, int b) { return a + b; }", []),
        ("int u(int a, int b); DEFINE_STATIC_CALL(k, u); int t(void) { return static_call(k)(1); }"
         "int u();", ["sc-arg-count"]),
        ("DEFINE_STATIC_CALL(k, f); DEFINE_STATIC_CALL_NULL(k, v);", ["sc-conflicting-define"]),
        ("DECLARE_STATIC_CALL(k, f); DEFINE_STATIC_CALL(k, f);", []),
        ("DEFINE_STATIC_KEY_TRUE(k); DEFINE_STATIC_KEY_FALSE(k);", ["sc-conflicting-define"]),
        ("DECLARE_STATIC_KEY_TRUE(k); DEFINE_STATIC_KEY_FALSE(k);", ["sc-conflicting-define"]),
        ("DECLARE_STATIC_KEY_TRUE(k); DEFINE_STATIC_KEY_TRUE(k);", []),
        ("void a(void) { static DEFINE_STATIC_KEY_TRUE(k); }"
         "void b(void) { static DEFINE_STATIC_KEY_TRUE(k); }", []),
        ("static DECLARE_STATIC_CALL(k, f);", ["sc-missing-define"]),
        ("DEFINE_STATIC_CALL_NULL(k, st);", ["sc-unsupported-signature"]),
        ("DEFINE_STATIC_CALL_RET0(k, d);", ["sc-unsupported-signature"]),
        ("DEFINE_STATIC_CALL_NULL(k, wide);", ["sc-unsupported-signature"]),
        ("DEFINE_STATIC_CALL_NULL(k, f);", ["sc-null-value"]),
        ("DEFINE_STATIC_CALL_NULL(k, v);", []),
        ("DEFINE_STATIC_CALL_RET0(k, f);", []),
        ("DEFINE_STATIC_CALL(k, f); int t(void) { static_call(k)(1, 2; }", ["sc-parse"]),
        ("SC_DYNAMIC(0) int x;", ["sc-dynamic"]),
        ("SC_DYNAMIC() int t(void) { return 1; }", ["sc-dynamic"]),
        ("SC_DYNAMIC(1) void t(void) { }", ["sc-dynamic"]),
    ],
)  # fmt: skip
def test_diagnostics(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


def test_a_message_names_line_column_and_source() -> None:
    source = Source(
        "int f(int);\n\tDEFINE_STATIC_CALL(k, f);\nint t(void)\n{\n\treturn 1 + "
        "static_call(k)();\n}\n",
        "dir/t.c",
    )
    (found,) = check(Analysis(source.text, source, main="dir/t.c", preprocessed=True).unit, source)
    assert found.render().splitlines() == [
        "dir/t.c:5:13: error: too few arguments in the static call of 'k': "
        "expected 1, have 0 [-Wsc-arg-count]",
        "    5 |         return 1 + static_call(k)();",
        "      |                    ^~~~~~~~~~~",
        "dir/t.c:2:21: note: 'k' is declared here, with the type of 'f'",
        "    2 |         DEFINE_STATIC_CALL(k, f);",
        "      |                            ^",
    ]


def test_a_key_that_no_unit_defines() -> None:
    units = []
    for text in (
        "DECLARE_STATIC_CALL(a, v); DECLARE_STATIC_CALL(b, v);"
        "void t(void) { static_call(a)(); static_call(b)(); }",
        "DEFINE_STATIC_CALL(a, v);",
    ):
        source = Source(TYPES + text, "t.c")
        units.append((Analysis(source.text, source, main="t.c", preprocessed=True).unit, source))
    assert [d.text for d in missing_defines(units)] == ["no unit defines 'b'"]
    assert [d.id for d in missing_defines(units[1:])] == []


@pytest.mark.parametrize(
    ("definition", "name", "insertion", "static", "parameters"),
    [
        ("SC_DYNAMIC(0) int a(void) { return 1; }", "a", False, False, ()),
        ("SC_DYNAMIC() void a(int x, char *y[]) { }", "a", False, False, ("x", "y")),
        ("SC_DYNAMIC(0) static int a(int x) { return x; }", "a", False, True, ("x",)),
        ("static int a(int); SC_DYNAMIC(0) int a(int x) { return x; }", "a", False, True, ("x",)),
        ("SC_DYNAMIC(0) inline int a(int x) { return x; }", "a", True, False, ("x",)),
        ("SC_DYNAMIC(0) int a(int x, ...) { return x; }", "a", True, False, ()),
        ("SC_DYNAMIC(0) int a(x) int x; { return x; }", "a", True, False, ()),
        ("SC_DYNAMIC(0) const char *a(void) { return __func__; }", "a", True, False, ()),
        ("SC_DYNAMIC(0) int a(int n) { return a(n - 1); }", "a", True, False, ("n",)),
    ],
)
def test_dynamic_definitions(
    definition: str, name: str, insertion: bool, static: bool, parameters: tuple[str, ...]
) -> None:
    (found,) = only(unit_of(definition), DynamicDefinition)
    assert not found.error and found.lines is not None
    assert (found.name, bool(found.insertion), found.static) == (name, insertion, static)
    assert found.parameters == parameters
    text = TYPES + definition
    assert text[found.lines.opening] == "{" and text[found.lines.closing] == "}"
    assert text[slice(*found.lines.name)] == name


def test_dynamic_functions_by_name() -> None:
    unit = unit_of(
        "static int one(int x)\n{ return x; }\nint two(void);",
        dynamic={"one": "3", "two": "0", "three": "0"},
    )
    found = {i.name: i for i in only(unit, DynamicDefinition)}
    assert found["one"].lines is not None and found["one"].value == "3"
    assert found["two"].error and found["three"].error


def test_internal_words_declare_keys_and_are_no_idioms() -> None:
    text = "__sc_define_call(k, f, 1); int t(void) { return static_call(k)(1, 2); }"
    assert ids(text) == []
    assert [i.spans is None for i in unit_of(text).idioms] == [True, False]


@pytest.mark.parametrize(
    ("attributes", "stays"),
    [
        ("__attribute__((noinline))", ""), ("__attribute__((__unused__, cold))", ""),
        ("__attribute__((format(printf, 1, 2)))", ""), ("__attribute__(())", ""),
        ("__attribute__((constructor))", "constructor"),
        ("__attribute__((cold, __weak__))", "weak"),
        ('__attribute__((section(".x")))', "section"), ("[[nodiscard]]", "C23"),
    ],
)  # fmt: skip
def test_attributes_that_must_not_be_copied(attributes: str, stays: str) -> None:
    (found,) = only(unit_of(f"SC_DYNAMIC(0) {attributes} int a(int x) {{ return x; }}"),
                    DynamicDefinition)  # fmt: skip
    assert stays in found.insertion and bool(stays) == bool(found.insertion)
    assert found.keyed == found.insertion


@pytest.mark.parametrize(
    "text",
    [
        "struct o { int (*static_call)(int); }; int g(struct o *p) { return p->static_call(1); }",
        "struct o { int (*static_call)(int); }; int g(struct o p) { return p . static_call(1); }",
        "int static_call(int a); int g(void) { return static_call(1); }",
        "void *static_call(int a) { return 0; } int g(void) { return !static_call(1); }",
        "int static_branch_likely(void *key) { return 0; } int g(int a) "
        "{ return static_branch_likely(&a); }",
    ],
)
def test_members_and_functions_of_the_files_own_are_no_idioms(text: str) -> None:
    source = Source(TYPES + text, "t.c")
    marked = mark(source.text.encode()).text.decode()
    assert not Analysis(marked, source, main="t.c").unit.idioms
    unit = Analysis(f"{marked} int h(int i) {{ return 2. * +static_call_cond(i)(1); }}", source,
                    main="t.c").unit  # fmt: skip
    assert [i.spelled for i in unit.idioms] == ["static_call_cond"]
