"""Damages C as hands, tools and networks do: bytes, tokens, lines, whole declarations."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from transformer.frontend.words import INTERNAL, LINUX_WORDS, WORDS

_TOKEN = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*|\d[\w.]*|\s+|\"[^\"\n]*\"|.", re.DOTALL)
_DECLARATION = re.compile(rb"(?<=[;}])\n(?=\S)")
_KEYS = re.compile(rb"^(?:static )?D(?:EFINE|ECLARE)_STATIC|^#include", re.MULTILINE)
_WORDS = [w.encode() for w in (*WORDS, *LINUX_WORDS, *INTERNAL)]
_MACROS = re.compile(r"\b__sc_at_\d+_\w+[^;{}\n]*")
_PIECES = [
    b"(", b")", b"{", b"}", b"[", b"]", b"({", b"})", b"((", b"))", b'"', b"'", b"/*", b"*/", b"//",
    b"\\\n", b"\\ \r\n", b"\\", b"\r\n", b"\r", b"\n#", b"#", b"##", b"%:", b"<%", b"%>", b"<:",
    b":>", b"??(", b"\0", b"\xff\xfe", b"\xc3\xa9", b"\xe2\x82", b"\x1a", b"\f", b"\v",
    b"\\u00e9", b"$", b"@", b"`", b'R"x(', b')x"', b"u8", b"L'", b"9" * 400, b"0x" + b"f" * 200,
    b"1e999999", b"1'000", b".5e+", b"...", b"->", b"&&", b"?:", b";", b",", b"=", b"*", b"&",
    b"__attribute__((", b"asm(", b"asm goto(\"\"::::", b"__extension__", b"typeof(", b"_Generic(",
    b"__label__ ", b"typedef ", b"struct ", b"enum {", b"static ", b"extern ", b"inline ",
    b"return ", b"goto *", b"case 1 ... 2:", b"sizeof ", b"int ", b"void ", b"do ", b"else ",
    b"__sc_at_12_static_call", b"__sc_at_", b"__sc_at_99999999999999999999_static_call(",
    b'# 1 "t.c"\n', b'# 77777777777777777777 "x\\', b"#line 0\n", b"#if 0\n", b"#endif\n",
    b"\n# " + b"7" * 5000 + b"\n",
    b"#define static_call(k) k\n", b"#undef static_call\n", b"#pragma GCC target(\"avx\")\n",
    b"&my_key", b"my_key", b"(my_key)(1, 2)", b"(&tracing)", b"setjmp(b)", b"__func__",
    b"static_call(my_key)(1, 2)", b"static_call(my_key, 1, 2);", b"SC_DYNAMIC(0) int f(void) {",
    b"DEFINE_STATIC_CALL(my_key, func_a);\n", b"static DEFINE_STATIC_KEY_FALSE(tracing);\n",
    b"if (static_branch_unlikely(&tracing))", b"static_branch_likely(&p->key[i])",
    b"int g(a, b) int a, b; {", b"[[gnu::unused]] ", b"_Thread_local ", b"auto ",
]  # fmt: skip
_PARTS = re.compile(
    rb"""[^][(){}"'/]+|/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|.""", re.DOTALL
)
_CLOSING = {b"(": b")", b"[": b"]", b"{": b"}"}
Mutation = Callable[[random.Random, bytes, bytes], bytes]


def _delete(r: random.Random, data: bytes, other: bytes) -> bytes:
    start, end = _span(r, data)
    return data[:start] + data[end:]


def _duplicate(r: random.Random, data: bytes, other: bytes) -> bytes:
    start, end = _span(r, data)
    return data[:end] + data[start:end] + data[end:]


def _change(r: random.Random, data: bytes, other: bytes) -> bytes:
    at = r.randrange(len(data) or 1)
    return data[:at] + bytes([r.randrange(256)]) + data[at + 1 :]


def _insert(r: random.Random, data: bytes, other: bytes) -> bytes:
    at = _border(r, data)
    return data[:at] + r.choice(_PIECES) + data[at:]


def _word(r: random.Random, data: bytes, other: bytes) -> bytes:
    at = _border(r, data)
    tail = r.choice([b"", b"(", b"(x)", b"(&x)", b"()", b"(x, y)", b"(a)(b)", b" (\n x \\\n , 1 )"])
    return data[:at] + b" " + r.choice(_WORDS) + tail + data[at:]


def _swap(r: random.Random, data: bytes, other: bytes) -> bytes:
    parts = _TOKEN.findall(data)
    if len(parts) < 2:
        return data
    one, two = r.randrange(len(parts)), r.randrange(len(parts))
    parts[one], parts[two] = parts[two], parts[one]
    return b"".join(parts)


def _replace(r: random.Random, data: bytes, other: bytes) -> bytes:
    """A token by another one of this file or the other."""
    parts, others = _TOKEN.findall(data), _TOKEN.findall(other)
    if not parts or not others:
        return data
    parts[r.randrange(len(parts))] = r.choice(others)
    return b"".join(parts)


def _drop_tokens(r: random.Random, data: bytes, other: bytes) -> bytes:
    parts = _TOKEN.findall(data)
    at = r.randrange(len(parts) or 1)
    return b"".join(parts[:at] + parts[at + r.randint(1, 3) :])


def _splice(r: random.Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    return data[: _border(r, data)] + other[_border(r, other) :]


def _declarations(r: random.Random, data: bytes, other: bytes) -> bytes:
    """Declarations of two files, in any order."""
    parts = _DECLARATION.split(data) + r.sample(them := _DECLARATION.split(other), len(them) // 2)
    r.shuffle(parts)
    return b"\n".join(parts)


def _cut(r: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: _border(r, data)]


def _nest(r: random.Random, data: bytes, other: bytes) -> bytes:
    """Something deep, closed or not."""
    at = _border(r, data)
    pairs = [(b"(", b")"), (b"{", b"}"), (b"[", b"]"), (b"({", b";})"), (b"-", b"")]
    opening, closing = r.choice([*pairs, (b"static_call(", b")"), (b"if (x) ", b""), (b"*", b"")])
    depth = r.choice([3, 20, 150])
    inner = r.choice([b"", b"x", b"static_call(my_key)(1, 2)"])
    return data[:at] + opening * depth + inner + closing * r.choice([depth, depth - 1]) + data[at:]


def _ends(r: random.Random, data: bytes, other: bytes) -> bytes:
    old, new = r.choice([(b"\n", b"\r\n"), (b"\n", b"\r"), (b"\n", b" "), (b" ", b"\\\n")])
    if r.random() < 0.5:
        return data.replace(old, new)
    return data.replace(old, new, r.randint(1, 9))


def _span(r: random.Random, data: bytes) -> tuple[int, int]:
    start = _border(r, data)
    return start, min(len(data), start + int(r.expovariate(0.05)) + 1)


def _border(r: random.Random, data: bytes) -> int:
    """Mostly where a token begins."""
    at = r.randrange(len(data) + 1)
    found = _TOKEN.match(data, at) if r.random() < 0.8 else None
    return found.end() if found else at


_ALL: Sequence[Mutation] = (
    _delete, _duplicate, _change, _insert, _insert, _insert, _word, _word, _swap, _replace,
    _replace, _drop_tokens, _splice, _declarations, _cut, _nest, _ends,
)  # fmt: skip


def mutated(r: random.Random, seeds: Sequence[bytes], most: int) -> bytes:
    """One of ``seeds``, or a part of it, changed one to six times; at most ``most`` bytes."""
    data, other = r.choice(seeds), r.choice(seeds)
    if len(data) > most // 2 or r.random() < 0.5:
        parts = _DECLARATION.split(data)
        start, count = r.randrange(len(parts)), r.randint(1, 6)
        chosen = range(start, start + count)
        data = b"\n".join(p for n, p in enumerate(parts) if n in chosen or _KEYS.search(p))
    for _ in range(r.choice([0, 1, 1, 2, 2, 3, 4, 6])):
        data = r.choice(_ALL)(r, data, other)[:most]
    return balanced(data) if r.random() < 0.6 else data


def balanced(data: bytes) -> bytes:
    """Without brackets that close nothing, and with those that are missing at the end."""
    kept, stack = [], []
    for token in _PARTS.findall(data):
        if token in _CLOSING:
            stack.append(_CLOSING[token])
        elif token in _CLOSING.values():
            if token not in stack:
                continue
            while stack[-1] != token:
                kept.append(stack.pop())
            stack.pop()
        kept.append(token)
    return b"".join([*kept, *reversed(stack)])


def macro_like(r: random.Random, text: str) -> str:
    """What macros do to the idioms in preprocessed text: repeat, drop, reorder, make strings."""
    spans = [m.span() for m in _MACROS.finditer(text)]
    if not spans:
        return text
    start, end = r.choice(spans)
    used = text[start:end]
    quoted = '"' + used.replace("\\", "\\\\").replace('"', '\\"') + '"'
    new = r.choice([f"({used}) + ({used})", "", f"{quoted}, {used}", used.replace("(", "", 1)])
    return text[:start] + new + text[end:]
