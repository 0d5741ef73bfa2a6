"""Cases as verify runs them: each update is explored; every schedule, where that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from transformer import arch as arches
from transformer.arch import Arch
from transformer.corpus import build, verify
from transformer.corpus.results import CaseResult, VerifyReport

ONE = arches.load(arches.names()[0])  # where all are the same; the patchers' tests have all
ROOT = Path(__file__).resolve().parents[2]
BYTEWISE = """
#define SC_HOOK_WRITE(unit, old, new) bytewise(unit, new)
static int bytewise(unsigned char *volatile unit, unsigned long long value)
{
	for (unsigned i = 0; i < sizeof(*(sc_unit *)0); i++)
		((volatile unsigned char *)unit)[i] = value >> 8 * i;
	return 0;
}
"""
NO_SYNC = "#undef SC_HOOK_SYNC\n#define SC_HOOK_SYNC() 0\n"
NO_PUBLICATION = "#undef SC_HOOK_PUBLISH\n#define SC_HOOK_PUBLISH() 0\n"


def verified(case: str, arch: Arch, mode: str = "inline", **more: bool) -> VerifyReport:
    return verify(
        [ROOT / "corpus" / case],
        arches=[arch.name],
        modes=[mode],
        compilers=["clang"],
        levels=["-O2"],
        **more,
    )


def test_each_update_of_a_case_is_explored() -> None:
    report = verified("my_key", ONE)
    assert report.ok, report.results[0].failures
    for result in report.results:
        assert result.checks["fetch"] >= 20 and result.checks["sync"] >= 10
        assert result.counts["schedules"] >= 100 and result.counts["states"] >= 100
    assert not report.bounds


def test_an_exhaustive_run_walks_all_and_states_its_bounds() -> None:
    """Counted keys: updates that store to no code, between others that do."""
    report = verified("key_counting", ONE, "trampoline", exhaustive=True)
    assert report.ok, report.results[0].failures
    few = verified("key_counting", ONE, "trampoline")
    assert report.counts["schedules"] > 20 * few.counts["schedules"]
    assert report.counts["walks"] > 0 and "in a row" in report.bounds


@pytest.mark.full
def test_there_are_a_million_schedules_in_one_case(arch: Arch) -> None:
    report = verified("my_key", arch, exhaustive=True)
    assert report.ok, report.results[0].failures
    assert report.counts["schedules"] >= 1_000_000


def wrong(
    monkeypatch: pytest.MonkeyPatch, folder: Path, text: str, mode: str = "trampoline"
) -> CaseResult:
    """A case whose runtime is built with other hooks."""
    header = folder / "wrong.h"
    header.write_text(text)
    right = build.hooks
    monkeypatch.setattr(build, "hooks", lambda a: [*right(a), "-include", str(header)])
    report = verified("my_key", ONE, mode)
    assert not report.ok
    return report.results[0]


def test_a_bytewise_writer_is_told_with_its_schedule(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = BYTEWISE.replace("unsigned char *volatile unit", "void *unit")
    text = text.replace("sizeof(*(sc_unit *)0)", str(ONE.unit))
    found = [f for f in wrong(monkeypatch, tmp_path, text).failures if f.check == "fetch"]
    assert found
    told = "\n".join(f.render() for f in found)
    assert "the store of 1 byte to code at" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (NO_SYNC, "the other CPUs are never synchronised behind the store to code"),
        (NO_PUBLICATION, "is not published before the code"),
    ],
)
def test_what_no_cpu_of_the_emulator_needs_is_missed_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, words: str
) -> None:
    result = wrong(monkeypatch, tmp_path, text)
    assert any(words in f.message for f in result.failures if f.check == "sync")
    if text is NO_SYNC:
        (schedule, *_) = [f.schedule for f in result.failures if f.schedule is not None]
        assert "the update has returned" in "\n".join(schedule.render())
