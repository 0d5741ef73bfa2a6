"""What the static checks report."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """``site`` names the table entry or symbol; ``address`` is where it lies, 0 if nowhere."""

    message: str
    site: str
    address: int = 0


@dataclass
class StaticReport:
    """``counts``: how many relocations, symbols, trampolines, guards and sites were checked."""

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
