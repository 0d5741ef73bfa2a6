"""What the README's quick start says is what happens."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from readme_text import FENCE, README, blocks, section

from transformer import arch
from transformer.cli.main import SUBCOMMANDS
from transformer.diagnostics import Diagnostic
from transformer.launcher.settings import OPTIONS
from transformer.toolchain import zig

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the README's file, as its reader has it."""
    folder = tmp_path_factory.mktemp("desk")
    (demo,) = blocks("Quick start", "c")
    (folder / "demo.c").write_text(demo)
    return folder


def path_with_cc(folder: Path) -> str:
    """PATH with this environment's programs, and a ``cc`` where the machine has none."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    here = str(Path(sys.executable).parent)
    path = os.pathsep.join([here, os.environ["PATH"], str(bin_folder)])
    target = arch.host().toolchain.zig_target
    script = bin_folder / "cc"
    script.write_text(
        f'#!/bin/sh\nexec {shlex.quote(zig.binary() or "")} cc --target={target} "$@"\n'
    )
    script.chmod(0o755)
    return path


def shell(commands: str, folder: Path) -> str:
    done = subprocess.run(
        ["sh", "-eu", "-c", commands],
        cwd=folder,
        env={**os.environ, "PATH": path_with_cc(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_quick_start_runs_as_written(desk: Path) -> None:
    plain, rewritten, proof = blocks("Quick start", "sh")
    (expected,) = blocks("Quick start", "text")
    assert shell(plain, desk) == expected
    assert shell(rewritten, desk) == expected
    told = shell(proof, desk)
    assert "static call my_key, now func_a" in told
    assert "passed" in told
    assert "failed" not in told


def test_the_python_example_runs_as_written(desk: Path) -> None:
    (example,) = blocks("Rewriting in a build", "python")
    done = subprocess.run([sys.executable, "-c", example], cwd=desk, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "__sc_call" in done.stdout


def test_a_misspelt_key_is_told_as_the_readme_shows(desk: Path) -> None:
    text = (desk / "demo.c").read_text().replace("static_call(my_key, 6", "static_call(my_kye, 6")
    folder = desk / "misspelt"
    folder.mkdir()
    (folder / "demo.c").write_text(text)
    (shown,) = blocks("Messages", "text")
    command = [sys.executable, "-m", "transformer", "rewrite", "demo.c"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", shown)


def test_messages_are_explained_and_written_as_documents(desk: Path) -> None:
    program = f"{shlex.quote(sys.executable)} -m transformer"
    for commands in blocks("Messages", "sh"):
        shell(commands.replace("sc-transform", program), desk)
    assert json.loads((desk / "demo.sarif").read_text())["runs"][0]["results"] == []
    assert json.loads((desk / "demo.json").read_text()) == []


def test_every_field_of_a_diagnostic_is_described() -> None:
    text = section("Messages")
    names = Diagnostic._fields
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_launchers_log_is_as_the_readme_says(desk: Path) -> None:
    commands, _ = blocks("What the launcher does, and does not do", "sh")
    told = shell(commands, desk)
    assert "demo.c" in told
    assert "1 transformed" in told or "1 passed" in told  # by a cc of which nobody knows the family


def test_the_step_between_compiler_and_assembler_is_as_the_readme_says(desk: Path) -> None:
    _, commands = blocks("What the launcher does, and does not do", "sh")
    assert shell(commands, desk) == blocks("Quick start", "text")[0]
    assert "call site" in shell("sc-transform inspect demo", desk)


def test_a_program_that_looks_at_itself_sees_what_the_readme_says(desk: Path) -> None:
    (program,) = blocks("Watching it", "c")
    (desk / "watch.c").write_text(program)
    (commands,) = blocks("Watching it", "sh")
    assert shell(commands, desk) == blocks("Watching it", "text")[0]


def test_threads_call_while_functions_are_exchanged_as_the_readme_shows(desk: Path) -> None:
    (program,) = blocks("Updating while threads run", "c")
    (desk / "reload.c").write_text(program)
    (commands,) = blocks("Updating while threads run", "sh")
    assert shell(commands, desk) == blocks("Updating while threads run", "text")[0]


def test_every_option_of_the_launcher_is_described() -> None:
    described = section("What the launcher does, and does not do")
    assert [o for o in OPTIONS if f"`--sc-{o}=" not in described] == []


def test_the_two_commands_stand_at_the_top_and_exist() -> None:
    first = FENCE.search(README)
    assert first
    targets = [row.split()[1] for row in first.group(2).splitlines()]
    assert targets == ["verify", "test"]
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{t}:", makefile, re.MULTILINE) for t in targets)


def test_every_command_in_the_readme_exists() -> None:
    named = set(re.findall(r"sc-transform ([a-z]+)\b(?! =)", README))
    assert named <= set(SUBCOMMANDS)


def test_every_link_within_the_project_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_mode_is_described() -> None:
    described = section("Modes")
    for name in arch.names():
        assert [m for m in arch.load(name).modes if f"| `{m}` |" not in described] == []


def test_every_idiom_word_is_listed() -> None:
    from transformer.frontend.words import WORDS

    text = section("The idioms")
    for word in WORDS:
        stem = re.sub(r"(_RO|_NULL|_RET0|_FALSE|_enable|_disable|_inc|_dec)$", "", word)
        assert word in text or stem in text, word
