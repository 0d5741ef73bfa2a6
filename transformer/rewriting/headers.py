"""A unit together with the headers of its project: what these spell is rewritten in copies.

The unit is preprocessed as it stands, which tells the headers that it reads.
Marked copies of these, laid out as the results will be, take their places when
it is preprocessed again: then each idiom word names its file and its byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from transformer.arch import Arch
from transformer.diagnostics import Diagnostic, ScError
from transformer.frontend import Place, Source, mark
from transformer.frontend.findings import diagnostic
from transformer.frontend.marking import blanked, defined, spelled_words
from transformer.frontend.source import Files
from transformer.frontend.words import MARK, WORDS, Word, marked
from transformer.lowering import Edit, Origins
from transformer.quick import may_hold_idioms
from transformer.rewriting.result import RewriteResult
from transformer.rewriting.run import Rewrite, job_of
from transformer.rewriting.tree import Layout, in_place, parts, planted, read_by, renamed
from transformer.rewriting.unit import Copy, readable
from transformer.runtime import header_dir
from transformer.toolchain import Compiler

_ASKED = re.compile(r'(?:\b__has_(?:include|embed)\s*\(|#[ \t]*embed)\s*"([^"\n]+)"')
_MARKS = re.compile(rf"{MARK}\d+_")
_MARKERS = re.compile(r"^#[ \t]*(?:line[ \t]+)?\d[^\n]*\n?", re.MULTILINE)
_FOLDERS = re.compile(r'"[^"\\\n]*/(?=[^"\\\n/]*")')


@dataclass(frozen=True)
class Header:
    """A file that a unit reads: its ``place`` below the root, and edits of its bytes."""

    path: str
    place: str
    text: str
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class WithHeaders:
    """A unit's result, whose edits are those of ``own``, and its headers.

    ``preprocessed`` tells that it is preprocessed text, of which nothing else is said.
    """

    unit: RewriteResult
    own: Header
    headers: tuple[Header, ...] = ()
    preprocessed: bool = False


def rewrite_with_headers(
    data: bytes,
    path: str,
    layout: Layout,
    *,
    arch: Arch,
    mode: str,
    cc: str | Compiler | None,
    cflags: Sequence[str],
    dynamic: Mapping[str, str],
    dynamic_lowering: str | None,
    check: bool,
) -> WithHeaders:
    """As ``rewrite``, for a file; ``layout`` tells which headers are the project's own."""
    job = job_of(data, path, arch, mode, cc, cflags, dynamic, dynamic_lowering, check)
    place = layout.inside(path)
    own = Header(path, place or "", job.source.text)
    try:
        if place is None:
            raise ScError(_told(job.source, _OUTSIDE.format(layout.root)))
        if path.endswith(".i"):
            return WithHeaders(job.run(True), own, preprocessed=True)
        readable(job.source)
        return _InTree.of(job, place, layout).result()
    except ScError as e:
        return WithHeaders(RewriteResult(data, diagnostics=e.diagnostics), own)


_OUTSIDE = "this file is not below the folder '{}': --root names one that is above all of them"
_ELSEWHERE = (
    "beside copies of its headers this file would not be the same: {}; does --root name a folder "
    "above all that it includes?"
)


def _told(source: Source, text: str, place: Place | None = None) -> Diagnostic:
    at = place or Place(source.path, 0, 0, None)
    return diagnostic(source, at, "error", "sc-headers", text)


@dataclass(frozen=True)
class _InTree(Rewrite):
    """``source`` are the unit and its headers; ``plain`` is the unit as it was preprocessed.

    ``whole`` tells that the unit reads nothing from outside but the system's headers.
    """

    plain: str
    places: tuple[str, ...]
    layout: Layout
    whole: bool

    @classmethod
    def of(cls, job: Rewrite, place: str, layout: Layout) -> _InTree:
        copy = in_place(job.source, job.compiler, job.cflags)
        plain = copy.preprocessed(header_dir("analysis"), lambda offset: offset)
        found: dict[str, Source] = {place: job.source}
        todo = [path for path in read_by(plain, str(copy.path)) if not _ours(path)]
        todo += _asked_for(job.source)
        whole = all(layout.inside(path) is not None for path in todo)
        for path in todo:
            own = layout.inside(path)
            if own is not None and own not in found and Path(path).is_file():
                text = Path(path).read_bytes().decode("latin-1")
                found[own] = Source(text, layout.shown(path))
                todo += _asked_for(found[own])
        job = replace(job, source=Files(list(found.values())))
        options = {field.name: getattr(job, field.name) for field in fields(job)}
        return cls(**options, plain=plain, places=tuple(found), layout=layout, whole=whole)

    def result(self) -> WithHeaders:
        done = self.run(False)
        source, edits = self.source, done.edits
        assert isinstance(source, Files)
        whole = done.text in (self.data, source.text.encode("latin-1"))
        if edits or (whole and done.ok):
            new = parts(source, edits)[0].encode("latin-1")
            done = done._replace(text=new, edits=tuple(_of(edits, source, 0)))
        own, *headers = [
            Header(file.path, place, file.text, tuple(_of(edits, source, number)))
            for number, (file, place) in enumerate(zip(source.files, self.places, strict=True))
        ]
        return WithHeaders(done, own, tuple(headers), done.ok and not edits and not whole)

    def _may_matter(self) -> bool:
        return True

    def _unmarked(self) -> tuple[str, str]:
        return self.plain, str(Path(self.source.path))

    def _marked(self) -> tuple[str, str]:
        """Where a word is a macro of the project's own in some file, it is marked in none.

        Lines are counted as in the files, unless ``__LINE__`` has to follow ``#line``
        for the text to be the same.
        """
        files = self.source.files
        spelled = any(may_hold_idioms(f.text.encode("latin-1")) for f in files)
        if self.whole and not spelled and not self.dynamic:
            return self._unmarked()
        for known in self._known():
            text = self._marked_by(known, by_file=True)
            if self._same(text) or self._same(self._marked_by(known, by_file=False)):
                return text, self.source.path
        raise ScError(_told(self.source, _ELSEWHERE.format("it preprocesses to another text")))

    def _known(self) -> Iterator[Mapping[str, Word]]:
        """All words, then those that no file of the project defines as macros."""
        yield WORDS
        spelled = (word for file in self.source.files for word in spelled_words(file.text))
        own = {name for word in spelled if word.directive for name in defined(word.text)}
        yield {s: w for s, w in WORDS.items() if s not in own}

    def _marked_by(self, known: Mapping[str, Word], *, by_file: bool) -> str:
        """``by_file``: lines are counted as in the files, whatever ``#line`` says."""
        source = self.source
        assert isinstance(source, Files)
        edits = []
        for file, base in zip(source.files, source.bases, strict=True):
            data = file.text.encode("latin-1")
            if base and not may_hold_idioms(data):
                continue
            found = mark(data, known)
            edits += [Edit(base + p, base + p, marked(base + p, ""), "mark") for p in found.offsets]
            for start, end in found.blank if by_file else ():
                new = blanked(file.text[start:end])
                edits.append(Edit(base + start, base + end, new, "#line"))
        edits.sort(key=lambda e: e.start)
        with self._planted(edits) as copy:
            try:
                text = copy.preprocessed(header_dir("analysis"), Origins(tuple(edits)).original)
            except ScError as e:
                raise ScError(*map(self._lost, e.diagnostics)) from e
            names = dict(zip(copy.texts, (f.path for f in source.files), strict=True))
            return renamed(text, names)

    def _lost(self, found: Diagnostic) -> Diagnostic:
        """The file alone does preprocess: a copy does not find what it includes."""
        return found._replace(id="sc-headers", text=_ELSEWHERE.format(found.text))

    def _same(self, text: str) -> bool:
        """Whether marked text is the unit as it was, names of files aside."""
        return _bare(text) == _bare(self.plain)

    def _opened(self, text: str, edits: tuple[Edit, ...]) -> AbstractContextManager[Copy]:
        return self._planted(edits)

    def _planted(self, edits: Sequence[Edit]) -> AbstractContextManager[Copy]:
        source = self.source
        assert isinstance(source, Files)
        texts = parts(source, edits)
        return planted(source, self.places, texts, self.compiler, self.cflags, self.layout)


def _asked_for(file: Source) -> Iterator[str]:
    """Files that a file names and that are no part of its preprocessed text."""
    for name in _ASKED.findall(file.text):
        yield str(Path(file.path).parent / name)


def _ours(path: str) -> bool:
    return Path(path).absolute().is_relative_to(header_dir("analysis"))


def _of(edits: Sequence[Edit], source: Files, number: int) -> Iterator[Edit]:
    """The edits of one file, on its own bytes."""
    base = source.bases[number]
    for edit in edits:
        if source.index(edit.start) == number:
            yield edit._replace(start=edit.start - base, end=edit.end - base, at=edit.at - base)


def _bare(text: str) -> str:
    """Preprocessed text without marks, markers and blanks, and with no folders in names of files.

    ``__FILE__`` names those.
    """
    return "".join(_FOLDERS.sub('"', _MARKS.sub("", _MARKERS.sub("", text))).split())
