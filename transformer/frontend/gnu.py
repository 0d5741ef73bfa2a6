"""GNU C made digestible for pycparser, token by token.

pycparser knows no attributes, asm with operands, ``__extension__`` and so on.
The tokens of a chunk are renamed or dropped before it sees them; each token
that it sees carries its index in the chunk's token list as its line number,
so that nodes find back to their tokens.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pycparser import c_ast
from pycparser.c_lexer import CLexer
from pycparser.c_lexer import Token as ParserToken
from pycparser.c_parser import CParser, ParseError

from transformer.frontend.lexing import Token, matching, split_commas
from transformer.frontend.repairs import Item, guessed_types, redeclared_types, repaired
from transformer.frontend.words import lookup

#: renamed to standard C
RENAMED = {
    "__inline__": "inline",
    "__inline": "inline",
    "__signed__": "signed",
    "__signed": "signed",
    "__const": "const",
    "__const__": "const",
    "__volatile__": "volatile",
    "__volatile": "volatile",
    "__restrict": "restrict",
    "__restrict__": "restrict",
    "__alignof__": "sizeof",
    "__alignof": "sizeof",
    "_Alignof": "sizeof",
    "alignof": "sizeof",
    "__typeof__": "typeof",
    "__typeof": "typeof",
    "__typeof_unqual__": "typeof",
    "__typeof_unqual": "typeof",
    "typeof_unqual": "typeof",
    "__auto_type": "int",
    "__thread": "_Thread_local",
    "__complex__": "_Complex",
    "__complex": "_Complex",
    "__int128_t": "__int128",
    "__uint128_t": "__int128",
    "_Float16": "float",
    "_Float32": "float",
    "_Float64": "double",
    "_Float128": "double",
    "_Float32x": "double",
    "_Float64x": "double",
    "__float128": "double",
    "__ibm128": "double",
    "__float80": "double",
    "_Decimal32": "float",
    "_Decimal64": "double",
    "_Decimal128": "double",
    "__vector": "_Complex",
    "__bool": "unsigned",
    "__pixel": "int",
    "_Countof": "sizeof",
    "__datasizeof": "sizeof",
    "__builtin_vectorelements": "sizeof",
    "__builtin_convertvector": "__builtin_va_arg",
    "__bf16": "float",
    "__fp16": "float",
    "__builtin_va_list": "int",
    "__FUNCTION__": "__func__",
    "__PRETTY_FUNCTION__": "__func__",
}
#: dropped together with the bracketed group that follows
_WITH_GROUP = {"__attribute__", "__attribute", "_Alignas", "__declspec"}
_DROPPED = {
    "__extension__", "__real__", "__imag__", "__real", "__imag", "_Noreturn",
    "__transaction_atomic", "__transaction_relaxed", "__transaction_cancel",
    "__seg_fs", "__seg_gs", "_Nonnull", "_Nullable", "_Null_unspecified",
}  # fmt: skip
_ASM = {"asm", "__asm__", "__asm"}
_ZERO_CALLS = {
    "__builtin_offsetof", "offsetof", "__builtin_types_compatible_p", "__builtin_has_attribute",
}  # fmt: skip
_BINARY_LEFT = {")", "]", "}", "++", "--"}
#: nested parentheses that compilers take, times the calls that each needs
_DEPTH = 1_000_000

_PLAIN_KEYWORDS = (
    "auto break case char const continue default do double else enum extern float for goto"
    " if inline int long register restrict return short signed sizeof static struct switch"
    " typedef union unsigned void volatile while typeof"
)
_KEYWORDS = {word: word.upper() for word in _PLAIN_KEYWORDS.split()} | {
    "_Bool": "_BOOL",
    "_Complex": "_COMPLEX",
    "_Generic": "_GENERIC",
    "_Atomic": "_ATOMIC",
    "_Thread_local": "_THREAD_LOCAL",
    "_Static_assert": "_STATIC_ASSERT",
    "static_assert": "_STATIC_ASSERT",
    "__int128": "__INT128",
    "_BitInt": "_BITINT",
    "__builtin_va_arg": "__BUILTIN_VA_ARG",
}
_OPERATORS = {
    "...": "ELLIPSIS", "<<=": "LSHIFTEQUAL", ">>=": "RSHIFTEQUAL", "++": "PLUSPLUS",
    "--": "MINUSMINUS", "->": "ARROW", "&&": "LAND", "||": "LOR", "<<": "LSHIFT",
    ">>": "RSHIFT", "<=": "LE", ">=": "GE", "==": "EQ", "!=": "NE", "*=": "TIMESEQUAL",
    "/=": "DIVEQUAL", "%=": "MODEQUAL", "+=": "PLUSEQUAL", "-=": "MINUSEQUAL",
    "&=": "ANDEQUAL", "|=": "OREQUAL", "^=": "XOREQUAL", "=": "EQUALS", "+": "PLUS",
    "-": "MINUS", "*": "TIMES", "/": "DIVIDE", "%": "MOD", "|": "OR", "&": "AND", "~": "NOT",
    "^": "XOR", "!": "LNOT", "<": "LT", ">": "GT", "?": "CONDOP", "(": "LPAREN",
    ")": "RPAREN", "[": "LBRACKET", "]": "RBRACKET", "{": "LBRACE", "}": "RBRACE",
    ",": "COMMA", ".": "PERIOD", ";": "SEMI", ":": "COLON",
}  # fmt: skip


@dataclass(frozen=True)
class Parsed:
    """A chunk's tree; ``tokens`` are those that its line numbers count."""

    tree: c_ast.FileAST
    tokens: list[Token]


class Unparsable(Exception):
    """pycparser does not take the chunk; ``index`` is the token, or -1."""

    def __init__(self, text: str, index: int) -> None:
        super().__init__(text)
        self.index = index


def parse(found: list[Token], typedefs: Iterable[str]) -> Parsed:
    """Parse the tokens of one or more whole declarations; ``Unparsable``.

    ``typedefs`` are the names to be known as types; only those used count.
    """
    used = {t.text for t in found if t.kind == "id"}
    types = used.intersection(typedefs)
    items = _clean(found)
    own = types.intersection(RENAMED)
    if own:  # glibc declares what a compiler lacks
        items = [(k, found[i].text if found[i].text in own else t, i) for k, t, i in items]
    try:
        return Parsed(_parsed(items, types), found)
    except Unparsable:
        types |= guessed_types(items, types)
        types -= redeclared_types(items, types)
        return Parsed(_parsed(repaired(items, types), types), found)


@contextmanager
def deeply() -> Iterator[None]:
    """Within it a tree may be as deep as compilers take: Python's own calls need no stack."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _parsed(items: list[Item], types: set[str]) -> c_ast.FileAST:
    stream: list[Item] = []
    for name in sorted(types):
        stream += [
            ("TYPEDEF", "typedef", -1),
            ("INT", "int", -1),
            ("ID", name, -1),
            ("SEMI", ";", -1),
        ]
    stream += _convert(items)
    enabled = gc.isenabled()
    gc.disable()
    try:
        with deeply():
            tree = CParser(lexer=_lexer_of(stream), dialect="c23").parse("", "")
    except ParseError as e:
        raise Unparsable(*_where(str(e))) from e
    except (AssertionError, AttributeError, IndexError, ValueError, RecursionError) as e:
        raise Unparsable(f"cannot parse this: {e}", -1) from e
    finally:
        if enabled:
            gc.enable()
    tree.ext = [node for node in tree.ext if not (node.coord and node.coord.line < 0)]
    return tree


def _where(message: str) -> tuple[str, int]:
    place, _, text = message.partition(": ")
    parts = place.split(":")
    line = parts[1] if len(parts) > 1 else ""
    return text or message, int(line) if line.isdigit() else -1


def _lexer_of(stream: list[Item]) -> type[CLexer]:
    """A lexer class that hands out ready tokens."""

    class Ready(CLexer):  # type: ignore[misc]
        def __init__(self, error_func: Callable[[str, int, int], None], **_: object) -> None:
            self.error_func = error_func
            self._filename = ""
            self._rest = iter(stream)

        def input(self, text: str, filename: str = "") -> None:
            """The tokens are ready already."""

        def token(self) -> ParserToken | None:
            kind, text, line = next(self._rest, ("", "", 0))
            return ParserToken(kind, text, line, 1, "") if kind else None

    return Ready


def _clean(found: list[Token]) -> list[Item]:
    """(kind, text, index) of each token, GNU syntax dropped or renamed."""
    items: list[Item] = []
    index = 0
    while index < len(found):
        token = found[index]
        if token.kind == "id":
            index = _clean_word(found, index, items)
        else:
            index = _clean_operator(found, index, items)
    return items


def _clean_word(found: list[Token], index: int, items: list[Item]) -> int:
    text = found[index].text
    if text in _WITH_GROUP:
        return _after_group(found, index + 1)
    if text in _DROPPED:
        return index + 1
    if text in _ASM:
        while index < len(found) and found[index].text != "(":
            index += 1
        return _after_group(found, index)
    if text == "__label__":
        while index < len(found) and found[index].text != ";":
            index += 1
        return index
    if text == "goto" and index + 1 < len(found) and found[index + 1].text == "*":
        return index + 1
    if text in _ZERO_CALLS and index + 1 < len(found) and found[index + 1].text == "(":
        items.append(("num", "0", index))
        return _after_group(found, index + 1)
    if text == "__builtin_bit_cast":
        return _clean_bit_cast(found, index, items)
    word = lookup(text)
    if word and index + 1 < len(found) and found[index + 1].text == "(":
        done = _clean_idiom(found, index, word[0].kind, word[0].variant, items)
        if done:
            return done
    items.append(("id", RENAMED.get(text, text), index))
    return index + 1


def _clean_bit_cast(found: list[Token], index: int, items: list[Item]) -> int:
    """``__builtin_bit_cast(type, value)`` as ``((type) (value))``."""
    close = matching(found, index + 1)
    parts = split_commas(found, index + 2, close)
    if len(parts) != 2:
        return index + 1
    items.append(("op", "(", index))
    for part in parts:
        items += [("op", "(", index), *_clean_from(found, *part), ("op", ")", index)]
    items.append(("op", ")", index))
    return close + 1


def _clean_idiom(found: list[Token], index: int, kind: str, variant: str, items: list[Item]) -> int:
    """Declaring idioms as the declarations that they stand for; 0: not one."""
    close = matching(found, index + 1)
    if close < 0 or kind not in (
        "define-key",
        "declare-key",
        "dynamic",
        "define-call",
        "declare-call",
        "asm-call",
        "export",
    ):
        return 0
    if kind in ("define-key", "declare-key"):
        parts = split_commas(found, index + 2, close)
        truth = "true" if "true" in variant else "false"
        items += [("id", "struct", index), ("id", f"static_key_{truth}", index)]
        if parts:
            items += [("id", found[parts[0][0]].text, index)]
        if "array" in variant and len(parts) > 1:
            items.append(("op", "[", index))
            items += _clean_from(found, *parts[1])
            items.append(("op", "]", index))
    elif kind != "dynamic":
        items += [("id", "extern", index), ("id", "int", index), ("id", "__sc_word", index)]
    return close + 1


def _clean_from(found: list[Token], start: int, end: int) -> list[Item]:
    return [(k, t, i + start) for k, t, i in _clean(found[start:end])]


def _clean_operator(found: list[Token], index: int, items: list[Item]) -> int:
    token = found[index]
    following = found[index + 1].text if index + 1 < len(found) else ""
    before = items[-1] if items else ("op", ";", -1)
    if token.kind != "op":
        items.append((token.kind, token.text, index))
    elif token.text == "[" and following == "[":
        return _after_group(found, index)
    elif token.text == "..." and following != ")":
        items.append(("op", "+", index))
    elif token.text == "?" and following == ":":
        items += [("op", "?", index), ("num", "0", index)]
    elif token.text == "&&" and (
        before[1] == "return" or (before[0] == "op" and before[1] not in _BINARY_LEFT)
    ):
        return index + 1
    else:
        items.append(("op", token.text, index))
    return index + 1


def _after_group(found: list[Token], index: int) -> int:
    if index >= len(found) or found[index].text not in "([{":
        return index
    close = matching(found, index)
    return close + 1 if close >= 0 else len(found)


def _convert(items: list[Item]) -> list[Item]:
    """Tokens with the types that pycparser's grammar names.

    Adjacent strings are joined, for which pycparser needs the square of their number.
    """
    stream: list[Item] = []
    strings: list[str] = []
    for kind, text, index in [*items, ("", "", -1)]:
        if strings and kind != "str":
            at = len(stream) - 1
            joined = "".join(part[1:-1] for part in strings)
            stream[at] = ("STRING_LITERAL", f'"{joined}"', stream[at][2])
            strings = []
        if kind == "id":
            stream.append((_KEYWORDS.get(text, "ID"), text, index))
        elif kind == "num":
            stream.append((*_number(text), index))
        elif kind == "str":
            strings.append(text if text[:1] == '"' else '""')
            if len(strings) == 1:
                stream.append(("STRING_LITERAL", text, index))
            continue
        elif kind == "chr":
            stream.append(("CHAR_CONST", "'x'", index))
        elif kind == "op":
            stream.append((_OPERATORS.get(text, "PPHASH"), text, index))
    return stream


def _number(text: str) -> tuple[str, str]:
    lower = text.lower()
    floating = "." in text or ("p" in lower if lower.startswith("0x") else "e" in lower)
    return ("FLOAT_CONST", "0.0") if floating else ("INT_CONST_DEC", text)
