"""Every diagnostic is explained, and every example gives what it is an example of."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from transformer import arch
from transformer.cli.main import main
from transformer.diagnostics.explanations import Explanation, explanations
from transformer.diagnostics.model import SEVERITIES
from transformer.toolchain import zig

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "transformer"
RULES = list(explanations().values())
TOLD = re.compile(r"\[-W(sc-[\w-]+)\]$", re.MULTILINE)

# Strings of the same form that name something else: the program, a word of a case's file.
NO_IDS = {"sc-transform", "sc-transform-cli", "sc-name"}
ID = re.compile(r"sc-[a-z0-9]+(?:-[a-z0-9]+)*")


def spoken(source: str) -> set[str]:
    """Ids in a module's strings, docstrings aside: whole strings, or as messages end."""
    tree = ast.parse(source)
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            if ID.fullmatch(node.value):
                found.add(node.value)
            found.update(TOLD.findall(node.value))
    return found


def asserted(header: str) -> set[str]:
    """Ids that lowered headers assert: the compiler says them, and they come back as ids."""
    return set(re.findall(rf'"({ID.pattern}): ', header))


def emitted() -> set[str]:
    python = [p for p in PACKAGE.rglob("*.py") if "templates" not in p.parts]
    headers = ROOT.joinpath("templates").rglob("*.j2")
    return set().union(
        *(spoken(p.read_text(encoding="utf-8")) for p in python),
        *(asserted(p.read_text(encoding="utf-8")) for p in headers),
    )


def test_what_the_code_can_say_is_explained_and_nothing_else() -> None:
    assert emitted() - NO_IDS == set(explanations())


def test_the_search_for_ids_sees_them() -> None:
    """The negative control."""
    source = (
        '"""sc-prose"""\nf("error", "sc-one")\nx = ("sc-two" if y else "sc-three")\n'
        'say(f"{e} [-Wsc-four]")\nfolder("sc-temporary-")\nz = "see sc-five"\n'
    )
    assert spoken(source) == {"sc-one", "sc-two", "sc-three", "sc-four"}
    assert asserted('\t"sc-six: no integer")') == {"sc-six"}


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_a_text_is_whole(rule: Explanation) -> None:
    assert rule.severity in SEVERITIES
    assert not rule.title.endswith(".") and rule.title[0].isupper()
    for text in (rule.meaning, rule.remedy):
        assert text[-1] == "." and text.isascii() and "\n" not in text
    assert rule.command.strip().startswith("sc-transform ")


# --- the examples ---


def environment(folder: Path) -> dict[str, str]:
    """A ``cc`` where the machine has none, and a cache and temporary files of its own."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    cc = bin_folder / "cc"
    target = arch.host().toolchain.zig_target
    cc.write_text(f'#!/bin/sh\nexec {shlex.quote(zig.binary() or "")} cc --target={target} "$@"\n')
    cc.chmod(0o755)
    (folder / "tmp").mkdir()
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("SC_TRANSFORM")},
        "PATH": os.pathsep.join([os.environ["PATH"], str(bin_folder)]),
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder / "tmp"),
    }


#: what stands for ``sc-transform`` where the emulator's packages are not installed
WITHOUT_EXTRA = (
    "import sys, importlib.util as u\nreal = u.find_spec\n"
    "u.find_spec = lambda n, p=None: None if n == 'unicorn' else real(n, p)\n"
    "from transformer.cli.main import main\nsys.exit(main(sys.argv[1:]))"
)


def told(rule: Explanation, folder: Path) -> list[str]:
    """The ids that the last of an example's commands tells, in order."""
    env = environment(folder)
    desk = folder / "desk"
    desk.mkdir()
    if rule.example:
        (desk / rule.file).write_text(rule.example)
    program = ["-c", WITHOUT_EXTRA] if rule.id == "sc-missing-extra" else ["-m", "transformer"]
    said = ""
    for line in rule.command.strip().splitlines():
        words = [sys.executable, *program, *shlex.split(line)[1:]]
        done = subprocess.run(words, cwd=desk, env=env, capture_output=True, text=True)
        said = done.stderr
    return TOLD.findall(said)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_an_example_gives_its_diagnostic_and_no_other(rule: Explanation, tmp_path: Path) -> None:
    mode = re.search(r"--(?:sc-)?mode[ =](\S+)", rule.command)
    if mode and mode[1] not in arch.host().modes:
        pytest.skip(f"this machine's arch has no mode {mode[1]}")
    assert told(rule, tmp_path) == [rule.id]


def test_the_control_a_mended_example_gives_nothing(tmp_path: Path) -> None:
    rule = explanations()["sc-unknown-key"]
    mended = Explanation(
        rule.id, "error", "", "", "", rule.command, rule.example.replace("my_kye", "my_key")
    )
    assert told(mended, tmp_path) == []


# --- the command ---


def test_explain_tells_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "sc-null-value"]) == 0
    out = capsys.readouterr().out
    rule = explanations()["sc-null-value"]
    assert out.startswith(f"sc-null-value (warning): {rule.title}.\n")
    assert "    DEFINE_STATIC_CALL_NULL(my_key, func_a);\n" in out
    assert "    sc-transform rewrite demo.c\n" in out
    assert max(map(len, out.splitlines())) <= 80
    assert main(["explain", "-Wsc-null-value"]) == 0
    assert capsys.readouterr().out == out


def test_explain_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == sorted(explanations())


def test_explain_knows_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "sc-unknwon-key"]) == 2
    assert "did you mean 'sc-unknown-key'?" in capsys.readouterr().err
