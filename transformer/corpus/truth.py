"""Runs the plain build and keeps what it did: what every other build must do too."""

from __future__ import annotations

from dataclasses import dataclass, field

from transformer.arch import Arch
from transformer.corpus.compare import check_pin
from transformer.corpus.coverage import Coverage, Reads, measure, watch_reads
from transformer.corpus.oracle import OracleBuild
from transformer.corpus.plan import PlannedAction
from transformer.corpus.program import Did, Program
from transformer.emulator import Image
from transformer.rewriting import Site

_ATTEMPTS = 50


class CaseError(Exception):
    """The case itself is wrong: its plain build faults, or does not return what is pinned."""


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
    invented = built.plan.case.invented
    skipped: set[int] = set()
    attempts = 0
    while True:
        reads, start, actions, failed = _attempt(built, arch, image, skipped)
        if failed is None:
            break
        if not invented:
            raise CaseError(_failed(failed, start, actions))
        attempts += 1
        skipped |= _like(built, failed, attempts)
    coverage = measure(sites, reads, image, built.plan)
    return Truth(built, start, actions, aliases_of(image), coverage, skipped)


def _attempt(
    built: OracleBuild, arch: Arch, image: Image, skipped: set[int]
) -> tuple[Reads, Did, list[Did], PlannedAction | None]:
    """One run from the start; the action that failed, if one did."""
    program = Program(arch, image, built, trampolines=False, oracle=True, aliases=aliases_of(image))
    reads = watch_reads(program)
    start, actions = program.start(), []
    if start.ended not in ("returned", "exited"):
        raise CaseError(f"the plain build fails in its constructors: {start.detail}")
    for action in built.plan.actions:
        if action.id in skipped:
            actions.append(Did(ended="skipped"))
            continue
        did = program.act(action)
        actions.append(did)
        wrong = check_pin(action, did)
        if wrong is not None:
            raise CaseError(f"the plain build: {wrong}")
        if did.ended not in ("returned", "exited"):
            return reads, start, actions, action
    reads.entered = program.entered
    return reads, start, actions, None


def _failed(action: PlannedAction, start: Did, actions: list[Did]) -> str:
    did = actions[-1]
    return f"the plain build fails at {action.label}: {did.ended}: {did.detail}"


def _like(built: OracleBuild, failed: PlannedAction, attempts: int) -> set[int]:
    """The action, and all later ones that make the same call if it fails as such.

    It does where no key was changed yet; it may where too many have failed.
    """
    before = built.plan.actions[: failed.id]
    whole = all(a.action.kind == "call" for a in before) or attempts > _ATTEMPTS
    same = {
        a.id
        for a in built.plan.actions
        if whole and a.id > failed.id and a.action.kind == "call" and a.action == failed.action
    }
    return {failed.id, *same}


def aliases_of(image: Image) -> dict[str, str]:
    """Functions of one address are one target: each name's first in alphabetical order."""
    at: dict[int, list[str]] = {}
    for symbol in image.all_symbols:
        if symbol.kind == "func":
            at.setdefault(symbol.address, []).append(symbol.name)
    return {n: min(names) for names in at.values() if len(names) > 1 for n in names}
