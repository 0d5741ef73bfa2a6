"""One unit on its way: compile to assembly, annotate, assemble, check."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transformer.arch import Arch
from transformer.assembling.check import check_object, notes
from transformer.assembly import Annotated, annotate
from transformer.diagnostics import Diagnostic
from transformer.toolchain import Compiler, Completed, assemble, compile_assembly

#: As ``compile_assembly`` and ``assemble``.
Step = Callable[..., Completed]


@dataclass
class Built:
    """What became of one unit; ``completed`` is the run that failed, else the last one."""

    completed: Completed
    annotated: Annotated | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.completed.ok and not any(d.severity == "error" for d in self.diagnostics)


def build_object(
    cc: Compiler,
    source: Path,
    output: Path,
    flags: Sequence[str],
    arch: Arch,
    *,
    profile: str = "sc",
    cwd: Path | None = None,
    assembly: Path | None = None,
    named: Path | None = None,
    steps: tuple[Step, Step] = (compile_assembly, assemble),
) -> Built:
    """Compiles ``source`` to the object ``output`` with its sites annotated.

    ``assembly`` keeps the annotated text.  ``named`` is where the object will
    end up, if that is not ``output``: the compiler names other files after it.
    Relative paths are those of ``cwd``.  ``steps`` run the compiler.
    """
    base = Path(cwd or "")
    named = named or output
    with tempfile.TemporaryDirectory(prefix="sc-transform-") as folder:
        text = Path(folder, f"{source.stem}.s")
        done = steps[0](cc, source, text, flags, cwd=cwd, named=named)
        if not done.ok:
            return Built(done)
        annotated = annotate(text.read_bytes(), arch, profile=profile)
        if assembly is not None:
            text = (base / assembly).absolute()
        text.write_bytes(annotated.text)
        done = steps[1](cc, text, output, flags, cwd=cwd, named=named)
    if not done.ok:
        return Built(done, annotated)
    found = check_object(base / output, arch, annotated, profile)
    return Built(done, annotated, [*notes(annotated, str(source)), *found])
