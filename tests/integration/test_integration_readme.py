"""What the README says of build systems and caches is what happens.

Each command is run as it stands there, but for the compiler's name where this
machine has no gcc.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from integration_tools import (
    EXAMPLES,
    compiler,
    environment,
    needs,
    run,
    section_size,
)
from readme_text import blocks, section

BUILDS, CACHES = "In your build system", "With ccache, distcc and icecream"


def rows(title: str) -> dict[str, str]:
    """The first two cells of each table row."""
    found = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", section(title), re.MULTILINE)
    return dict(found[1:])


def first_code(cell: str) -> str:
    found = re.search(r"`([^`]+)`", cell)
    assert found, cell
    return found.group(1)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the demo of the quick start."""
    (demo,) = blocks("Quick start", "c")
    (tmp_path / "demo.c").write_text(demo)
    return tmp_path


def shell(commands: str, folder: Path, **more: str) -> str:
    if compiler() != "gcc":
        commands = re.sub(r"\bgcc\b", compiler(), commands)
    env = environment(folder, **more)
    return run("sh", "-eu", "-c", commands, cwd=folder, env=env).stdout


def proxies(path: Path) -> int:
    return section_size(path, "static_call_proxies")


def test_one_word_before_the_compiler(desk: Path) -> None:
    (commands,) = [b for b in blocks(BUILDS, "sh") if "cmake" not in b]
    assert shell(commands, desk) == "13\n42\n"
    assert proxies(desk / "demo") > 0


def test_cmake(desk: Path) -> None:
    (lists,) = blocks(BUILDS, "cmake")
    head = "cmake_minimum_required(VERSION 3.19)\nproject(demo LANGUAGES C)\n"
    (desk / "CMakeLists.txt").write_text(head + lists)
    (commands,) = [b for b in blocks(BUILDS, "sh") if "cmake" in b]
    assert shell(commands, desk, CC=compiler()).endswith("13\n42\n")
    assert proxies(desk / "build" / "demo") > 0


def make_some(command: str, folder: Path) -> Path:
    """The fragment's own lines, around a Makefile's."""
    text = rows(BUILDS)["a Makefile, for some of its units"]
    include, rule = re.findall(r"`([^`]+)`", text)
    rules = f"{include}\nall: hot\n{rule}\nhot: hot.o\n\t$(SC_CC) hot.o -o $@\n"
    (folder / "Makefile").write_text(rules)
    shutil.copy(folder / "demo.c", folder / "hot.c")
    shell("make CC=gcc", folder)
    return folder / "hot"


def cmake_all(command: str, folder: Path) -> Path:
    text = "cmake_minimum_required(VERSION 3.19)\nproject(d LANGUAGES C)\nadd_executable(d demo.c)"
    (folder / "CMakeLists.txt").write_text(text)
    shell(f"{command}\ncmake --build build", folder)
    return folder / "build" / "d"


def autoconf(command: str, folder: Path) -> Path:
    """configure runs what it compiles, and finds the headers without being told where."""
    needs("autoconf")
    (folder / "configure.ac").write_text(
        "AC_INIT([d], [1])\nAC_PROG_CC\nAC_CHECK_HEADERS([sc/static_call.h])\n"
        "AC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n"
    )
    (folder / "Makefile.in").write_text("d: demo.c\n\t@CC@ @CFLAGS@ demo.c -o d\n")
    told = shell(f"autoconf\n{command}\nmake", folder)
    assert "sc/static_call.h... yes" in told
    return folder / "d"


def masquerade(command: str, folder: Path) -> Path:
    (folder / "links").mkdir()
    shell(f"{command}\nPATH=$PWD/links:$PATH\ngcc demo.c -o d", folder)
    return folder / "d"


HOW: dict[str, Callable[[str, Path], Path] | None] = {
    "a Makefile, a script": None,  # the example, which test_integration_examples.py builds
    "a Makefile, for some of its units": make_some,
    "CMake, for some targets": None,  # test_cmake
    "CMake, for all of a project": cmake_all,
    "Meson": None,  # the example
    "autoconf": autoconf,
    "Kbuild": None,  # test_integration_kbuild.py
    "a build that cannot be told": masquerade,
    "anything else": None,  # test_integration_config.py
}


def test_each_way_has_its_test() -> None:
    assert set(rows(BUILDS)) == set(HOW)
    for way, name in (("a Makefile, a script", "dynamic-by-name"), ("Meson", "meson-allocator")):
        said = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
        assert first_code(rows(BUILDS)[way]).replace("gcc", "cc") in said.replace("gcc", "cc")


@pytest.mark.parametrize("way", [name for name, how in HOW.items() if how])
def test_the_way_gives_a_patched_program(way: str, desk: Path) -> None:
    how = HOW[way]
    assert how
    program = how(first_code(rows(BUILDS)[way]), desk)
    assert proxies(program) > 0
    assert run(program, cwd=desk, env=environment(desk)).stdout == "13\n42\n"


def cached(desk: Path, commands: str) -> None:
    """Twice: the second time nothing is missing, and the object is the launcher's own."""
    needs("gcc", "ccache")
    own = {"CCACHE_DIR": str(desk / "cache"), "CCACHE_CONFIGPATH": "/dev/null"}
    shell("sc-transform cc --sc-mode=inline gcc -O2 -c demo.c", desk)
    wanted = (desk / "demo.o").read_bytes()
    for _ in range(2):
        (desk / "demo.o").unlink()
        shell(f"ccache -z >/dev/null\n{commands}", desk, **own)
        assert (desk / "demo.o").read_bytes() == wanted
    told = shell("ccache --print-stats", desk, **own)
    assert re.search(r"^cache_miss\t0$", told, re.MULTILINE)
    assert re.search(r"^direct_cache_hit\t[1-9]", told, re.MULTILINE)


def test_ccache_behind(desk: Path) -> None:
    cached(desk, blocks(CACHES, "sh")[0])


def test_ccache_in_front(desk: Path) -> None:
    cached(desk, blocks(CACHES, "sh")[1])


def test_each_order_in_the_table_is_tested() -> None:
    """By test_integration_caches.py, with the words that the table has."""
    orders = [first_code(f"`{row.strip('`')}`") for row in rows(CACHES)]
    assert orders == [
        "sc-transform cc ccache gcc",
        "sc-transform cc distcc gcc",
        "CCACHE_PREFIX=distcc sc-transform cc ccache gcc",
        "sc-transform cc icecc gcc",
    ]
    text = Path(__file__).with_name("test_integration_caches.py").read_text(encoding="utf-8")
    for words in ('"ccache", "gcc"', '"distcc", "gcc"', 'CCACHE_PREFIX="distcc"', '"icecc", "gcc"'):
        assert words in text
