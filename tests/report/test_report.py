"""A made-up run goes in; text, JSON and JUnit come out."""

from __future__ import annotations

import io
import json
import re
from xml.etree import ElementTree as ET

import pytest

from transformer.corpus.results import CaseResult, Failure, VerifyReport
from transformer.report import json_text, junit_text, plain_text
from transformer.report.progress import live

ARCHES, MODES, COMPILERS = ("one", "two"), ("generic", "slot", "trampoline"), ("gcc", "clang")
LONG = "a_case_with_a_name_that_is_much_longer_than_its_column"


def result(case: str = "clock", *, arch: str = "one", mode: str = "slot") -> CaseResult:
    made = CaseResult(case, arch, mode, "gcc", "plain", sites_total=4, sites_executed=4)
    made.count("dispatch", 1200)
    made.count("abi", 34)
    return made


def failed() -> CaseResult:
    made = result("logger")
    made.sites_executed = 3
    made.unexecuted.append("log.c:12:3 key verbosity")
    lines = ("1000: call 2000", "2000: nop")
    made.fail(Failure("dispatch", "wrong target", "log.c:10:9", "quiet(1)", "loud(1)", lines))
    return made


def full() -> VerifyReport:
    every = []
    for case in ("clock", LONG):
        for arch in ARCHES:
            for mode in MODES:
                for compiler in COMPILERS:
                    for variant in ("plain", "pie"):
                        made = result(case, arch=arch, mode=mode)
                        made.compiler, made.variant = compiler, variant
                        every.append(made)
    return VerifyReport(every, [CaseResult("stale", "one", "", "", "")], 12.34)


def test_a_person_reads_a_table_that_fits_80_columns() -> None:
    text = plain_text(full())
    assert max(map(len, text.splitlines())) <= 80
    for word in ("one", "two", "generic", "slot", "trampoline", "gcc", "clang", "clock"):
        assert word in text
    assert LONG in text.replace("\n", "") or LONG[:20] in text


def test_the_compilers_of_a_mode_stand_side_by_side_whatever_the_order() -> None:
    report = full()
    report.results.sort(key=lambda r: (r.case == LONG, r.arch, COMPILERS.index(r.compiler)))
    assert plain_text(report).splitlines() == plain_text(full()).splitlines()
    head = plain_text(report).splitlines()[2:4]
    assert head[0].split() == ["one", *MODES]
    assert head[1].split() == ["case", *COMPILERS * 3]


def test_a_cell_counts_the_checks_of_all_variants() -> None:
    row = next(r for r in plain_text(full()).splitlines() if r.startswith("clock"))
    assert row.split()[1:] == ["2,468"] * 6


def test_a_pipe_gets_neither_colours_nor_control_characters() -> None:
    text = plain_text(VerifyReport([failed(), result()], [], 1.0), notes=["a note"])
    assert re.fullmatch(r"[\n\x20-\x7e]*", text)
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_a_terminal_gets_colours() -> None:
    assert "\033[" in plain_text(VerifyReport([result()]), color=True, width=100)


def test_the_sums_stand_at_the_end() -> None:
    last = plain_text(full()).splitlines()[-3:]
    assert last == [
        "checks: 59,232 (57,600 dispatch, 1,632 ABI)",
        "sites executed: 192 of 192",
        "1 self-test, 2 cases, 48 builds: 48 passed; 12.3 s",
    ]


def test_a_failure_shows_what_was_expected_what_came_and_the_code() -> None:
    text = plain_text(VerifyReport([result(), failed()]))
    assert re.search(r"^logger +FAIL$", text, re.MULTILINE)
    after = text[text.index("FAIL logger [one slot gcc plain]") :]
    for part in (
        "log.c:10:9: wrong target",
        "expected: quiet(1)",
        "got:      loud(1)",
        "1000: call 2000",
        "2000: nop",
        "1 passed, 1 failed",
    ):
        assert part in after


def test_one_mistake_in_many_builds_is_shown_once() -> None:
    every = [failed() for _ in range(3)]
    for mode, made in zip(MODES, every, strict=True):
        made.mode = mode
    every[2].failures = [Failure("abi", "x1 is lost", "log.c:11:2")]
    text = plain_text(VerifyReport(every))
    assert text.count("wrong target") == 1
    assert "FAIL logger [one generic gcc plain]" in text
    assert "  the same in 1 more build: [one slot gcc plain]\n" in text
    assert "FAIL logger [one trampoline gcc plain]\n  abi: log.c:11:2: x1 is lost\n" in text


def test_sites_that_were_never_executed_are_listed_once() -> None:
    other = failed()
    other.mode = "generic"
    text = plain_text(VerifyReport([failed(), other]))
    assert text.count("log.c:12:3 key verbosity (in 2 of 2 builds)") == 1
    assert "sites executed: 6 of 8" in text


def test_an_error_and_a_failed_self_test_are_told() -> None:
    broken = result("broken")
    broken.status, broken.message = "error", "no link:\nundefined f"
    stale = CaseResult("stale", "one", "", "", "", "fail", failures=[Failure("selftest", "blind")])
    text = plain_text(VerifyReport([broken], [stale]))
    assert re.search(r"^broken +ERROR$", text, re.MULTILINE)
    for part in ("undefined f", "1 ended in an error", "FAIL stale", "blind"):
        assert part in text


def test_a_cell_that_was_not_run_and_one_that_was_not_verified_look_otherwise() -> None:
    unsure = result("unsure", mode="generic")
    unsure.status = "unverified"
    text = plain_text(VerifyReport([result("clock"), unsure]))
    assert re.search(r"^clock +1,234 +-$|^clock +- +1,234$", text, re.MULTILINE)
    assert "(1,234)" in text


def test_names_are_no_markup() -> None:
    strange = failed()
    strange.failures = [Failure("dispatch", "[bold]x[/bold] [/] :smile:", "a[1].c:3")]
    assert "a[1].c:3: [bold]x[/bold] [/] :smile:" in plain_text(VerifyReport([strange]))


def test_json_holds_everything() -> None:
    document = json.loads(json_text(VerifyReport([result(), failed()], [], 2.0)))
    assert document["version"] == 1
    assert document["ok"] is False
    assert document["totals"]["checks"] == {"dispatch": 2400, "abi": 68}
    assert document["totals"]["cells"] == {"pass": 1, "fail": 1}
    failure = document["results"][1]["failures"][0]
    assert failure["expected"] == "quiet(1)"
    assert failure["disassembly"] == ["1000: call 2000", "2000: nop"]


def test_junit_counts_and_failures_agree() -> None:
    broken = result("broken", mode="generic")
    broken.status, broken.message = "error", "no link"
    unsure = result("unsure")
    unsure.status = "unverified"
    root = ET.fromstring(junit_text(VerifyReport([result(), failed(), broken, unsure])))
    assert root.tag == "testsuites"
    assert {k: root.get(k) for k in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
    }
    suites = {s.get("name"): s for s in root}
    assert set(suites) == {"one.slot.gcc.plain", "one.generic.gcc.plain"}
    slot = suites["one.slot.gcc.plain"]
    assert (slot.get("tests"), slot.get("failures"), slot.get("skipped")) == ("3", "1", "1")
    failure = slot.find("testcase[@name='logger']/failure")
    assert failure is not None
    assert failure.get("type") == "dispatch"
    assert "expected: quiet(1)" in (failure.text or "")
    assert root.find(".//testcase[@name='broken']/error") is not None
    assert root.find(".//testcase[@name='unsure']/skipped") is not None


@pytest.mark.parametrize("text", ["\x00\x1b[31mred", "<&\"'>", "\ud800", "]]>", "ü\N{SNOWMAN}"])
def test_junit_is_xml_whatever_a_program_printed(text: str) -> None:
    bad = failed()
    bad.failures = [Failure("abi", text, text, text, text, (text,))]
    bad.unexecuted = [text]
    root = ET.fromstring(junit_text(VerifyReport([bad])))
    assert root.find(".//failure") is not None


def test_progress_is_for_terminals_only() -> None:
    stream = io.StringIO()
    with live(stream, enabled=False) as tick:
        assert tick is None
    assert stream.getvalue() == ""
    with live(stream, enabled=True) as tick:
        assert tick is not None
        tick(result("[bold]x"), 1, 2)
        tick(failed(), 2, 2)


# --- inline modes ---


def leveled(mode: str, level: str, *, pie: bool = False, compiler: str = "gcc") -> CaseResult:
    made = result(mode=mode)
    made.level, made.pie, made.compiler = level, pie, compiler
    return made


def unfit() -> CaseResult:
    made = CaseResult("floats", "one", "inline-asm", "gcc", "-", status="unfit", unfit=["halve"])
    made.count("refuse")
    return made


def test_builds_are_counted_by_level_and_kind() -> None:
    every = [leveled("slot", "-O2"), leveled("slot", "-O2", pie=True), leveled("slot", "-O0")]
    every.append(leveled("inline", "-Os"))
    text = plain_text(VerifyReport(every, turning=("inline", "inline-asm")))
    assert re.search(r"^mode +-O0 +-O2 +-Os$", text, re.MULTILINE)
    assert re.search(r"^slot +1 \+ 0 +1 \+ 1 +-$", text, re.MULTILINE)
    assert re.search(r"^inline +- +- +1 \+ 0$", text, re.MULTILINE)
    assert "\ninline: levels and variants take turns" in text and "--levels all" in text
    assert "take turns" not in plain_text(VerifyReport(every))


def test_what_does_not_fit_is_listed_and_no_build() -> None:
    text = plain_text(VerifyReport([result(), unfit()], [], 1.0))
    assert re.search(r"^floats +- +unfit$", text, re.MULTILINE)
    assert "  inline-asm: floats: halve\n" in text
    assert "2 cases, 1 build: 1 passed, 1 not built (unfit); 1.0 s" in text
    assert VerifyReport([result(), unfit()]).ok
    assert not VerifyReport([unfit()]).ok


def test_what_does_not_fit_is_skipped_in_junit() -> None:
    root = ET.fromstring(junit_text(VerifyReport([result(), unfit()])))
    assert [s.get("skipped") for s in root] == ["0", "1"]


def test_patched_sites_are_counted_apart() -> None:
    made = leveled("inline", "-O2")
    made.inline_total, made.inline_executed = 7, 6
    assert "patched sites executed: 6 of 7" in plain_text(VerifyReport([made, result()]))


def test_many_modes_fit_80_columns_with_the_compilers_apart_or_together() -> None:
    modes = ("generic", "slot", "trampoline", "inline", "inline-asm")
    every = [leveled(m, "-O2", compiler=c) for m in modes for c in COMPILERS]
    for made in every:
        made.case = "a_case_of_usual_length"
    text = plain_text(VerifyReport(every))
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("gcc clang") == 5
    for made in every:
        made.count("reach", 10_000_000)
    text = plain_text(VerifyReport(every))
    assert max(map(len, text.splitlines())) <= 80
    assert "gcc + clang" in text and "20,002,468" in text


def test_cases_that_are_refused_as_they_must_be_are_named_once() -> None:
    every = [result(), *(result("refuse_few", mode=m) for m in MODES)]
    for made in every[1:]:
        made.variant = "refuse"
    text = plain_text(VerifyReport(every))
    assert "Refused by every arch, mode and compiler, as they must be\n  few\n" in text
    assert not re.search(r"^refuse_few", text, re.MULTILINE)
    every[2].fail(Failure("refuse", "it is not refused as it must be", "few.c:3"))
    text = plain_text(VerifyReport(every))
    assert re.search(r"^refuse_few .*FAIL", text, re.MULTILINE)
    assert "as they must be\n" not in text
