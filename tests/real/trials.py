"""Programs that got idioms: builds them with the tool and without, and compares what they do."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torture_injecting import KEYS

import transformer
from transformer import arch as arches
from transformer.assembling import build_object
from transformer.rewriting import RewriteResult
from transformer.rewriting.run import read_once
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import check_syntax, compile_object, find, link

LIBRARIES = ("-lm", "-pthread")
_SECONDS = 10.0
#: for a program that ends: the machine may have other work
_PATIENCE = 20
Behaviour = tuple[int, bytes]
NEVER_ENDS: Behaviour = (-1, b"does not end")
Outcome = tuple[str, str]
"""What became of a program, and what is to be told of it, "" for nothing."""


@dataclass(frozen=True)
class Trial:
    """A C file, and its text with idioms, which already compiles with the plain headers.

    ``copy`` may be overwritten.  ``before`` is what the program did without them;
    None where it is not to be run.  ``others`` are the rest of its objects.
    """

    copy: Path
    text: str
    flags: Sequence[str]
    before: Behaviour | None = None
    others: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


@dataclass
class Tally:
    """Per mode: programs by outcome, and the idioms that were rewritten."""

    outcomes: Counter[str] = field(default_factory=Counter)
    idioms: int = 0

    def failed(self) -> bool:
        return any(not o.startswith(("read", "not taken")) for o in self.outcomes)


class Trials:
    """``seconds`` is what a program as it was may take; one with idioms gets more."""

    def __init__(self, folder: Path, modes: Sequence[str], seconds: float = _SECONDS) -> None:
        self.folder, self.seconds = folder, seconds
        self.arch = arches.host()
        self.cc = find(self.arch)
        self.plain = ("-I", str(header_dir("plain")))
        self.tallies = {mode: Tally() for mode in modes}
        self.lowered = {m: ("-I", str(header_dir("lowered", self.arch, m))) for m in modes}
        self.runtime = {mode: f"runtime-{mode}.o" for mode in modes}
        for mode, flags in self.lowered.items():
            runtime = runtime_source(self.arch)
            assert self.compiles(runtime, ("-O2", "-w", *flags), self.runtime[mode])

    def compiles(self, path: Path, flags: Sequence[str], unit: str = "unit.o") -> bool:
        return compile_object(self.cc, path, self.folder / unit, flags).ok

    def accepted(self, copy: Path, texts: Iterable[str], flags: Sequence[str]) -> Iterator[str]:
        """The texts that compile with the plain headers, each while ``plain.o`` is its object.

        Its object must hold the keys: a conditional may leave out where they stand.
        """
        made = self.folder / "plain.o"
        for text in texts:
            copy.write_bytes(text.encode("latin-1"))
            done = self.compiles(copy, (*flags, *self.plain), made.name)
            if done and KEYS.encode() in made.read_bytes():
                yield text

    def parsed(self, copy: Path, texts: Iterable[str], flags: Sequence[str]) -> str | None:
        """The first text that the compiler parses, for files without conditionals and asm."""
        for text in texts:
            copy.write_bytes(text.encode("latin-1"))
            if check_syntax(self.cc, copy, (*flags, *self.plain)).ok:
                return text
        return None

    def outcomes(self, trial: Trial) -> Iterator[tuple[str, Outcome]]:
        """Of each mode."""
        with read_once():
            for mode in self.tallies:
                yield mode, self._outcome(trial, mode)

    def tell(self, what: str, mode: str, outcome: Outcome) -> None:
        self.tallies[mode].outcomes[outcome[0]] += 1
        if outcome[1]:
            print(f"{what}: {mode}: {outcome[0]}: {outcome[1]}", flush=True)

    def report(self, since: float) -> int:
        """Prints the figures; the exit status of the whole."""
        for mode, tally in self.tallies.items():
            total = tally.outcomes.total()
            print(f"{mode}: {total} programs, {tally.idioms} idioms rewritten")
            for outcome, count in sorted(tally.outcomes.items()):
                print(f"{count:6} {outcome}")
        print(f"{time.monotonic() - since:.0f} s")
        return int(any(tally.failed() for tally in self.tallies.values()))

    def _outcome(self, trial: Trial, mode: str) -> Outcome:
        result = transformer.rewrite(
            trial.text.encode("latin-1"),
            path=str(trial.copy), arch=self.arch, mode=mode, cc=self.cc, cflags=trial.flags,
        )  # fmt: skip
        if wrong := wrong_about(trial.text, result):
            return wrong
        self.tallies[mode].idioms += len(result.sites)
        what = _transformed(result)
        trial.copy.write_bytes(result.text)
        if not self._builds(trial, mode):
            return "does not compile", str(trial.copy)
        return (what, "") if trial.before is None else self._compared(trial, mode, what)

    def _builds(self, trial: Trial, mode: str) -> bool:
        """To ``unit.o``, whose sites are annotated where the mode wants that."""
        flags = (*trial.flags, *self.lowered[mode])
        if mode != "inline":
            return self.compiles(trial.copy, flags)
        return build_object(self.cc, trial.copy, self.folder / "unit.o", flags, self.arch).ok

    def _compared(self, trial: Trial, mode: str, what: str) -> Outcome:
        """A program that fails as it is must fail in the same way."""
        patience = 1 if trial.before == NEVER_ENDS else _PATIENCE
        units = ["unit.o", self.runtime[mode], *trial.others]
        after = self.behaviour(units, trial.arguments, patience)
        if after == trial.before:
            return f"{what}, ran alike", ""
        trial.copy.write_bytes(trial.text.encode("latin-1"))
        self.compiles(trial.copy, (*trial.flags, *self.plain))
        untouched = self.behaviour(["unit.o", *trial.others], trial.arguments, patience)
        changed = untouched == after
        outcome = (
            "read; its idioms change it without the tool" if changed else "behaves differently"
        )
        return outcome, became(trial, after)

    def behaviour(
        self, units: Iterable[str], arguments: Sequence[str] = (), patience: int = 1
    ) -> Behaviour | None:
        """Exit status and output of what the folder's objects link to; None if they do not.

        ``patience`` is how many times the usual limit it may take.
        """
        program = self.folder / "program"
        if not link(self.cc, [self.folder / unit for unit in units], program, LIBRARIES).ok:
            return None
        try:
            ran = subprocess.run(
                [program, *arguments],
                capture_output=True, timeout=patience * self.seconds, cwd=self.folder, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return NEVER_ENDS
        return ran.returncode, ran.stdout


def became(trial: Trial, after: Behaviour | None) -> str:
    return f"{trial.before!r} became {after or 'no program'!r}"[:300]


def _transformed(result: RewriteResult) -> str:
    """What the compiler sees of a text's idioms: calls, or guards alone."""
    kinds = {site.kind for site in result.sites}
    what = next((kind for kind in ("call", "guard") if kind in kinds), "no site")
    patched = " and patched" if "key-operation" in kinds else ""
    return f"read, {what} transformed{patched}"


def wrong_about(text: str, result: RewriteResult) -> Outcome | None:
    """What is wrong about a rewritten text; None where nothing is."""
    said = [d for d in result.diagnostics if d.severity == "error" or d.id == "sc-parse"]
    if said and any(d.id == "sc-inline-asm-signature" for d in said):
        return "read; registers cannot pass this call", ""
    if said:
        return "refused by rewrite", f"{said[0].id}: {said[0].text}"
    new = result.text.decode("latin-1")
    if wrong := _changed(text, new):
        return "bytes differ", wrong
    if KEYS in text and "__sc_flag" in new:
        return "misread", "the address of a key's element is no constant"
    return None


def _changed(before: str, after: str) -> str:
    """The first line without an idiom that is not what it was."""
    if before == after:
        return "nothing was rewritten"
    old, new = before.split("\n"), after.split("\n")
    if len(old) != len(new):
        return f"{len(old)} lines became {len(new)}"
    pairs = zip(old, new, strict=True)
    return next((a for a, b in pairs if a != b and "sc_torture_" not in a), "")
