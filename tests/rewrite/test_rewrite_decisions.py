"""What units decide of a header's words comes to the same, in whatever order and however often."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from transformer.lowering import Edit
from transformer.rewriting.decisions import Decisions, Kept, applied, decided, joined

TEXT = "DEFINE(k, f) static_branch_likely(K) static_call(k, 1)"
#: for each word what a unit may do with it
CHOICES = (
    [(), ((0, 6, "define"), (11, 11, ", 1")), ((0, 6, "define"), (11, 11, ", 3"))],
    [(), ((13, 33, "__sc_likely"),), ((13, 33, "__sc_flag_likely"),)],
    [(), ((37, 48, "__sc_call"), (50, 51, ")("))],
)
UNITS = st.lists(
    st.tuples(st.sampled_from("abcd"), *(st.sampled_from(choice) for choice in CHOICES)),
    min_size=1,
    max_size=6,
    unique_by=lambda unit: unit[0],
)


def edits(*words: tuple[tuple[int, int, str], ...]) -> list[Edit]:
    return [Edit(s, e, new, f"WORD({s})", word[0][0]) for word in words for s, e, new in word]


def folded(units: list[tuple[str, Decisions]]) -> Kept:
    kept = Kept(TEXT, "")
    for name, found in units:  # as if each were a process of its own
        kept = Kept(TEXT, "").read(kept.document()).by(name, found)
    return kept


@given(UNITS, st.randoms(use_true_random=False))
def test_every_order_comes_to_the_same(units: list, random: object) -> None:  # type: ignore[type-arg]
    found = [(name, decided(edits(*words))) for name, *words in units]
    shuffled = [*found, *found[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = folded(found), folded(shuffled)
    assert first.document() == second.document() and first.result() == second.result()


@given(UNITS)
def test_a_word_is_as_all_want_it_or_as_it_was(units: list) -> None:  # type: ignore[type-arg]
    result = folded([(name, decided(edits(*words))) for name, *words in units]).result()
    words = []
    for number, choice in enumerate(CHOICES):
        wanted = {words[number] for _, *words in units} - {()}
        agreed = choice[-1] if number == 1 else ()  # of a guard the flag is right for all
        words.append(wanted.pop() if len(wanted) == 1 else agreed if wanted else ())
    assert result == applied(TEXT, joined([decided(edits(*words))]))


@given(UNITS)
def test_a_unit_may_change_its_mind(units: list) -> None:  # type: ignore[type-arg]
    found = [(name, decided(edits(*words))) for name, *words in units]
    other = (found[0][0], decided(edits(*(choice[-1] for choice in CHOICES))))
    assert folded([*found, other]).document() == folded([other, *found[1:]]).document()


def test_other_texts_and_other_runs_are_not_mixed() -> None:
    kept = Kept(TEXT, "").by("a", decided(edits(CHOICES[2][1])))
    assert Kept(TEXT, "").read(kept.document()) == kept
    for other in (Kept(TEXT + " ", ""), Kept(TEXT, "mode")):
        assert other.read(kept.document()) == other
