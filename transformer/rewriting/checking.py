"""The compiler's verdict on rewritten text, told at the user's lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from transformer.diagnostics import Diagnostic
from transformer.frontend import Source
from transformer.frontend.checks import typed
from transformer.frontend.findings import diagnostic, note
from transformer.frontend.idioms import (
    Call,
    CallDeclaration,
    CallDefinition,
    Idiom,
    Unit,
    Update,
)
from transformer.frontend.source import Place
from transformer.rewriting.unit import Back, Copy, Message

_INCOMPATIBLE = re.compile(
    r"incompatible[ -](?:function[ -])?pointer|int-conversion|incompatible type"
)
_COUNT = re.compile(r"too (?:few|many) arguments")
_ASSERTED = re.compile(r'"?(sc-[a-z-]+): ([^\n]*?)"?$')
_QUOTED = re.compile(r"'(\w+)'")
#: errors about a name: what else is said of that name follows from them
_NAMING = ("sc-unknown-key", "sc-conflicting-define", "sc-dynamic", "sc-unsupported-signature")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_SYNTAX = re.compile(r"^(?:expected|extraneous) ")
_OPTION = re.compile(r" \[-W[^\]]*\]$")


def compile_check(
    opened: AbstractContextManager[Copy], unit: Unit, include: Path, back: Back
) -> list[Diagnostic]:
    """Errors of ``-fsyntax-only`` with the lowered headers; warnings only of updates.

    ``opened`` gives what ``copied`` does; ``back`` maps its offsets to the user's.
    """
    with opened as copy:
        told = _Told(unit, copy.source, include)
        done = copy.check(include)
        messages = copy.messages(done.stderr, back)
        found = [d for m in messages if (d := told.diagnosed(m))]
        if not done.ok and not any(d.severity == "error" for d in found):
            error = next((m for m in messages if m.severity == "error"), None)
            found.append(told.error(error, "sc-compile") if error else copy.failure(done))
    return list(dict.fromkeys(found))


def beyond(
    said: Sequence[Diagnostic], found: Sequence[Diagnostic], unit: Unit, source: Source
) -> list[Diagnostic]:
    """What a compiler or a lowering says that does not follow from the errors found before.

    That is what stands at an idiom that is wrong already, or whose name is not what
    it was to be, and what speaks of that name.
    """
    errors = [d for d in found if d.severity == "error"]
    at = {(d.path, d.line, d.column) for d in errors}
    named = {n for d in errors if d.id in _NAMING for n in _QUOTED.findall(d.text)}
    lines = {(d.path, d.line) for d in errors}
    for idiom in unit.idioms:
        place = idiom.place
        if idiom.name in named or (place.path, place.line, place.column) in at:
            lines.update((place.path, line) for line in _lines(idiom, source))
    names = re.compile("|".join(rf"(?:\b|_){re.escape(n)}\b" for n in named) or r"(?!)")
    return [d for d in said if (d.path, d.line) not in lines and not names.search(d.text)]


def is_syntax_error(found: Diagnostic) -> bool:
    """Whether a compiler says that text does not parse, in GCC's words or Clang's."""
    return found.severity == "error" and bool(_SYNTAX.search(found.text))


def _lines(idiom: Idiom, source: Source) -> range:
    """The lines from an idiom's word to the parenthesis that closes it."""
    first = idiom.place.line
    last = source.position(idiom.spans.closing)[0] if idiom.spans else first
    return range(first, last + 1)


@dataclass(frozen=True)
class _Told:
    """Makes diagnostics of a compiler's messages; those of ``include`` are no news to a user."""

    unit: Unit
    source: Source
    include: Path

    def diagnosed(self, message: Message) -> Diagnostic | None:
        text = _OPTION.sub("", message.text)
        update = _at(message, self.unit, Update)
        if update and _INCOMPATIBLE.search(message.text):
            return self._incompatible(message, update, text)
        if message.severity == "warning":
            return None
        asserted = _ASSERTED.search(text)  # by the lowered headers
        if asserted:
            return self.error(message._replace(text=asserted[2], notes=()), asserted[1])
        counted = _COUNT.search(text) and _at(message, self.unit, Call)
        return self.error(message._replace(text=text), "sc-arg-count" if counted else "sc-compile")

    def error(self, message: Message, id_: str) -> Diagnostic:
        """Notes at the same place, which explain how compilers report, are left out."""
        notes = tuple(
            diagnostic(self.source, n.place, "note", "", n.text, self._length(n.place))
            for n in message.notes
            if n.place != message.place and not Path(n.place.path).is_relative_to(self.include)
        )
        length = self._length(message.place)
        return diagnostic(self.source, message.place, "error", id_, message.text, length, notes)

    def _length(self, place: Place) -> int:
        """That of the word at a place, which compilers underline too."""
        word = _WORD.match(self.source.text, place.offset) if place.offset is not None else None
        return len(word[0]) if word else 1

    def _incompatible(self, message: Message, update: Idiom, text: str) -> Diagnostic:
        keys = [i for i in self.unit.idioms if isinstance(i, CallDeclaration | CallDefinition)]
        key = next((k for k in keys if k.name == update.name), None)
        said = f"the new target of '{update.name}' has another type: {text}"
        place = update.place if update.place.editable else message.place
        children = (note(self.source, key, typed(key)),) if key else ()
        length = len(update.spelled)
        id_ = "sc-incompatible-update"
        return diagnostic(self.source, place, "error", id_, said, length, children)


def _at(message: Message, unit: Unit, kind: type[Idiom]) -> Idiom | None:
    """The idiom of a kind on the message's line; the nearest one before its column."""
    place = message.place
    on_line = [
        i
        for i in unit.idioms
        if isinstance(i, kind) and (i.place.path, i.place.line) == (place.path, place.line)
    ]
    before = [i for i in on_line if i.place.column <= place.column or not place.column]
    nearest = before or on_line
    return nearest[-1] if nearest else None
