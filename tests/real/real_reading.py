"""Reads whole preprocessed units strictly: every declaration and every function is parsed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from transformer.frontend.chunks import Chunk
from transformer.frontend.declarations import Declarations
from transformer.frontend.gnu import Unparsable, parse
from transformer.frontend.lexing import tokens
from transformer.frontend.source import LineMap


@dataclass(frozen=True)
class Refusal:
    """A chunk that was not read: where it stands, why, and how it goes on there."""

    path: str
    line: int
    reason: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}: {self.text}"


class Reader:
    """Reads units; a chunk that it has read before, in whatever unit, is not read again.

    ``most`` is how many chunks of a unit are read, chosen by ``seed``; None: all.
    """

    def __init__(self, *, most: int | None = None, seed: int = 0) -> None:
        self.most, self.random = most, random.Random(seed)
        self.chunks = 0
        self._read: set[bytes] = set()  # digests: the texts of many units are too large

    def refusals(self, text: str) -> list[Refusal]:
        declarations = Declarations(text)
        chunks: Sequence[Chunk] = declarations.chunks
        if self.most is not None and len(chunks) > self.most:
            chunks = self.random.sample(chunks, self.most)
        lines = LineMap(text, "")
        found = []
        for chunk in chunks:
            body = text[chunk.start : chunk.end].encode("latin-1")
            digest = hashlib.blake2b(body, digest_size=16).digest()
            if digest in self._read:
                continue
            self.chunks += 1
            wrong = _wrong(declarations, chunk)
            if wrong is None:
                self._read.add(digest)
                continue
            reason, at = wrong
            shown = " ".join(text[at : at + 120].split())[:60]
            found.append(Refusal(*lines.place(at), reason, shown))
        return found


def _wrong(declarations: Declarations, chunk: Chunk) -> tuple[str, int] | None:
    """Why a chunk is not read, and the offset where that is seen."""
    if chunk.broken >= 0:
        return "a bracket has no partner", chunk.broken
    found = tokens(declarations.text, chunk.start, chunk.end)
    try:
        parse(found, declarations.typedefs)
    except Unparsable as e:
        return str(e), found[e.index].start if 0 <= e.index < len(found) else chunk.start
    return None
