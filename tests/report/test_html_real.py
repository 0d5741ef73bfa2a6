"""The page of real runs: what was patched in each state, and a patcher that tears its stores."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import transformer
from transformer import arch as arches
from transformer.arch.modes import PATCHED_MODES
from transformer.corpus.results import VerifyReport
from transformer.report import html_text

ROOT = Path(__file__).resolve().parents[2]
STORE = "\t*unit = new;\n"
TORN = """\
	for (unsigned int i = 0; i < sizeof(new) / 2; i++)
		((volatile unsigned short *)unit)[i] = (unsigned short)(new >> (16 * i));
"""


def run(arch: str, mode: str) -> VerifyReport:
    case = ROOT / "corpus" / "my_key"
    return transformer.verify(
        [case], arches=[arch], modes=[mode], compilers=["clang"], levels=["-O2"], places=True
    )


@pytest.mark.parametrize("arch", arches.names())
def test_a_place_has_each_state_that_the_scenario_put_it_in(arch: str) -> None:
    mode = PATCHED_MODES[0]
    made = run(arch, mode)
    assert made.ok
    for result in made.results:
        (place,) = [p for p in result.places if p.kind == "trampoline"]
        assert (place.key, place.where) == ("my_key", "__SCT__my_key")
        assert [(s.when, s.value) for s in place.states] == [
            (("as linked",), "func_a"),
            (("started", "step 7: update my_key = func_a"), "func_a"),
            (("step 3: update my_key = func_b",), "func_b"),
        ]
        codes = [[line.code for line in s.lines] for s in place.states]
        assert len({tuple(c) for c in codes}) == 3
        assert "<func_b>" in " ".join(line.text for line in place.states[2].lines)
    assert made.ok and "right." in html_text(made)


def test_who_sees_a_torn_store_for_the_first_time_can_tell_what_went_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", templates)
    port = templates / "common" / "runtime" / "sc_port_bare.h.j2"
    text = port.read_text()
    assert text.count(STORE) == 1
    port.write_text(text.replace(STORE, TORN))
    monkeypatch.setenv("SC_TEMPLATES", str(templates))
    page = html_text(run(arches.names()[-1], PATCHED_MODES[0]))
    told = re.sub(r"<[^>]+>|\s+", " ", page)
    assert re.search("While one CPU did “[^”]+”, another ran “the trampoline __SCT__my_key", told)
    assert re.search("is neither the old nor the new instruction: it stands there between", told)
    assert re.search(r"<dt>bytes</dt><dd><code>[^\n]*<mark>", page)
    assert str(tmp_path) not in page and str(Path.home()) not in page
