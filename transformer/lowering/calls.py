"""Static calls and keys: declarations, definitions, uses, updates, exports."""

from __future__ import annotations

from transformer.frontend.idioms import Call, CallDefinition, Export, Idiom, Spans
from transformer.frontend.words import WORDS
from transformer.lowering.edits import EditBuffer, fit

#: What the last argument of a definition says of the return type.
RETURNS = {"unknown": 0, "integer": 1, "pointer": 1, "other": 2, "void": 3}


def word(buffer: EditBuffer, spans: Spans, new: str, owner: str, width: int = 0) -> None:
    """Put ``new`` in the place of an idiom's word; ``width`` columns come later."""
    start, end = spans.word
    old = buffer.text[start:end]
    text = fit(new, old)
    if width and text.endswith(" " * width) and "\n" not in old:
        text = text[:-width]
    buffer.replace(start, end, text, owner)


def simple(idiom: Idiom, spans: Spans, buffer: EditBuffer) -> None:
    """Only the word changes: a query, an update, a declaration, all of static keys but guards."""
    word(buffer, spans, WORDS[idiom.spelled].internal, f"{idiom.spelled}({idiom.name})")


def define(idiom: CallDefinition, spans: Spans, exported: bool, buffer: EditBuffer) -> None:
    """``exported`` puts the key's visibility before its definition, as Clang wants it."""
    owner = f"{idiom.spelled}({idiom.name})"
    if exported:  # an edit of its own: another unit may not export what a header defines
        export = f"export of '{idiom.name}'"
        buffer.insert(spans.word[0], f"__sc_export_call({idiom.name}); ", export)
    word(buffer, spans, WORDS[idiom.spelled].internal, owner)
    buffer.insert(spans.closing, f", {RETURNS[idiom.returns]}", owner)


def call(idiom: Call, spans: Spans, buffer: EditBuffer) -> None:
    """Both forms become a call of a designator: ``__sc_call(key)(arguments)``."""
    owner = f"{idiom.spelled}({idiom.name})"
    if idiom.form == "2018":
        word(buffer, spans, WORDS[idiom.spelled].internal, owner, width=1)
        buffer.replace(spans.commas[0], spans.commas[0] + 1, ")(", owner)
    else:
        word(buffer, spans, WORDS[idiom.spelled].internal, owner)


def export(idiom: Export, spans: Spans, defined: bool, buffer: EditBuffer) -> None:
    """Where the definition carries the export already, this only declares the key."""
    new = "__sc_exported_call" if defined and not idiom.tramp else WORDS[idiom.spelled].internal
    word(buffer, spans, new, f"{idiom.spelled}({idiom.name})")
