"""C files made up of idioms and of what only looks like them, for Hypothesis to choose from."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import strategies as st

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
HEAD = b"""#include <sc/sc.h>
int func_a(int a, int b);
int func_b(int a, int b);
void nothing(void);
DEFINE_STATIC_CALL(my_key, func_a);
static DEFINE_STATIC_KEY_FALSE(tracing);
DEFINE_STATIC_KEY_TRUE(fast);
struct holder { struct static_key_false key; int static_call; } held[4];
"""
#: whole declarations and directives that hold no idiom
PLAIN = [
    b"int unused%d;", b"/* static_call(my_key)(1, 2) */", b"// static_branch_likely() \\\n more",
    b'const char *text%d = "static_call(my_key)(1, \\"2\\")" /* " */ "%%";',
    b"#define LATER%d(x) static_call(my_key)(x, 2)", b"#define TWO_LINES%d \\\n static_call(none)",
    b"#if 0\nstatic_call(none)(don't);\n#endif", b"#undef NOT_DEFINED%d",
    b"static int own_static_call%d(int static_call_count) { return static_call_count; }",
    b"int digraphs%d<:2:> = <% 1, 2 %>;", b"char quote%d = '\"', other%d = '\\'';",
    b"/* caf\xc3\xa9 */ const char *utf8_%d = \"\xe2\x82\xac static_call(\";",
    b"/* caf\xe9 */ const char *latin1_%d = \"\xa3\";", b"int spl\\\nit%d;", b"",
    b"int member%d(struct holder *p) { return p->static_call + held[0] . static_call; }",
    b"int label%d(int x) { if (x) goto static_call; x = 2; static_call: return x; }",
    b"#pragma GCC diagnostic ignored \"-Wunused\"", b"\f", b"_Static_assert(1, \"static_call()\");",
]  # fmt: skip
_CALLS = [
    b"static_call(my_key)(%b, %b)", b"static_call(my_key, %b, %b)",
    b"static_call (my_key) (%b, %b)", b"(static_call(my_key))(%b, %b)",
    b"static_\\\ncall(my_key)(%b, %b)",
    b"static_call( /* ) */ my_key\n)(%b, %b)", b"(%b + static_call_cond(my_key)(%b, 1))",
    b"static_call(my_key,\n\t%b,\n\t%b)",
]  # fmt: skip
_GUARDS = [
    b"static_branch_likely(&fast)", b"static_branch_unlikely( & tracing )",
    b"static_branch_unlikely(&held[1].key)", b"static_branch_unlikely(&held[x & 3].key)",
    b"static_key_enabled(&fast)", b"static_key_count(&tracing.key)",
    b"!!static_branch_likely\\\n(&fast)",
]  # fmt: skip
_STATEMENTS = [
    b"static_call_update(my_key, func_b);", b"static_branch_enable(&fast);",
    b"static_branch_dec(&tracing);", b"if (static_call_query(my_key) == func_a) x++;",
    b"{ static DEFINE_STATIC_KEY_TRUE(fast); if (static_branch_likely(&fast)) x++; }",
    b"{ struct static_key_false tracing = held[0].key; x += static_branch_unlikely(&tracing); }",
    b"/* static_call(my_key)(1, 2) */ x++; // static_branch_likely(&fast)",
]  # fmt: skip


def _combined(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    called = st.tuples(st.sampled_from(_CALLS), inner, inner).map(lambda t: t[0] % t[1:])
    chosen = st.tuples(st.sampled_from(_GUARDS), inner, inner).map(lambda t: b"(%b ? %b : %b)" % t)
    block = inner.map(lambda e: b"({ int y = %b; y + static_call(my_key)(y, 1); })" % e)
    return called | chosen | block | inner.map(lambda e: b"sizeof(%b)" % e)


#: expressions of type int with ``x`` in them, most with idioms
expressions = st.recursive(st.sampled_from([b"x", b"1", b"'a'"]), _combined, max_leaves=6)
statements = st.sampled_from(_STATEMENTS) | expressions.map(lambda e: b"x += %b;" % e)


def _numbered(parts: list[bytes]) -> list[bytes]:
    """Names that are declared once: each %d is the number of its part."""
    return [p.replace(b"%d", b"%d" % n).replace(b"%%", b"%") for n, p in enumerate(parts)]


def _function(body: list[bytes], value: bytes) -> bytes:
    inner = b"\n\t".join([*body, b"return %b;" % value])
    return b"int f%d(int x)\n{\n\t" + inner.replace(b"%", b"%%") + b"\n}"


functions = st.builds(_function, st.lists(statements, max_size=3), expressions)
_ends = st.sampled_from([b"\n", b"\n", b"\r\n"])


#: the same words, spelled otherwise
_spellings = st.sampled_from([
    (b"static_call(", b"static_\\\ncall("), (b"static_branch_", b"static_\\\n\\ \nbranch_"),
    (b"DEFINE_STATIC_CALL(", b"DEFINE_STATIC\\\n_CALL /* ( */ ("), (b"(", b" ("), (b"(", b"\n("),
    (b"&", b" & "), (b"", b""), (b"", b""),
])  # fmt: skip


def _file(
    head: bytes, parts: list[bytes], end: bytes, last: bool, spelling: tuple[bytes, bytes]
) -> bytes:
    pieces = [p if p in PLAIN else p.replace(*spelling) if all(spelling) else p for p in parts]
    text = head + b"\n".join(_numbered(pieces)) + (b"\n" if last else b"")
    return text.replace(b"\n", end)


def files(parts: st.SearchStrategy[bytes], head: bytes = HEAD) -> st.SearchStrategy[bytes]:
    """Files of such parts behind ``head``, with either end of lines, the last one or not."""
    many = st.lists(parts, min_size=1, max_size=5)
    return st.builds(_file, st.just(head), many, _ends, st.booleans(), _spellings)


OWN_FUNCTION = b"static int static_call_query"
_LOOKALIKES = [
    b"struct one%d { int (*static_call)(int); }; int a%d(struct one%d *p)"
    b" { return p->static_call(1) + (*p).static_call(2); }",
    OWN_FUNCTION + b"(int x) { return x; } int b%d(void)"
    b" { return static_call_query(3) + (static_call_query)(4); }",
    b"#define static_branch_inc(x) ((x) + 1)\nint c%d(int x) { return static_branch_inc(x); }",
]
plain_files = files(st.sampled_from(PLAIN) | st.sampled_from(_LOOKALIKES), head=b"")
units = files(functions | st.sampled_from(PLAIN))
_BORDER = re.compile(rb"(?<=[;}])\n(?=\n\S)")
_corpus = sorted(CORPUS.glob("*/*.c"))


def _amid(path: Path, parts: list[bytes], where: list[int]) -> bytes:
    """A file of the corpus with other parts between its declarations."""
    pieces = _BORDER.split(path.read_bytes().replace(b"\r\n", b"\n"))
    for part, at in zip(_numbered(parts), where, strict=False):
        pieces.insert(at % (len(pieces) + 1), part)
    return b"\n".join(pieces)


corpus_files = st.builds(
    _amid,
    st.sampled_from([p for p in _corpus if p.stat().st_size < 4000]),
    st.lists(st.sampled_from(PLAIN), max_size=3),
    st.lists(st.integers(0, 40), min_size=3, max_size=3),
)
