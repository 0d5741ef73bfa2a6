"""Each dispatch of many threads goes to a target that is current during it.

The program (main.c, stress.h) gives its own verdict; here it is built in each
way and run, briefly, and for long in the full suite.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from stress_building import Build, Verdict, stress

from transformer import arch as arches
from transformer.toolchain import available

HOST = arches.host()
MODES = [m for m in ("inline", "trampoline", "slot") if m in HOST.modes]


def passed(verdict: Verdict, dispatches: float, updates: float) -> None:
    """The program is content, and has not been idle."""
    assert verdict.status == 0, verdict.text
    assert verdict.counts["dispatches"] >= dispatches, verdict.text
    assert verdict.counts["updates"] >= updates, verdict.text


@pytest.mark.parametrize("mode", MODES)
def test_every_dispatch_is_right(mode: str, tmp_path: Path) -> None:
    program, _ = Build(HOST, mode, available(HOST)[0], tmp_path).program()
    passed(stress(HOST, program, None, 1, updaters=1, rest=40), 1e6, 100)
