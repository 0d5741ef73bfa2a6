"""Plain dispatch at full speed: many calls of each key in a row, counted by the program itself.

A machine that does not step runs the program from its constructors on.  Each
key is pointed at its far and its near target, in turn, and called through a
site; the harness's loop sees that each call enters that target once.
"""

from __future__ import annotations

from transformer.corpus.harness import FAR, NEAR
from transformer.corpus.program import Program
from transformer.corpus.results import CaseResult, Failure
from transformer.emulator import Image, Machine, Outcome

CALLS = 250  # of each target in a batch
_ROUNDS = 2
_LIMIT = 1 << 27  # instructions of a run, counted: Unicorn's clock is a thread for each run
_WORD = 4  # bytes of the harness's unsigned int


class Batches:
    """A program and its far targets on a machine of their own, constructors run."""

    def __init__(self, program: Program, far: Image) -> None:
        self._far, self._image = far, program.image
        self.keys = [
            r.name for r in program.built.reach if f"__h_rec_{r.name}" in program.image.symbols
        ]
        self._machine = Machine(program.arch, [program.image, far], stepping=False)
        for function in program.image.init_array:
            self._run(function)

    def run(self, key: str, prefix: str, calls: int) -> str:
        """Points the key at that target and calls it; what is wrong, "" if nothing is."""
        target, symbols = prefix + key, self._image.symbols
        image = self._far if prefix == FAR else self._image
        self._set(f"__h_far_target_{key}", image.symbols[target].address)
        self._set("__h_batch_entered", image.symbols[f"__h_entered_{target}"].address)
        self._set("__h_batch_call", symbols[f"__h_far_call_{key}"].address)
        self._set("__h_batch_calls", calls, _WORD)
        for function in (f"__h_far_update_{key}", "__h_batch"):
            outcome = self._run(symbols[function].address)
            if not outcome.ok:
                return f"{outcome.status}: {outcome.detail}"
        wrong = self._machine.read(symbols["__h_batch_wrong"].address, _WORD)
        missed = self._machine.integer(wrong)
        return f"{missed} of {calls} calls did not enter {target} once" if missed else ""

    def _set(self, name: str, value: int, size: int = 0) -> None:
        word = self._machine.word(value, size or self._machine.arch.pointer_size)
        self._machine.write(self._image.symbols[name].address, word)

    def _run(self, function: int) -> Outcome:
        return self._machine.run(function, limit=_LIMIT, timeout_us=0)


def check_batches(
    result: CaseResult, program: Program, far: Image, prefixes: tuple[str, ...] = (FAR, NEAR)
) -> None:
    """A batch of each key at each of its targets, there and back."""
    batches = Batches(program, far)
    for key in batches.keys:
        for prefix in prefixes * _ROUNDS:
            wrong = batches.run(key, prefix, CALLS)
            if wrong:
                result.fail(_failure(program, key, wrong))
                break
            result.add("batched", CALLS)


def _failure(program: Program, key: str, wrong: str) -> Failure:
    return Failure(
        "dispatch",
        f"key '{key}', called {CALLS} times in a row at full speed: {wrong}",
        site=f"__h_far_call_{key}",
    )
