"""A desk for each test, which must be clean when the test is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import launching
import pytest


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Headers and runtimes are built once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def desk(tmp_path: Path, cache: Path) -> Iterator[launching.Desk]:
    desk = launching.Desk(tmp_path, cache)
    yield desk
    assert desk.left() == []


@pytest.fixture(params=launching.FAMILIES)
def compiler(request: pytest.FixtureRequest) -> str:
    """Each compiler that builds for this machine, by its name in the desk's PATH."""
    return str(request.param)
