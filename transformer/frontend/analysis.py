"""Preprocessed text in, a unit's idioms out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from transformer.frontend import idioms as I
from transformer.frontend.asm_calls import AsmCalls
from transformer.frontend.c_types import Types
from transformer.frontend.chunks import Chunk
from transformer.frontend.declarations import Declarations
from transformer.frontend.dynamic import DynamicFinder
from transformer.frontend.gnu import deeply
from transformer.frontend.judging import Judge
from transformer.frontend.lexing import CONTROL, Token, matching, spelling, split_commas, tokens
from transformer.frontend.openings import Openings
from transformer.frontend.source import LineMap, Place, Source
from transformer.frontend.spans import find_spans, spells
from transformer.frontend.words import MARK, Word, lookup, may_stand, unmark

_MARK_IN_STRING = re.compile(rf"{MARK}(\d{{1,18}})_")
_HEADERS = re.compile(r"\bstruct\s+sc_dynamic\b")
_TOP_LEVEL = {
    "define-call", "declare-call", "export", "define-key", "declare-key", "dynamic", "asm-call",
}  # fmt: skip


class Analysis:
    """The idioms of a unit: ``unit``.

    ``text`` is the preprocessed marked copy, in whose line markers the user's
    file ``source`` is called ``main``.  With ``preprocessed`` it is the user's
    file itself.  ``dynamic`` maps functions to the values that they return
    while they are off, for those that are chosen by name.
    """

    def __init__(
        self,
        text: str,
        source: Source,
        *,
        main: str,
        preprocessed: bool = False,
        dynamic: Mapping[str, str] | None = None,
    ) -> None:
        self.text, self.source, self.main = text, source, main
        self.preprocessed = preprocessed
        self.declarations = Declarations(text)
        self.types = Types(self.declarations)
        self.lines = LineMap(text, main)
        self.own = Source(text, main)
        self.unit = I.Unit(source.path)
        self.strings: set[int] = set()
        self.file_keys: set[str] = set()
        self.file_arrays: set[str] = set()
        self.functions: set[str] = set()
        self.dynamic = dynamic or {}
        self.dynamics = DynamicFinder(
            self.declarations, self.types, source, self.lines, main, preprocessed
        )
        self._run()

    def _run(self) -> None:
        concerned = {self.declarations.index_at(at) for at in may_stand(self.text)} - {-1}
        broken = {n for n, c in enumerate(self.declarations.chunks) if c.broken >= 0}
        for index in sorted(concerned | broken):
            chunk = self.declarations.chunks[index]
            if index in broken:
                self._problem("sc-parse", "this bracket has no partner", chunk.broken)
            if index in concerned:
                _ChunkAnalysis(self, index, chunk).run()
        self.unit.in_strings = frozenset(self.strings)
        self._by_name()
        self.unit.idioms.sort(key=lambda i: i.position)
        self._hide_strings()
        with deeply():
            self._signatures()
        self.unit.headers = bool(_HEADERS.search(self.text))

    def _by_name(self) -> None:
        finder = self.dynamics
        marked = {i.name for i in self.unit.idioms if isinstance(i, I.DynamicDefinition)}
        for name, value in self.dynamic.items():
            if name not in marked and not finder.is_rewritten(name) and not self._broken(name):
                self.unit.idioms.append(finder.named(name, value))

    def _broken(self, name: str) -> bool:
        """Whether a function may be defined in a chunk that is told to be broken."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        chunks = (c for c in self.declarations.chunks if c.broken >= 0)
        return any(word.search(self.text, c.start, c.end) for c in chunks)

    def _hide_strings(self) -> None:
        """A word that also lands in a string literal keeps its spelling."""
        self.unit.idioms = [
            replace(i, spans=None) if i.place.offset in self.strings else i
            for i in self.unit.idioms
        ]

    def _signatures(self) -> None:
        called = {i.name for i in self.unit.idioms if isinstance(i, I.Call) and i.place.editable}
        for number, idiom in enumerate(self.unit.idioms):
            if isinstance(idiom, I.CallDefinition | I.CallDeclaration):
                defines = isinstance(idiom, I.CallDefinition) and not idiom.internal
                if defines or idiom.name in called:
                    signature = self._signature(idiom.func)
                    if isinstance(idiom, I.CallDefinition):
                        self.unit.idioms[number] = replace(idiom, returns=signature.returns)

    def unit_for(self, registers: int | None) -> I.Unit:
        """With prototypes and openings where calls are asm: so many arguments fit in registers.

        That is a unit of its own; None asks for ``unit``.
        """
        if registers is None:
            return self.unit
        unit = replace(self.unit, problems=[*self.unit.problems], prototypes={}, openings={})
        prepare = AsmCalls(unit, self.types, self.lines, registers)
        with deeply():
            prepare.prototypes()
        if not self.preprocessed:
            prepare.openings(Openings(self.declarations, self.source, self.lines, self.main))
        for offset, text in prepare.refusals(self.main):
            unit.problems.append(self._told("sc-inline-asm-signature", text, offset))
        return unit

    def _signature(self, func: str) -> I.Signature:
        if func not in self.unit.signatures:
            self.unit.signatures[func] = self.types.signature(func)
        return self.unit.signatures[func]

    def place(self, token: Token) -> Place:
        """Where a word is spelled: in the user's file, or in a header or macro."""
        spelled, offset = unmark(token.text)
        if offset is not None and spells(self.source.text, offset, spelled):
            return self.source.place(offset)
        path, line = self.lines.place(token.start)
        shown = self.source.path if path == self.main else path
        if self.preprocessed:
            return Place(shown, line, self.own.position(token.start)[1], token.start)
        return Place(shown, line, 0, None)

    def _problem(self, id_: str, text: str, offset: int, severity: str = "error") -> None:
        self.unit.problems.append(self._told(id_, text, offset, severity))

    def _told(self, id_: str, text: str, offset: int, severity: str = "error") -> I.Problem:
        path, line = self.lines.place(offset)
        column = 0
        if not self.preprocessed:
            path = self.source.path if path == self.main else path
            column = self._column(self.source.shown(path, line), offset)
        return I.Problem(id_, text, Place(path, line, column, None), severity)

    def _column(self, spelled: str, offset: int) -> int:
        """The column of a character that may stand several times on its line, some marked."""
        start = self.text.rfind("\n", 0, offset) + 1
        character = self.text[offset]
        places = [m.end() for m in re.finditer(re.escape(character), spelled)]
        number = self.text.count(character, start, offset)
        return places[min(number, len(places) - 1)] if places else 0

    def note_unparsable(self, offset: int, text: str) -> None:
        said = f"a guard here is judged by its tokens alone: {text}"
        self._problem("sc-parse", said, offset, "note")


class _ChunkAnalysis:
    """One top-level chunk that holds idiom words."""

    def __init__(self, whole: Analysis, index: int, chunk: Chunk) -> None:
        self.whole, self.index, self.chunk = whole, index, chunk
        self.tokens = tokens(whole.text, chunk.start, chunk.end)
        self.judge = Judge(
            chunk,
            self.tokens,
            whole.types,
            whole.file_keys,
            whole.file_arrays,
            whole.note_unparsable,
        )

    def run(self) -> None:
        for at, token in enumerate(self.tokens):
            if token.kind == "str" and MARK in token.text:
                self.whole.strings.update(map(int, _MARK_IN_STRING.findall(token.text)))
            elif token.kind == "id" and (found := lookup(token.text)):
                self._word(at, found[0], found[2])

    def _word(self, at: int, word: Word, internal: bool) -> None:
        token = self.tokens[at]
        followed = at + 1 < len(self.tokens) and self.tokens[at + 1].text == "("
        if not followed or self._is_other(at, word):
            return
        close = matching(self.tokens, at + 1)
        if close < 0:
            return
        parts = split_commas(self.tokens, at + 2, close)
        place = self.whole.place(token)
        spans = None
        if place.offset is not None and not internal:
            source = self.whole.source
            spans = find_spans(source.text, place.offset, source.end(place.offset))
            if spans and len(spans.arguments) != len(parts):
                spans = None
        name, spans = self._name(word, parts, spans)
        base = (
            unmark(token.text)[0],
            name,
            place,
            spans,
            token.start,
            internal,
        )
        made = _MAKERS[word.kind](self, word, base, parts, (at, close))
        if made is not None:
            self.whole.unit.idioms.append(made)
        if isinstance(made, I.KeyDefinition | I.KeyDeclaration) and not made.local:
            self.whole.file_keys.add(made.name)
            if made.array:
                self.whole.file_arrays.add(made.name)

    def _is_other(self, at: int, word: Word) -> bool:
        """Whether a word names a member, or a function that the file declares itself."""
        token, before = self.tokens[at], self.tokens[at - 1].text if at else ""
        inside = self.chunk.is_function and token.start > self.chunk.body
        if not inside and word.kind not in _TOP_LEVEL and self._declared(at):
            spelled, offset = unmark(token.text)
            if at and offset is not None:
                self.whole.functions.add(spelled)
            return True
        return before in (".", "->") or unmark(token.text)[0] in self.whole.functions

    def _declared(self, at: int) -> bool:
        """An unmarked word after a type: the runtime's own declaration."""
        before = self.tokens[at - 1] if at else None
        return before is None or before.kind == "id" or before.text == "*"

    def _name(
        self, word: Word, parts: list[tuple[int, int]], spans: I.Spans | None
    ) -> tuple[str, I.Spans | None]:
        """The key, function or operand, and the spans if the word may be replaced.

        The headers paste a key's name before it is expanded, but for
        ``static_call``, which passes it on: there a macro's name is left alone.
        """
        expanded = spelling(self.tokens, *parts[0]) if parts else ""
        if not parts or not spans or word.kind in ("guard", "key-operation"):
            return expanded, spans
        raw = self.whole.source.text[slice(*spans.arguments[0])]
        if raw == expanded or not re.fullmatch(r"[A-Za-z_]\w*", raw):
            return expanded, spans if raw == expanded or word.kind == "dynamic" else None
        if word.variant == "call":
            return expanded, None
        return raw, spans

    def text_of(self, part: tuple[int, int]) -> str:
        return spelling(self.tokens, *part)

    def storage(self, at: int) -> str:
        words = []
        while at > 0 and self.tokens[at - 1].text in ("static", "extern", "__extension__"):
            at -= 1
            words.append(self.tokens[at].text)
        return " ".join(w for w in words if w != "__extension__")

    def is_statement(self, at: int, close: int) -> bool:
        """Whether ``word(key)`` is a whole statement."""
        following = self.tokens[close + 1].text if close + 1 < len(self.tokens) else ""
        before = self.tokens[at - 1].text if at else ";"
        if following != ";":
            return False
        if before in ("else", "do") or before in ";{}":
            return True
        if before == ")":
            return self._control(at - 1)
        return before == ":" and at >= 3 and self.tokens[at - 3].text in (";", "{", "}", "case")

    def _control(self, closing: int) -> bool:
        depth = 0
        for index in range(closing, -1, -1):
            depth += {")": 1, "(": -1}.get(self.tokens[index].text, 0)
            if depth == 0:
                return index > 0 and self.tokens[index - 1].text in CONTROL
        return False


_Base = tuple[str, str, Place, I.Spans | None, int, bool]
_Parts = list[tuple[int, int]]
_At = tuple[int, int]
_Maker = Callable[[_ChunkAnalysis, Word, _Base, _Parts, _At], I.Idiom | None]


def _define_call(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    func = c.text_of(parts[1]) if len(parts) > 1 else ""
    return I.CallDefinition(*base, func=func, form=word.variant)


def _declare_call(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    func = c.text_of(parts[1]) if len(parts) > 1 else ""
    return I.CallDeclaration(*base, func=func, storage=c.storage(at[0]))


def _call(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    cond = word.variant == "cond"
    if len(parts) > 1:
        count = len(parts) - 1 if c.chunk.broken < 0 else None
        return I.Call(*base, form="2018", cond=cond, count=count)
    after = at[1] + 1
    while after < len(c.tokens) and c.tokens[after].text == ")":
        after += 1  # (static_call(k))(1)
    if after < len(c.tokens) and c.tokens[after].text == "(" and _closes(c.tokens, at[0], after):
        end = matching(c.tokens, after)
        known = end >= 0 and c.chunk.broken < 0
        count = len(split_commas(c.tokens, after + 1, end)) if known else None
        return I.Call(*base, form="2016", cond=cond, count=count)
    return I.Call(*base, form="bare", cond=cond, statement=c.is_statement(*at))


def _closes(found: list[Token], at: int, after: int) -> bool:
    """Whether the parentheses between a word's ``)`` and the call surround it alone."""
    close = matching(found, at + 1)
    extra = after - close - 1
    return all(at - n - 1 >= 0 and found[at - n - 1].text == "(" for n in range(extra))


def _asm_call(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    return I.AsmCall(*base)


def _query(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    return I.Query(*base)


def _update(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    return I.Update(*base, func=c.text_of(parts[1]) if len(parts) > 1 else "")


def _export(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    return I.Export(*base, tramp=word.variant == "tramp")


def _define_key(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    return I.KeyDefinition(
        *base,
        truth="true" in word.variant,
        read_only="ro" in word.variant,
        array="array" in word.variant,
        storage=c.storage(at[0]),
        local=c.chunk.is_function,
    )


def _declare_key(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    return I.KeyDeclaration(
        *base,
        truth="true" in word.variant,
        array="array" in word.variant,
        storage=c.storage(at[0]),
        local=c.chunk.is_function,
    )


def _guard(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    reason = c.judge.reason(*at)
    return I.Guard(
        *base,
        likely=word.variant == "likely",
        constant=not reason,
        reason=reason,
        unknown=c.judge.unknown(*at),
    )


def _operation(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    return I.KeyOperation(*base, operation=word.variant, unknown=c.judge.unknown(*at))


def _switch(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom:
    unknown = c.judge.undeclared(at[0])
    return I.DynamicOperation(*base, on=word.variant == "enable", unknown=unknown)


def _dynamic(c: _ChunkAnalysis, word: Word, base: _Base, parts: _Parts, at: _At) -> I.Idiom | None:
    if c.chunk.broken >= 0:
        return None
    w = c.whole
    finder = w.dynamics
    value = spelling(c.tokens, at[0] + 2, at[1])
    return finder.marked(c.index, c.tokens, at, base, value)


_MAKERS: dict[str, _Maker] = {
    "define-call": _define_call, "declare-call": _declare_call, "call": _call, "query": _query,
    "update": _update, "export": _export, "define-key": _define_key,
    "declare-key": _declare_key, "guard": _guard, "key-operation": _operation,
    "dynamic": _dynamic, "dynamic-operation": _switch, "asm-call": _asm_call,
}  # fmt: skip
