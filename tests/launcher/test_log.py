"""The log: what was transformed, skipped or passed through, and why."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from launching import CALLS, FAMILIES, PLAIN, SCRIPT, Desk

from transformer.cli.log import read, sums, table

COMPILER = FAMILIES[0]


def rows(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(row) for row in (desk.folder / "log").read_text().splitlines()]


def test_each_unit_has_a_line_that_says_what_became_of_it(desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.write("plain.c", PLAIN)
    for words in (["-c", "demo.c"], ["-c", "plain.c"], ["-E", "plain.c"], ["demo.o", "-o", "demo"]):
        desk.cc("--sc-log=log", COMPILER, *words)
    demo, plain, preprocessed, link = rows(desk)
    assert demo["decision"] == "transformed"
    assert (demo["source"], demo["object"]) == ("demo.c", "demo.o")
    assert demo["keys"] == ["my_key"] and demo["sites"] == {"my_key": 2}
    assert demo["command"] == [COMPILER, "-c", "demo.c"]
    assert demo["directory"] == str(desk.folder)
    assert {"plain", "rewrite", "compile"} <= set(demo["seconds"])
    assert (plain["decision"], plain["reason"]) == ("skipped", "no idiom")
    assert (plain["source"], plain["object"]) == ("plain.c", "plain.o")
    assert (preprocessed["decision"], preprocessed["reason"]) == ("passed", "preprocess")
    assert (link["decision"], link["reason"]) == ("passed", "link with the runtime")


def test_what_fails_is_logged_too(desk: Desk) -> None:
    desk.write("bad.c", "int f(void) { return undeclared; }\n")
    desk.write(
        "refused.c", "#include <sc/sc.h>\ndouble h(double);\nDEFINE_STATIC_CALL_NULL(k, h);\n"
    )
    desk.cc("--sc-log=log", COMPILER, "-c", "bad.c", status=1)
    desk.cc("--sc-log=log", COMPILER, "-c", "refused.c", status=1)
    bad, refused = rows(desk)
    assert (bad["decision"], bad["reason"], bad["status"]) == ("passed", "the compiler failed", 1)
    assert (refused["decision"], refused["status"]) == ("failed", 1)


def test_lines_of_parallel_jobs_stay_whole(desk: Desk) -> None:
    desk.write("plain.c", PLAIN)
    words = [str(SCRIPT), "cc", "--sc-log=log", COMPILER, "-fsyntax-only", f"-DX={'x' * 5000}"]
    jobs = [subprocess.Popen([*words, "plain.c"], cwd=desk.folder, env=desk.env) for _ in range(8)]
    assert [job.wait() for job in jobs] == [0] * 8
    assert len(rows(desk)) == 8


def test_a_log_that_cannot_be_written_is_no_failure(desk: Desk) -> None:
    desk.write("plain.c", PLAIN)
    done = desk.cc("--sc-log=no/such/folder/log", COMPILER, "-c", "plain.c")
    assert "is not logged" in done.stderr
    assert (desk.folder / "plain.o").exists()


def test_the_log_is_shown_as_a_table_and_as_json(desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.write("plain.c", PLAIN)
    desk.cc("--sc-log=log", COMPILER, "-c", "demo.c", "plain.c")
    with (desk.folder / "log").open("a") as file:
        file.write('{"time": 1, "decision": "trans')
    told = desk.run(SCRIPT, "log", "log").stdout
    assert "transformed  demo.c" in told and "skipped      plain.c" in told
    assert "1 transformed, 1 skipped" in told
    assert "1 line of the log cannot be read" in told
    data = json.loads(desk.run(SCRIPT, "log", "log", "--json").stdout)
    assert data["decisions"] == {"transformed": 1, "skipped": 1}
    assert data["sites"] == {"my_key": 2} and data["broken"] == 1
    assert desk.run(SCRIPT, "log", "none", status=1).stderr.startswith("none: error: ")


@pytest.mark.parametrize("text", ["", "\n\n", "null\n[]\n{}\n"])
def test_a_log_without_rows(text: str) -> None:
    found, broken = read(text)
    assert found == []
    assert sums(found)["decisions"] == {}
    assert table(found, broken)


def test_sums() -> None:
    found = [
        {"decision": "passed", "reason": "c++", "seconds": {"plain": 0.5}},
        {"decision": "passed", "reason": "c++", "seconds": {"plain": 0.25}},
        {"decision": "transformed", "source": "a.c", "sites": {"k": 2, "j": 1}},
        {"decision": "transformed", "source": "b.c", "sites": {"k": 1}},
    ]
    told = sums(found)
    assert told["reasons"] == {"passed: c++": 2}
    assert told["sites"] == {"j": 1, "k": 3} and told["seconds"] == {"plain": 0.75}
