"""What a unit declares at file scope, looked up when it is asked for.

Nothing is parsed ahead: a name is searched in the text, and only the chunks
that may declare it are parsed, once each.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pycparser import c_ast

from transformer.frontend.chunks import Chunk, split
from transformer.frontend.gnu import RENAMED, Parsed, Unparsable, parse
from transformer.frontend.lexing import Token, matching, mentions, split_commas, tokens

_NAME = re.compile(r"[\w$]+")
#: so many searches of the text cost what it costs to note every name once
_SEARCHES = 64
_ENUM = re.compile(r"\benum\b\s*(?:__attribute(?:__)?\s*\(\([^{};]*?\)\))?[^{};()]*\{([^{}]*)\}")
_ITEM = re.compile(r"(?:^|,)\s*(?:\#[^\n]*\s*)*([A-Za-z_$][\w$]*)")
_QUALIFIERS = {"const", "volatile", "restrict", "_Atomic", "__restrict", "__restrict__"}
_NO_NAMES = _QUALIFIERS | {"struct", "union", "enum"}
BASIC = {"void", "char", "short", "int", "long", "signed", "unsigned", "_Bool", "bool"}
BASIC |= {"float", "double", "_Complex", "__int128"}
_BUILTIN_TYPES = frozenset({"__builtin_ms_va_list", "__builtin_sysv_va_list", "bool"})


@dataclass(frozen=True)
class Declared:
    """A declaration at file scope: its node and the chunk that holds it."""

    node: c_ast.Node
    chunk: Chunk


class Declarations:
    """The file scope of one preprocessed unit."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.chunks = split(text)
        self._starts = [c.start for c in self.chunks]
        self._parsed: dict[int, Parsed | None] = {}
        self._objects: dict[str, Declared | None] = {}
        self._tags: dict[str, c_ast.Node | None] = {}
        self._searches = 0

    @cached_property
    def typedefs(self) -> frozenset[str]:
        """The names of all types that the unit declares at file scope."""
        names: set[str] = set(_BUILTIN_TYPES)
        for start in mentions(self.text, "typedef"):
            chunk = self.chunk_at(start)
            if chunk and start < chunk.head_end and not chunk.is_function:
                after = start + len("typedef")
                names.update(typedef_names(tokens(self.text, after, chunk.end)))
        return frozenset(names)

    @cached_property
    def enumerators(self) -> frozenset[str]:
        """The constants of all enums outside of functions (and harmlessly within)."""
        names: set[str] = set()
        for match in _ENUM.finditer(self.text):
            names.update(_ITEM.findall(match[1]))
        return frozenset(names)

    def index_at(self, offset: int) -> int:
        """Index of the chunk that holds ``offset``; -1 between chunks."""
        index = bisect.bisect_right(self._starts, offset) - 1
        return index if index >= 0 and offset < self.chunks[index].end else -1

    def chunk_at(self, offset: int) -> Chunk | None:
        index = self.index_at(offset)
        return self.chunks[index] if index >= 0 else None

    def head(self, index: int) -> Parsed | None:
        """A chunk's tree, without a function's body; None if it does not parse."""
        if index not in self._parsed:
            chunk = self.chunks[index]
            found = tokens(self.text, chunk.start, chunk.head_end)
            if chunk.is_function:
                found.append(Token("op", ";", chunk.body, chunk.body))
            try:
                self._parsed[index] = parse(found, self.typedefs)
            except Unparsable:
                self._parsed[index] = None
        return self._parsed[index]

    def lookup(self, name: str) -> Declared | None:
        """The first declaration of an object, a function or a type called ``name``."""
        if name not in self._objects:
            self._objects[name] = next(self.all_of(name), None)
        return self._objects[name]

    def all_of(self, name: str) -> Iterator[Declared]:
        """Every declaration of ``name`` at file scope, in order."""
        for index in self._mentions(name):
            tree = self.head(index)
            for node in tree.tree.ext if tree else ():
                if getattr(node, "name", None) == name and not isinstance(node, c_ast.Pragma):
                    yield Declared(node, self.chunks[index])

    def mentions(self, name: str) -> bool:
        """Whether anything at file scope names ``name``."""
        return next(self._mentions(name), -1) >= 0

    def _mentions(self, name: str) -> Iterator[int]:
        """Indexes of the chunks that say ``name`` at file scope, in order.

        At first names are searched for; then all that the heads say is written down.
        """
        self._searches += 1
        if self._searches <= _SEARCHES:
            return self._search(name)
        return iter(self._heads.get(name, ()))

    def _search(self, name: str) -> Iterator[int]:
        last = -1
        for start in mentions(self.text, name):
            index = self.index_at(start)
            if index > last and start < self.chunks[index].head_end:
                last = index
                yield index

    @cached_property
    def _heads(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for index, chunk in enumerate(self.chunks):
            for name in set(_NAME.findall(self.text, chunk.start, chunk.head_end)):
                found.setdefault(name, []).append(index)
        return found

    def tag(self, name: str) -> c_ast.Node | None:
        """The definition of ``struct name`` or ``union name``, if it has one."""
        if name not in self._tags:
            self._tags[name] = self._find_tag(name)
        return self._tags[name]

    def _find_tag(self, name: str) -> c_ast.Node | None:
        for index in self._mentions(name):
            tree = self.head(index)
            for node in _walk(tree.tree) if tree else ():
                if (
                    isinstance(node, c_ast.Struct | c_ast.Union)
                    and node.name == name
                    and node.decls is not None
                ):
                    return node
        return None


def _walk(tree: c_ast.Node) -> Iterator[c_ast.Node]:
    """Every node of a tree, a node before its children, however deep it is."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        yield node
        nodes += [child for _, child in reversed(node.children())]


def typedef_names(found: list[Token]) -> list[str]:
    """The names that the declarators after ``typedef`` declare."""
    plain = _without_groups(found)
    end = next((i for i, t in enumerate(plain) if t.text == ";"), len(plain))
    parts = split_commas(plain, 0, end)
    names = [_declared(plain, *part) for part in parts]
    return [n for n in names if n]


def _without_groups(found: list[Token]) -> list[Token]:
    """Tokens without braces, attributes, asm names, ``typeof`` operands and bounds."""
    kept: list[Token] = []
    index = 0
    while index < len(found):
        text = found[index].text
        if text in "{[":
            index = matching(found, index) + 1 or len(found)
            continue
        if text in ("__attribute__", "__attribute", "__asm__", "asm", "__asm", "_Alignas"):
            index = matching(found, index + 1) + 1 or len(found)
            continue
        grouped = index + 1 < len(found) and found[index + 1].text == "("
        if grouped and RENAMED.get(text, text) in ("typeof", "_Atomic", "_BitInt"):
            kept.append(Token("id", "int", found[index].start, found[index].end))
            index = matching(found, index + 1) + 1 or len(found)
            continue
        if text not in ("__extension__", "typedef"):
            kept.append(found[index])
        index += 1
    return kept


def _declared(found: list[Token], start: int, end: int) -> str:
    """The name that one declarator declares (specifiers may come before it)."""
    words = 0
    index = start
    while index < end:
        token = found[index]
        if token.text == "(":
            nested = found[index + 1].text in ("*", "(", "^") if index + 1 < end else False
            before = found[index - 1].text
            unnamed = words < (2 if start == 0 else 1) or before == "*" or before in BASIC
            if nested or unnamed:
                return next(
                    (
                        t.text
                        for t in found[index + 1 : end]
                        if t.kind == "id" and t.text not in _QUALIFIERS
                    ),
                    "",
                )
            break
        words += token.kind == "id" and token.text not in _NO_NAMES
        index += 1
    names = [t.text for t in found[start:index] if t.kind == "id" and t.text not in _QUALIFIERS]
    return names[-1] if names else ""
