"""The compilers of this machine."""

from __future__ import annotations

import pytest
from assembly_unit import BUILDS

from transformer.arch import Arch
from transformer.toolchain import Compiler


@pytest.fixture(params=BUILDS, ids=[f"{a.name}-{c.family}" for a, c in BUILDS])
def pair(request: pytest.FixtureRequest) -> tuple[Arch, Compiler]:
    """An arch and a compiler for it: all that this machine has."""
    found: tuple[Arch, Compiler] = request.param
    return found
