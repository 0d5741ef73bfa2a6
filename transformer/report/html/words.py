"""What a page says of checks, counts, statuses and of what no check can see."""

from __future__ import annotations

CHECKS = {
    "dispatch": "each call goes where the plain build goes, with the same arguments and results",
    "events": "calls out of the case and its ends are the plain build's",
    "values": "results, and the memory that a scenario names, are the plain build's",
    "abi": "arguments, callee-saved registers, stack and return address are intact",
    "pads": "each indirect branch lands on a landing pad of its kind",
    "flow": "calls and returns pair on a shadow stack; type words and signatures are right",
    "unwind": "at each instruction the call-frame information leads to the true caller",
    "reach": "targets beyond a branch's reach are reached all the same",
    "static": "tables are complete, and each patched place is right in each state",
    "sync": "barriers, cache maintenance and synchronisation are there, in order",
    "fetch": "a CPU that fetches any mix of old and new code reaches an allowed target",
    "interrupts": "an interrupt at any instruction changes nothing that the program sees",
    "refuse": "what must be refused is refused, with its place",
    "second": "another emulator, or the processor itself, gives the same results",
    "selftest": "the emulator sees what it must see",
}
COUNTS = {
    "states": "steps that were emulated and nodes of the graph of all orders",
    "schedules": "distinct orders of the CPUs' events: all of them are covered",
    "walks": "orders that were drawn at random, above the bound",
    "interrupts": "interrupts that were taken",
    "batched": "calls at full speed, each seen to enter its target once",
}
STATUSES = {
    "pass": ("✓", "passed"),
    "fail": ("✗", "failed"),
    "error": ("!", "ended in an error"),
    "unverified": ("?", "not verified"),
    "unfit": ("∅", "not taken by the mode"),
}

#: (what is assumed or left out, what that means); the README has the same heads.
LIMITS = (
    (
        "A unit is one access.",
        "An aligned store of the arch's unit is seen as a whole or not at all, by fetches too. "
        "Most manuals promise that, Intel's does not: there it is an assumption. "
        "A processor with an erratum may break it.",
    ),
    (
        "The claim is about dispatch.",
        "No choice of values at any fetch or slot load leads to a wrong target, within the "
        "bounds that the run states. Above them orders are drawn at random, not exhausted.",
    ),
    (
        "Barriers and caches are not simulated.",
        "That barriers, cache maintenance and synchronisation are there and in order is "
        "checked by watching the code; what they do is taken from the manuals.",
    ),
    (
        "Other memory is ordered.",
        "Patched code and the slots that trampolines load may be seen late. Everything else is "
        "seen at once: this is no model of a whole memory system.",
    ),
    (
        "No speculation, no time.",
        "Branch predictors, speculative side channels and latencies are not there.",
    ),
    (
        "Only what runs.",
        "Dispatch is compared for the inputs of the scenarios. Sites that no step executed are "
        "listed, and are checked as code alone.",
    ),
    (
        "Instructions are Unicorn's.",
        "A mistake in its emulation of an instruction is a mistake here; the second opinion "
        "is there for that.",
    ),
    (
        "The operating system is not in it.",
        "Here the runtime has its freestanding hooks. Memory protection, membarrier, threads "
        "and signals are tested by running programs. So is the level `int3`, whose readers go "
        "by a signal: the schedules are those of `word` and `slot`.",
    ),
    (
        "Linux patches its own code.",
        "In the profile linux the kernel's patcher writes; the tables are checked, not its stores.",
    ),
)
