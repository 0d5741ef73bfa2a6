"""Command lines with and without the launcher: the same in all that a build can see."""

from __future__ import annotations

import shutil
from pathlib import Path

import commandlines
import pytest
from differential import Bench, Outcome, compare, compiled_again, differences, drivers, lines

from transformer import arch
from transformer.launcher import tables
from transformer.launcher.commandline import INPUT, parse
from transformer.launcher.tables import clang, common, gcc
from transformer.toolchain import available

DRIVERS = drivers()
FIRST = next(iter(DRIVERS))  # GCC where there is one
HARD = lines(commandlines.HARD) + [list(words) for words in commandlines.HARD_WORDS]

# A family's own options are tried with its compiler, or with the other that refuses them.
QUICK = (
    [(FIRST, words) for words in lines(commandlines.COMMON)]
    + [(FIRST, words) for words in lines(commandlines.GCC)]
    + [("clang", words) for words in lines(commandlines.CLANG)]
    + [(FIRST, words) for words in HARD]
)
CROSSED = [
    (family, words)
    for family in DRIVERS
    for words in lines(commandlines.COMMON + commandlines.GCC + commandlines.CLANG) + HARD
]
REST = [pair for pair in CROSSED if pair not in QUICK]


def told(pair: tuple[str, list[str]]) -> str:
    family, words = pair
    return f"{family} {' '.join(words)[:60]}".encode("ascii", "replace").decode()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), cache, commandlines.FILES)


@pytest.mark.parametrize("pair", QUICK, ids=told)
def test_the_launcher_changes_nothing(pair: tuple[str, list[str]], bench: Bench) -> None:
    family, words = pair
    assert differences(bench, DRIVERS[family], words) == []


@pytest.mark.parametrize("pair", commandlines.ENVIRONMENTS, ids=str)
@pytest.mark.parametrize("family", [FIRST])
def test_the_environment_reaches_the_compiler(
    family: str, pair: tuple[dict[str, str], str], bench: Bench
) -> None:
    environment, text = pair
    assert differences(bench, DRIVERS[family], text.split(), **environment) == []


def commands() -> dict[str, list[str]]:
    """Further words that start a compiler: wrappers, cross compilers, other names."""
    found = {f"env {FIRST}": ["env", "-u", "HOME", "A=1", *DRIVERS[FIRST]]}
    found |= {name: [name, *DRIVERS[FIRST]] for name in ("nice", "ccache") if shutil.which(name)}
    found |= {name: [name] for name in ("cc", "c99", "c89") if shutil.which(name)}
    for name in arch.names():
        for compiler in available(arch.load(name), ["gcc"]):
            found[f"gcc for {name}"] = list(compiler.argv)
    return found


COMMANDS = commands()


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("text", ["-MMD -MF x.d -g -c a.c -o o/x.o", "-Wall -c warns.c wrong.c"])
def test_compilers_by_other_words(name: str, text: str, bench: Bench) -> None:
    assert differences(bench, COMMANDS[name], text.split()) == []
    assert compiled_again(bench, COMMANDS[name], text.split()) == []


@pytest.mark.full
@pytest.mark.parametrize("pair", REST, ids=told)
def test_the_launcher_changes_nothing_for_the_other_compiler(
    pair: tuple[str, list[str]], bench: Bench
) -> None:
    family, words = pair
    assert differences(bench, DRIVERS[family], words) == []


@pytest.mark.full
@pytest.mark.parametrize("pair", CROSSED, ids=told)
def test_what_is_understood_compiles_the_same_once_more(
    pair: tuple[str, list[str]], bench: Bench
) -> None:
    family, words = pair
    assert compiled_again(bench, DRIVERS[family], words) == []


@pytest.mark.parametrize("text", ["-c -O1 -DVALUE=3 a.c", "-MD -g -c a.c -o o/x.o"])
@pytest.mark.parametrize("family", DRIVERS)
def test_the_same_once_more_in_short(family: str, text: str, bench: Bench) -> None:
    assert compiled_again(bench, DRIVERS[family], text.split()) == []


def test_the_comparison_sees_each_kind_of_difference() -> None:
    """The negative control."""
    plain = Outcome(0, b"", b"", {"a.o": b"1", "a.d": b"2"})
    other = Outcome(1, b"x", b"y", {"a.o": b"3", "b.d": b"2"})
    kinds = [text.split(":")[0].split(" ")[0] for text in compare(plain, plain, other)]
    assert kinds == ["exit", "stdout", "stderr", "missing", "left", "content"]
    assert compare(plain, plain, plain) == []


# --- every row of every option table has a line ---


def rows_used(family: str, words: list[str]) -> set[tuple[str, str, str]]:
    """The rows of a family's tables that a command line meets."""
    table = tables.Table(tables.rows(family))
    line = parse([family, *words], "/", {})
    met = [table.row(line.arguments[i.start]) for i in line.items if i.role != INPUT]
    # A row of form "equals" is met as "name=" where the word has its value with it.
    return {(r[0].removesuffix("=") if r[1] == "equals" else r[0], *r[1:]) for r in met if r}


PARTS = {
    "common": (common.ROWS, ("gcc", "clang"), commandlines.COMMON),
    "gcc": (gcc.ROWS, ("gcc",), commandlines.GCC),
    "clang": (clang.ROWS, ("clang",), commandlines.CLANG),
}


def rows_without(part: str, leave_out: str = "") -> list[tuple[str, str, str]]:
    rows, families, text = PARTS[part]
    tried = [words for words in lines(text) if not leave_out or leave_out not in words]
    used = {row for family in families for words in tried for row in rows_used(family, words)}
    return [row for row in rows if row not in used]


@pytest.mark.parametrize("part", PARTS)
def test_no_row_is_without_a_command_line(part: str) -> None:
    assert len(rows_without(part)) == 0, rows_without(part)


@pytest.mark.parametrize(
    ("part", "option"), [("common", "-pipe"), ("gcc", "-posix"), ("clang", "-MV")]
)
def test_the_count_sees_a_row_without_one(part: str, option: str) -> None:
    assert [row[0] for row in rows_without(part, leave_out=option)] == [option]
