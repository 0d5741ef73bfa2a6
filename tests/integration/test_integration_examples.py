"""Each example builds by its own build system, with the tool and without, and does what it says.

With the tool the program must have patched sites; without it, none, and the
same output: so the output alone does not prove the transformation, and the
sites alone do not prove the updates.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from integration_tools import (
    EXAMPLES,
    compiler,
    copy_headers,
    environment,
    example,
    expected,
    guards,
    run,
    section_size,
    sites,
    without_tool,
)

FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Example -> its program, and what counts the places in it that are patched.
PROGRAMS: dict[str, tuple[str, Callable[[Path], int]]] = {
    "cmake-tracer": ("build/traced", guards),
    "meson-allocator": ("build/allocator", lambda p: min(sites(p), guards(p))),
    "make-filter": ("filter", sites),
    "dynamic-by-name": ("server", lambda p: section_size(p, "static_call_proxies") + guards(p)),
    "shell-logger": ("logger", guards),
}
NOT_HERE = {"kbuild-module"}  # needs a kernel: test_integration_kbuild.py

PLAIN = {
    "cmake-tracer": "cmake -G Ninja -B build && cmake --build build",
    "meson-allocator": "meson setup build && meson compile -C build",
    "make-filter": "make SC_TRANSFORM=no",
    "dynamic-by-name": "make",
    "shell-logger": "SC_TRANSFORM= ./build.sh",
}


def commands(folder: Path) -> list[str]:
    """What the example's README says to type; the last line starts the program."""
    (block,) = FENCE.findall((folder / "README.md").read_text(encoding="utf-8"))
    return block.splitlines()


def test_every_example_is_tested_and_listed() -> None:
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert folders == set(PROGRAMS) | NOT_HERE
    index = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([^)/]+)\)", index)) == folders


@pytest.mark.parametrize("name", PROGRAMS)
def test_example_with_the_tool_as_its_readme_says(name: str, tmp_path: Path) -> None:
    env = environment(tmp_path, CC=compiler())
    folder = example(name, tmp_path)
    *build, start = commands(folder)
    run("sh", "-eu", "-c", "\n".join(build), cwd=folder, env=env)
    program, patched = PROGRAMS[name]
    assert start in (program, f"./{program}")
    assert patched(folder / program) > 0
    assert run(f"./{program}", cwd=folder, env=env).stdout == expected(folder)


@pytest.mark.parametrize("name", PROGRAMS)
def test_example_without_the_tool(name: str, tmp_path: Path) -> None:
    env = environment(tmp_path, CC=compiler())
    folder = example(name, tmp_path)
    copy_headers(folder, env)
    env = without_tool(env, tmp_path)
    run("sh", "-eu", "-c", PLAIN[name], cwd=folder, env=env)
    program, patched = PROGRAMS[name]
    assert patched(folder / program) == 0
    own = "expected-plain.txt" if name == "dynamic-by-name" else "expected.txt"
    assert run(f"./{program}", cwd=folder, env=env).stdout == expected(folder, own)


def test_the_source_of_the_dynamic_function_names_no_idiom() -> None:
    from transformer.frontend.words import WORDS

    text = (EXAMPLES / "dynamic-by-name" / "server.c").read_text(encoding="utf-8")
    assert not [word for word in (*WORDS, "#include <sc/", "sc_") if word in text]


def test_a_change_of_the_configuration_switches_another_function(tmp_path: Path) -> None:
    """The negative control of the one above: without the name there is no switch to link."""
    env = environment(tmp_path)
    folder = example("dynamic-by-name", tmp_path)
    (folder / "sc-transform.toml").write_text("")
    cc = shlex.join(["sc-transform", "cc", compiler()])
    done = run("make", f"CC={cc}", cwd=folder, env=env, status=None)
    assert done.returncode != 0
    assert "audit" in done.stderr
