"""What holds for every file: no edit is identity, the rest is kept, and so on, as named here."""

from __future__ import annotations

import re

import generated_c as c
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pure_stages import Way, misplaced, rewritten

import transformer
from transformer.arch import load, names
from transformer.diagnostics import ScError
from transformer.frontend import mark
from transformer.frontend.words import LINUX_WORDS, MARK, WORDS
from transformer.lowering import Edit, EditBuffer
from transformer.quick import may_hold_idioms
from transformer.toolchain import Compiler, available

ways = st.builds(Way, patched=st.booleans(), inline_asm=st.booleans(), linux=st.booleans())
texts = c.units | c.corpus_files
ARCH, CC = next((a, cc) for a in names() for cc in available(load(a)))
_SPELLED = re.compile(rb"\b(?:static_|DEFINE_|DECLARE_|SC_DYN|dynamic_)\w+[ \t\\\r\n]*\(")


@given(c.plain_files, ways)
def test_without_an_idiom_nothing_changes(data: bytes, way: Way) -> None:
    assume(not way.linux or c.OWN_FUNCTION not in data)  # whose words no unit of its declares
    found = rewritten(data, way)
    assert found.ok and (found.text, found.edits) == (data, ())


@given(c.units, ways)
def test_generated_units_are_rewritten(data: bytes, way: Way) -> None:
    """So that what follows is said of more than refusals."""
    found = rewritten(data, way)
    assert found.ok, [d.render() for d in found.diagnostics]
    assert found.edits and may_hold_idioms(data)


@given(texts, ways)
def test_bytes_outside_the_idioms_are_kept(data: bytes, way: Way) -> None:
    found = rewritten(data, way)
    assert _undone(found.text, found.edits, data) == data
    assert found.text.count(b"\n") == data.count(b"\n")
    if way.linux and b"\\" not in data:  # a word for a word, and blanks
        assert len(found.text) == len(data)
    if not any(e.owner.startswith("dynamic") for e in found.edits):
        assert not misplaced(data, found.edits)
    untouched = {data.count(b"\n", 0, e.start) for e in found.edits}
    untouched |= {data.count(b"\n", 0, e.end) for e in found.edits}
    old, new = data.split(b"\n"), found.text.split(b"\n")
    assert all(
        o == n for at, (o, n) in enumerate(zip(old, new, strict=True)) if at not in untouched
    )


@given(texts, ways)
def test_twice_is_once(data: bytes, way: Way) -> None:
    once = rewritten(data, way)
    twice = rewritten(once.text, way)
    assert (twice.text, twice.ok) == (once.text, once.ok)
    assert not (once.ok and twice.edits)


@given(texts, ways, st.randoms(use_true_random=False))
def test_edits_commute(data: bytes, way: Way, chance: object) -> None:
    """Queued in any order of places; edits at one place keep theirs."""
    found = rewritten(data, way)
    places: dict[int, list[Edit]] = {}
    for edit in found.edits:
        places.setdefault(edit.start, []).append(edit)
    groups = list(places.values())
    chance.shuffle(groups)  # type: ignore[attr-defined]
    buffer = EditBuffer(data.decode("latin-1"))
    for edit in (e for group in groups for e in group):
        buffer.at = edit.at
        buffer.replace(edit.start, edit.end, edit.new, edit.owner)
    assert buffer.apply().encode("latin-1") == found.text
    assert buffer.edits() == found.edits


@given(c.units, st.booleans(), st.data())
def test_some_idioms_first_and_the_others_later_is_all_at_once(
    data: bytes, linux: bool, choice: st.DataObject
) -> None:
    """Whichever idioms are rewritten first: A then B is B then A."""
    way = Way(linux=linux)
    whole = rewritten(data, way)
    idioms = _idioms(whole.edits, data)
    first = choice.draw(st.lists(st.booleans(), min_size=len(idioms), max_size=len(idioms)))
    buffer = EditBuffer(data.decode("latin-1"))
    for edits in (i for i, wanted in zip(idioms, first, strict=True) if wanted):
        for edit in edits:
            buffer.replace(edit.start, edit.end, edit.new, edit.owner)
    assert rewritten(buffer.apply().encode("latin-1"), way).text == whole.text


@given(st.binary(max_size=60), st.lists(st.sampled_from(sorted(WORDS)), max_size=4), st.binary())
def test_marks_are_all_that_a_marked_copy_adds(one: bytes, words: list[str], two: bytes) -> None:
    data = one + b" ".join(w.encode() + b"(k)" for w in words) + two
    for known in (WORDS, LINUX_WORDS):
        marked = mark(data, known)
        assert re.sub(rf"{MARK}\d+_".encode(), b"", marked.text) == data
        assert [marked.original(n) for n in (0, len(marked.text))] == [0, len(data)]


@given(st.binary(max_size=200), ways)
def test_bytes_of_any_kind_are_left_alone_or_refused(data: bytes, way: Way) -> None:
    try:
        assert rewritten(data, way).text == data
    except ScError as e:
        assert e.diagnostics[0].severity == "error"


@settings(max_examples=8)
@given(texts, st.sampled_from(load(ARCH).modes))
def test_all_of_it_holds_with_a_compiler(data: bytes, mode: str) -> None:
    once = _compiled(data, mode)
    assert once.text == data or (once.ok and once.edits)
    assert _undone(once.text, once.edits, data) == data
    if once.ok:
        twice = _compiled(once.text, mode)
        assert (twice.text, twice.edits) == (once.text, ())


@settings(max_examples=5)
@given(c.plain_files.filter(_SPELLED.search))
def test_without_an_idiom_a_compiler_changes_nothing(data: bytes) -> None:
    found = _compiled(data, load(ARCH).default_mode)
    assert (found.text, found.edits) == (data, ())


@pytest.mark.parametrize("wrong", ["lost", "string", "comment"])
def test_the_checks_see_a_wrong_edit(wrong: str) -> None:
    data = b'int x; /* static_call(k) */ char *s = "static_call(k)";\n'
    at = {"lost": 0, "string": data.index(b'"') + 1, "comment": data.index(b"s")}[wrong]
    length = 3 if wrong == "lost" else len("static_call")
    assert misplaced(data, [Edit(at, at + length, "y", "?")])


def _compiled(data: bytes, mode: str) -> transformer.RewriteResult:
    cc: Compiler = CC
    return transformer.rewrite(data, path="t.c", arch=ARCH, mode=mode, cc=cc)


def _undone(text: bytes, edits: tuple[Edit, ...], data: bytes) -> bytes:
    """The original, put together from the rewritten text and what the edits replaced."""
    parts, at, last = [], 0, 0
    for edit in edits:
        kept = edit.start - last
        parts += [text[at : at + kept], data[edit.start : edit.end]]
        at, last = at + kept + len(edit.new), edit.end
        assert text[at - len(edit.new) : at] == edit.new.encode("latin-1")
    return b"".join([*parts, text[at:]])


def _idioms(edits: tuple[Edit, ...], data: bytes) -> list[list[Edit]]:
    """The edits of each idiom: a word, and what follows it with the same owner."""
    found: list[list[Edit]] = []
    open_: dict[str, list[Edit]] = {}
    for edit in edits:
        if data[edit.start : edit.end] not in (b"", b","):
            open_[edit.owner] = []
            found.append(open_[edit.owner])
        open_[edit.owner].append(edit)
    return found
