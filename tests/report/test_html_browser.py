"""The page in a real browser, from a file: opened, filtered, read, walked through by keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from report.browser import Browser, find, pixels, running
from report.page_report import SITE, report

from transformer.report import html_text

PROGRAM = find()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on the path")
RED, DARK = (179, 38, 30), (20, 23, 26)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert PROGRAM is not None
    with running(PROGRAM, tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("a page") / "page.html"
    path.write_text(html_text(report()), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Browser]:
    """The page, opened anew in a wide window; in the end it must have told no error."""
    browser.size(1280, 900)
    browser.system_colors("light")
    browser.open(path)
    yield browser
    assert browser.problems == []
    assert set(browser.requests) <= {path.as_uri()}, "it asked for something"


def rows(page: Browser) -> list[str]:
    return page.shown("#matrix tbody tr th")


def test_it_opens_with_the_verdict_and_the_first_schedule(page: Browser) -> None:
    assert page.shown("h1") == ["✗ 2 of 8 builds are wrong: 2 different mistakes."]
    steps = page.shown(".timeline tbody .step")
    assert len(steps) == 8
    assert "STALE" in steps[6] and "sees the value before store 3" in steps[6]
    marked = ["ff"] * 3 + ["00"] * 3 + ["00"] * 3 + ["a0", "b0"]
    assert page.shown(".timeline .store mark") == marked, "what it was, is, and the bytes of both"
    assert page.shown(".outcome") == [
        "torn displacement: it called 0x4010c5, neither slow nor fast"
    ]
    left = page.box("tr:has(.fetch) .step")["x"], page.box("tr:has(.store) .step")["x"]
    assert left[0] > left[1], "the CPU that runs the site stands at the right"


def test_a_picture_shows_what_went_wrong(page: Browser) -> None:
    colors = Counter(pixels(page.picture(".outcome")))
    assert colors.most_common(1)[0][0] == RED
    assert len(colors) > 10, "there is text on it"


def test_no_part_of_a_schedule_is_cut_off(page: Browser) -> None:
    page.size(1000, 800)
    wide = "[...document.querySelectorAll('.timeline, .step, .outcome')]"
    assert page.value(f"{wide}.every((e) => e.scrollWidth <= e.clientWidth + 1)")
    assert page.value("document.documentElement.scrollWidth <= innerWidth")
    page.size(400, 800)
    assert page.value("document.documentElement.scrollWidth <= innerWidth")


def test_filters_narrow_the_matrix_and_the_mistakes(page: Browser) -> None:
    assert rows(page) == ["clock", "logger"]
    page.click("#filters [value=B]")
    assert rows(page) == ["clock", "logger"]
    assert page.shown("#matrix thead tr:first-child th") == ["", "B"]
    assert len(page.shown("#matrix tbody td")) == 4
    assert len(page.shown(".failure")) == 1
    page.click("#filters [value=fail]")
    assert rows(page) == ["clock"]
    assert page.shown("#found") == ["1 case, 1 build, 1 mistake"]
    assert page.shown("#matrix tbody a")[1:] == ["✗"]
    page.click("#filters [type=reset]")
    page.wait("document.getElementById('found').textContent === ''")
    assert rows(page) == ["clock", "logger"]
    assert len(page.shown(".failure")) == 2


@pytest.mark.parametrize(
    ("text", "cases"),
    [("LOGG", ["logger"]), ("exchanged", ["clock"]), ("clock.c:40", ["clock", "logger"]),
     ("third target", ["clock"]), ("alert(", ["logger"]), ("nowhere", [])],
)  # fmt: skip
def test_text_is_looked_for_in_names_titles_places_and_messages(
    page: Browser, text: str, cases: list[str]
) -> None:
    page.click("#text")
    page.write(text)
    assert rows(page) == cases
    assert bool(page.shown("#none-wrong")) == (not page.shown(".failure"))


def test_links_lead_from_the_matrix_to_a_case_to_a_site(page: Browser) -> None:
    page.click("#matrix tbody th a")
    page.wait("document.querySelector('#detail h1') !== null")
    assert page.value("location.hash") == "#/case/clock"
    assert page.shown("h1") == ["clock"]
    assert not page.shown("#matrix")
    page.click("#detail summary")
    page.click("#detail details a")
    page.wait("document.querySelector('.place.named') !== null")
    (place,) = page.shown(".place.named")
    assert SITE in place and "return static_call(tick)(1);" in place
    assert page.shown(".place.named dt") == [
        "as linked", "started", "step 2: update tick = fast", "behind it, always",
    ]  # fmt: skip
    assert page.shown(".place.named mark") == ["a0", "ff", "ff", "ff", "b0"]
    page.value("history.go(-2)")
    page.wait("document.getElementById('overview').hidden === false")
    assert page.shown("#matrix")


def test_a_failure_leads_to_its_place_and_back(page: Browser) -> None:
    page.click(".at a")
    page.wait("document.querySelector('.place.named') !== null")
    box = page.value("document.querySelector('.place.named').getBoundingClientRect().toJSON()")
    assert 0 <= box["top"] < 900, "it is in sight"
    page.click("#detail ul:not(.tabs) a")
    page.wait("document.activeElement.matches('#f1 summary')")
    assert page.shown("#f1 .timeline")


def test_a_place_can_be_linked_to_from_elsewhere(browser: Browser, path: Path) -> None:
    browser.open(path, "#/cell/clock/B/unit/gcc/plain-O2/1")
    assert "other+0x4 (clock.c:40)" in browser.shown(".place.named h3")[0]
    browser.open(path, "#/cell/clock/B/nothing/gcc")
    assert browser.shown("h1") == ["There is no such build in this report."]
    browser.open(path, "#f2")
    assert browser.shown("#f2 .against")


def test_the_keyboard_is_enough(page: Browser) -> None:
    page.value("document.querySelector('#matrix tbody a').focus()")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft"):
        page.press(key)
    label = page.value("document.activeElement.getAttribute('aria-label')")
    assert label == "clock A slot gcc: passed, 1 build, 1,200 checks"
    stops = page.value("document.querySelectorAll('#matrix a[tabindex=\"0\"]').length")
    assert stops == 1, "the matrix is one stop of the Tab key"
    page.press("Enter")
    page.wait("document.querySelector('#detail h1') !== null")
    assert page.value("location.hash") == "#/cell/clock/A/slot/gcc"
    assert page.value("document.activeElement.tagName") == "H1"


def test_every_stop_of_the_tab_key_is_seen(page: Browser) -> None:
    seen = set()
    for _ in range(12):
        page.press("Tab")
        style = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.value(style) != "none"
        seen.add(page.value("document.activeElement.outerHTML"))
    assert len(seen) == 12


def test_it_is_dark_where_the_system_is_and_where_the_switch_says_so(page: Browser) -> None:
    def paper() -> tuple[int, int, int]:
        return pixels(page.picture("header"))[0]

    assert paper() > (240, 240, 240)
    page.system_colors("dark")
    assert paper() == DARK
    page.click("#theme")
    assert page.shown("#theme") == ["◐ light"]
    assert paper() > (240, 240, 240)
    page.system_colors("light")
    page.click("#theme")
    assert paper() == DARK
    page.click("#theme")
    assert page.shown("#theme") == ["◐ system"]
    assert paper() > (240, 240, 240)


def test_words_can_be_read_in_both_colours(page: Browser) -> None:
    """Contrast of 4.5 and more (WCAG 2.2, 1.4.3)."""
    for scheme in ("light", "dark"):
        page.system_colors(scheme)
        assert page.value(CONTRAST) == []


CONTRAST = """(() => {
  const numbers = (c) => c.match(/[\\d.]+/g).map(Number);
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (c) => { paint.clearRect(0, 0, 1, 1); paint.fillStyle = c; paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data]; };
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c[3] > 250) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.textContent.trim() || !e.checkVisibility() || e.closest("script, style")) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push(`${e.className} ${n.textContent.trim().slice(0, 30)} ${ratio}`);
  }
  return [...new Set(bad)];
})()"""
