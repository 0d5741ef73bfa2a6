"""The page by its text: what stands in it, and that it needs nothing else."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report.page_report import HOSTILE, SITE, place, report, result, schedule

from transformer.corpus.results import CaseResult, Failure, Schedule, Step, VerifyReport
from transformer.report import html_text
from transformer.report.html import data as page_data
from transformer.report.html import words
from transformer.report.html.failures import MOST, families, gather
from transformer.report.html.timeline import Part, before_and_after, changes, timeline

VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """Elements by tag with their attributes; an end without its start is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def values(self, attribute: str) -> list[str]:
        return [str(a[attribute]) for _, a in self.found if attribute in a]


def tables(text: str) -> dict[str, list[object]]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_the_page_needs_no_other_file() -> None:
    text = html_text(report())
    page = Page(text)
    assert not page.values("src")
    assert all(h.startswith(("#", "data:,")) for h in page.values("href"))
    assert not re.search(r"https?:|@import|url\(|fetch\(|XMLHttp|import\(", text)
    assert "default-src 'none'" in text


def test_texts_are_no_mark_up() -> None:
    text = html_text(report(), notes=[HOSTILE])
    assert HOSTILE not in text
    assert text.count("<script") == 2
    assert Page(text).text.count(HOSTILE) == 2


def test_data_cannot_end_its_script() -> None:
    made = report()
    made.titles = {"clock": f"</script ><script >alert(1)</script>\u2028{HOSTILE}"}
    text = html_text(made)
    assert len(re.findall("</?script", text)) == 4
    assert tables(text)["titles"] == made.titles


def test_the_verdict_comes_first_and_names_numbers() -> None:
    assert "2 of 8 builds are wrong: 2 different mistakes." in html_text(report())
    results = [result("clock", "A", "slot")]
    assert "The one build is right." in html_text(VerifyReport(results))
    results += [result("clock", "A", m) for m in ("slot", "unit")]
    assert "All 3 builds are right." in html_text(VerifyReport(results))
    results[0].status = "unverified"
    wanted = "All 2 builds that were verified are right; 1 were not verified."
    assert wanted.replace("1 were", "1 was") in html_text(VerifyReport(results))
    assert "Nothing was verified." in html_text(VerifyReport())
    blind = CaseResult("t", "A", "-", "-", "-", "fail", failures=[Failure("selftest", "blind")])
    assert "self-test failed" in (text := html_text(VerifyReport([], [blind])))
    assert "blind" in text


def test_a_failing_schedule_is_told_step_by_step_and_in_words() -> None:
    text = Page(html_text(report())).text
    for part in (
        "While one CPU did “update tick = fast”, another ran “call site story+0x1b (clock.c:34)”.",
        "In step 7 it saw a value that was no longer the newest",
        "It trapped in step 8.",
        "CPU 0 updates",
        "CPU 1 runs the code",
        "STALE",
        "sees the value before store 3, step 6",
        "torn displacement: it called 0x4010c5, neither slow nor fast",
        "the place in all its states",
    ):
        assert part in text


def test_each_step_stands_in_the_column_of_its_cpu() -> None:
    text = html_text(report())
    rows = re.findall(r'<tr id="f1-\d+">.*?</tr>', text, re.DOTALL)
    columns = [re.findall(r'<td class="line">(.*?)</td>', r, re.DOTALL) for r in rows]
    assert [[bool(c) for c in row].index(True) for row in columns] == [
        s.cpu for s in schedule().steps
    ]
    assert all(len(row) == 2 and sum(map(bool, row)) == 1 for row in columns)


def test_three_cpus_have_three_columns() -> None:
    steps = (*schedule().steps, Step(2, "arrive", 0, "fast", "fast"))
    made = timeline(Schedule("u", "r", steps, "o"))
    assert [c for c, _ in made.columns] == [0, 1, 2]
    assert "2 others ran" in made.story[0]


def test_stores_have_the_numbers_that_texts_give_them() -> None:
    steps = (
        Step(0, "store", 8, "p", "store 4: 90 -> cc"),
        Step(1, "fetch", 8, "p", "nop", "the value before store 4"),
    )
    rows = timeline(Schedule("u", "r", steps, "o")).rows
    assert (rows[0].store, rows[1].missed) == (4, 1)


def test_bytes_that_change_are_marked() -> None:
    def changed(parts: tuple[Part, ...]) -> list[str]:
        return [p.text for p in parts if p.changed]

    was, now = before_and_after("e8 01 02 -> e8 03 02")
    assert (changed(was), changed(now)) == (["01"], ["03"])
    was, now = before_and_after("nop becomes jmp f")
    assert (changed(was), changed(now)) == (["nop"], ["jmp", "f"])
    assert before_and_after("all CPUs fetch anew") == ((), (Part("all CPUs fetch anew"),))
    assert changed(changes("e8 01", "e8 01 02")) == ["02"]
    code = timeline(schedule()).code
    assert ["".join(p.text for p in line) for line in code] == list(schedule().code)
    assert changed(code[1]) == ["00", "00", "00"]


def test_one_mistake_in_many_builds_is_shown_once_with_all_of_them() -> None:
    every = [result("clock", "A", m) for m in ("slot", "unit")]
    for number, made in enumerate(every):
        made.fail(Failure("abi", f"x1 is lost at {number:#x}", f"f+{number:#x} (a.c:3)"))
    every[1].fail(Failure("abi", "x2 is gone", "f (a.c:3)"))
    shown, numbers = gather(every)
    assert [len(s.builds) for s in shown] == [2, 1]
    assert numbers == [[1], [1, 2]]


def test_mistakes_that_are_alike_stand_together_the_simplest_first() -> None:
    made = result("clock", "A", "slot")
    long, short = schedule(), schedule()
    short = Schedule(short.update, short.reader, short.steps[4:], "it called NULL at f+0x4 (a.c:9)")
    long = Schedule(long.update, long.reader, long.steps, "it called NULL at g (a.c:12)")
    made.fail(Failure("abi", "x1 is lost"), Failure("fetch", "m", schedule=long))
    made.fail(Failure("fetch", "n", schedule=short))
    shown, _ = gather([made])
    first, second = families(shown)
    assert (first.first.failure.schedule, len(first.more)) == (short, 1)
    assert second.first.failure.check == "abi"
    text = html_text(VerifyReport([made]))
    assert text.count('class="family"') == 2
    assert "1 of 1 builds is wrong: 2 different mistakes." in text
    assert "1 more like it" in text


def test_bytes_of_a_store_stand_at_its_step() -> None:
    steps = (Step(0, "store", 8, "p", "store 2: nop becomes call"),)
    code = ("before         90 90  nop", "after store 2  e8 90  call")
    (row,) = timeline(Schedule("u", "r", steps, "o", code)).rows
    assert "".join(p.text for p in row.code) == "e8 90"
    assert [p.text for p in row.code if p.changed] == ["e8"]
    assert "".join(p.text for p in row.parts) == "call"


def test_what_stands_between_two_stores_is_called_so() -> None:
    store = Step(0, "store", 8, "p", "store 1: call f becomes call ?")
    code = (
        "before         e8 10  call f",
        "after store 1  e8 20  call ?",
        "after store 2  e8 21  x",
    )

    def story(text: str) -> str:
        fetch = Step(1, "fetch", 8, "p", text)
        return " ".join(timeline(Schedule("u", "r", (store, fetch), "o", code)).story)

    assert "in step 2, “call ?”, is neither the old nor the new instruction" in story("call ?")
    assert "between two of the 2 stores" in story("call ?")
    assert "neither" not in story("call f") + story("x")


def test_a_failure_leads_to_the_place_that_it_names() -> None:
    page = Page(html_text(report()))
    assert "#/cell/clock/B/unit/gcc/plain-O2/0" in page.values("href")


def test_an_error_is_told_whole() -> None:
    broken = result("clock", "A", "slot")
    broken.status, broken.message = "error", "no link:\nundefined f"
    text = Page(html_text(VerifyReport([broken]))).text
    assert "no link: undefined f" in text


def test_an_exhaustive_run_states_its_bounds() -> None:
    made = report()
    assert "Bounds:" not in html_text(made)
    made.bounds = "2 CPUs & 3 updates"
    assert "Bounds: 2 CPUs & 3 updates" in Page(html_text(made)).text


def test_every_check_count_and_status_has_its_words() -> None:
    from transformer.corpus.results import CHECKS, COUNTS, STATUSES

    assert set(CHECKS) <= set(words.CHECKS)
    assert set(COUNTS) <= set(words.COUNTS)
    assert set(STATUSES) == set(words.STATUSES)


def test_the_readme_and_the_page_name_the_same_limits() -> None:
    page = Page(html_text(report())).text
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for head, text in words.LIMITS:
        assert f"- **{head}** {text}\n" in readme
        assert f"{head} {text}" in page


def test_what_recurs_is_in_the_page_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = VerifyReport([result(f"case{n}", "A", "unit") for n in range(200)])
    text = html_text(made)
    found = tables(text)
    assert (len(found["places"]), len(found["states"]), len(found["lines"])) == (2, 3, 4)
    assert len(text) < 120_000
    for number, build in enumerate(made.results):
        build.places = [place(f"f{number}+{n:#x} (a.c:1)") for n in range(10)]
    monkeypatch.setattr(page_data, "MOST_PLACES", 50)
    made.results[-1].fail(Failure("abi", "x1 is lost", SITE))
    found = tables(html_text(made))
    assert len(found["places"]) == 50
    last, before = found["builds"][-1], found["builds"][-2]
    assert isinstance(last, list) and isinstance(before, list)
    assert [p[0] for p in last[-1]] == list(range(10)), "what failed is shown first"
    assert {p[0] for p in before[-1]} == {-1}


def test_very_many_mistakes_are_not_all_shown_in_full() -> None:
    made = result("clock", "A", "slot")
    many = [Failure("abi", "lost " + "x" * n, schedule=schedule()) for n in range(MOST + 50)]
    made.fail(*many)
    text = html_text(VerifyReport([made]))
    assert text.count('class="timeline"') == MOST
    assert text.count('class="failure"') == MOST + 50
    assert "mistakes are shown in full" in text
