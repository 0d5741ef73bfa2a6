"""What updates, batches and levels do, natively: each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from native_program import Program

from transformer import arch as arches
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import available, compile_object, find, link, run

SOURCES = Path(__file__).parent / "updates"
HOST = arches.host()
FAMILIES = [cc.family for cc in available(HOST)]
MODES = ("trampoline", "inline")
Build = Callable[..., Path]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A program by compiler, mode and flags of the preprocessor."""

    @cache
    def built(family: str, mode: str, *flags: str) -> Path:
        folder = tmp_path_factory.mktemp("updates")
        exports = ("-rdynamic",)
        program = Program(
            folder,
            mode,
            cc=find(HOST, family),
            cflags=("-fPIE", *flags),
            ldflags=("-pie", *exports),
        )
        return program.build(SOURCES / "main.c", SOURCES / "seen.c")

    return built


def passes(program: Path, *arguments: object, **environment: str) -> None:
    words = [str(program), *map(str, arguments)]
    done = run(words, env={**os.environ, **environment}, timeout=60)
    assert (done.returncode, done.stdout.decode()) == (0, ""), done.stderr


@pytest.mark.parametrize("what", ["commit", "cancel", "last", "nest", "alien"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", FAMILIES)
def test_updates(build: Build, family: str, mode: str, what: str) -> None:
    passes(build(family, mode), what)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_start_can_forbid_writing(build: Build, family: str, mode: str) -> None:
    passes(build(family, mode), "slot", SC_PROTECTION="slot")


@pytest.mark.parametrize("level", ["slot", "word", "int3", ""])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_build_can_forbid_writing(build: Build, family: str, level: str) -> None:
    """And a start cannot allow it again."""
    passes(build(family, "inline", "-DSC_PROTECTION=SC_SLOT"), "slot", SC_PROTECTION=level)


def plugin(folder: Path, family: str, mode: str, *, runtime: bool) -> Path:
    """A shared object with sites of the program's keys, and a runtime of its own where asked."""
    cc = find(HOST, family)
    built = Program(folder, mode, cc=cc, cflags=("-fPIC",))
    units = [built._compile(built._rewritten(SOURCES / "seen.c"), mode == "inline")]
    if runtime:
        units.append(built._compile(runtime_source(HOST), False))
    flags = (*HOST.toolchain.cflags, "-shared", "-pthread")
    done = link(cc, units, folder / "plugin.so", flags)
    assert done.ok, done.stderr
    return folder / "plugin.so"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_plugin_comes_and_goes(build: Build, family: str, mode: str, tmp_path: Path) -> None:
    program = build(family, mode)
    passes(program, "plugin", plugin(tmp_path, family, mode, runtime=False))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_plain_program_takes_a_plugin_with_the_runtime(family: str, tmp_path: Path) -> None:
    """Whose runtime goes when it is closed, and comes back."""
    cc = find(HOST, family)
    units = []
    for name in ("main", "seen"):
        units.append(tmp_path / f"plain_{name}.o")
        flags = ("-O2", "-fPIE", "-w", *HOST.toolchain.cflags, "-I", str(header_dir("plain")))
        done = compile_object(cc, SOURCES / f"{name}.c", units[-1], flags)
        assert done.ok, done.stderr
    flags = (*HOST.toolchain.cflags, "-pie", "-rdynamic", "-pthread", "-ldl")
    done = link(cc, units, tmp_path / "plain", flags)
    assert done.ok, done.stderr
    passes(tmp_path / "plain", "plugin", plugin(tmp_path, family, "inline", runtime=True))
