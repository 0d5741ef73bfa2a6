"""Tokens of C with their offsets, for raw and for preprocessed text.

Text is decoded as Latin-1, so that an offset in the string is the byte's
offset in the file, whatever the file's encoding.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

#: backslash-newline, with the blanks that compilers allow between the two
SPLICE = r"\\[ \t]*\r?\n"


def many(pattern: str) -> str:
    """A pattern that matches ``pattern`` as often as it can, and takes none of that back.

    A possessive repetition does so without a memory of each turn.  Before 3.11.5 Python
    goes on in the middle of a turn that fails there (CPython's issue 106052).
    """
    if sys.version_info < (3, 11, 5):
        return f"(?>(?:{pattern})*)"
    return f"(?:{pattern})*+"


_S = many(SPLICE)
_BLOCK = rf"/{_S}\*[^*]*+" + many(rf"\*(?!{_S}/)[^*]*+") + rf"(?:\*{_S}/|\Z)"
_LINE = rf"/{_S}/[^\n\\]*+" + many(rf"(?:{SPLICE}|\\)[^\n\\]*+")
_QUOTED = r'[^"\\\n]*+' + many(rf'(?:{SPLICE}|\\[^\n])[^"\\\n]*+')
_STRING = rf'"{_QUOTED}"?'
_CHARACTER = r"'[^'\\\n]*+" + many(rf"(?:{SPLICE}|\\[^\n])[^'\\\n]*+") + "'"
_FENCED = r'"(?P<fence>[^()\\\s]{0,16})\([\s\S]*?\)(?P=fence)"'
_RAW_STRING = rf"(?:u8|[uUL])?R{_FENCED}"
_DIRECTIVE = r'(?:\#|%:)[^\n/"\\]*+' + many(
    rf'(?:{_BLOCK}|{_LINE}|"{_QUOTED}"|{SPLICE}|[^\n])[^\n/"\\]*+'
)
_WORD = rf"(?:[A-Za-z_$\x80-\xff]|{_S}(?<=\n)[A-Za-z_$])(?:[\w$\x80-\xff]|{SPLICE}(?=[\w$\\]))*"
_NUMBER = r"\.?[0-9](?:[eEpP][+-]|[\w.]|'(?=\w))*"
_DIGRAPH = r"<[:%]|[:%]>"
_UCN = r"(?:\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8})"
_NAME = r"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*+" + many(rf"{_UCN}[\w$\x80-\xff]*+")
_OPERATOR = r"\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[*/%+\-&^|]=|\#\#|::|[^\s\w]"

_RAW = re.compile(
    rf"""(?P<comment>{_BLOCK}|{_LINE})
       | (?P<rawstr>{_RAW_STRING})
       | (?P<str>(?:u8|[uUL])?{_STRING})
       | (?P<chr>(?:u8|[uUL])?{_CHARACTER})
       | (?P<id>{_WORD})
       | (?P<num>{_NUMBER})
       | (?P<newline>\n)
       | (?P<splice>{SPLICE})
       | (?P<directive>(?:\#|%:))
       | (?P<digraph>{_DIGRAPH})
       | (?P<op>{_OPERATOR})""",
    re.VERBOSE,
)
#: Idiom-like words and all that may hide one; see ``marking``.  It starts with one set of
#: characters, which Python searches for much faster than for alternatives: each of these
#: tells by which it is meant.  Directives start behind a newline.
MARKABLE = re.compile(
    rf"""[/"'\n0-9sDESduULR](?:
         (?<=/)(?P<comment>{_BLOCK[1:]}|{_LINE[1:]})
       | (?<=")(?P<str>{_STRING[1:]})
       | (?<=')(?P<chr>{_CHARACTER[1:]})
       | (?<=\n)[ \t\f\v\r]*(?P<directive>{_DIRECTIVE})
       | (?<![\w$\x80-\xff].)(?:
           (?<=[0-9])(?P<num>(?:[eEpP][+-]|[\w.]|'(?=\w))*)
         | (?P<word>(?:(?<=s)tatic_|(?<=D)E(?:FINE|CLARE)_S|(?<=E)XPORT_S|(?<=S)C_D|(?<=d)ynamic_f)
           [\w$\x80-\xff]*)
         | (?P<rawstr>(?:(?:(?<=u)8?|(?<=[UL]))R|(?<=R)){_FENCED})))""",
    re.VERBOSE,
)
_DIRECTIVE_RE = re.compile(_DIRECTIVE)
_PREPROCESSED = re.compile(
    rf"""(?P<directive>^[ \t]*\#[^\n]*|/\*[\s\S]*?\*/|//[^\n]*)
       | (?P<id>{_NAME}(?!["']))
       | (?P<num>{_NUMBER})
       | (?P<rawstr>{_RAW_STRING})
       | (?P<str>(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*")
       | (?P<chr>(?:u8|[uUL])?'(?:[^'\\\n]|\\.)*')
       | (?P<word>(?:[A-Za-z_$\x80-\xff]|{_UCN})(?:[\w$\x80-\xff]|{_UCN})*)
       | (?P<digraph>{_DIGRAPH})
       | (?P<op>{_OPERATOR})""",
    re.VERBOSE | re.MULTILINE,
)
_UNSPLICE = re.compile(SPLICE)
#: what a parenthesis follows as it does a name
CONTROL = {"if", "while", "for", "switch"}
DIGRAPHS = {"<:": "[", ":>": "]", "<%": "{", "%>": "}"}


class Token(NamedTuple):
    """One token.  ``kind`` is id, num, str, chr or op; ``start`` an offset.

    ``text`` is without the backslash-newlines that ``end`` counts.
    """

    kind: str
    text: str
    start: int
    end: int


_KINDS = {"rawstr": "str", "word": "id", "digraph": "op", "directive": "op"}


def _kind(name: str) -> str:
    return _KINDS.get(name, name)


def tokens(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens of preprocessed text; directives, line markers and comments are left out."""
    found = []
    limit = len(text) if end is None else end
    for match in _PREPROCESSED.finditer(text, start, limit):
        name = match.lastgroup or "op"
        if name == "digraph":
            found.append(Token("op", DIGRAPHS[match[name]], match.start(), match.end()))
        elif name != "directive":
            found.append(Token(_kind(name), match[name], match.start(name), match.end(name)))
    return found


def occurrences(text: str, part: str) -> Iterator[int]:
    """Offsets of ``part``, within words too: no pattern is searched for as fast."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + len(part))


def mentions(text: str, name: str) -> Iterator[int]:
    """Offsets where ``name`` is a whole word."""
    for at in occurrences(text, name):
        around = text[at - 1 : at] + text[at + len(name) : at + len(name) + 1]
        if not any(c.isalnum() or c in "_$" for c in around):
            yield at


def raw_tokens(
    text: str, start: int = 0, end: int | None = None, *, directives: bool = False
) -> Iterator[Token]:
    """The tokens of a source file, from ``start``, which must not lie within one.

    Comments and backslash-newlines are left out, and directives too, unless
    ``directives`` asks for them as single tokens of the kind "directive".
    """
    position, fresh = start, _line_is_blank_before(text, start)
    limit = len(text) if end is None else end
    while match := _RAW.search(text, position, limit):
        position = match.end()
        name = match.lastgroup or "op"
        if name == "newline":
            fresh = True
        elif name == "directive" and fresh:
            whole = _DIRECTIVE_RE.match(text, match.start(), limit)
            position = whole.end() if whole else position
            if directives:
                yield Token(name, text[match.start() : position], match.start(), position)
        elif name not in ("comment", "splice"):
            fresh = False
            spelled = _UNSPLICE.sub("", match[name]) if "\\" in match[name] else match[name]
            yield Token(_kind(name), DIGRAPHS.get(spelled, spelled), match.start(name), position)


def _line_is_blank_before(text: str, start: int) -> bool:
    return not text[text.rfind("\n", 0, start) + 1 : start].strip()


def condition(directive: str) -> int:
    """1 where a directive opens a conditional, -1 where it closes one, else 0."""
    word = directive.lstrip("#%: \t")
    return 1 if word.startswith("if") else -1 if word.startswith("endif") else 0


def matching(found: list[Token], opening: int) -> int:
    """Index of the token that closes the bracket at ``opening``; -1 if none does."""
    depth = 0
    for index in range(opening, len(found)):
        token = found[index]
        if token.kind == "op":
            if token.text in "([{":
                depth += 1
            elif token.text in ")]}":
                depth -= 1
                if depth == 0:
                    return index
    return -1


def split_commas(found: list[Token], start: int, end: int) -> list[tuple[int, int]]:
    """Half-open index ranges of the arguments between ``start`` and ``end``.

    Nothing between them gives no argument.
    """
    if start >= end:
        return []
    parts, depth, first = [], 0, start
    for index in range(start, end):
        token = found[index]
        if token.kind != "op":
            continue
        if token.text in "([{":
            depth += 1
        elif token.text in ")]}":
            depth -= 1
        elif token.text == "," and depth == 0:
            parts.append((first, index))
            first = index + 1
    return [*parts, (first, end)]


def spelling(found: list[Token], start: int, end: int) -> str:
    """The tokens from ``start`` to ``end`` as text, blanks only where needed."""
    text = ""
    for token in found[start:end]:
        glue = (
            text
            and (text[-1].isalnum() or text[-1] in "_$")
            and (token.text[0].isalnum() or token.text[0] in "_$")
        )
        text += (" " if glue else "") + token.text
    return text
