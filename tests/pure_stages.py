"""Rewriting with no compiler: the pure stages, on text that is preprocessed as far as needed.

Directives and what is behind ``#if 0`` go, lines that go on are put together, comments
become blanks: idioms that the file spells itself then stand as a compiler would show them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from transformer.diagnostics import Diagnostic
from transformer.frontend import Analysis, Marked, Source, check, mark
from transformer.frontend.linux import find
from transformer.frontend.words import LINUX_WORDS, WORDS
from transformer.lowering import Edit, Options, lower, lower_linux
from transformer.rewriting.unit import readable

PATH = "t.c"
#: what the headers of the analysis declare, as far as the stages look at it
HEADERS = """# 1 "sc/types.h"
struct static_call_key { void *func; };
struct static_key { int enabled; };
struct static_key_true { struct static_key key; };
struct static_key_false { struct static_key key; };
struct sc_dynamic { struct static_key_true key; };
long __static_call_return0(void);
# 1 "t.c"
"""
_WORDS = {*WORDS, *LINUX_WORDS}
_SPLICE = re.compile(r"\\[ \t]*\r?\n")
#: what no edit may touch, found by other means than those of the stages; numbers hold apostrophes
_OPAQUE = re.compile(
    r"""(?P<number>(?<![\w$\x80-\xff])\.?[0-9](?:[eEpP][+-]|[\w.]|'(?=\w))*)
      | (?P<comment>/(?:\\[ \t]*\r?\n)*\*[\s\S]*?(?:\*(?:\\[ \t]*\r?\n)*/|\Z)
                   |/(?:\\[ \t]*\r?\n)*/(?:\\[ \t]*\r?\n|[^\n])*)
      | (?P<string>(?:(?<![\w$])(?:u8|[uUL])?R"(?P<f>[^()\\\s]{0,16})\([\s\S]*?\)(?P=f)")
                  |"(?:\\[ \t]*\r?\n|\\[^\n]|[^"\\\n])*"?|'(?:\\[ \t]*\r?\n|\\[^\n]|[^'\\\n])*')""",
    re.VERBOSE,
)
_SKIPPED = re.compile(r"^[ \t]*#[ \t]*if 0$.*?^[ \t]*#[ \t]*endif", re.MULTILINE | re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*(?:#|%:)(?![ \t]*(?:pragma|line\b|\d))[^\n]*", re.MULTILINE)


@dataclass(frozen=True)
class Way:
    """How a file is rewritten: as a mode would have it, or in the profile ``linux``."""

    patched: bool = True
    call: bool = False
    inline_asm: bool = False
    preprocessed: bool = False
    linux: bool = False
    dynamic: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rewritten:
    """``text`` is that of the input where there are errors, as users get it."""

    text: bytes
    edits: tuple[Edit, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def ok(self) -> bool:
        return all(d.severity != "error" for d in self.diagnostics)


def preprocessed(marked: Marked) -> str:
    """What ``cc -E`` would make of a file that defines no macro and includes nothing."""

    def plain(match: re.Match[str]) -> str:
        if match.lastgroup == "number":
            return match[0]
        lines = "\n" * match[0].count("\n")
        return lines or " " if match.lastgroup == "comment" else _SPLICE.sub("", match[0]) + lines

    text = _OPAQUE.sub(plain, marked.text.decode("latin-1"))
    text = _SPLICE.sub("", text).replace("\r\n", "\n")
    text = _SKIPPED.sub(lambda m: "\n" * m[0].count("\n"), text)
    return HEADERS + _DIRECTIVE.sub("", text)


def opaque(text: str) -> list[tuple[int, int]]:
    """The spans of comments, strings and character constants."""
    return [m.span() for m in _OPAQUE.finditer(text) if m.lastgroup != "number"]


def misplaced(data: bytes, edits: Sequence[Edit], *, preprocessed: bool = False) -> str:
    """What an edit changes that is no idiom's word or comma, or lies in a string; "" for none.

    Not for dynamic functions, which get another name.
    """
    text = data.decode("latin-1")
    spans = [] if preprocessed else opaque(text)
    for edit in edits:
        old = _SPLICE.sub("", text[edit.start : edit.end])
        if old not in _WORDS and old not in ("", ","):
            return f"an edit of {old[:40]!r}"
        if any(s < edit.start < e or s < edit.end < e for s, e in spans):
            return "an edit within a string or comment"
    return ""


def rewritten(data: bytes, way: Way, macros: Callable[[str], str] = lambda text: text) -> Rewritten:
    """``macros`` does to the preprocessed text what macros may do."""
    source = Source(data.decode("latin-1"), PATH)
    readable(source)
    if way.linux:
        marked = mark(data, LINUX_WORDS)
        found = find(source, marked, macros(preprocessed(marked)))
        buffer = lower_linux(found.spelled, source)
        return Rewritten(buffer.apply().encode("latin-1"), buffer.edits())
    text = source.text if way.preprocessed else macros(preprocessed(mark(data, WORDS)))
    analysis = Analysis(text, source, main=PATH, preprocessed=way.preprocessed, dynamic=way.dynamic)
    unit = analysis.unit_for(6 if way.inline_asm else None)
    said = check(unit, source)
    done = lower(unit, source, Options(way.patched, way.call, way.inline_asm))
    said += done.notes
    edits, new = done.buffer.edits(), done.buffer.apply().encode("latin-1")
    if done.stuck or any(d.severity == "error" for d in said):
        edits, new = (), data
    return Rewritten(new, edits, tuple(said))
