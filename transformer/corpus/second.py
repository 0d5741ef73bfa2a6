"""A second opinion: the program that was emulated, on a real CPU or in qemu-user.

It is the same linked program at the same addresses, and it is held against the
same oracle: calls of functions that no unit defines, returned values, memory.
Nobody sees calls through keys there, so each key is pointed at a function that
tells: its recorder, which logs the arguments, and beyond a branch's reach at a
trap.  At the end the process's memory must pass the static check of a program
that runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from transformer.arch.modes import PATCHED_MODES
from transformer.corpus.build import Setting
from transformer.corpus.compare import (
    NOTHING,
    first_difference,
    stuck,
    value_failures,
    what_differs,
)
from transformer.corpus.events import Arrival, Event, KeyCall, LogReader
from transformer.corpus.harness import FAR, NEAR
from transformer.corpus.left import Left
from transformer.corpus.native import NativeMachine, missing, native_name
from transformer.corpus.plan import PlannedAction
from transformer.corpus.program import Did
from transformer.corpus.results import CaseResult, Failure
from transformer.corpus.truth import Truth
from transformer.corpus.values import Decoder
from transformer.emulator import Image, static_check

CHECK = "second"


def check_second(
    result: CaseResult, truth: Truth, setting: Setting, mode: str, image: Image, far: Image | None
) -> None:
    """Runs the case's steps, where something here runs programs of the arch."""
    if missing([setting.arch.name]):
        return
    try:
        with NativeMachine(setting.arch, [image, far] if far else [image]) as machine:
            opinion = _Opinion(truth, mode, setting, machine, image, far)
            for failure in opinion.failures(result):
                result.fail(failure)
    except OSError as e:
        where = native_name(setting.arch)
        result.fail(Failure(CHECK, f"{where}: {e.strerror or e}", site=result.case))


class _Opinion:
    def __init__(
        self,
        truth: Truth,
        mode: str,
        setting: Setting,
        machine: NativeMachine,
        image: Image,
        far: Image | None,
    ) -> None:
        self.truth, self.built, self.mode, self.setting = truth, truth.built, mode, setting
        self.machine, self.image, self.far = machine, image, far
        others = [far] if far is not None else []
        self.decoder = Decoder(machine, image, others, truth.aliases)
        self._left = Left(machine, image, truth.built, self.decoder)
        built = self.built
        self.log = LogReader(self.decoder, image, built.records, built.interfaces)
        self.where = native_name(setting.arch)

    def failures(self, result: CaseResult) -> Iterator[Failure]:
        """All that is not as the oracle has it; a run that ended otherwise is the last."""
        symbols = self.image.symbols
        self.exits = self.machine.trap_at(symbols["__h_exit"].address)
        did = self._run(self.image.init_array)
        result.count(CHECK)
        yield from self._compare("constructors", self.truth.start, did)
        if did.ended != self.truth.start.ended:
            return
        for action, wanted in zip(self.built.plan.actions, self.truth.actions, strict=True):
            if action.id in self.truth.skipped:
                continue
            did = self._act(action)
            result.count(CHECK)
            yield from self._compare(action.label, wanted, did)
            if did.ended != wanted.ended:
                return
        for reach in self.built.reach:
            if f"__h_rec_{reach.name}" in symbols:
                result.count(CHECK, 2 if self.far else 1)
                yield from self._key(reach.name)
        if self.mode in PATCHED_MODES:
            result.count(CHECK)
            yield from self._memory_now()

    # --- the steps ---

    def _act(self, action: PlannedAction) -> Did:
        symbols = self.image.symbols
        if self.built.plan.case.invented:
            scratch = symbols[f"__h_scratch_{action.unit}"]
            self.machine.write(scratch.address, bytes(scratch.size))
        did = self._run([symbols[f"__h_step_{action.id}"].address])
        if action.action.kind == "call" and did.ended == "returned":
            did.returned = self._left.returned(action)
        return did

    def _run(self, functions: Sequence[int], arrivals: Sequence[Arrival] = ()) -> Did:
        self.log.reset()
        did = Did()
        for function in functions:
            outcome = self.machine.run(function)
            if self.exits(outcome):
                did.ended = "exited"
            elif not outcome.ok:
                did.ended, did.detail = outcome.status, outcome.detail
            if did.ended != "returned":
                break
        did.events = self.log.take(list(arrivals))
        if did.ended in ("returned", "exited"):
            did.memory = self._left.memory()
        return did

    def _compare(self, label: str, wanted: Did, did: Did) -> Iterator[Failure]:
        label = f"{self.where}: {label}"
        events: list[Event] = [e for e in wanted.events if not isinstance(e, KeyCall)]
        index = first_difference(events, did.events)
        if index is not None:
            one = events[index] if index < len(events) else None
            other = did.events[index] if index < len(did.events) else None
            message = f"{label}: {what_differs(one, other, did)}"
            yield self._failure(message, str(one or NOTHING), str(other or stuck(did)))
        elif did.ended != wanted.ended:
            yield self._failure(f"{label}: {did.detail or did.ended}", wanted.ended, did.ended)
        else:
            for failure in value_failures(label, wanted, did):
                yield replace(failure, check=CHECK, site=self.built.plan.case.name)

    def _failure(self, message: str, expected: str, got: str) -> Failure:
        site = self.built.plan.case.name
        return Failure(CHECK, message, site=site, expected=expected, got=got)

    # --- each key ---

    def _key(self, key: str) -> Iterator[Failure]:
        """The key's call comes to its recorder, and beyond a branch's reach to a trap."""
        symbols = self.image.symbols
        recorder = f"__h_rec_{key}"
        arrived = Arrival(key, recorder, 0)
        did = self._point(key, symbols[recorder].address)
        if did is None:
            did = self._run([symbols[f"__h_far_call_{key}"].address], [arrived])
        if [e.key for e in did.events if isinstance(e, KeyCall)] != [key]:
            yield self._failure(
                f"{self.where}: key '{key}' does not come to a target within reach",
                f"{key} -> {recorder}",
                ", ".join(map(str, did.events)) or stuck(did),
            )
        if self.far is not None:
            yield from self._far(key, self.far.symbols[FAR + key].address)
        self._point(key, symbols[NEAR + key].address)

    def _far(self, key: str, target: int) -> Iterator[Failure]:
        arrived = self.machine.trap_at(target)
        did = self._point(key, target)
        outcome = self.machine.run(self.image.symbols[f"__h_far_call_{key}"].address)
        if did is not None or not arrived(outcome):
            yield self._failure(
                f"{self.where}: key '{key}' does not come to a target beyond reach",
                f"{key} -> {FAR}{key}",
                stuck(did) if did is not None else outcome.detail or outcome.status,
            )

    def _point(self, key: str, target: int) -> Did | None:
        """Updates a key; what happened where that did not return."""
        slot = self.image.symbols[f"__h_far_target_{key}"].address
        self.machine.write(slot, self.image.word(target, self.image.arch.pointer_size))
        did = self._run([self.image.symbols[f"__h_far_update_{key}"].address])
        return did if did.ended != "returned" else None

    def _memory_now(self) -> Iterator[Failure]:
        """What the runtime has made of the code there."""
        pads = self.setting.variant.pads
        report = static_check(self.image, self.setting.arch, self.mode, pads, self.machine)
        for problem in report.problems:
            message = f"{self.where}: {problem.message}"
            yield Failure(CHECK, message, site=problem.site)
