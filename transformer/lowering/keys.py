"""Static keys: definitions, declarations and the operations that flip them."""

from __future__ import annotations

from transformer.frontend.idioms import DynamicOperation, Idiom, Spans
from transformer.frontend.words import WORDS
from transformer.lowering.calls import word
from transformer.lowering.edits import EditBuffer


def key(idiom: Idiom, spans: Spans, buffer: EditBuffer) -> None:
    """A definition, a declaration or an operation: only the word changes."""
    word(buffer, spans, WORDS[idiom.spelled].internal, f"{idiom.spelled}({idiom.name})")


def switch(idiom: DynamicOperation, spans: Spans, buffer: EditBuffer) -> None:
    key(idiom, spans, buffer)
