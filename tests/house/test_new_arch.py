"""A new arch is a folder: a copy of one, under another name, verifies with nothing else edited."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from transformer import arch as arches

ROOT = Path(__file__).resolve().parents[2]
CASES = [str(ROOT / "corpus" / c) for c in ("my_key", "branch_matrix")]


@pytest.fixture
def copied(tmp_path: Path) -> dict[str, str]:
    """An environment whose templates are all arches under other names."""
    templates = tmp_path / "templates"
    shutil.copytree(ROOT / "templates" / "common", templates / "common")
    for name in arches.names():
        shutil.copytree(ROOT / "templates" / name, templates / f"port-of-{name}")
    return {**os.environ, "SC_TEMPLATES": str(templates), "SC_CACHE": str(tmp_path / "cache")}


def _run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "transformer", *words],
        env=environment, cwd=ROOT, text=True, capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", arches.names())
def test_a_copied_arch_verifies(name: str, copied: dict[str, str]) -> None:
    done = _run(
        copied, "verify", *CASES, "--arch", f"port-of-{name}", "--compiler", "clang",
        "--format", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout)["results"]
    assert {r["arch"] for r in results} == {f"port-of-{name}"}
    assert {r["status"] for r in results} == {"pass"}
    assert {r["mode"] for r in results} == set(arches.load(name).modes)


def test_the_old_names_are_gone_with_their_folders(copied: dict[str, str]) -> None:
    name = arches.names()[0]
    done = _run(copied, "verify", CASES[0], "--arch", name)
    assert done.returncode == 2
    assert f"port-of-{name}" in done.stderr
