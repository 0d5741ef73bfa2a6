"""The marked copy: idiom words carry their offsets, and nothing else changes."""

import random
import re

import pytest

from transformer.frontend import mark
from transformer.frontend.marking import _ODD, _quickly, _slowly
from transformer.frontend.words import MARK, WORDS
from transformer.quick import may_hold_idioms

UNMARK = re.compile(rf"{MARK}\d+_".encode())


def marks(text: bytes) -> list[bytes]:
    """The words that the copy marks, each read back from the original."""
    return [text[o:].split(b"(")[0] for o in mark(text).offsets]


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_word_is_marked_with_its_offset(word: str) -> None:
    text = f"int x; {word}(k)".encode()
    assert mark(text).text == f"int x; {MARK}7_{word}(k)".encode()
    assert may_hold_idioms(text)


@pytest.mark.parametrize(
    "text",
    [
        b"// static_call(k)(1)\n",
        b"// continued \\\n static_call(k)(1)\n",
        b"/* static_call(k)\n static_call(k) */",
        b'const char *s = "static_call(k)";',
        b'const char *s = "\\"static_call(k)";',
        b"int c = 'static_call';",
        b"#define CALL static_call(k)\n",
        b"#define CALL \\\n static_call(k)\n",
        b"  # ifdef static_call\n",
        b"#define A /* over\nlines */ static_call(k)\n",
        b"int my_static_call, static_calls, xstatic_branch_likely;",
        b'const char *s = R"x(static_call(k))x";',
        b"#define static_call(x) x\nint y = static_call(1);",
        b"# def\\\nine static_\\\ncall(x) x\nint y = static_call(1);",
        b"%: /* */ define /*\n*/ static_call(x) x\nint y = static_call(1);",
        b"#undef static_call // here\nint static_call(int); int y = static_call(1);",
    ],
)
def test_these_hold_no_idiom(text: bytes) -> None:
    assert mark(text).offsets == ()
    assert mark(text).text == text


def test_a_word_split_by_backslash_newline_is_one_word() -> None:
    marked = mark(b"x = static_\\\ncall(k)(1);")
    assert marked.text == b"x = __sc_at_4_static_\\\ncall(k)(1);"


def test_an_apostrophe_in_skipped_text_hides_nothing_on_other_lines() -> None:
    assert marks(b"#if 0\ndon't\n#endif\nstatic_call(k)(1);") == [b"static_call"]
    assert marks(b"#error don't\nstatic_call(k)(1);") == [b"static_call"]


def test_the_copy_has_the_same_lines_and_every_other_byte() -> None:
    text = b"\xe9 static_call(a)\r\n\tstatic_branch_likely(&k);\nSC_DYNAMIC(0)"
    marked = mark(text)
    assert marked.text.count(b"\n") == text.count(b"\n")
    assert UNMARK.sub(b"", marked.text) == text
    assert len(marked.offsets) == 3


def test_offsets_in_the_copy_find_back() -> None:
    text = b"a static_call(k) b static_call(j) c"
    marked = mark(text)
    for letter in (b"k", b"b ", b"j", b") c"):
        assert marked.original(marked.text.index(letter)) == text.index(letter)
    assert marked.original(marked.text.index(b"_at_")) == text.index(b"static")


def test_the_quick_search_and_the_lexer_agree() -> None:
    chance = random.Random(3)
    pieces = [
        "static_call(k)", '"', "'", "'a'", '"s\\"t"', "/* ", " */", "// ", "\n", "\n#define X ",
        "\n  # if 0\n", "SC_DYNAMIC(0)", "1'000", "x", "8", " ", "/", "*", "DEFINE_STATIC_CALL",
        "static_branch_likely", "static_calls", "\r\n", "a1", "R\"(", ")\"", "L'x'", "0x1p-3",
    ]  # fmt: skip
    for _ in range(3000):
        text = "".join(chance.choices(pieces, k=12))
        quick, slow = list(_quickly(text, WORDS)), list(_slowly(text, WORDS))
        assert quick == slow or _ODD.search(text), text
