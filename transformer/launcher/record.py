"""What the log says of one command line; nothing is done where no log is asked for."""

import time

from transformer.launcher import light as os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")


class Record:
    """One line of the log, gathered on the way."""

    def __init__(self, path: str | None, directory: str, words: list[str]) -> None:
        self.path = path
        self.row: dict[str, Any] = {"directory": directory, "command": words}
        self.seconds: dict[str, float] = {}
        self.units: list[dict[str, Any]] = []

    def timed(self, what: str, action: "Callable[[], T]") -> "T":
        if not self.path:
            return action()
        start = time.monotonic()
        try:
            return action()
        finally:
            self.seconds[what] = self.seconds.get(what, 0.0) + time.monotonic() - start

    def unit(
        self, source: str, output: str, decision: str, reason: str, facts: "Any" = None
    ) -> None:
        """What became of one unit; ``facts`` are its mode, keys, and sites by key."""
        if self.path:
            row = {"source": source, "object": output, "decision": decision, "reason": reason}
            self.units.append({**row, **(facts or {})})

    def end(self, decision: str, reason: str, status: int) -> None:
        """Writes a line for each unit, or one for a command line without any."""
        if not self.path:
            return
        import json

        outcome = {"decision": decision, "reason": reason, "status": status}
        seconds = {what: round(s, 6) for what, s in self.seconds.items()}
        lines = []
        for unit in self.units or [{}]:
            row = {"time": round(time.time(), 3), **self.row, **outcome, **unit}
            lines.append(json.dumps({**row, "seconds": seconds}, separators=(",", ":")) + "\n")
            seconds = {}  # they are the whole command line's
        self._append("".join(lines))

    def _append(self, text: str) -> None:
        """One write, so that the lines of parallel jobs stay whole."""
        assert self.path
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError as e:
            from transformer.launcher.process import say

            say(f"warning: {self.path}: {e.strerror}: this command line is not logged")
            return
        try:
            os.write(handle, text.encode("ascii"))
        finally:
            os.close(handle)
