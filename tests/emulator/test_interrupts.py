"""Check 4: interrupts in sites and trampolines; what is wrong in a runtime or a handler is seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from interrupt_programs import FREED, NEVER, SHORT, STEPS, UNKEPT, UNSAVED, Run, run

from transformer.arch import Arch
from transformer.emulator.interrupts import Bounds
from transformer.emulator.interrupts.places import GUARD, TRAMPOLINE

FEW = Bounds(keys=1, nested=1, chains=1)


def tried(arch: Arch, *, wrong: int = 0) -> Run:
    made = run(arch, wrong=wrong, bounds=FEW)
    made.trials.trampolines()
    return made


def test_the_right_runtime_is_right_at_every_instruction(arch: Arch) -> None:
    made = run(arch)
    assert made.steps() == [value for _, value in STEPS]
    made.trials.trampolines()
    assert made.messages == []
    assert made.trials.taken > 40
    assert made.trials.count > 40


@pytest.mark.parametrize("full", [False, True])
def test_each_instruction_of_a_slot_path_is_interrupted_at_each_depth(
    arch: Arch, full: bool
) -> None:
    made = run(arch, bounds=replace(FEW, full=full))
    made.trials.trampolines()
    trampoline = next(p for p in made.cpu.at.values() if p.kind == TRAMPOLINE)
    with made.cpu.alone():
        made.cpu.fresh_stack()
        made.cpu.guest(made.trials.runtime.update, trampoline.address, made.trials.far[0])
        made.cpu.call(trampoline.start)
        length = len(list(made.cpu.way()))
    assert length >= 2
    assert made.trials.taken >= length + length**2 + length ** (3 if full else 2)
    assert made.messages == []


def test_places_are_sites_trampolines_and_guards(arch: Arch) -> None:
    made = run(arch)
    kinds = {p.kind for p in made.cpu.at.values()}
    assert {"call", "tail", TRAMPOLINE, GUARD} <= kinds


def test_an_update_in_a_handler_leaves_the_program_as_it_was(arch: Arch) -> None:
    made = run(arch)
    op = made.image.symbols["__SCK__op"].address
    assert made.go("call").ok
    assert made.cpu.pointer(op) == made.image.symbols["add"].address
    assert made.trials.taken


def test_a_target_that_is_freed_too_early_is_run_into(arch: Arch) -> None:
    """What membarrier() alone gives: all CPUs fetch anew, and one holds the old target."""
    messages = tried(arch, wrong=FREED).messages
    assert any("was freed since static_call_synchronize() had returned 0" in m for m in messages)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (UNSAVED, "the runtime's flag does not say that"),
        (SHORT, "the runtime's flag does not say that"),
        (UNKEPT, "sc_irq_enter() does not keep the flag that it found"),
    ],
)
def test_wrong_tracking_is_seen(arch: Arch, wrong: int, told: str) -> None:
    messages = tried(arch, wrong=wrong).messages
    assert any(told in m for m in messages), messages


def test_a_target_that_is_never_freed_is_told(arch: Arch) -> None:
    made = run(arch, wrong=NEVER, bounds=FEW)
    assert made.go("call").ok
    assert any("no old target would ever be freed" in m for m in made.messages), made.messages


@pytest.mark.parametrize("wrong", [UNSAVED, SHORT])
def test_wrong_tracking_frees_what_is_still_run_into(arch: Arch, wrong: int) -> None:
    messages = tried(arch, wrong=wrong).messages
    assert any("it runs into" in m and "__SCT__op" in m for m in messages), messages


def test_a_handler_without_a_red_zone_changes_results(arch: Arch) -> None:
    """Where the ABI has none, a handler must reach above the stack pointer to do harm."""
    made = run(arch, below=0 if _leaf_is_below(arch) else -0x40)
    made.trials.expect()
    outcome = made.go("call_leaf")
    result = made.cpu.integer(made.cpu.read(made.image.symbols["result"].address, 4))
    assert not outcome.ok or result != 68


def _leaf_is_below(arch: Arch) -> bool:
    """Whether leaf functions keep their locals below the stack pointer."""
    made = run(arch)
    start, sps = made.image.symbols["leaf"].address, []
    guard = next(p for p in made.cpu.at.values() if p.kind == GUARD)
    made.cpu.stops = {guard.start}
    made.cpu.go(made.image.symbols["call_leaf"].address, lambda pc: sps.append(made.cpu.sp))
    with made.cpu.alone():
        made.cpu.fresh_stack()
        top = made.cpu.sp
    assert start < guard.start
    return top - sps[0] < 48


def test_a_finding_tells_the_steps_that_led_to_it(arch: Arch) -> None:
    found = tried(arch, wrong=FREED).trials.findings[0]
    told = "\n".join(found.schedule.render())
    assert "interrupt" in told and "freed: overwritten with traps" in told
    assert "static_call_synchronize() returns 0 in the handler" in told
    assert "__SCT__op" in told
