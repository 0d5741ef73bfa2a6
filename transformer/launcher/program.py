"""Sources compiled and linked by one command: transformed objects take their places."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from transformer.arch import Arch
from transformer.diagnostics import Diagnostic, ScError
from transformer.launcher.detect import NO_IDIOM, Found
from transformer.launcher.link import WITHOUT, runtime
from transformer.launcher.telling import tell
from transformer.launcher.transform import FAILED, Transform, beside
from transformer.toolchain import Compiler
from transformer.toolchain.running import run


class Program:
    """Links again what the plain compiler has linked, where some source has idioms."""

    def __init__(self, transform: Transform, cc: Compiler, arch: Arch) -> None:
        self.transform = transform
        self.command = transform.command
        self.cc = cc
        self.arch = arch

    def run(self, units: Sequence[Found]) -> int:
        with tempfile.TemporaryDirectory(prefix="sc-transform-") as folder:
            objects: dict[str, str] = {}
            for number, unit in enumerate(units):
                path = Path(folder) / f"{number}-{Path(unit.source.path).stem}.o"
                if self.transform.unit(unit, self.cc, self.arch, path, 0o644):
                    return self._failed()
                if path.exists():
                    objects[unit.source.path] = str(path)
            if objects and not self._link(objects):
                return self._failed()
        decision, reason = ("transformed", "") if objects else ("skipped", NO_IDIOM)
        self.transform.record.end(decision, reason, 0)
        return 0

    def _failed(self) -> int:
        output = Path(self.command.output or "a.out")
        if output.is_file():
            output.unlink()
        self.transform.record.end("failed", "", FAILED)
        return FAILED

    def _link(self, objects: dict[str, str]) -> bool:
        """The user's command line, to a file beside the program, which it then replaces."""
        command, output = self.command, Path(os.path.realpath(self.command.output or "a.out"))
        fresh = beside(output)
        words = [*command.compiler, *command.with_objects(objects)]
        if not WITHOUT.intersection(command.arguments):
            words += runtime(command, self.transform.settings, self.transform.state)
        try:
            done = self.transform.record.timed("link", lambda: run([*words, "-o", str(fresh)]))
            if not done.ok:
                tell(ScError(Diagnostic("error", "sc-link", done.stderr.strip())).diagnostics)
                return False
            fresh.replace(output)
        finally:
            fresh.unlink(missing_ok=True)
        return True
