"""Dynamic functions: the definition that ``SC_DYNAMIC`` marks, or that is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pycparser import c_ast

from transformer.frontend.c_types import Types
from transformer.frontend.chunks import Chunk
from transformer.frontend.declarations import Declarations
from transformer.frontend.idioms import DynamicDefinition, DynamicSpans, Spans
from transformer.frontend.lexing import Token, condition, matching, raw_tokens, split_commas, tokens
from transformer.frontend.source import LineMap, Place, Source
from transformer.frontend.spelling import nearest

#: attributes that may stand on a body, a wrapper and an early return alike
_COPIED_WORDS = (
    "noinline unused used cold hot nonnull returns_nonnull format warn_unused_result malloc"
    " nothrow leaf alloc_size no_sanitize target optimize sentinel deprecated const pure noclone"
)
_COPIED = frozenset(_COPIED_WORDS.split())
_OWN_NAMES = {"__func__", "__FUNCTION__", "__PRETTY_FUNCTION__"}


class DynamicFinder:
    """Describes definitions of dynamic functions and finds them in the user's file."""

    def __init__(
        self,
        declarations: Declarations,
        types: Types,
        source: Source,
        lines: LineMap,
        main: str,
        preprocessed: bool,
    ) -> None:
        self.declarations, self.types = declarations, types
        self.source, self.lines, self.main = source, lines, main
        self.preprocessed = preprocessed

    def marked(
        self,
        index: int,
        found: list[Token],
        at: tuple[int, int],
        base: tuple[str, str, Place, Spans | None, int, bool],
        value: str,
    ) -> DynamicDefinition:
        """The definition after ``SC_DYNAMIC(value)``, whose tokens are ``at``."""
        chunk = self.declarations.chunks[index]
        made = DynamicDefinition(*base, value=value)
        if not chunk.is_function or found[at[1]].end > chunk.body:
            return replace(
                made, name="", error="SC_DYNAMIC must stand before a function definition"
            )
        made = self._describe(made, index, chunk)
        if made.place.offset is None or made.error or made.spans is None:
            return made
        marker = (made.spans.word[0], made.spans.closing + 1)
        if made.spans.arguments and made.value:  # as the user spells it, macros and all
            raw = head_text(self.source, made.spans.arguments[0], (0, 0))
            made = replace(made, value=raw)
        return replace(made, lines=self._spans(made, chunk, marker))

    def is_rewritten(self, name: str) -> bool:
        """Whether the definition holds the internal words already."""
        words = rf"\b__sc_dynamic_(?:key|key_in|call)(?:_static)?\s*\(\s*{re.escape(name)}\s*\)"
        return bool(re.search(words, self.declarations.text))

    def named(self, name: str, value: str) -> DynamicDefinition:
        """The definition of a function that is chosen by its name."""
        nowhere = DynamicDefinition(
            "--dynamic", name, Place(self.source.path, 0, 0, None), None, 0, value=value,
            error=f"this file defines no function '{name}'",
        )  # fmt: skip
        for declared in self.declarations.all_of(name):
            chunk = declared.chunk
            if not chunk.is_function:
                continue
            index = self.declarations.index_at(chunk.start)
            path, _ = self.lines.place(chunk.body)
            made = replace(nowhere, error="", position=chunk.start)
            if not self.preprocessed and path not in (self.main, self.source.path):
                said = f"'{name}' is defined in {path}, not in this file"
                return replace(made, error=said, elsewhere=True)
            made = self._describe(made, index, chunk)
            return made if made.error else self._locate(made, chunk)
        if self.declarations.lookup(name):
            said = f"'{name}' is declared here and defined in another file"
            return replace(nowhere, error=said, elsewhere=True)
        return replace(nowhere, meant=nearest(name, self._functions()))

    def _functions(self) -> Iterator[str]:
        """The names of the functions that the user's file defines."""
        for chunk in self.declarations.chunks:
            if not chunk.is_function:
                continue
            path, _ = self.lines.place(chunk.body)
            if self.preprocessed or path in (self.main, self.source.path):
                found = tokens(self.declarations.text, chunk.start, chunk.body)
                if (index := _name_index(found)) >= 0:
                    yield found[index].text

    def _describe(self, made: DynamicDefinition, index: int, chunk: Chunk) -> DynamicDefinition:
        tree = self.declarations.head(index)
        decl = tree.tree.ext[-1] if tree and tree.tree.ext else None
        if not isinstance(decl, c_ast.Decl) or not isinstance(decl.type, c_ast.FuncDecl):
            return self._knr(made, chunk)
        void = self.types.returns(decl.type) == "void"
        body = tokens(self.declarations.text, chunk.body, chunk.end)
        params, odd = _parameters(decl.type)
        head = tokens(self.declarations.text, chunk.start, chunk.body)
        stays = _storage_reason(decl) or _attribute_reason(head)
        made = replace(
            made, name=decl.name, void=void, static=self._static(decl), parameters=params,
            insertion=odd or stays or self._body_reason(decl.name, body, chunk),
            keyed=stays or _own_name_reason(body),
        )  # fmt: skip
        return _with_value_checked(made)

    def _knr(self, made: DynamicDefinition, chunk: Chunk) -> DynamicDefinition:
        """A head that does not parse alone: a K&R definition."""
        found = tokens(self.declarations.text, chunk.start, chunk.body)
        index = _name_index(found)
        if index < 0:
            return replace(made, error="this definition could not be parsed")
        words = [t.text for t in found[: index + 1]]
        void = "void" in words and "*" not in words
        made = replace(
            made,
            name=found[index].text,
            void=void,
            static="static" in words,
            insertion="its parameters are declared in the old style",
            keyed="its parameters are declared in the old style",
        )
        return _with_value_checked(made)

    def _static(self, decl: c_ast.Decl) -> bool:
        if "static" in (decl.storage or ()):
            return True
        first = self.declarations.lookup(decl.name)
        return first is not None and "static" in (getattr(first.node, "storage", None) or ())

    def _body_reason(self, name: str, body: list[Token], chunk: Chunk) -> str:
        words = {t.text for t in body if t.kind == "id"}
        if words & _OWN_NAMES:
            return _own_name_reason(body)
        first = self.declarations.lookup(name)
        if name in words and (first is None or first.chunk.start >= chunk.start):
            return "it calls itself before any declaration"
        return ""

    def _locate(self, made: DynamicDefinition, chunk: Chunk) -> DynamicDefinition:
        """Where a function that is chosen by name stands in the user's file.

        Without ``lines`` where a macro spells it.
        """
        found = tokens(self.declarations.text, chunk.start, chunk.body)
        name = next((t.start for t in found if t.text == made.name), chunk.start)
        if self.preprocessed:
            first = chunk.start
        else:
            spelled = self._first_of_head(made.name, self.lines.place(name)[1], chunk)
            if spelled is None:
                return made
            first = spelled
        place = self.source.place(first)
        made = replace(made, place=place)
        return replace(made, lines=self._spans(made, chunk, (first, first)))

    def _first_of_head(self, name: str, line: int, chunk: Chunk) -> int | None:
        """Where the definition starts whose name stands on ``line`` of the user's file."""
        earliest = self.lines.place(chunk.start)[1]
        first: int | None = None
        for token in raw_tokens(self.source.text, 0, self.source.end(0)):
            at = self.source.position(token.start)[0]
            if first is None and at >= earliest:
                first = token.start
            if token.text == name and at == line:
                return first
            if token.kind == "op" and token.text in ";}":
                first = None
        return None

    def _spans(
        self, made: DynamicDefinition, chunk: Chunk, marker: tuple[int, int]
    ) -> DynamicSpans | None:
        """Spans in the user's file; None where macros hide parts of the definition."""
        end = self.source.end(marker[0])
        stream = list(_until_body(self.source.text, marker[1], end))
        if not stream or stream[-1].text != "{":
            return None
        head, opening = stream[:-1], stream[-1].start
        at = [i for i, t in enumerate(head[:-1]) if t.text == made.name and head[i + 1].text == "("]
        if not at:
            return None
        closing = self._closing(opening, chunk)
        start = _first_statement(self.source.text, opening, end)
        if closing is None or start is None:
            return None
        name = head[at[0]]
        static = next(((t.start, t.end) for t in head if t.text == "static"), None)
        return DynamicSpans(
            marker,
            (head[0].start, head[-1].end),
            (name.start, name.end),
            static,
            opening,
            closing,
            start,
        )

    def _closing(self, opening: int, chunk: Chunk) -> int | None:
        """The brace that ends the body: matched, and on the line where it must be."""
        if self.preprocessed:
            return chunk.end - 1
        wanted = self.lines.place(chunk.end - 1)[1]
        depth, candidates = 0, []
        for token in raw_tokens(self.source.text, opening, self.source.end(opening)):
            if token.text == "{" and token.kind == "op":
                depth += 1
            elif token.text == "}" and token.kind == "op":
                depth -= 1
                line = self.source.position(token.start)[0]
                if line == wanted:
                    if depth == 0:
                        return token.start
                    candidates.append(token.start)
                elif line > wanted:
                    break
        return candidates[0] if len(candidates) == 1 else None


def head_text(source: Source, span: tuple[int, int], name: tuple[int, int], new: str = "") -> str:
    """A head as one line: comments stripped, newlines as blanks, ``name`` renamed."""
    parts = []
    last = span[0]
    for token in raw_tokens(source.text, span[0]):
        if token.start >= span[1]:
            break
        gap = source.text[last : token.start]
        text = new if new and (token.start, token.end) == name else token.text
        parts.append((" " if gap else "") + text)
        last = token.end
    return "".join(parts).strip()


def _first_statement(text: str, opening: int, end: int) -> int | None:
    """After the brace, and after pragmas and ``__label__`` declarations that follow it.

    None where those are conditional, together with what follows them.
    """
    late, label, conditions = False, False, 0
    for token in raw_tokens(text, opening + 1, end, directives=True):
        if token.kind == "directive":
            late = late or "pragma" in token.text
            conditions += condition(token.text)
        elif token.text == "__label__" or label:
            late, label = True, token.text != ";"
        else:
            if late:
                return None if conditions else token.start
            return opening + 1
    return opening + 1


def _until_body(text: str, start: int, end: int) -> list[Token]:
    """The raw tokens of a head, up to and with the brace of the body."""
    found, depth = [], 0
    for token in raw_tokens(text, start, end, directives=True):
        if token.kind == "directive" and not text.startswith("# ", token.start):
            return []  # which part of the head counts is the preprocessor's affair
        if token.kind != "directive":
            found.append(token)
        if token.kind != "op":
            continue
        if token.text == "{" and depth == 0:
            aggregate = len(found) > 1 and any(
                t.text in ("struct", "union", "enum") for t in found[-3:-1]
            )
            if not aggregate:
                return found
        depth += (token.text in "([{") - (token.text in ")]}")
    return found


def _name_index(found: list[Token]) -> int:
    """Index of the name that a function's head declares; -1 where none can be told."""
    return next(
        (
            i - 1
            for i, t in enumerate(found)
            if t.text == "("
            and i
            and found[i - 1].kind == "id"
            and found[i - 1].text not in ("__attribute__", "SC_DYNAMIC")
            and not found[i - 1].text.endswith("_SC_DYNAMIC")
        ),
        -1,
    )


def _parameters(function: c_ast.FuncDecl) -> tuple[tuple[str, ...], str]:
    """The parameters' names, and why the body cannot be called with them."""
    params = list(function.args.params) if function.args is not None else []
    names = []
    for param in params:
        if isinstance(param, c_ast.EllipsisParam):
            return (), "it is variadic"
        if isinstance(param, c_ast.ID):
            return (), "its parameters are declared in the old style"
        name = getattr(param, "name", None)
        if name is None:
            return ((), "") if len(params) == 1 else ((), "a parameter has no name")
        names.append(name)
    return tuple(names), ""


def _attribute_reason(head: list[Token]) -> str:
    """Attributes that only the function itself may carry, not a copy of its head."""
    index = 0
    while index < len(head):
        text = head[index].text
        if text == "[" and index + 1 < len(head) and head[index + 1].text == "[":
            return "its attributes are in C23's form"
        if text in ("__attribute__", "__attribute"):
            close = matching(head, index + 1)
            for start, _ in split_commas(head, index + 3, close - 1):
                name = head[start].text.strip("_")
                if start < close and name not in _COPIED and head[start].kind == "id":
                    return f"it has the attribute '{name}'"
            index = max(close, index)
        index += 1
    return ""


def _own_name_reason(body: list[Token]) -> str:
    uses = any(t.kind == "id" and t.text in _OWN_NAMES for t in body)
    return "it uses its own name as a string" if uses else ""


def _storage_reason(decl: c_ast.Decl) -> str:
    specifiers = [*(decl.storage or ()), *(decl.funcspec or ())]
    odd = next((s for s in specifiers if s in ("extern", "inline")), "")
    return f"it is '{odd}'" if odd else ""


def _with_value_checked(made: DynamicDefinition) -> DynamicDefinition:
    if made.void and made.value.strip() not in ("", "(void)0"):
        return replace(made, error=f"'{made.name}' returns nothing: write SC_DYNAMIC()")
    if not made.void and not made.value.strip():
        said = f"'{made.name}' returns a value: say which, as in SC_DYNAMIC(0)"
        return replace(made, error=said)
    return replace(made, value="" if made.void else made.value)
