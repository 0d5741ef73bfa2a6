"""A unit of Linux: its idioms become words that headers before Linux's own define.

Those headers (``header_dir("linux")``) expand each word by Linux's own macros,
so that the types of its keys, its sections and its updates stay, and its own
patcher drives the result.  What headers and macros of the kernel spell expands
there too; the file alone is changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from transformer.frontend import Source, mark
from transformer.frontend.findings import diagnostic
from transformer.frontend.idioms import Unit
from transformer.frontend.linux import Found, Left, find
from transformer.frontend.words import LINUX_WORDS
from transformer.lowering import Origins, lower_linux
from transformer.rewriting.checking import compile_check
from transformer.rewriting.result import RewriteResult, Site
from transformer.rewriting.unit import copied
from transformer.runtime import header_dir
from transformer.toolchain import Compiler

_KEYS = ("define-call", "declare-call", "define-key", "declare-key")


def rewrite_linux(
    data: bytes, source: Source, cc: Compiler, cflags: Sequence[str], *, check: bool
) -> RewriteResult:
    """``ScError`` where the unit does not preprocess with its flags."""
    marked = mark(data, LINUX_WORDS)
    text = ""
    if marked.offsets:
        with copied(marked.text.decode("latin-1"), source, cc, cflags) as copy:
            text = copy.preprocessed(header_dir("linux-analysis"), marked.original)
    found = find(source, marked, text)
    buffer = lower_linux(found.spelled, source)
    edits, new = buffer.edits(), buffer.apply()
    said = []
    if check and edits:
        back = Origins(edits).original
        unit = Unit(source.path)
        said = compile_check(new, source, unit, cc, cflags, header_dir("linux"), back)
    failed = any(d.severity == "error" for d in said)
    return RewriteResult(
        data if failed else new.encode("latin-1"),
        () if failed else edits,
        tuple(dict.fromkeys(i.name for i in found.spelled if i.word.kind in _KEYS)),
        _sites(found),
        tuple(said),
        tuple(diagnostic(source, i.place, "note", "sc-left", _why(i), len(i.spelled))
              for i in found.left),
    )  # fmt: skip


def _sites(found: Found) -> tuple[Site, ...]:
    return tuple(
        Site(i.word.kind, i.name, i.place.path, i.place.line, i.place.column) for i in found.spelled
    )


def _why(left: Left) -> str:
    return f"this {left.spelled} stays: {left.reason}"
