"""Rare C that pycparser refuses, written in C that it takes.

Most units say none of this, so it is looked for only in a chunk whose parse has
failed: nested functions, old designators, implicit int, types that only the
compiler declares, and so on.  Tokens are (kind, text, index), attributes and asm
gone already; a token that is put in carries the index of its neighbour.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import pairwise
from typing import TypeAlias

from transformer.frontend.lexing import CONTROL

Item: TypeAlias = tuple[str, str, int]

_STORAGE = {"static", "extern", "register", "auto", "typedef", "inline", "_Thread_local"}
_QUALIFIERS = {"const", "volatile", "restrict"}
_TAGS = {"struct", "union", "enum"}
_TYPES = {
    "void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "typeof",
    "_Bool", "_Complex", "_Atomic", "_BitInt", "__int128",
}  # fmt: skip
_STATEMENTS = {
    "break", "case", "continue", "default", "do", "else", "goto", "return", "sizeof",
    "_Generic", "__builtin_va_arg",
}  # fmt: skip
_WORDS = _STORAGE | _QUALIFIERS | _TAGS | _TYPES | CONTROL | _STATEMENTS
_BEFORE_LABELS = {";", "{", "}", ":", ")", "else"}
#: keywords before another word, and names elsewhere: C23's and AltiVec's
_IN_PLACE = {"constexpr": "const", "thread_local": "_Thread_local", "vector": "_Complex"}


def repaired(items: list[Item], types: Collection[str]) -> list[Item]:
    """The same C with all that is mended here; ``types`` are the names of types."""
    for mend in _MENDS:
        items = mend(items, types)
    return items


def guessed_types(items: list[Item], types: Collection[str]) -> set[str]:
    """Words that nothing declares and that stand where only a type may."""
    found: set[str] = set()
    behind = -1
    known = {*_WORDS, *_IN_PLACE, "alignas", *types}
    for number, (item, following) in enumerate(pairwise(items)):
        kind, text, _ = item
        if kind != "id" or text in known or _text(items, number - 1) in _TAGS:
            continue
        before = _text(items, number - 1)
        if before == ")" or behind == number - 1:  # an attribute, see _attribute_words
            behind = number
            continue
        named = following[0] == "id" and following[1] not in CONTROL | _STATEMENTS
        pointer = following[1] == "*" and (
            before in _STORAGE | _QUALIFIERS or (before == "(" and _text(items, number + 2) in ")*")
        )
        cast = (
            before == "("
            and following[1] == ")"
            and number + 2 < len(items)
            and items[number + 2][0] in ("id", "num")
            and not (number > 1 and items[number - 2][0] == "id")
        )
        if named or pointer or cast:
            found.add(text)
    return found


def redeclared_types(items: list[Item], types: Collection[str]) -> set[str]:
    """Names of types that are enumerators here, or declared as ``(*name)(``.

    pycparser takes a type's name for a new one only where nothing else can stand.
    """
    partners = _partners(items)
    found: set[str] = set()
    for at, (kind, text, _) in enumerate(items):
        if text == "{" and "enum" in (_text(items, at - 1), _text(items, at - 2)):
            names = range(at + 1, partners.get(at, at))
            found |= {items[n][1] for n in names if _text(items, n - 1) in ("{", ",")}
        pointer = _text(items, at - 1) == "*" and _text(items, at - 2) == "("
        if kind == "id" and pointer and _text(items, at + 1) == ")":
            found |= {text} if _text(items, at + 2) in ("(", "[") else set()
    return found.intersection(types)


def _text(items: list[Item], at: int) -> str:
    return items[at][1] if 0 <= at < len(items) else ""


def _is_name(items: list[Item], at: int) -> bool:
    return 0 <= at < len(items) and items[at][0] == "id" and items[at][1] not in _WORDS


def _starts_type(items: list[Item], at: int, types: Collection[str]) -> bool:
    text = _text(items, at)
    return text in _STORAGE | _QUALIFIERS | _TAGS | _TYPES or text in types


def _partners(items: list[Item]) -> dict[int, int]:
    """The index of each bracket's partner."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for at, (kind, text, _) in enumerate(items):
        if kind != "op":
            continue
        if text in "([{":
            stack.append(at)
        elif text in ")]}" and stack:
            found[at] = stack.pop()
            found[found[at]] = at
    return found


def _braces(items: list[Item], partners: dict[int, int]) -> dict[int, str]:
    """What each opening brace opens: a block, a record, or an initializer ("init")."""
    found: dict[int, str] = {}
    stack: list[int] = []
    for at, (kind, text, _) in enumerate(items):
        if kind != "op" or text not in "([{}])":
            continue
        if text in ")]}":
            if stack:
                stack.pop()
            continue
        if text == "{":
            parent = found.get(stack[-1], "") if stack else ""
            found[at] = _brace(items, at, parent, partners)
        stack.append(at)
    return found


def _brace(items: list[Item], at: int, parent: str, partners: dict[int, int]) -> str:
    before = _text(items, at - 1)
    if before in _TAGS or _text(items, at - 2) in _TAGS:
        return "record"
    if before == "=" or (parent == "init" and before in "{,]:"):
        return "init"
    if before == ")":
        opening = partners.get(at - 1, 0) - 1
        word = opening >= 0 and items[opening][0] == "id"
        literal = _text(items, opening) in ("sizeof", "return", "case")
        return "block" if (word and not literal) or _text(items, opening) == ")" else "init"
    return "block"


def _words_in_place(items: list[Item], types: Collection[str]) -> list[Item]:
    """Such words, and C23's ``alignas()``."""
    partners = _partners(items)
    made: list[Item] = []
    skip = -1
    for at, (kind, text, index) in enumerate(items):
        if at <= skip:
            continue
        if text in ("bool", "pixel") and _text(items, at - 1) in ("vector", "_Complex"):
            made.append((kind, "int", index))
        elif text in _IN_PLACE and at + 1 < len(items) and items[at + 1][0] == "id":
            made.append((kind, _IN_PLACE[text], index))
        elif text == "alignas" and _text(items, at + 1) == "(":
            skip = partners.get(at + 1, at)
        else:
            made.append((kind, text, index))
    return made


def _implicit_int(items: list[Item], types: Collection[str]) -> list[Item]:
    """``static x;``, ``register i;`` and what starts with a declarator, as of old."""
    made: list[Item] = []
    if (
        items
        and not _starts_type(items, 0, types)
        and (_is_name(items, 0) or items[0][1] in ("*", "("))
    ):
        made.append(("id", "int", items[0][2]))
    start = True
    for at, item in enumerate(items):
        made.append(item)
        if item[0] != "id":
            start = item[1] in "(;{})"
            continue
        prefix = item[1] in _STORAGE | _QUALIFIERS
        start = start and prefix
        alone = prefix and _text(items, at + 2) in (";", ",")
        name = _is_name(items, at + 1) and (alone or _text(items, at + 1) not in types)
        if start and (name or _text(items, at + 1) == "*") and _text(items, at + 2) != "{":
            made.append(("id", "int", item[2]))
            start = False
    return made


def _attribute_words(items: list[Item], types: Collection[str]) -> list[Item]:
    """Words of the compiler's behind a parameter list, with the strings that they take."""
    partners = _partners(items)
    made: list[Item] = []
    behind = skip = -1
    for at, item in enumerate(items):
        if at < skip:
            continue
        if item[1] == ")" and at in partners:
            before = partners[at] - 1
            inside = partners.get(before, before) + 1
            pointer = _text(items, before) == ")" and _text(items, inside) == "*"
            behind = at + 1 if pointer or _is_name(items, before) else behind
        if at == behind and item[1].startswith("__") and item[1] not in types:
            strings = _text(items, at + 1) == "(" and _text(items, at + 2)[-1:] == '"'
            skip = behind = (partners.get(at + 1, at) if strings else at) + 1
            continue
        made.append(item)
    return made


def _nested_functions(items: list[Item], types: Collection[str]) -> list[Item]:
    """``int g(int a) {...}`` within a function, as ``int g(int a) = ({...});``."""
    partners = _partners(items)
    kinds = _braces(items, partners)
    opens, closes, dropped = set(), set(), set()
    depth = 0
    for at, (_, text, _) in enumerate(items):
        depth += (text == "{") - (text == "}")
        if text != ")" or not depth or not _is_name(items, partners.get(at, 0) - 1):
            continue
        body = at + 1
        if _starts_type(items, body, types):  # parameters declared in the old style
            while body < len(items) and items[body][1] != "{":
                body = (partners.get(body, body) if items[body][1] in "([" else body) + 1
        if kinds.get(body) == "block" and body in partners:
            opens.add(at)
            closes.add(partners[body])
            dropped.add(body)
    made: list[Item] = []
    for at, item in enumerate(items):
        if at not in dropped:
            made.append(item)
        if at in opens:
            made += [("op", text, item[2]) for text in "=({"]
        if at in closes:
            made += [("op", text, item[2]) for text in ");"]
    return made


def _designators(items: list[Item], types: Collection[str]) -> list[Item]:
    """``{ a: 1, [2] 3 }`` as ``{ .a = 1, [2] = 3 }``."""
    partners = _partners(items)
    kinds = _braces(items, partners)
    stack: list[int] = []
    made: list[Item] = []
    behind = colon = -1
    for at, item in enumerate(items):
        kind, text, index = item
        inside = bool(stack) and kinds.get(stack[-1]) == "init"
        first = inside and _text(items, at - 1) in ("{", ",")
        if kind == "op" and text in ")]}" and stack:
            stack.pop()
        if at == behind and text not in "=[.":
            made.append(("op", "=", index))
        if text == "[" and (first or at == behind):
            behind = partners.get(at, -2) + 1
        if first and kind == "id" and _text(items, at + 1) == ":":
            made.append(("op", ".", index))
            colon = at + 1
        made.append(("op", "=", index) if at == colon else item)
        if kind == "op" and text in "([{":
            stack.append(at)
    return made


def _forward_parameters(items: list[Item], types: Collection[str]) -> list[Item]:
    """``(int n; int a[n], int n)`` without what comes before the semicolon."""
    stack: list[tuple[int, bool]] = []
    made: list[Item] = []
    for at, item in enumerate(items):
        text = item[1] if item[0] == "op" else ""
        if text == ";" and stack and stack[-1][1]:
            del made[stack[-1][0] :]
            continue
        made.append(item)
        if text and text in "([{":
            parameters = text == "(" and _text(items, at - 1) != "for"
            stack.append((len(made), parameters))
        elif text and text in ")]}" and stack:
            stack.pop()
    return made


def _record_ends(items: list[Item], types: Collection[str]) -> list[Item]:
    """The semicolon that a record's last member may lack."""
    partners = _partners(items)
    kinds = _braces(items, partners)
    made: list[Item] = []
    for at, item in enumerate(items):
        opening = partners.get(at, -1)
        record = item[1] == "}" and kinds.get(opening) == "record"
        tag = "enum" not in (_text(items, opening - 1), _text(items, opening - 2))
        if record and tag and _text(items, at - 1) not in (";", "{"):
            made.append(("op", ";", item[2]))
        made.append(item)
    return made


def _label_addresses(items: list[Item], types: Collection[str]) -> list[Item]:
    """``(void *) &&label`` without its ``&&``."""
    partners = _partners(items)
    made: list[Item] = []
    for at, item in enumerate(items):
        if item[1] == "&&" and _text(items, at - 1) == ")" and at - 1 in partners:
            opening = partners[at - 1]
            called = opening > 0 and items[opening - 1][0] == "id"
            if _starts_type(items, opening + 1, types) and (
                not called or items[opening - 1][1] == "return"
            ):
                continue
        made.append(item)
    return made


def _bounds(items: list[Item], types: Collection[str]) -> list[Item]:
    """``a[*n]``, which pycparser takes for the unnamed bound of a prototype."""
    made: list[Item] = []
    for at, item in enumerate(items):
        made.append(item)
        if item[1] == "[" and _text(items, at + 1) == "*" and _text(items, at + 2) != "]":
            made += [("num", "0", item[2]), ("op", "+", item[2])]
    return made


def _labels(items: list[Item], types: Collection[str]) -> list[Item]:
    """Labels that are called like a type."""
    partners = _partners(items)
    kinds = _braces(items, partners)
    stack: list[int] = []
    made: list[Item] = []
    for at, item in enumerate(items):
        if item[0] == "op" and item[1] in ")]}" and stack:
            stack.pop()
        block = bool(stack) and kinds.get(stack[-1]) == "block"
        before = _text(items, at - 1)
        label = block and _text(items, at + 1) == ":" and before in _BEFORE_LABELS
        if item[1] in types and (label or before == "goto"):
            item = ("id", f"__sc_label_{item[1]}", item[2])
        made.append(item)
        if item[0] == "op" and item[1] in "([{":
            stack.append(at)
    return made


_MENDS: tuple[Callable[[list[Item], Collection[str]], list[Item]], ...] = (
    _words_in_place, _attribute_words, _forward_parameters, _implicit_int, _nested_functions,
    _designators, _record_ends, _label_addresses, _bounds, _labels,
)  # fmt: skip
