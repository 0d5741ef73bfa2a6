"""What the README says of the runtime as a project's own source is what happens."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from integration_tools import environment, guards, run, section_size
from package_tools import hosts
from readme_text import blocks, section

TITLE = "The runtime in your own source tree"
EXPECTED = "13\n42\n"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo of the quick start, where the section's commands were run."""
    folder = tmp_path_factory.mktemp("done") / "desk"
    folder.mkdir()
    (demo,) = blocks("Quick start", "c")
    (folder / "demo.c").write_text(demo)
    (commands,) = blocks(TITLE, "sh")
    told = run("sh", "-eu", "-c", commands, cwd=folder, env=environment(folder)).stdout
    assert told == EXPECTED
    return folder


@pytest.fixture
def desk(done: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(done, tmp_path, dirs_exist_ok=True, symlinks=True)
    return tmp_path


def said(way: str) -> list[str]:
    """The code in a row of the table."""
    (row,) = re.findall(rf"^\| {way} \| (.*) \|$", section(TITLE), re.MULTILINE)
    return re.findall(r"`([^`]+)`", row)


def proxies(path: Path) -> int:
    return section_size(path, "static_call_proxies")


def test_the_commands_give_a_patched_program_and_sc_plain_a_plain_one(desk: Path) -> None:
    assert proxies(desk / "demo") > 0
    (commands,) = blocks(TITLE, "sh")
    plain = commands.replace("-O2", "-O2 -DSC_PLAIN")
    told = run("sh", "-eu", "-c", plain, cwd=desk, env=environment(desk)).stdout
    assert (told, proxies(desk / "demo"), guards(desk / "demo")) == (EXPECTED, 0, 0)


def test_cmake(desk: Path) -> None:
    add, _, link = said("CMake")
    head = "cmake_minimum_required(VERSION 3.13)\nproject(demo LANGUAGES C)\n"
    (desk / "CMakeLists.txt").write_text(f"{head}{add}\nadd_executable(demo demo.c)\n{link}\n")
    env = environment(desk, CC=hosts()[0])
    run("cmake", "-G", "Ninja", "-B", "build", cwd=desk, env=env)
    run("cmake", "--build", "build", cwd=desk, env=env)
    assert run("build/demo", cwd=desk, env=env).stdout == EXPECTED


def test_meson(desk: Path) -> None:
    folder, dependency = said("Meson")
    shutil.move(desk / "sc-runtime", desk / folder)
    (desk / "meson.build").write_text(
        f"project('demo', 'c')\nexecutable('demo', 'demo.c', dependencies: {dependency})\n"
    )
    env = environment(desk, CC=hosts()[0])
    run("meson", "setup", "build", cwd=desk, env=env)
    run("meson", "compile", "-C", "build", cwd=desk, env=env)
    assert run("build/demo", cwd=desk, env=env).stdout == EXPECTED


def test_make(desk: Path) -> None:
    install, ask = said("pkg-config")
    env = environment(desk, PKG_CONFIG_PATH=str(desk / "opt/lib/pkgconfig"))
    words = install.replace("/opt/sc", str(desk / "opt"))
    run("sh", "-eu", "-c", f"{words} CC={hosts()[0]}", cwd=desk, env=env)
    assert (desk / "opt/lib/libsc-runtime.so").exists()
    if shutil.which("pkg-config"):
        build = f"{hosts()[0]} demo.c -o demo $({ask}) -Wl,-rpath,{desk}/opt/lib"
        run("sh", "-eu", "-c", build, cwd=desk, env=env)
        assert run("./demo", cwd=desk, env=env).stdout == EXPECTED
