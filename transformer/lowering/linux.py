"""Linux's idioms to the words of the headers that stand before Linux's."""

from __future__ import annotations

from collections.abc import Iterable

from transformer.frontend.linux import Spelled
from transformer.frontend.source import Source
from transformer.lowering.edits import EditBuffer, fit


def lower_linux(found: Iterable[Spelled], source: Source) -> EditBuffer:
    """A word for a word: types, sections and updates are Linux's, by its headers."""
    buffer = EditBuffer(source.text)
    for idiom in found:
        start, end = idiom.spans.word
        new = fit(idiom.word.internal, source.text[start:end])
        buffer.replace(start, end, new, f"{idiom.spelled}({idiom.name})")
    return buffer
