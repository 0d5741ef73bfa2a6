"""Objects that are kept by content: used while nothing that they hang on has changed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from transformer.arch import host, load, names
from transformer.corpus.objects import ObjectCache, prune
from transformer.toolchain import Compiler, available, compile_object


@pytest.fixture
def compiler() -> Compiler:
    return available(host() or load(names()[0]))[-1]


class Unit:
    """One source file with a header, and how often it was compiled."""

    def __init__(self, folder: Path, compiler: Compiler) -> None:
        self.cwd, self.compiler, self.runs = folder / "work", compiler, 0
        self.cache = ObjectCache(folder / "cache")
        self.place(self.cwd)

    def place(self, folder: Path) -> None:
        self.cwd = folder
        folder.mkdir()
        (folder / "one.h").write_text("#define ONE 1\n")
        (folder / "a.c").write_text('#include "one.h"\nint one(void) { return ONE; }\n')

    def build(self, *flags: str) -> bytes:
        def run(source: Path, output: Path, words: object) -> object:
            self.runs += 1
            return compile_object(self.compiler, source, output, words, cwd=self.cwd)

        output = self.cwd / "a.o"
        every = ("-c", self.compiler, Path("a.c"), output, ["-O1", *flags], run)
        done = self.cache.make(*every, cwd=self.cwd)
        return output.read_bytes() if done.ok else b""


@pytest.fixture
def unit(tmp_path: Path, compiler: Compiler) -> Unit:
    return Unit(tmp_path, compiler)


def test_the_same_is_compiled_once_wherever_it_lies(unit: Unit, tmp_path: Path) -> None:
    first = unit.build()
    unit.place(tmp_path / "elsewhere")
    assert unit.build() == first
    assert unit.runs == 1


@pytest.mark.parametrize("what", ["header", "source", "flags"])
def test_what_has_changed_is_compiled_again(unit: Unit, what: str) -> None:
    first = unit.build()
    if what == "header":
        (unit.cwd / "one.h").write_text("#define ONE 22\n")
    if what == "source":
        (unit.cwd / "a.c").write_text("int two(void) { return 2; }\n")
    assert unit.build(*(["-DTWO", "-O0"] if what == "flags" else [])) != first
    assert unit.runs == 2


def test_headers_that_come_back_find_their_object(unit: Unit) -> None:
    first = unit.build()
    before = (unit.cwd / "one.h").read_text()
    (unit.cwd / "one.h").write_text("#define ONE 22\n")
    unit.build()
    (unit.cwd / "one.h").write_text(before)
    assert unit.build() == first
    assert unit.runs == 2


def test_a_failure_is_not_kept(unit: Unit) -> None:
    (unit.cwd / "a.c").write_text("int one(void) { return }\n")
    assert unit.build() == unit.build() == b""
    assert unit.runs == 2


def test_a_kept_object_is_not_written_through_its_other_name(unit: Unit, tmp_path: Path) -> None:
    first, source = unit.build(), (unit.cwd / "a.c").read_text()
    unit.build()  # the kept file itself, by another name
    (unit.cwd / "a.c").write_text("int two(void) { return 2; }\n")
    unit.build()
    (unit.cwd / "a.c").write_text(source)
    assert unit.build() == first


def test_a_torn_entry_is_made_anew(unit: Unit, tmp_path: Path) -> None:
    first = unit.build()
    for entry in (tmp_path / "cache").glob("*/*.json"):
        entry.write_text('[[["one.h"')
    assert unit.build() == first
    assert unit.runs == 2


def test_a_cache_that_cannot_be_written_changes_nothing(unit: Unit, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    assert unit.build()
    assert not list(unit.cwd.glob("*.d"))


def test_a_cache_is_bounded_and_keeps_what_was_used_last(tmp_path: Path) -> None:
    for index in range(4):
        path = tmp_path / "00" / f"{index}.o"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(100))
        old = time.time() - 100_000 + index
        os.utime(path, (old, old))
    fresh = tmp_path / "00" / "fresh.o"
    fresh.write_bytes(bytes(1000))
    prune(tmp_path, 200)
    assert [p.name for p in (tmp_path / "00").iterdir()] == ["fresh.o"]
    prune(tmp_path, 0)
    assert fresh.exists()  # another run may be about to link it
