"""What each diagnostic means, as the data file beside this module says."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import indent

_FILE = Path(__file__).with_name("explanations.toml")


@dataclass(frozen=True)
class Explanation:
    """``command`` gives the diagnostic where ``file`` holds ``example``; ``remedy`` mends it.

    ``severity`` is the usual one.  Texts are plain, one paragraph to a line.
    """

    id: str
    severity: str
    title: str
    meaning: str
    remedy: str
    command: str
    example: str = ""
    file: str = "demo.c"

    def text(self) -> str:
        """The whole of it for a terminal."""
        parts = [f"{self.id} ({self.severity}): {self.title}.", self.meaning]
        if self.example:
            parts.append(f"For example, with this as {self.file}:")
            parts.append(indent(self.example.rstrip(), "    "))
            parts.append("this command reports it:")
        else:
            parts.append("For example, this command reports it:")
        return "\n\n".join([*parts, indent(self.command.rstrip(), "    "), self.remedy])

    def markdown(self) -> str:
        """The same, for code hosts."""
        parts = [f"**{self.title}.**", self.meaning]
        if self.example:
            parts.append(f"`{self.file}`:\n\n```\n{self.example.rstrip()}\n```")
        return "\n\n".join([*parts, f"```sh\n{self.command.rstrip()}\n```", self.remedy])


@cache
def explanations() -> dict[str, Explanation]:
    """Every diagnostic by its id, in the order of the alphabet."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {id_: Explanation(id_, **table[id_]) for id_ in sorted(table)}
