"""Schedules in the terminal, in JSON and in JUnit."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

from report.page_report import report, result, schedule

from transformer.corpus.results import CaseResult, Failure, Schedule, Step, VerifyReport
from transformer.report import json_text, junit_text, plain_text
from transformer.report.text import SHOWN_ALIKE, SHOWN_STEPS


def failing(*schedules: Schedule) -> CaseResult:
    made = result("clock", "A", "unit")
    for number, one in enumerate(schedules):
        made.fail(Failure("fetch", f"it called {number:#x}", f"f+{number:#x}", schedule=one))
    return made


def test_the_terminal_shows_who_did_what_and_how_it_ended() -> None:
    text = plain_text(report())
    for part in (
        "CPU 0: update tick = fast",
        "CPU 1: call site story+0x1b (clock.c:34)",
        "5. CPU 0  store     story+0x1b (clock.c:34): e8 a0 ff ff ff -> e8 a0 00 00 00",
        "call 0x4010c5  [the value before store 3]",
        "=> torn displacement: it called 0x4010c5, neither slow nor fast",
        "32,000 schedules",
    ):
        assert part in text


def test_the_end_and_what_was_stale_stand_out_in_colours() -> None:
    lines = plain_text(report(), color=True).splitlines()
    (end,) = [line for line in lines if "=> torn" in line]
    (stale,) = [line for line in lines if "[the value before store 3]" in line]
    assert "\033[1;31m" in end and "\033[33m" in stale


def test_of_a_long_schedule_the_middle_is_left_out_never_the_end() -> None:
    steps = tuple(Step(n % 2, "fetch", n, "p", f"insn{n}.") for n in range(SHOWN_STEPS + 60))
    text = plain_text(VerifyReport([failing(replace(schedule(), steps=steps))]))
    assert "... 60 steps ..." in text
    assert text.count("insn") == SHOWN_STEPS
    assert "insn0." in text and f"insn{SHOWN_STEPS + 59}." in text
    assert "=> torn displacement" in text


def test_failures_that_are_alike_are_counted() -> None:
    made = failing(*[schedule()] * 7)
    made.fail(Failure("abi", "x1 is lost"))
    text = plain_text(VerifyReport([made]))
    assert text.count("=> torn displacement") == SHOWN_ALIKE
    assert f"{7 - SHOWN_ALIKE} more like those above" in text
    assert "x1 is lost" in text
    other = result("logger", "A", "unit")
    other.failures, other.status = made.failures, "fail"
    assert plain_text(VerifyReport([made, other])).count("=> torn") == 2 * SHOWN_ALIKE


def test_programs_get_all_of_it() -> None:
    made = VerifyReport([failing(*[schedule()] * 7)])
    (found,) = json.loads(json_text(made))["results"]
    assert [f["schedule"]["outcome"] for f in found["failures"]] == [schedule().outcome] * 7
    assert found["failures"][0]["schedule"]["steps"][6]["stale"] == "the value before store 3"
    assert found["places"][0]["states"][1]["lines"][0]["code"] == "e8 a0 ff ff ff"
    text = ET.fromstring(junit_text(made)).findtext(".//failure") or ""
    assert text.count("=> torn displacement") == 7
