"""Cases on disk, and templates that are damaged."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_cases import CALL, STEPS, Damage, MakeCase

from transformer.arch import templates_dir
from transformer.runtime import render


@pytest.fixture
def make_case(tmp_path: Path) -> MakeCase:
    """Writes ``case.toml`` and units into a folder of their own."""

    def make(toml: str = STEPS, **units: str) -> Path:
        folder = tmp_path / "case"
        folder.mkdir()
        (folder / "case.toml").write_text(toml)
        for name, text in (units or {"unit": CALL}).items():
            (folder / f"{name}.c").write_text(textwrap.dedent(text))
        return folder

    return make


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Damage]:
    """Copies the templates and replaces one piece of text in one of them."""
    copy = tmp_path / "templates"
    shutil.copytree(templates_dir(), copy)
    monkeypatch.setenv("SC_TEMPLATES", str(copy))
    render._environment.cache_clear()

    def damage(name: str, old: str, new: str) -> None:
        path = copy / name
        text = path.read_text()
        assert text.count(old) >= 1, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new))

    yield damage
    render._environment.cache_clear()
