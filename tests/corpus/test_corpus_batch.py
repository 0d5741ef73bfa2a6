"""Batches at full speed: each call is seen to enter the key's target, and no other counts."""

from __future__ import annotations

import pytest
from corpus_cases import MakeCase, family

from transformer.arch import names
from transformer.corpus import batch, verify
from transformer.corpus.results import VerifyReport

ARCH = names()[0]
CELL = {"arches": [ARCH], "compilers": [family(ARCH)], "levels": "few", "cache": True}


def verified(make_case: MakeCase, mode: str) -> VerifyReport:
    return verify([make_case()], modes=[mode], **CELL)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["generic", "inline"])
def test_each_key_is_called_at_each_of_its_targets(make_case: MakeCase, mode: str) -> None:
    report = verified(make_case, mode)
    assert report.ok, report.results[0].failures
    assert report.results[0].counts["batched"] % (4 * batch.CALLS) == 0
    assert report.results[0].counts["batched"] > 0


def test_a_key_that_stays_where_it_was_is_seen(
    make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = batch.Batches._set

    def lost(self: batch.Batches, name: str, value: int, size: int = 0) -> None:
        if not name.startswith("__h_far_target_"):
            before(self, name, value, size)
        else:
            near = name.replace("__h_far_target_", "__h_near_")
            before(self, name, self._image.symbols[near].address, size)

    monkeypatch.setattr(batch.Batches, "_set", lost)
    report = verified(make_case, "slot")
    messages = [f.message for r in report.results for f in r.failures]
    assert any("250 of 250 calls did not enter __h_far_" in m for m in messages), messages
