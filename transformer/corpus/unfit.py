"""Keys whose signatures a mode does not take: refused with a reason, and rightly so.

Whether a signature fits is told here a second time, from the DWARF of the
plain build: arguments and result go in integer registers, one each.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from transformer.arch import Arch
from transformer.corpus.ctype import CType, Function, Integer, Pointer, Void
from transformer.corpus.results import CaseResult, Failure
from transformer.corpus.transformed import Rewritten
from transformer.corpus.truth import Truth
from transformer.diagnostics import Diagnostic
from transformer.toolchain import Compiler

_QUOTED = re.compile(r"['\u2018](\w+)['\u2019]")


def run_unfit(
    truth: Truth, rewritten: Rewritten, arch: Arch, mode: str, compiler: Compiler
) -> CaseResult:
    """One result for the mode: each refusal is true, and no key is missing among them."""
    case = truth.built.plan.case
    result = CaseResult(case.name, arch.name, mode, compiler.family, "-", status="unfit")
    begun = time.monotonic()
    keys = truth.built.interfaces.keys
    refused = {k: d for d in rewritten.unfit if (k := _key(d, keys))}
    result.unfit = sorted(refused)
    result.count("refuse", len(rewritten.unfit))
    result.fail(*_untrue(rewritten, refused, keys, arch))
    count = f"{len(refused)} key" + ("" if len(refused) == 1 else "s")
    result.message = f"{count} do{'es' if len(refused) == 1 else ''} not fit {mode}"
    result.seconds = time.monotonic() - begun
    return result


def _key(refusal: Diagnostic, known: Collection[str]) -> str:
    """The key that a refusal names, "" if none."""
    return next((n for n in _QUOTED.findall(refusal.text) if n in known), "")


def _untrue(
    rewritten: Rewritten,
    refused: Mapping[str, Diagnostic],
    keys: Mapping[str, Function],
    arch: Arch,
) -> Iterator[Failure]:
    for refusal in rewritten.unfit:
        if not _key(refusal, keys):
            yield Failure("refuse", f"it names no key: {refusal.text}", site=_place(refusal))
    for key, refusal in refused.items():
        if keys[key].prototyped and fits(keys[key], arch):
            message = f"'{key}' is refused, though its signature fits: {refusal.text}"
            yield Failure("refuse", message, site=_place(refusal))
    for site in rewritten.sites:
        function = keys.get(site.key) if site.kind == "call" else None
        if function is None or site.key in refused or fits(function, arch):
            continue
        place = f"{Path(site.path).name}:{site.line}"
        yield Failure("refuse", f"'{site.key}' does not fit, but is not refused", site=place)


def _place(refusal: Diagnostic) -> str:
    return f"{Path(refusal.path).name}:{refusal.line}:{refusal.column}"


def fits(function: Function, arch: Arch) -> bool:
    """Whether registers for integers hold all arguments and the result, one for each."""
    width, registers = arch.pointer_size, len(arch.registers.arguments)
    if function.variadic or len(function.parameters) > registers:
        return False
    every = [*function.parameters, function.returns]
    return all(isinstance(t, Void) or _is_word(t, width) for t in every)


def _is_word(ctype: CType, width: int) -> bool:
    return isinstance(ctype, Pointer) or (isinstance(ctype, Integer) and ctype.size <= width)
