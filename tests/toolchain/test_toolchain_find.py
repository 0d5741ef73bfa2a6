"""Which compiler is taken for an arch, and what is said where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from transformer import arch as arches
from transformer.arch import Arch
from transformer.toolchain import CompilerMissing, available, find, zig

ALL = [arches.load(name) for name in arches.names()]
FIRST, OTHER = ALL[0], ALL[1]

pytestmark = pytest.mark.usefixtures("no_wheel")


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with nothing but what a test puts into ``tmp_path``."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(zig, "binary", lambda: None)


def fake(folder: Path, name: str, machine: str, banner: str = "Free Software Foundation") -> Path:
    """A compiler that only says what it is, and counts how often it was asked."""
    script = folder / name
    script.write_text(
        "#!/bin/sh\n"
        f'echo x >>"{folder}/asked"\n'
        f'case "$*" in *-dumpmachine*) echo {machine}; exit;; esac\n'
        f'echo "{name} 1.0"; echo "{banner}"\n'
    )
    script.chmod(0o755)
    return script


def gcc_for(arch: Arch) -> str:
    return arch.toolchain.triples[0]


def test_the_host_gcc_is_taken_where_it_builds_for_the_arch(tmp_path: Path) -> None:
    host = fake(tmp_path, "gcc", gcc_for(FIRST))
    fake(tmp_path, FIRST.toolchain.cross_gcc[0], gcc_for(FIRST))
    assert find(FIRST).argv == (str(host),)
    assert find(FIRST).family == "gcc"
    assert find(FIRST).version == "gcc 1.0"


def test_a_cross_gcc_is_taken_where_the_host_gcc_builds_for_another_machine(tmp_path: Path) -> None:
    fake(tmp_path, "gcc", gcc_for(OTHER))
    cross = fake(tmp_path, FIRST.toolchain.cross_gcc[0], gcc_for(FIRST))
    assert find(FIRST).argv == (str(cross),)


def test_the_vendor_in_a_triple_does_not_matter_but_the_system_does(tmp_path: Path) -> None:
    cpu = gcc_for(FIRST).split("-")[0]
    fake(tmp_path, "gcc", f"{cpu}-buildroot-linux-gnu")
    assert find(FIRST).family == "gcc"
    fake(tmp_path, "cc", f"{cpu}-w64-mingw32")
    (tmp_path / "gcc").unlink()
    os.environ["PATH"] += ":"  # another path: nothing is remembered
    assert available(FIRST) == []


def test_a_gcc_that_is_clang_in_disguise_is_not_gcc(tmp_path: Path) -> None:
    fake(tmp_path, "gcc", gcc_for(FIRST), banner="Apple clang version 15")
    assert available(FIRST, ["gcc"]) == []


def test_a_clang_of_the_machine_serves_where_the_wheel_is_missing(tmp_path: Path) -> None:
    fake(tmp_path, "clang", gcc_for(FIRST), banner="clang version 15")
    assert [c.family for c in available(FIRST)] == ["clang"]
    assert available(OTHER) == []


@pytest.mark.parametrize("arch", ALL, ids=lambda a: a.name)
def test_a_missing_compiler_is_told_with_what_to_install(arch: Arch) -> None:
    with pytest.raises(CompilerMissing) as error:
        find(arch)
    said = error.value.diagnostics[0]
    assert said.id == "sc-compiler"
    assert arch.toolchain.cross_gcc_package in said.text
    assert "pip install 'sc-transform[verify]'" in said.text


def test_only_the_family_that_was_asked_for_is_named() -> None:
    with pytest.raises(CompilerMissing) as error:
        find(FIRST, "clang")
    assert FIRST.toolchain.cross_gcc_package not in str(error.value)
    with pytest.raises(CompilerMissing) as error:
        find(FIRST, "gcc")
    assert "pip" not in str(error.value)


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(CompilerMissing, match="no compiler is called 'tcc'"):
        find(FIRST, "tcc")


def test_a_command_is_split_as_a_shell_would(tmp_path: Path) -> None:
    spaced = tmp_path / "my tools"
    spaced.mkdir()
    script = fake(spaced, "gcc", gcc_for(FIRST))
    fake(tmp_path, "gcc", gcc_for(FIRST))
    assert find(FIRST, cc=f"'{script}' -std=c99").argv == (str(script), "-std=c99")


def test_a_command_for_another_machine_is_refused_and_clang_retargeted(tmp_path: Path) -> None:
    fake(tmp_path, "gcc", gcc_for(OTHER))
    with pytest.raises(CompilerMissing, match=f"builds for .*, not for {FIRST.title}"):
        find(FIRST, cc="gcc")
    fake(tmp_path, "clang", gcc_for(OTHER), banner="clang version 15")
    assert find(FIRST, cc="clang").argv[1:] == (f"--target={FIRST.toolchain.zig_target}",)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nowhere-cc -O2", "'nowhere-cc' is not found"),
        ("'gcc", "cannot be split"),
        ("  ", "is empty"),
        ("tcc", "neither GCC nor Clang"),
    ],
)
def test_a_command_that_is_no_compiler_is_told_apart(
    tmp_path: Path, command: str, said: str
) -> None:
    fake(tmp_path, "tcc", gcc_for(FIRST), banner="tcc")
    with pytest.raises(CompilerMissing, match=said):
        find(FIRST, cc=command)


def test_a_command_of_the_wrong_family_is_refused(tmp_path: Path) -> None:
    fake(tmp_path, "gcc", gcc_for(FIRST))
    with pytest.raises(CompilerMissing, match="is gcc, not clang"):
        find(FIRST, "clang", cc="gcc")


def test_a_compiler_is_asked_once_in_a_process(tmp_path: Path) -> None:
    fake(tmp_path, "gcc", gcc_for(FIRST))
    find(FIRST)
    asked = (tmp_path / "asked").read_text()
    find(FIRST)
    available(FIRST)
    assert (tmp_path / "asked").read_text() == asked
