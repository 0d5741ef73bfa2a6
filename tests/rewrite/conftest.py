"""Fixtures of the tests of `rewrite`: a compiler, and the function itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from rewrite_builds import BUILDS, Rewrite

import transformer
from transformer.toolchain import Compiler


@pytest.fixture(params=BUILDS, ids=lambda b: f"{b[0]}-{b[1].family}")
def build(request: pytest.FixtureRequest) -> tuple[str, Compiler]:
    """An arch's name and a compiler for it."""
    found: tuple[str, Compiler] = request.param
    return found


@pytest.fixture
def rewrite(tmp_path: Path) -> Rewrite:
    """Rewrites text as the file t.c of a folder of its own, by default for one arch."""

    def run(text: bytes | str, **options: object) -> transformer.RewriteResult:
        options.setdefault("path", str(tmp_path / "t.c"))
        if "arch" not in options:
            options["arch"], options["cc"] = BUILDS[0]
        return transformer.rewrite(text, **options)  # type: ignore[arg-type]

    return run
