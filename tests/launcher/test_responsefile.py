"""Response files, against the compilers' own reading of them."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest
from differential import drivers

from transformer.launcher.responsefile import expand, join, split

DRIVERS = drivers()

SPLITS = [
    ("", []),
    (" \t\n\v\f\r", []),
    ("a b\nc", ["a", "b", "c"]),
    ("'a b' \"c d\"", ["a b", "c d"]),
    ("a'b c'd", ["ab cd"]),
    ("\\ a \\\\ \\'", [" a", "\\", "'"]),
    ("'it\\'s'", ["it's"]),
    ('"a\\"b"', ['a"b']),
    ("'\\n'", ["n"]),
    ("\"'\" '\"'", ["'", '"']),
    ("''", [""]),
    ('a "" b', ["a", "", "b"]),
    ("'open word", ["open word"]),
    ("a\\\nb", ["a\nb"]),
    ("# a", ["#", "a"]),
    ("$A *", ["$A", "*"]),
]


@pytest.mark.parametrize(("text", "words"), SPLITS)
def test_words_of_a_response_file(text: str, words: list[str]) -> None:
    assert split(text) == words


def macros(seed: int) -> list[tuple[str, str]]:
    """Quoted texts, and the definitions that they should be."""
    pick = random.Random(seed)
    texts = []
    for n in range(60):
        inner = "".join(pick.choice("ab \t'\"\\\\") for _ in range(pick.randrange(8)))
        texts.append(f"-DM{n}=x{inner}")
    closed = [t for t in texts if quotes_closed(t)]
    return [(t, "".join(split(t)[:1])) for t in closed if len(split(t)) == 1]


def quotes_closed(text: str) -> bool:
    return split(text + " end")[-1] == "end"


@pytest.mark.parametrize("family", DRIVERS)
def test_the_compilers_read_the_same_words(family: str, tmp_path: Path) -> None:
    pairs = [pair for seed in range(4) for pair in macros(seed)]
    assert len(pairs) > 40
    defined = {}
    for number, (text, _) in enumerate(pairs):
        defined[f"N{number}"] = text.replace(text[2 : text.index("=")], f"N{number}", 1)
    (tmp_path / "w.rsp").write_text("\n".join(defined.values()))
    done = subprocess.run(
        [*DRIVERS[family], "@w.rsp", "-E", "-dM", "-x", "c", "/dev/null"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    told = dict(re.findall(r"^#define (N\d+) (.*)$", done.stdout, re.MULTILINE))
    ours = {n: split(t)[0].partition("=")[2] for n, t in defined.items()}
    # The preprocessor makes one blank of several.
    assert {n: v.split() for n, v in told.items()} == {n: v.split() for n, v in ours.items()}


def test_join_and_split_are_inverse() -> None:
    pick = random.Random(7)
    for _ in range(200):
        words = [
            "".join(pick.choice("a \n\t'\"\\$@é") for _ in range(pick.randrange(6)))
            for _ in range(pick.randrange(5))
        ]
        assert split(join(words)) == words


def test_files_name_files_and_what_is_no_file_stays(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("a @two @none")
    (tmp_path / "two").write_text("'b c'")
    (tmp_path / "zero").write_bytes(b"d\0e")
    words = ["@one", "x", "@", "@.", f"@{tmp_path}/zero", "-o", "@none"]
    expected = ["a", "b c", "@none", "x", "@", "@.", "d", "-o", "@none"]
    assert expand(words, str(tmp_path)) == (expected, True)


def test_a_file_that_names_itself_comes_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "loop").write_text("a @loop")
    words, ended = expand(["@loop"], str(tmp_path))
    assert not ended and words[0] == "a"
