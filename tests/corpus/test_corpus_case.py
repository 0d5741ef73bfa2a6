"""case.toml: what may stand in it, and where its errors are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from transformer.corpus.case import Action, find_cases, read_case
from transformer.diagnostics import ScError


def write(folder: Path, text: str) -> Path:
    (folder / "case.toml").write_text(text)
    (folder / "a.c").write_text("int f(int n) { return n; }\n")
    return folder


def test_actions_are_in_the_order_in_which_they_are_written(tmp_path: Path) -> None:
    text = (
        'units = ["a.c"]\nreturns = { g = [1, 2], h = "x" }\nmemory = ["total"]\n'
        '[[step]]\nupdate = { k = "f", l = "NULL" }\nenable = ["on", "&arr[1]"]\n'
        'call = "f(1, \\"a, b\\")"\nreturns = 3\n'
    )
    case = read_case(write(tmp_path, text))
    assert case.steps[0].actions == (
        Action("update", "k", "f"),
        Action("update", "l", "NULL"),
        Action("enable", "on"),
        Action("enable", "arr[1]"),
        Action("call", "f", '1, "a, b"'),
    )
    assert case.steps[0].returns == 3
    assert case.returns == {"g": (1, 2), "h": ("x",)}
    assert not case.invented


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('units = ["a.c"]\ntitel = "x"\n', 2, "unknown key 'titel'"),
        ('units = "a.c"\n', 1, "'units' has the wrong type"),
        ('title = "x"\n', 0, "'units' must name the C files"),
        ('units = ["b.c"]\n', 1, "no such unit: b.c"),
        ('units = ["a.c"]\n[[step]]\ncall = "f"\n', 3, "a call is a function's name"),
        ('units = ["a.c"]\n[[step]]\nreturns = 1\n', 2, "a step does nothing"),
        ('units = ["a.c"]\n[[step]]\njump = "f()"\n', 3, "unknown key 'jump' in a step"),
        ('units = ["a.c"]\n[[step]]\nupdate = "k"\n', 3, "update is a table"),
        ('units = ["a.c"]\nrefuse = { id = "x", at = "a.c" }\n', 2, "'at' is file.c:line:column"),
        ('units = ["a.c"]\nrefuse = { id = "x" }\n', 2, "refuse is {"),
        ('units = ["a.c"\nx = 1\n', 2, "Unclosed array"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    with pytest.raises(ScError) as caught:
        read_case(write(tmp_path, text))
    found = caught.value.diagnostics[0]
    assert message in found.text
    assert found.path.endswith("case.toml")
    if line:
        assert found.line == line


def test_a_folder_of_cases_is_sorted_and_a_c_file_is_a_case(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, 'units = ["a.c"]\n[[step]]\ncall = "f(1)"\n')
    assert [c.name for c in find_cases(tmp_path)] == ["a", "b"]
    alone = find_cases(tmp_path / "a" / "a.c")
    assert [c.name for c in alone] == ["a.c"]
    assert alone[0].invented


def test_no_such_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScError, match="no such file or folder"):
        find_cases(tmp_path / "nowhere")
    with pytest.raises(ScError, match="no case here"):
        find_cases(tmp_path)
