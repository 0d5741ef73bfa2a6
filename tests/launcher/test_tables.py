"""The option tables: whole, consistent, and agreeing with the compilers that are here."""

from __future__ import annotations

import re
import subprocess

import pytest
from differential import drivers

from transformer.launcher import roles, tables
from transformer.launcher.commandline import NEXT_WORDS
from transformer.launcher.dependencies import TAKES
from transformer.launcher.tables import clang, common, gcc

DRIVERS = drivers()
PARTS = {"common": common.ROWS, "gcc": gcc.ROWS, "clang": clang.ROWS}
TABLES = {family: tables.Table(tables.rows(family)) for family in tables.FAMILIES}

# GCC lists what its compiler proper takes; its driver gives these no value.
NOT_THE_DRIVERS = {"-MD", "-MMD", "--write-dependencies", "--write-user-dependencies"}


@pytest.mark.parametrize("part", PARTS)
def test_rows_are_well_formed(part: str) -> None:
    for name, form, role in PARTS[part]:
        assert name.startswith("-"), name
        assert form in tables.FORMS, name
        assert role in roles.KEPT | roles.DROPPED, (name, role)
        assert not (form == "equals" and name.endswith("=")), name


@pytest.mark.parametrize("part", PARTS)
def test_no_row_is_there_twice(part: str) -> None:
    named = [row[:2] for row in PARTS[part]]
    assert sorted(named) == sorted(set(named))


@pytest.mark.parametrize("family", ["gcc", "clang"])
def test_a_familys_rows_say_something_of_their_own(family: str) -> None:
    assert set(PARTS[family]) & set(common.ROWS) <= {("-T", "either", "link")}


def test_roles_are_kept_or_dropped_and_used() -> None:
    assert not roles.KEPT & roles.DROPPED
    used = {role for rows in PARTS.values() for _, _, role in rows}
    assert used == roles.KEPT | roles.DROPPED
    assert set(roles.ACTIONS) | set(TAKES) <= used


def takes_a_word(family: str, option: str) -> bool:
    """Whether the table lets an option alone in its word take the next one."""
    row = TABLES[family].row(option)
    if row is None:
        return False
    return (row[1] in NEXT_WORDS and row[0] == option) or row[1] == "prefix"


def ask(driver: list[str], *words: str) -> str:
    done = subprocess.run(
        [*driver, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return done.stdout + done.stderr


def separate(family: str) -> list[str]:
    """Options of which the compiler itself says that a word follows."""
    if family == "gcc":
        text = ask(DRIVERS[family], "--help=separate")
        return re.findall(r"^  (-[^\s<]+?)(?:=<\S+)?[\s<]", text, re.MULTILINE)
    text = ask(DRIVERS[family], "--help-hidden")
    return re.findall(r"^  (-[^\s<=]+) <", text, re.MULTILINE)


@pytest.mark.parametrize("family", DRIVERS)
def test_options_that_take_a_word_are_in_the_table(family: str) -> None:
    listed = separate(family)
    assert len(listed) > 40
    without = [n for n in listed if not takes_a_word(family, n) and n not in NOT_THE_DRIVERS]
    assert without == []


MISSING = re.compile(
    r"error: .*(missing (argument|filename|path|makefile)|(name|assertion|path) missing"
    r"|argument to '.*' is missing)"
)


def lacks_value(driver: list[str], *words: str) -> bool:
    return any(MISSING.search(line) for line in ask(driver, "-###", *words).splitlines())


def asked(family: str) -> dict[str, bool]:
    """For each row of a family's tables that is a word: does the compiler want another one?"""
    driver = DRIVERS[family]
    names = [n for n, form, _ in tables.rows(family) if form not in ("comma", "prefix")]
    skip = ("print", "foreign")  # these end the run before options are looked at
    told = [n for n, _, role in tables.rows(family) if role in skip]
    return {
        n: lacks_value(driver, n) and not lacks_value(driver, n, "word", "word", "word")
        for n in sorted(set(names) - set(told) - {"--param"})
    }


@pytest.mark.full
@pytest.mark.parametrize("family", DRIVERS)
def test_each_row_takes_a_word_as_the_compiler_does(family: str) -> None:
    wrong = [n for n, wants in asked(family).items() if wants and not takes_a_word(family, n)]
    assert wrong == []


def spelled(family: str) -> list[str]:
    """All options that the compiler names."""
    if family == "clang":
        text = ask(DRIVERS[family], "--autocomplete=-")
        return sorted({w.split("\t")[0].rstrip("=") for w in text.splitlines() if w[:1] == "-"})
    kinds = ("separate", "joined", "common", "undocumented", "target", "warnings", "optimizers")
    text = "".join(ask(DRIVERS[family], f"--help={kind}") for kind in kinds)
    return sorted({n.rstrip("=") for n in re.findall(r"^  (-[^\s<\[]+)", text, re.MULTILINE)})


ENDS = re.compile(
    r"--?(help|target-help|version|dump|print|autocomplete|completion|cc1|driver-mode)"
)


@pytest.mark.full
@pytest.mark.parametrize("family", DRIVERS)
def test_all_that_the_compiler_names_takes_a_word_or_not(family: str) -> None:
    """Each option on its own, asked of the compiler: takes a minute."""
    driver = DRIVERS[family]
    names = [n for n in spelled(family) if not ENDS.match(n)]
    assert len(names) > 1000
    wanting = [n for n in names if not takes_a_word(family, n) and lacks_value(driver, n)]
    assert [n for n in wanting if not lacks_value(driver, n, "word", "word", "word")] == []


@pytest.mark.parametrize("family", DRIVERS)
def test_the_compiler_is_heard_when_a_word_is_missing(family: str) -> None:
    """The control for the two above."""
    assert lacks_value(DRIVERS[family], "-o")
    assert not lacks_value(DRIVERS[family], "-o", "word")
    assert not lacks_value(DRIVERS[family], "-O2")
