"""The front takes the plainest command lines, never otherwise than Python would."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import commandlines
import pytest
from differential import lines
from launching import CALLS, FAMILIES, PLAIN, SCRIPT, Desk

from transformer.launcher import front
from transformer.launcher.commandline import CommandLine, parse
from transformer.launcher.detect import INCLUDES
from transformer.launcher.main import ALONE
from transformer.launcher.masquerade import INSIDE
from transformer.launcher.state import State, plain_headers, templates
from transformer.runtime import header_dir

TABLES = {"gcc": commandlines.GCC, "clang": commandlines.CLANG}
TABLE = "made_from[] = {"
MARKED = b"\0" + INCLUDES + b"\0"


class Front:
    """A front of the test's own: Python is a script that tells how it was called."""

    def __init__(self, desk: Desk, program: Path) -> None:
        self.desk = desk
        self.program = program
        self.told = desk.folder.parent / "told"
        self.python = desk.script(
            "python", f'shift 4; printf "%s " "$@" >{shlex.quote(str(self.told))}'
        )

    def run(self, *words: str, status: int | None = 0, **env: str) -> str:
        """What Python was told: state, program, words; "" where it was not needed."""
        self.told.unlink(missing_ok=True)
        called = [self.program, self.python, "code", "package", "sc-transform", "cc", *words]
        self.desk.run(*called, status=status, **env)
        return self.told.read_text() if self.told.exists() else ""


def compiled(folder: Path, desk: Desk, change: Callable[[str], str] = str) -> Path:
    """The front as the launcher makes it, by a compiler that each machine has."""
    program = folder / "front"
    environment = {**os.environ, **desk.env}
    headers = Path(plain_headers(State(environment), environment)).name
    text = change(front.program(headers, templates(environment)))
    names = [desk.script("gcc", 'exec /usr/bin/gcc "$@"')] if "gcc" in FAMILIES else []
    names.append(desk.bin / "clang")
    assert any(front._compiled(text, program, str(name), []) for name in names)
    return program


@pytest.fixture
def own(tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Front:
    for name in ("SC_CACHE", "TMPDIR"):
        monkeypatch.setenv(name, desk.env[name])
    header_dir("plain")
    return Front(desk, compiled(tmp_path, desk))


def outcome(line: CommandLine, how: Front, words: list[str], mark: bool) -> str:
    """Runs a compiler that leaves nothing but an object where Python expects it."""
    place = how.desk.folder / (line.object_of(line.sources[0]) if line.sources else "")
    if line.stage == "link":
        place = how.desk.folder / (line.output or "a.out")
    if place.is_dir() or how.desk.folder not in place.parents:
        place = how.desk.folder / "none"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(MARKED if mark else b"\0")
    told = how.run(*words)
    place.unlink()
    return told.split(" ")[0]


@pytest.mark.parametrize("family", TABLES)
def test_it_reads_command_lines_as_python_does(family: str, own: Front) -> None:
    """Every command line of the differential test: none is taken that Python would not take."""
    compiler = str(own.desk.script(family, "exit 0"))
    hard = [*lines(commandlines.HARD), *map(list, commandlines.HARD_WORDS)]
    taken = {"object": 0, "link": 0, "alone": 0}
    every = [*lines(commandlines.COMMON), *lines(TABLES[family]), *hard]
    for number, arguments in enumerate(every):
        if any("\0" in word for word in arguments):
            continue
        own.desk.folder = own.told.parent / f"desk {number}"
        own.desk.folder.mkdir()
        line = parse([compiler, *arguments], str(own.desk.folder), own.desk.env)
        found = [outcome(line, own, [compiler, *arguments], mark) for mark in (False, True)]
        if found == ["passed", "passed"]:
            continue
        assert not (line.lto or line.reason), arguments
        assert line.sources, arguments
        if line.stage in ALONE:
            assert found == ["", ""], arguments
            taken["alone"] += 1
            continue
        assert line.stage in taken, arguments
        assert found == ["", "compiled"], arguments
        assert not line.others, arguments
        taken[line.stage] += 1
    assert taken["object"] > 50
    assert min(taken.values()) > 2, taken


def test_most_of_a_build_is_for_it(own: Front) -> None:
    own.desk.script("gcc", "exit 0")
    for text in (
        "-std=c99 -pedantic -Wall -W -O2 -g -ggdb -Isrc -I../lua/src -DX='a b' -MMD -o a.o -c a.c",
        "-c -O3 -fPIC -pthread -pipe -march=x86-64 -isystem /x -include a.h -MD -MF a.d -MT b a.c",
        "-o conftest -g3 -D_GNU_SOURCE conftest.c -lm -ldl",
        "-E conftest.c",
        "-c src/../lib/a.c",
    ):
        assert own.run("gcc", *shlex.split(text)) == "", text


REFUSED = {
    "a language": "-x c -c a.c",
    "two sources": "-c a.c b.c",
    "an object": "a.c b.o",
    "a library's folder": "a.c -Lx -ly",
    "a linker's option": "a.c -Wl,--gc-sections",
    "stripped": "-s a.c",
    "standard input": "-c -",
    "a response file": "@file -c a.c",
    "link time optimization": "-flto -c a.c",
    "assembly": "-S a.c",
    "our own option": "-c a.c --sc-mode=slot",
    "nothing": "",
    "no value": "-c a.c -o",
    "a device": "-c a.c -o /dev/null",
    "C++": "-c a.cc",
    "a wrapper": "gcc -c a.c",
    "several machines": "-arch x -arch y -c a.c",
    "a question": "--version",
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_plain_is_pythons(what: str, own: Front) -> None:
    own.desk.script("gcc", "exit 9")
    words = ["gcc", *shlex.split(REFUSED[what])]
    assert own.run(*words) == "passed sc-transform cc " + "".join(f"{w} " for w in words)


@pytest.mark.parametrize("name", ["SC_TRANSFORM_MODE", "SC_TRANSFORM_LOG", INSIDE, "SC_TEMPLATES"])
def test_a_variable_of_ours_is_pythons(name: str, own: Front) -> None:
    own.desk.script("gcc", "exit 9")
    assert own.run("gcc", "-c", "a.c", **{name: "x"}).startswith("passed ")


@pytest.mark.parametrize("name", ["sc-transform.toml", "pyproject.toml"])
@pytest.mark.parametrize("folder", [".", "..", "sub"])
def test_a_configuration_is_pythons(name: str, folder: str, own: Front) -> None:
    own.desk.script("gcc", "exit 0")
    (own.desk.folder / "sub").mkdir()
    sources = ["sub/a.c", "sub/x/../a.c", f"{own.desk.folder}/sub/a.c", "./sub//a.c"]
    assert [own.run("gcc", "-c", s) for s in sources] == [""] * 4
    (own.desk.folder / folder / name).write_text("")
    assert all(own.run("gcc", "-c", s).startswith("passed ") for s in sources)


def test_without_the_headers_it_is_pythons(own: Front, tmp_path: Path) -> None:
    own.desk.script("gcc", "exit 9")
    assert own.run("gcc", "-c", "a.c", SC_CACHE=str(tmp_path)).startswith("passed ")


def test_what_it_was_made_from_has_changed(tmp_path: Path, own: Front) -> None:
    own.desk.script("gcc", "exit 9")
    stamped = own.desk.write("stamp", "before")
    status = stamped.stat()
    row = f'{{ "{stamped}", {status.st_size}, {status.st_mtime_ns} }},'
    old = Front(
        own.desk, compiled(tmp_path, own.desk, lambda text: text.replace(TABLE, TABLE + row))
    )
    own.desk.script("gcc", "exit 0")
    assert old.run("gcc", "-c", "a.c") == ""
    stamped.write_text("behind")
    assert old.run("gcc", "-c", "a.c").startswith("new ")
    stamped.unlink()
    assert old.run("gcc", "-c", "a.c").startswith("new ")


def test_a_compiler_that_is_not_there_is_pythons(own: Front) -> None:
    assert own.run("no-such-gcc", "-c", "a.c", status=0).startswith("passed ")
    assert own.run("no-such-gcc", "-E", "a.c", status=0).startswith("passed ")


def test_what_the_compiler_gets_and_gives(own: Front) -> None:
    """Python gets its own environment back: CPATH and the mark are set by whoever compiles."""
    own.desk.script("gcc", f'echo "$CPATH|${INSIDE}" >>seen; exit $WANTED')
    headers = header_dir("plain")
    own.run("gcc", "-c", "a.c", status=0, WANTED="0")
    own.run("gcc", "-E", "a.c", status=7, WANTED="7")
    own.run("gcc", "-c", "a.c", status=3, WANTED="3", CPATH="/mine")
    own.run("gcc", "-c", "a.c", status=0, WANTED="0", CPATH="")
    assert own.desk.data("seen").decode().splitlines() == [
        f"{headers}|gcc", f"{headers}|gcc", f"/mine:{headers}|gcc", f"{headers}|gcc",
    ]  # fmt: skip
    own.desk.script("gcc", f"printf {INCLUDES.decode()} >a.o")
    own.desk.script("python", f'echo "${{CPATH-none}}|${{{INSIDE}-none}}" >seen')
    own.run("gcc", "-c", "a.c")
    assert own.desk.data("seen") == b"none|none\n"
    own.run("gcc", "-c", "a.c", CPATH="/mine")
    assert own.desk.data("seen") == b"/mine|none\n"


def test_signals_wait_for_python(own: Front) -> None:
    own.desk.script("gcc", f"printf {INCLUDES.decode()} >a.o")
    own.desk.script("python", "exec grep SigBlk /proc/self/status >blocked")
    own.run("gcc", "-c", "a.c")
    blocked = int(own.desk.data("blocked").split()[1], 16)
    wanted = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
    assert blocked == sum(1 << (number - 1) for number in wanted)
    own.desk.script("gcc", "exec grep SigBlk /proc/self/status >blocked")
    own.run("gcc", "-c", "b.c")
    assert int(own.desk.data("blocked").split()[1], 16) == 0


def test_the_compiler_runs_once(desk: Desk) -> None:
    """Whoever found the idioms: what the front compiled, Python does not compile again."""
    desk.write("demo.c", CALLS)
    desk.write("plain.c", PLAIN)
    runs = {}
    for by in ("front", "no"):
        name, log = desk.counted(FAMILIES[0])
        environment = {} if by == "front" else {"SC_TRANSFORM_FRONT": by}
        desk.cc(name, "-c", "demo.c", **environment)
        desk.cc(name, "-c", "plain.c", **environment)
        runs[by] = [row for row in log.read_text().splitlines() if row.startswith("-c ")]
        log.unlink()
        assert b"__sc_register" in desk.data("demo.o")
    assert runs["front"] == runs["no"] == ["-c demo.c", "-c plain.c"]


def test_it_is_made_once_and_does_the_launchers_work(tmp_path: Path, desk: Desk) -> None:
    """A package without one makes it; where it cannot be made, the launcher is as before."""
    package = tmp_path / "package"
    root = Path(front.__file__).parents[2]
    package.mkdir()
    for name in ("transformer", "templates"):
        subprocess.run(["cp", "-r", str(root / name), str(package)], check=True)
    place = package / "transformer" / "launcher" / "__pycache__"
    made = place / "front"
    made.unlink(missing_ok=True)
    desk.write("plain.c", PLAIN)
    code = SCRIPT.read_text().split("code='")[1].split("'\n")[0].replace("'$main'", "launcher.main")
    call = [sys.executable, "-IS", "-c", code, str(package)]
    words = [str(SCRIPT), "cc", FAMILIES[0], "-c", "plain.c"]
    desk.run(*call, "new", *words)
    assert made.exists()
    first = made.stat().st_mtime_ns
    desk.script("told", "")
    desk.run(made, "python3", code, package, *words)
    assert made.stat().st_mtime_ns == first
    assert desk.run(made).stdout == "sc-transform\n"
    made.unlink()
    desk.run(*call, "new", *words, SC_TRANSFORM_FRONT="no")
    assert not made.exists()
    for name in front.COMPILERS:
        desk.script(name, "echo no compiler today >&2; exit 1")
    log = desk.folder.parent / "runs"
    desk.script("cc", f"echo ran >>{shlex.quote(str(log))}; exit 1")
    desk.run(*call, "new", str(SCRIPT), "cc", "true", "-c", "plain.c")
    desk.run(*call, "new", str(SCRIPT), "cc", "true", "-c", "plain.c")
    assert not made.exists()
    assert len(log.read_text().splitlines()) == len(front.LINKS)
