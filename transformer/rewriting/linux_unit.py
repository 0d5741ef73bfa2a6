"""A unit of Linux: its idioms become words that headers before Linux's own define.

Those headers (``header_dir("linux")``) expand each word by Linux's own macros,
so that the types of its keys, its sections and its updates stay, and its own
patcher drives the result.  What headers and macros of the kernel spell expands
there too; the file alone is changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from transformer.diagnostics import Diagnostic
from transformer.frontend import Source, mark
from transformer.frontend.findings import diagnostic
from transformer.frontend.linux import Found, find
from transformer.frontend.words import LINUX_WORDS
from transformer.lowering import Origins, lower_linux
from transformer.rewriting.result import RewriteResult, Site
from transformer.rewriting.unit import copied, readable
from transformer.runtime import header_dir
from transformer.toolchain import Compiler, asked, named

_KEYS = ("define-call", "declare-call", "define-key", "declare-key")


def rewritten(
    data: bytes, path: str, cc: str | Compiler, cflags: Sequence[str], *, check: bool
) -> RewriteResult:
    """``cc`` is a compiler or a command.  ``ScError`` where the unit does not preprocess."""
    source = Source(data.decode("latin-1"), path)
    readable(source)
    cc = cc if isinstance(cc, Compiler) else named(cc)
    marked = mark(data, LINUX_WORDS)
    text = ""
    if marked.offsets:
        with copied(marked.text.decode("latin-1"), source, cc, cflags) as copy:
            text = copy.preprocessed(header_dir("linux-analysis"), marked.original)
    found = find(source, marked, text)
    buffer = lower_linux(found.spelled, source)
    edits, new = buffer.edits(), buffer.apply()
    said = _checked(new, source, cc, cflags, Origins(edits)) if check and edits else []
    failed = any(d.severity == "error" for d in said)
    return RewriteResult(
        data if failed else new.encode("latin-1"),
        () if failed else edits,
        tuple(dict.fromkeys(i.name for i in found.spelled if i.word.kind in _KEYS)),
        _sites(found),
        tuple(said),
        tuple(_left(found, source)),
    )


def _checked(
    text: str, source: Source, cc: Compiler, cflags: Sequence[str], origins: Origins
) -> list[Diagnostic]:
    from transformer.frontend.idioms import Unit
    from transformer.rewriting.checking import compile_check

    unit, include = Unit(source.path), header_dir("linux")
    copy = copied(text, source, asked(cc), cflags)
    return compile_check(copy, unit, include, origins.original)


def _sites(found: Found) -> tuple[Site, ...]:
    return tuple(
        Site(i.word.kind, i.name, i.place.path, i.place.line, i.place.column) for i in found.spelled
    )


def _left(found: Found, source: Source) -> list[Diagnostic]:
    said = ((f"this {i.spelled} stays: {i.reason}", i) for i in found.left)
    return [
        diagnostic(source, i.place, "note", "sc-left", text, len(i.spelled)) for text, i in said
    ]
