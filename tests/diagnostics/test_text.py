"""Messages look as GCC's do: layout, colours, and where the caret stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from transformer.diagnostics import Diagnostic, Fixit, Palette, colors, palette
from transformer.diagnostics.colours import palette_of

GCC = shutil.which("gcc")
BYTES = "-fdiagnostics-column-unit=byte"
PALETTE = palette_of({})


def marks(line: str, column: int, length: int = 1, *fixits: Fixit) -> list[str]:
    """What stands below the message, without the margins."""
    found = Diagnostic("error", "sc-x", "x", "t.c", 1, column, line, length, (), fixits)
    return [row[8:] for row in found.render().splitlines()[1:]]


@pytest.mark.parametrize(
    ("line", "column", "length", "shown"),
    [
        ("int f(x);", 7, 1, ["int f(x);", "      ^"]),
        ("static_call(k)();", 1, 11, ["static_call(k)();", "^~~~~~~~~~~"]),
        ("\treturn k;", 9, 1, ["        return k;", "               ^"]),
        ("ab\tk;\tx", 4, 1, ["ab      k;      x", "        ^"]),
        ("k(\t1)", 1, 4, ["k(      1)", "^~~~~~~~~"]),
        ('"é" k', 6, 1, ['"é" k', "    ^"]),
        ('"中文" k', 10, 1, ['"中文" k', "       ^"]),
        ("中", 1, 3, ["中", "^~"]),
        ("e\u0301 k", 5, 1, ["e\u0301 k", "  ^"]),
        ('"\udce9" k', 5, 1, ['"<e9>" k', "       ^"]),
        ("/* \x1b[31m */ k", 13, 1, ["/* <U+001B>[31m */ k", "                   ^"]),
        ("/* \u202e */ k", 11, 1, ["/* <U+202E> */ k", "               ^"]),
        ("int x", 6, 1, ["int x", "     ^"]),
        ("int x", 9, 1, ["int x", "        ^"]),
    ],
)
def test_the_caret_stands_below_what_it_means(
    line: str, column: int, length: int, shown: list[str]
) -> None:
    assert marks(line, column, length) == shown


def test_a_suggestion_stands_below_what_it_replaces() -> None:
    assert marks("\tstatic_call(kye)(1);", 2, 11, Fixit(1, 14, 3, "key")) == [
        "        static_call(kye)(1);",
        "        ^~~~~~~~~~~ ~~~",
        "                    key",
    ]


def test_notes_follow_their_message() -> None:
    note = Diagnostic("note", "", "declared here", "k.h", 12)
    found = Diagnostic("error", "sc-x", "no 'k'", "t.c", 1, 5, "int k;", children=(note,))
    assert found.render().splitlines() == [
        "t.c:1:5: error: no 'k' [-Wsc-x]",
        "    1 | int k;",
        "      |     ^",
        "k.h:12: note: declared here",
    ]


def test_a_large_line_number_widens_both_margins() -> None:
    rows = Diagnostic("note", "", "x", "t.c", 1234567, 1, "k").render().splitlines()
    assert rows[1:] == ["1234567 | k", "        | ^"]


def test_a_message_without_a_place_names_the_program() -> None:
    assert Diagnostic("error", "sc-x", "text").render() == "sc-transform: error: text [-Wsc-x]"


# --- colours ---


def shown(found: Diagnostic, colours: Palette | None = PALETTE) -> str:
    """A message with its escape sequences made readable."""
    return re.sub(r"\033\[([0-9;]*)m\033\[K", r"{\1}", found.render(colours))


def test_each_part_has_its_colour() -> None:
    fixit = Fixit(1, 13, 3, "key")
    found = Diagnostic(
        "error", "sc-x", "no 'kye'; isn't it 'key'?", "t.c", 1, 1, "static_call(kye);", 11,
        fixits=(fixit,),
    )  # fmt: skip
    assert shown(found).splitlines() == [
        "{01}t.c:1:1:{} {01;31}error: {}no '{01}kye{}'; isn't it '{01}key{}'? [{01;31}-Wsc-x{}]",
        "    1 | {01;31}static_call{}({32}kye{});",
        "      | {01;31}^~~~~~~~~~~{} {32}~~~{}",
        "      |             {32}key{}",
    ]
    assert "{01;35}warning: {}" in shown(Diagnostic("warning", "sc-x", "x"))
    assert "{01;36}note: {}" in shown(Diagnostic("note", "", "x"))


@pytest.mark.parametrize(
    ("value", "changed"),
    [
        ("", None),
        (":", {}),
        ("error=32", {"error": "32"}),
        ("error=01;32:locus=04", {"error": "01;32", "locus": "04"}),
        ("caret=33:range1=34", {"caret": "33", "range1": "34"}),
        ("fnname=01;32:note=33", {"note": "33"}),  # of no concern here
        ("note:warning=33", {"warning": "33"}),
        ("quote=", {"quote": ""}),
        # malformed: what came before counts
        ("note=33:=1:error=32", {"note": "33"}),
        ("note=33:error=red:locus=4", {"note": "33"}),
        ("note=33:error=1=2:locus=4", {"note": "33"}),
        ("note=33:error=1\033[2J", {"note": "33"}),
    ],
)  # fmt: skip
def test_gcc_colors(value: str, changed: dict[str, str] | None) -> None:
    found = palette_of({"GCC_COLORS": value})
    assert found == (None if changed is None else {**palette_of({}), **changed})  # type: ignore[dict-item]


def test_the_caret_may_have_a_colour_of_its_own() -> None:
    found = Diagnostic("error", "sc-x", "x", "t.c", 1, 1, "k")
    said = shown(found, palette_of({"GCC_COLORS": "caret=33"}))
    assert "{01;31}error: {}" in said and "{33}^{}" in said


class Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "GCC_COLORS": "error=32"}, True),
    ],
)
def test_which_terminals_get_colours(
    environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR", "GCC_COLORS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert colors(Terminal()) == coloured
    assert (palette(Terminal()) is not None) == coloured
    assert palette(object()) is None


def test_an_empty_gcc_colors_is_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("GCC_COLORS", "")
    assert palette(Terminal()) is None


# --- held against GCC itself ---


@pytest.mark.skipif(GCC is None, reason="no gcc here")
@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("int f(void) { return nowhere; }", "nowhere"),
        ("\tint f(void)\t{\treturn nowhere;\t}", "nowhere"),
        ('int f(void) { return *"é中文" + nowhere; }', "nowhere"),
    ],
)
@pytest.mark.parametrize("colours", ["", "error=34:locus=4:quote=5", None])
def test_a_message_is_gccs(line: str, name: str, colours: str | None, tmp_path: Path) -> None:
    """Byte for byte, but for the name of the option, which errors of GCC do not have."""
    (tmp_path / "t.c").write_text(line + "\n")
    environment = {**os.environ, "LC_ALL": "C"}
    environment.pop("GCC_COLORS", None)
    if colours is not None:
        environment["GCC_COLORS"] = colours
    assert GCC
    done = subprocess.run(
        [GCC, "-fsyntax-only", "-fdiagnostics-color=always", BYTES, "t.c"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    rows = done.stderr.splitlines()
    first = next(i for i, row in enumerate(rows) if "error: " in row)
    column = len(line[: line.index(name)].encode()) + 1
    text = f"'{name}' undeclared (first use in this function)"
    ours = Diagnostic("error", "", text, "t.c", 1, column, line, len(name))
    assert ours.render(palette_of(environment)).splitlines() == rows[first : first + 3]
