"""Runs the plain build and keeps what it did: what every other build must do too."""

from __future__ import annotations

from dataclasses import dataclass, field

from transformer.arch import Arch
from transformer.corpus.compare import agree, check_pin
from transformer.corpus.coverage import Coverage, Reads, measure, watch_reads
from transformer.corpus.oracle import OracleBuild
from transformer.corpus.program import Did, Program
from transformer.emulator import Image
from transformer.rewriting import Site


class CaseError(Exception):
    """The case itself is wrong: its plain build faults, or does not return what is pinned."""


#: What lies on the two builds' stacks: values that were never set are not the same.
STACKS = (0x5A, 0xA5)


@dataclass
class Truth:
    """The constructors' doing, then each action's, with the coverage of the sites.

    ``skipped`` are the ids of invented actions that fault in the plain build
    too: they are not verified.
    """

    built: OracleBuild
    start: Did
    actions: list[Did]
    aliases: dict[str, str]
    coverage: Coverage | None = None
    skipped: set[int] = field(default_factory=set)

    @property
    def unverified(self) -> int:
        return len(self.skipped)


def find_truth(built: OracleBuild, arch: Arch, sites: list[Site]) -> Truth:
    """Runs the oracle; ``CaseError`` where a scenario that a person wrote does not work."""
    image = Image.load(built.program, arch)
    program = _program(built, arch, image, aliases_of(image))
    reads = watch_reads(program)
    start = program.start()
    if start.ended not in ("returned", "exited"):
        raise CaseError(f"the plain build fails in its constructors: {start.detail}")
    truth = Truth(built, start, [], aliases_of(image))
    if built.plan.case.invented:
        _invented_actions(truth, program, arch, reads)
    else:
        _written_actions(truth, program)
    reads.entered = program.entered
    truth.coverage = measure(sites, reads, image, built.plan)
    return truth


def _program(built: OracleBuild, arch: Arch, image: Image, aliases: dict[str, str]) -> Program:
    return Program(arch, image, built, oracle=True, aliases=aliases)


def _written_actions(truth: Truth, program: Program) -> None:
    for action in truth.built.plan.actions:
        did = program.act(action)
        wrong = check_pin(action, did)
        if wrong is not None:
            raise CaseError(f"the plain build: {wrong}")
        if did.ended not in ("returned", "exited"):
            what = f"{did.ended}: {did.detail}"
            raise CaseError(f"the plain build fails at {action.label}: {what}")
        truth.actions.append(did)


def _invented_actions(truth: Truth, program: Program, arch: Arch, reads: Reads) -> None:
    """Runs the -O0 and the -O2 plain build side by side.

    What fails in either, or is not the same in both (it hangs on how data lie,
    or on values that were never set), is undone and not verified.
    """
    other = None
    if truth.built.optimised is not None:
        image = Image.load(truth.built.optimised, arch)
        other = _program(truth.built, arch, image, truth.aliases)
        other.start()
    for action in truth.built.plan.actions:
        saved, second = program.save(), other.save() if other else []
        kept = reads.copy()
        program.machine.fill_stack(STACKS[0])
        did = program.act(action)
        agreed = did.ended in ("returned", "exited")
        if agreed and other is not None:
            other.machine.fill_stack(STACKS[1])
            agreed = agree(did, other.act(action))
        if not agreed:
            truth.skipped.add(action.id)
            did = Did(ended="skipped")
            reads.put_back(kept)
            program.restore(saved)
            if other is not None:
                other.restore(second)
        truth.actions.append(did)


def aliases_of(image: Image) -> dict[str, str]:
    """Functions of one address are one target: each name's first in alphabetical order."""
    at: dict[int, list[str]] = {}
    for symbol in image.all_symbols:
        if symbol.kind == "func":
            at.setdefault(symbol.address, []).append(symbol.name)
    return {n: min(names) for names in at.values() if len(names) > 1 for n in names}
