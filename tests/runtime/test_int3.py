"""Level int3: sites that lie across a word, a line or a page are changed while threads run them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import int3_sites
import pytest
from native_program import Program

from transformer import arch as arches
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import compile_object, find, link

HERE = Path(__file__).parent / "int3"
HOST = arches.host()
INT3, SLOT = 2, 3
pytestmark = pytest.mark.skipif(not int3_sites.can(HOST), reason="this machine has no breakpoint")


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def counting(files: dict[str, str]) -> None:
    """A runtime that counts what meets its breakpoints."""
    text = replaced(files["sc_int3.h"], "\t\tif (found) {", "\t\tif (found) {\n\t\t\tint3_traps++;")
    first = "static int sc_int3_pass("
    files["sc_int3.h"] = replaced(text, first, f"extern unsigned long int3_traps;\n{first}")


def without_breakpoints(files: dict[str, str]) -> None:
    """A runtime that leaves the first step out."""
    text = files["sc_int3.h"]
    files["sc_int3.h"] = replaced(text, "error = sc_int3_put_breakpoint(trap);", ";")


def built(
    folder: Path, *cflags: str, damage: Callable[[dict[str, str]], None] | None = None
) -> Path:
    for name, text in int3_sites.files(HOST).items():
        (folder / name).write_text(text)
    (folder / "sites").mkdir()
    (folder / "sites.s").rename(folder / "sites" / "sites.s")
    flags = ("-fno-pie", *cflags)
    program = Program(folder, "trampoline", cflags=flags, ldflags=("-no-pie",), damage=damage)
    return program.build(HERE / "main.c", plain=[folder / "sites" / "sites.s"])


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with a runtime that counts."""
    return built(tmp_path_factory.mktemp("counted"), damage=counting)


def ran(program: Path, *words: str, level: str = "int3") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SC_PROTECTION": level, "SC_LOG": "1"}
    return subprocess.run(
        [program, *words], env=environment, capture_output=True, text=True, timeout=120
    )


def numbers(line: str) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"(\w+) (-?\d+)", line)}


def test_none_is_wrong_while_threads_call(counted: Path) -> None:
    """And the program's own breakpoints get to the program's own handler."""
    done = ran(counted, "flip", "2")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    counts = numbers(done.stdout)
    assert counts["sites"] == len(list(int3_sites.functions(HOST)))
    assert counts["updates"] > 5
    assert counts["met"] > 0
    assert counts["own"] > 0


def test_without_the_breakpoint_threads_go_astray(tmp_path: Path) -> None:
    done = ran(built(tmp_path, damage=without_breakpoints), "flip", "20")
    assert done.returncode != 0


def test_one_store_does_not_change_what_straddles(counted: Path) -> None:
    """At the level of one store such a site is refused: its object gets the next lower level."""
    done = ran(counted, "attempt", level="word")
    assert done.returncode == 0, done.stdout
    assert "sc: an object's text is patched by breakpoints, errno 18" in done.stderr
    assert numbers(done.stdout) == {"level": INT3, "error": 0, "gives": 2}


def test_a_build_can_ask_for_it(tmp_path: Path) -> None:
    done = ran(built(tmp_path, "-DSC_PROTECTION=SC_INT3"), "attempt", level="word")
    assert (done.returncode, numbers(done.stdout)) == (
        0, {"level": INT3, "error": 0, "gives": 2},
    )  # fmt: skip


def test_a_debugger_gets_no_trap_of_the_runtimes(counted: Path) -> None:
    done = ran(counted, "debugger")
    assert done.returncode == 0, done.stdout
    assert "sc: int3: a debugger follows the process" in done.stderr
    assert numbers(done.stdout.splitlines()[-1])["level"] == SLOT


def test_a_thread_that_blocks_sigtrap_is_refused(counted: Path) -> None:
    done = ran(counted, "blocked")
    assert done.returncode == 0, done.stdout
    *logged, last = done.stdout.splitlines()
    assert logged == ["log -16 int3: this thread blocks SIGTRAP"]
    assert numbers(last) == {"level": INT3, "error": -16, "gives": 1}


@pytest.mark.parametrize("what", ["nobody", "chain"])
def test_a_trap_that_nobody_wants_ends_the_program(what: str, counted: Path) -> None:
    """Also where the program's handler passes it to the runtime's, which had passed it to that."""
    done = ran(counted, what)
    assert done.returncode == -signal.SIGTRAP
    assert done.stdout.splitlines() == ["updated 0"] + ["own"] * (what == "chain")


def test_branches_are_emulated_as_the_processor_does_them(tmp_path: Path) -> None:
    own = HOST.toolchain.cflags
    flags = ("-w", "-I", str(header_dir("lowered", HOST, "inline")), *own)
    flags += ("-I", str(runtime_source(HOST).parent))
    cc = find(HOST)
    done = compile_object(cc, HERE / "emulate.c", tmp_path / "emulate.o", flags)
    assert done.ok, done.stderr
    done = link(cc, [tmp_path / "emulate.o"], tmp_path / "emulate", (*own, "-pthread"))
    assert done.ok, done.stderr
    ran_it = subprocess.run([tmp_path / "emulate"], capture_output=True, text=True)
    assert (ran_it.returncode, ran_it.stdout) == (0, "")
