"""Nobody is on the way to an old target once static_call_synchronize() has returned 0.

``grace/grace.c`` holds threads in a trampoline's window for as long as it likes: its slot
path waits there, by ``grace/<arch>/path.h``.  Each scenario is a process of its own.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from runtime_program import compiled, runner

from transformer import arch as arches
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import FAMILIES, available, link, run

SOURCES = Path(__file__).parent / "grace"
TEXT = (SOURCES / "grace.c").read_text()
SCENARIOS = re.findall(r"SCENARIO\((\w+)\),", TEXT)
HOST = arches.host().name
# Which scenarios the emulation of a program cannot show: it delivers signals at the end of
# translated blocks, tells nothing of a thread's sleep, has signals of its own, and ends by
# itself ("Bail out!") in a child of a program with threads that starts threads.
NATIVE = {
    "asleep_unsaid",
    "asleep_unsaid_nodefer",
    "default_action",
    "forked",
    "interrupted_calls",
}
BUILDS = [
    (name, cc.family)
    for name in arches.names()
    if runner(arches.load(name)) is not None
    for cc in available(arches.load(name), FAMILIES if name == HOST else ("gcc",))
]
CELLS = [
    (name, family, scenario)
    for name, family in BUILDS
    for scenario in SCENARIOS
    if name == HOST or scenario not in NATIVE
]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    @cache
    def built(name: str, family: str, *flags: str) -> Path:
        arch = arches.load(name)
        folder = tmp_path_factory.mktemp("grace")
        (cc,) = available(arch, (family,))
        runtime = runtime_source(arch)
        include = ("-I", str(header_dir("lowered", arch, "slot")), "-I", str(SOURCES / name))
        flags = ("-O2", "-w", "-fPIE", "-pthread", "-DSC_ARCH_IN_FLIGHT=1", *include, *flags)
        flags = (*flags, "-I", str(runtime.parent))
        if name != HOST:
            flags = (*flags, "-DEMULATED=1")
        objects = compiled(cc, arch, folder, (SOURCES / "grace.c", runtime), *flags)
        done = link(cc, objects, folder / "program", (*arch.toolchain.cflags, "-pie", "-pthread"))
        assert done.ok, done.stderr
        return folder / "program"

    return built


def outcome(name: str, program: Path, scenario: str) -> tuple[int, str]:
    prefix = runner(arches.load(name))
    assert prefix is not None
    done = run([*prefix, str(program), scenario], timeout=120)
    return done.returncode, done.stdout.decode()


def test_there_are_scenarios_and_each_is_in_the_program() -> None:
    assert len(SCENARIOS) >= 20
    assert set(SCENARIOS) >= NATIVE
    assert all(f"static void {s}(void)" in TEXT for s in SCENARIOS)


@pytest.mark.parametrize(("name", "family", "scenario"), CELLS)
def test_old_targets(name: str, family: str, scenario: str, build) -> None:  # type: ignore[no-untyped-def]
    assert outcome(name, build(name, family), scenario) == (0, "")


@pytest.mark.parametrize("scenario", ["one_is_rewound", "all_are_rewound"])
@pytest.mark.parametrize(("name", "family"), BUILDS)
def test_the_control_who_does_not_wait_finds_threads_in_the_old_target(
    name: str,
    family: str,
    scenario: str,
    build,  # type: ignore[no-untyped-def]
) -> None:
    status, told = outcome(name, build(name, family, "-DWITHOUT"), scenario)
    assert status == 1
    assert "the call: 1, not 2" in told
