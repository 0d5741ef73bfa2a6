"""Programs are built once in a session, whichever of its processes asks first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from faulty import HOST, Builder, How

from transformer.arch import Arch

Programs = Callable[..., Path]


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """The program of a compiler and a layout."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def program(family: str, how: How, arch: Arch = HOST) -> Path:
        folder = root / f"faults-{arch.name}-{family}-{how.name}"
        folder.mkdir(exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "program").exists():
                Builder(folder, family, how, arch).program()
        return folder / "program"

    return program
