"""Compilers for the tests of `rewrite`: every family that this machine has for an arch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import transformer
from transformer.arch import load, names
from transformer.toolchain import Compiler, available

BUILDS = [(arch, cc) for arch in names() for cc in available(load(arch))]
Rewrite = Callable[..., transformer.RewriteResult]


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
