"""The second opinion: programs agree on a CPU and in qemu-user, and disagreements are told."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from transformer.arch import host, names
from transformer.corpus import CaseResult, native, second, verify
from transformer.corpus.build import Setting
from transformer.corpus.case import find_cases
from transformer.corpus.oracle import build_oracle
from transformer.corpus.reach import far_base
from transformer.corpus.transformed import build_transformed, rewrite_case
from transformer.corpus.truth import Truth, find_truth
from transformer.emulator import Image, Outcome
from transformer.toolchain import available

Change = Callable[[native.NativeMachine, Image], None]

#: Calls through keys and of functions that no unit defines, guards, an exit, memory.
UNIT = """
#include <stdlib.h>
#include <sc/sc.h>

int told(int what, const char *text);
static int func_a(int a, int b) { return told(a + b, "a"); }
static int func_b(int a, int b) { return told(a * b, "b") + 1; }

DEFINE_STATIC_CALL(my_key, func_a);
DEFINE_STATIC_KEY_FALSE(loud);
int kept[2];

int first(int a, int b)
{
	kept[0] += a;
	if (static_branch_unlikely(&loud))
		kept[1] += b;
	return static_call(my_key)(a, b);
}

void leave(int code) { kept[1] = code; exit(code); }
"""
CASE = """
title = "Calls, guards and an exit"
units = ["unit.c"]
memory = ["kept"]
returns = { told = [10, 20, 30, 40] }
[[step]]
call = "first(3, 4)"
returns = 10
[[step]]
update = { my_key = "func_b" }
[[step]]
enable = "loud"
[[step]]
call = "first(5, 6)"
returns = 21
[[step]]
call = "leave(7)"
[[step]]
call = "first(8, 9)"
returns = 31
"""


@dataclass(frozen=True)
class Ready:
    """The case as it is built for this machine, and what its oracle did."""

    truth: Truth
    setting: Setting
    image: Image
    far: Image | None


MODE = "trampoline"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    arch, folder = host(), tmp_path_factory.mktemp("second")
    compiler = available(arch)[0]
    case = find_cases(written(folder))[0]
    rewritten = rewrite_case(case, arch, MODE, compiler)
    built = build_oracle(case, arch, compiler, folder / "oracle", folder)
    truth = find_truth(built, arch, rewritten.sites)
    setting = Setting(arch, compiler, arch.variants[0], "-O2")
    programs = build_transformed(built, rewritten, setting, MODE, folder / "built", folder)
    image = Image.load(programs.main, arch)
    assert programs.far is not None
    return Ready(truth, setting, image, Image.load(programs.far, arch, far_base(arch, image)))


def written(folder: Path) -> Path:
    case = folder / "case"
    case.mkdir()
    (case / "case.toml").write_text(CASE)
    (case / "unit.c").write_text(UNIT)
    return case


def opinion(ready: Ready) -> CaseResult:
    result = CaseResult("case", host().name, MODE, "-", "-")
    second.check_second(result, ready.truth, ready.setting, MODE, ready.image, ready.far)
    return result


def failed(ready: Ready, *texts: str) -> None:
    """The program is not of the oracle's opinion, and says so with these words."""
    result = opinion(ready)
    told = [f.render() for f in result.failures if f.check == "second"]
    assert result.status == "fail", result
    assert any(all(t in m for t in texts) for m in told), result.failures


def test_what_is_right_runs_the_same_everywhere(tmp_path: Path) -> None:
    """On this CPU, and in qemu-user for each other arch that it is there for."""
    heard = [n for n in names() if not native.missing([n])]
    assert host().name in heard
    report = verify(
        [written(tmp_path)], arches=heard, modes=["inline"], compilers=["clang"],
        levels=["-Os"], second=True,
    )  # fmt: skip
    assert {r.arch for r in report.results} == set(heard)
    for result in report.results:
        assert result.status == "pass", result
        # The constructors, six steps, the key near and far, and the memory at the end.
        assert result.checks["second"] == 1 + 6 + 2 + 1


def test_all_of_a_sound_program_is_looked_at(ready: Ready) -> None:
    result = opinion(ready)
    assert result.failures == []
    assert result.checks == {"second": 10}


# --- disagreements ---


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Lets the CPU have another memory than the emulator: what is mapped is changed."""

    def change(what: Change) -> None:
        class Other(native.NativeMachine):
            def _map(self) -> None:
                super()._map()
                what(self, self.images[0])

        monkeypatch.setattr(second, "NativeMachine", Other)

    return change


def test_another_result_is_a_disagreement(ready: Ready, changed: Callable[[Change], None]) -> None:
    """One byte of data is another: the stub returns 11."""

    def eleven(machine: native.NativeMachine, image: Image) -> None:
        wanted = struct.pack("<qqqq", 10, 20, 30, 40)
        for section in image.entry_sections:
            at = section.data.find(wanted)
            if at >= 0:
                machine.write(section.address + at, b"\x0b")
                return
        raise AssertionError("the stub's results are nowhere")

    changed(eleven)
    failed(
        ready,
        "this CPU: step 1: first(3, 4): the returned value differs",
        "expected: 10",
        "got:      11",
    )


def test_a_call_that_does_not_happen_is_a_disagreement(
    ready: Ready, changed: Callable[[Change], None]
) -> None:
    changed(
        lambda machine, image: machine.write(
            image.symbols["told"].address, image.arch.emulation.snippets["return"].code
        )
    )
    failed(ready, "an event is missing: told(7, ")


def test_a_fault_is_told_with_its_place(ready: Ready, changed: Callable[[Change], None]) -> None:
    changed(
        lambda machine, image: machine.write(
            image.symbols["told"].address, image.arch.emulation.snippets["trap"].code
        )
    )
    failed(ready, "SIGTRAP at told+0x")


def test_an_update_that_does_nothing_there_is_seen(
    ready: Ready, changed: Callable[[Change], None]
) -> None:
    """The runtime's update returns at once: no key moves."""
    changed(
        lambda machine, image: machine.write(
            image.symbols["__sc_static_call_update"].address,
            image.arch.emulation.snippets["return"].code,
        )
    )
    failed(ready, "this CPU: step 4: first(5, 6)")


def test_text_that_is_not_patched_there_is_seen(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the steps did: at the end the memory must hold what the keys ask for."""

    class Stale(native.NativeMachine):
        def read(self, address: int, size: int) -> bytes:
            section = self.images[0].section_at(address)
            if section is not None and section.executable:
                return self.images[0].read(address, size)
            return super().read(address, size)

    monkeypatch.setattr(second, "NativeMachine", Stale)
    failed(ready, "its patchable instruction goes to the NOP")


def test_a_far_target_that_is_missed_is_seen(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    class Missed(native.NativeMachine):
        def trap_at(self, address: int) -> Callable[[Outcome], bool]:
            if self.images[0].section_at(address) is not None:
                return super().trap_at(address)
            return lambda outcome: False

    monkeypatch.setattr(second, "NativeMachine", Missed)
    failed(
        ready,
        "key 'my_key' does not come to a target beyond reach",
        "my_key -> __h_far_my_key",
    )


def test_a_process_that_dies_is_a_failure(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying(native.NativeMachine):
        def run(self, function: int) -> Outcome:
            self._process.kill()
            return super().run(function)

    monkeypatch.setattr(second, "NativeMachine", Dying)
    failed(ready, "died")


# --- what runs programs ---


def test_where_nothing_runs_programs_there_is_a_note(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    others = [n for n in names() if n != host().name]
    said = native.missing(names())
    assert len(said) == len(others)
    assert all("install qemu-user" in text for text in said)
