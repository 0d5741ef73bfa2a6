"""Every test of the emulator runs on every arch."""

from __future__ import annotations

import pytest

from transformer import arch as arches
from transformer.arch import Arch


@pytest.fixture(params=arches.names())
def arch(request: pytest.FixtureRequest) -> Arch:
    return arches.load(request.param)
