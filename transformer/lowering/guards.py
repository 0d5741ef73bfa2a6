"""Guards: a patched branch for an address constant, else a loaded flag."""

from __future__ import annotations

from transformer.frontend.idioms import Guard, Spans
from transformer.frontend.words import FLAG_WORDS, WORDS
from transformer.lowering.calls import word
from transformer.lowering.edits import EditBuffer


def guard(idiom: Guard, spans: Spans, constant: bool, buffer: EditBuffer) -> None:
    """``constant`` holds for every expansion of this spelling."""
    patched = WORDS[idiom.spelled].internal
    loaded = FLAG_WORDS["likely" if idiom.likely else "unlikely"]
    word(buffer, spans, patched if constant else loaded, f"{idiom.spelled}({idiom.name})")


def why_loaded(idiom: Guard) -> str:
    return f"this guard loads a flag, for {idiom.reason or 'its operand differs between uses'}"
