"""Calls as asm: what is declared of each key, where, and what is refused."""

import pytest

from transformer.frontend import Analysis, Source
from transformer.lowering import Lowered, Options, lower

OPTIONS = Options(patched=True, call=False, inline_asm=True)
HEAD = """struct s { int a; }; union u { int a; }; enum e { A }; typedef int (*cb)(struct s *, int);
typedef void nothing; typedef __builtin_va_list va_list; typedef struct { int a; } unnamed;
typedef int v4 __attribute__((vector_size(16))); enum { SIZE = 0x10 }; \
typedef int word __attribute__((mode(word)));
"""


def whole(text: str, *, main: str = "t.c", registers: int = 6) -> tuple[str, Lowered]:
    """``text`` as preprocessed text, every idiom of which can be edited."""
    source = Source(HEAD + text, "t.c")
    unit = Analysis(source.text, source, main=main, preprocessed=True).unit_for(registers)
    done = lower(unit, source, OPTIONS)
    return done.buffer.apply()[len(HEAD) :], done


def call_of(prototype: str, name: str = "f") -> str:
    text, done = whole(f"{prototype}\nDEFINE_STATIC_CALL(k, {name});\nint t(void) {{ "
                       "static_call(k)(ARGUMENTS); }")  # fmt: skip
    assert not [n for n in done.notes if n.severity == "error"], done.notes
    line = text.splitlines()[1]
    return line.partition("; ")[2]


def refusal(prototype: str, name: str = "f") -> str:
    _, done = whole(f"{prototype}\nDEFINE_STATIC_CALL(k, {name});\nint t(void) {{ "
                    "static_call(k)(1); static_call(k)(1); }")  # fmt: skip
    (note,) = done.notes
    assert (note.id, note.severity) == ("sc-inline-asm-signature", "error")
    assert (note.line, note.column) == (5, 1)
    return note.text.removeprefix("'k' cannot be called by inline asm: ")


@pytest.mark.parametrize(
    ("prototype", "declared"),
    [
        ("int f(int a, char);", "__sc_asm_call(k, 2, int, (int __sc_1, char __sc_2));"),
        ("void f(void);", "__sc_asm_call_void(k, 0, (void));"),
        ("nothing f(unsigned a);", "__sc_asm_call_void(k, 1, (unsigned __sc_1));"),
        ("struct s *f(const struct s *const a);",
         "__sc_asm_call(k, 1, struct s *, (const struct s * const __sc_1));"),
        ("enum e f(enum e, _Bool b, union u *c);",
         "__sc_asm_call(k, 3, enum e, (enum e __sc_1, _Bool __sc_2, union u *__sc_3));"),
        ("cb f(cb a, int b(char), int c[static 3], long d[][SIZE + 0x1f]);",
         "__sc_asm_call(k, 4, cb, (cb __sc_1, int (*__sc_2)(char), int *__sc_3, "
         "long (*__sc_4)[SIZE + 0x1f]));"),
        ("int (*f(int a))(int, char);",
         "__sc_asm_call(k, 1, __typeof__(int (*)(int, char)), (int __sc_1));"),
        ("const long f(const char *restrict a);",
         "__sc_asm_call(k, 1, long, (const char * __restrict __sc_1));"),
        ("__attribute__((noinline)) static inline int f(int (*a)[2]) { return 0; }",
         "__sc_asm_call(k, 1, int, (int (*__sc_1)[2]));"),
        ("int f(); int f(long a);", "__sc_asm_call(k, 1, int, (long __sc_1));"),
        ("int f(__typeof__(SIZE) a);", "__sc_asm_call(k, 1, int, (__typeof__(SIZE) __sc_1));"),
    ],
)  # fmt: skip
def test_a_prototype_is_told_once(prototype: str, declared: str) -> None:
    assert call_of(prototype) == declared


def test_the_operand_may_be_a_type_or_an_expression() -> None:
    assert call_of("typedef int f(long);") == "__sc_asm_call(k, 1, int, (long __sc_1));"
    ops = "struct ops { void (*go)(struct s *); };"
    assert call_of(ops, "*((struct ops *)0)->go") == (
        "__sc_asm_call_void(k, 1, (struct s *__sc_1));"
    )


@pytest.mark.parametrize(
    ("prototype", "why"),
    [
        ("int f(int a, ...);", "its functions are variadic"),
        ("int f();", "its functions have no prototype"),
        ("int f(double a);", "parameter 1 is a floating value ('double')"),
        ("int f(int a, struct s b);", "parameter 2 is a struct"),
        ("int f(unnamed b);", "parameter 1 is a struct"),
        ("int f(union u b);", "parameter 1 is a union"),
        ("struct s f(void);", "the result is a struct"),
        ("float f(void);", "the result is a floating value ('float')"),
        ("unsigned __int128 f(void);",
         "the result is wider than a register ('unsigned __int128')"),
        ("int f(double _Complex a);", "parameter 1 is a floating value ('double _Complex')"),
        ("int f(va_list a);", "parameter 1 is a va_list"),
        ("int f(v4 a);", "parameter 1 is a vector"),
        ("typedef v4 other; other f(void);", "the result is a vector"),
        ("int f(int a, int b, int c, int d, int e, int f, int g);",
         "7 arguments are more than the 6 that registers pass"),
        ("int f(int n, int (*a)[n]);", "parameter 2 has a type that depends on 'n'"),
        ("int f(struct { int a; } *b);", "parameter 1 has a type without a name"),
        ("enum { B, C } f(void);", "the result has a type without a name"),
    ],
)  # fmt: skip
def test_a_signature_that_does_not_fit_is_refused_once(prototype: str, why: str) -> None:
    assert refusal(prototype) == why


def test_what_is_not_known_is_refused() -> None:
    assert refusal("", "nowhere") == "the type of 'nowhere' cannot be read"


def test_what_the_compiler_knows_better_is_left_to_it() -> None:
    assert "word __sc_1" in call_of("int f(word a);")


def test_more_registers_pass_more_arguments() -> None:
    seven = ", ".join(["long"] * 7)
    text, done = whole(f"void f({seven}); DEFINE_STATIC_CALL(k, f); void t(void) "
                       "{ static_call(k)(1, 2, 3, 4, 5, 6, 7); }", registers=8)  # fmt: skip
    assert not done.notes and "__sc_asm_call_void(k, 7, " in text


def test_a_key_is_declared_once_and_only_if_it_is_called() -> None:
    text, done = whole(
        "int f(int); double g(double);\nDECLARE_STATIC_CALL(k, f);\nDECLARE_STATIC_CALL(k, f);\n"
        "DEFINE_STATIC_CALL(k, f);\nDEFINE_STATIC_CALL(other, g);\nDEFINE_STATIC_CALL(idle, f);\n"
        "int t(void) { return static_call(k)(1) + static_call(k)(2); }"
    )
    assert not done.notes
    assert text.count("__sc_asm_call") == 1
    assert text.splitlines()[1] == (
        "__sc_declare_call  (k, f); __sc_asm_call(k, 1, int, (int __sc_1));"
    )


def test_other_modes_declare_no_calls() -> None:
    text = HEAD + "int f(int); DEFINE_STATIC_CALL(k, f); int t(void) { static_call(k)(1); }"
    source = Source(text, "t.c")
    unit = Analysis(text, source, main="t.c", preprocessed=True).unit
    assert "__sc_asm" not in lower(unit, source, Options(True, False)).buffer.apply()


@pytest.mark.parametrize("call", ["_setjmp(b)", "__sigsetjmp (b, 1)", "__builtin_setjmp(b)"])
def test_a_function_to_which_longjmp_returns_is_refused(call: str) -> None:
    """To the compiler an asm is no call: it keeps less for a return that none can cause."""
    text = f"int f(void); DEFINE_STATIC_CALL(k, f); int g(void *b) {{ return {call}; }}\n"
    problems = refusals(f"{text}int t(void) {{ return static_call(k)(); }}")
    assert [p.partition(" cannot")[0] for p in problems] == [
        "a function to which longjmp may return"
    ]
    assert not refusals(f"{text.replace(call, '1')}int t(void) {{ return static_call(k)(); }}")


NESTED = """int f(void); DEFINE_STATIC_CALL(k, f);
int t(int a)
{
    %s
    int inner(int b) { %s if (b) { goto out; } return static_call(k)(); %s }
    a = inner(a);
out:
    return a;
}
"""


@pytest.mark.parametrize(
    ("outer", "own", "end", "refused"),
    [
        ("__label__ out;", "", "", True),
        ("__label__ other, out; other:", "{ __label__ in; in: ; }", "", True),
        ("", "__label__ out;", "out: return 1;", False),  # a label of its own
        ("__label__ out;", "__label__ out;", "out: return 1;", False),
        ("__label__ other; other: if (a) goto out;", "", "out: return 1;", False),
    ],
)
def test_a_goto_out_of_a_nested_function_is_refused(
    outer: str, own: str, end: str, refused: bool
) -> None:
    """It unwinds as longjmp does, past a call that the compiler does not see."""
    problems = refusals(NESTED % (outer, own, end))
    said = ["a goto out of a nested function cannot stand beside calls by inline asm"]
    assert problems == (said if refused else [])
    assert not refusals(NESTED.replace("static_call(k)()", "f()") % (outer, own, end))


def test_a_label_of_a_block_is_no_goto_out() -> None:
    """As Linux's _THIS_IP_, and a statement that only looks like a function's head."""
    text = """int f(void); DEFINE_STATIC_CALL(k, f);
int t(int a) { __label__ out; if (a) { goto out; } while (a) { a--; goto out; }
  a += (long)({ __label__ here; here: &&here; }); out: return static_call(k)(); }
"""
    assert not refusals(text)


def refusals(text: str) -> list[str]:
    source = Source(text, "t.c")
    unit = Analysis(source.text, source, main="t.c", preprocessed=True).unit_for(6)
    return [p.text for p in unit.problems]


@pytest.mark.parametrize(
    "text",
    [
        '__attribute__((target("avx"))) void g(void) { }',
        '__attribute__((__target__ ("avx"), used)) void g(void) { }',
        '__attribute__((target_clones("avx", "default"))) void g(void) { }',
        '#pragma GCC target("avx")',
        '#pragma clang attribute push(__attribute__((target("avx"))), apply_to = function)',
    ],
)
def test_functions_for_other_registers_are_refused(text: str) -> None:
    text = (
        HEAD
        + f"int f(int);\nDEFINE_STATIC_CALL(k, f);\n{text}\nint t(int target) {{ "
        + ("return static_call(k)(target); }")
    )
    source = Source(text, "t.c")
    unit = Analysis(text, source, main="t.c", preprocessed=True).unit_for(6)
    assert [(p.id, p.place.line) for p in unit.problems] == [("sc-inline-asm-signature", 6)]
    assert not Analysis(text, source, main="t.c", preprocessed=True).unit.problems
