"""Real compilers, as many as the machine has: the wheel's Clang is always there."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from transformer import arch as arches
from transformer.arch import Arch
from transformer.toolchain import (
    Compiler,
    available,
    check_syntax,
    compile_object,
    find,
    link,
    preprocess,
    run,
)
from transformer.toolchain.running import CANNOT_RUN, TIMED_OUT, cache_environment

PAIRS = [(a, c) for a in map(arches.load, arches.names()) for c in available(a)]
each_compiler = pytest.mark.parametrize(
    ("arch", "cc"), PAIRS, ids=[f"{a.name}-{c.family}" for a, c in PAIRS]
)
PROGRAM = "int shared; int f(int a) { return a + shared; }\nvoid _start(void) { f(2); }\n"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    path = tmp_path / "unit.c"
    path.write_text(PROGRAM)
    return path


def defined(cc: Compiler, unit: Path, *flags: str) -> set[str]:
    """The macros that are defined when ``unit`` is compiled."""
    done = preprocess(cc, unit, ["-dM", *flags])
    assert done.ok, done.stderr
    return {row.split()[1] for row in done.stdout.decode().splitlines() if row[:8] == "#define "}


def test_every_arch_has_clang() -> None:
    assert {a.name for a, c in PAIRS if c.family == "clang"} == set(arches.names())


@each_compiler
def test_objects_are_for_the_arch(arch: Arch, cc: Compiler, unit: Path, tmp_path: Path) -> None:
    from elftools.elf.elffile import ELFFile

    output = tmp_path / "unit.o"
    done = compile_object(cc, unit, output, ["-O2", "-Wall", "-Wextra", "-Werror"])
    assert (done.ok, done.stderr) == (True, "")
    with output.open("rb") as file:
        assert ELFFile(file)["e_machine"] == arch.elf_machine


@each_compiler
@pytest.mark.parametrize(
    ("code", "layout", "kind"),
    [("-fno-pie", "-static", "ET_EXEC"), ("-fPIE", "-static-pie", "ET_DYN")],
)
def test_programs_without_a_c_library_link(
    arch: Arch, cc: Compiler, unit: Path, tmp_path: Path, code: str, layout: str, kind: str
) -> None:
    from elftools.elf.elffile import ELFFile

    assert compile_object(cc, unit, tmp_path / "unit.o", [code]).ok
    done = link(cc, [tmp_path / "unit.o"], tmp_path / "unit", ["-nostdlib", layout])
    assert (done.ok, done.stderr) == (True, "")
    with (tmp_path / "unit").open("rb") as file:
        assert ELFFile(file)["e_type"] == kind


@each_compiler
def test_programs_are_those_that_the_driver_links(
    arch: Arch, cc: Compiler, unit: Path, tmp_path: Path
) -> None:
    flags = ["-nostdlib", "-static", "-Wl,--build-id=none"]
    for name in ("one", "another"):
        output, program = tmp_path / f"{name}.o", tmp_path / name
        unit.write_text(f"{PROGRAM}int {name};\n")
        assert compile_object(cc, unit, output).ok
        assert link(cc, [output], program, flags).ok
        assert name.encode() in program.read_bytes()
        if not cc.linker:
            driver = tmp_path / "driver"
            assert run([*cc.command, *flags, str(output), "-o", str(driver)]).ok
            assert driver.read_bytes() == program.read_bytes()


@each_compiler
def test_what_the_flags_say_is_what_is_built(arch: Arch, cc: Compiler, unit: Path) -> None:
    """The reason why the wheel's Clang is not run as ``zig cc``."""
    assert not {"__PIC__", "__PIE__"} & defined(cc, unit, "-fno-pie")
    assert "__PIE__" in defined(cc, unit, "-fPIE")
    optimised = defined(cc, unit, "-O2", "-fno-stack-protector")
    assert not {"NDEBUG", "__SSP_STRONG__", "__SSP__"} & optimised
    assert "__OPTIMIZE__" in optimised


@each_compiler
def test_the_common_headers_are_found(arch: Arch, cc: Compiler, tmp_path: Path) -> None:
    names = ("stdio", "stdlib", "string", "pthread", "stdarg", "stddef", "errno", "unistd")
    unit = tmp_path / "headers.c"
    unit.write_text("".join(f"#include <{n}.h>\n" for n in names) + "FILE *f; pthread_t t;\n")
    done = check_syntax(cc, unit, ["-Wall", "-Wextra", "-Werror"])
    assert (done.ok, done.stderr) == (True, "")


@each_compiler
def test_line_markers_are_kept(arch: Arch, cc: Compiler, unit: Path, tmp_path: Path) -> None:
    (tmp_path / "h.h").write_text("int from_header;\n")
    unit.write_text('#include "h.h"\nint x;\n')
    done = preprocess(cc, unit)
    assert b'h.h"' in done.stdout
    assert b"int from_header;" in done.stdout


@each_compiler
def test_what_is_wrong_is_told_and_nothing_written(
    arch: Arch, cc: Compiler, tmp_path: Path
) -> None:
    unit = tmp_path / "bad.c"
    unit.write_text("int x = ;\n")
    for done in (check_syntax(cc, unit), compile_object(cc, unit, tmp_path / "bad.o")):
        assert not done.ok
        assert "bad.c:1:9: error" in done.stderr
    assert not (tmp_path / "bad.o").exists()
    unit.write_text("void elsewhere(void); void _start(void) { elsewhere(); }\n")
    assert compile_object(cc, unit, tmp_path / "bad.o").ok
    done = link(cc, [tmp_path / "bad.o"], tmp_path / "bad", ["-nostdlib", "-static"])
    assert not done.ok
    assert "elsewhere" in done.stderr


@each_compiler
def test_file_names_are_never_read_by_a_shell(arch: Arch, cc: Compiler, tmp_path: Path) -> None:
    unit = tmp_path / "a b; touch $(echo owned) 'x'.c"
    unit.write_text(PROGRAM)
    output = tmp_path / "o u t.o"
    assert compile_object(cc, unit, output).ok
    assert link(cc, [output], tmp_path / "the program", ["-nostdlib", "-static"]).ok
    assert not list(tmp_path.glob("*owned"))


def test_a_missing_linker_input_is_told(tmp_path: Path) -> None:
    cc = find(arches.load(arches.names()[0]), "clang")
    done = link(cc, [tmp_path / "none.o"], tmp_path / "x", ["-nostdlib"])
    assert not done.ok
    assert "none.o" in done.stderr


def test_the_callers_folder_is_the_compilers(unit: Path, tmp_path: Path) -> None:
    cc = find(arches.load(arches.names()[0]))
    assert compile_object(cc, Path("unit.c"), Path("unit.o"), cwd=tmp_path).ok
    assert (tmp_path / "unit.o").exists()


def test_what_hangs_is_cut_off_with_its_children(tmp_path: Path) -> None:
    mark = tmp_path / "child"
    started = time.monotonic()
    done = run(["sh", "-c", f"sleep 60 & echo $! >{mark}; wait"], timeout=0.5)
    assert done.returncode == TIMED_OUT
    assert "cut off after 0.5 s" in done.stderr
    assert time.monotonic() - started < 20
    child = int(mark.read_text())
    for _ in range(50):
        if not _alive(child):
            return
        time.sleep(0.05)
    raise AssertionError("the child of the program that was cut off runs on")


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


class Ended(Exception):
    """What the handler of a signal raises in a test."""


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A signal arrives when a child was made and is not yet known; gives the children."""
    made: list[int] = []

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **how: object) -> None:
            super().__init__(*args, **how)  # type: ignore[call-overload]
            made.append(self.pid)
            signal.raise_signal(signal.SIGTERM)

    def stop(number: int, frame: object) -> None:
        raise Ended

    monkeypatch.setattr(subprocess, "Popen", Popen)
    before = signal.signal(signal.SIGTERM, stop)
    yield made
    assert signal.signal(signal.SIGTERM, before) is stop


def test_a_signal_while_a_child_starts_ends_the_child(ended: list[int]) -> None:
    with pytest.raises(Ended):
        run(["sleep", "60"])
    assert len(ended) == 1 and not _alive(ended[0])


def test_handlers_are_as_before_where_nothing_starts(ended: list[int]) -> None:
    assert run(["/no/such/compiler"]).returncode == CANNOT_RUN
    assert ended == []


def test_what_cannot_start_is_a_failure_and_no_exception(tmp_path: Path) -> None:
    done = run([str(tmp_path / "nothing")])
    assert (done.ok, done.returncode) == (False, CANNOT_RUN)
    assert "nothing" in done.stderr


def test_zig_gets_a_cache_where_the_home_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ZIG_GLOBAL_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_environment() == {}
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr("tempfile.tempdir", None)
    folder = Path(cache_environment()["ZIG_GLOBAL_CACHE_DIR"])
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path)
    assert folder.stat().st_mode & 0o077 == 0
