"""The site table: where each profile has it, what its entries name, and their flags."""

from __future__ import annotations

from dataclasses import dataclass

#: What the names of a key's symbols begin with.
TRAMPOLINE, KEY, PROXY = "__SCT__", "__SCK__", "__SCP__"
#: An entry's flags: its site is a jump; it is a way station.
TAIL, WAY = 1, 4


@dataclass(frozen=True)
class Profile:
    """A table's section and the section's flags; ``keys`` is what an entry's key begins with."""

    section: str
    flags: str
    keys: tuple[str, ...]


PROFILES = {
    "sc": Profile("static_call_sites", "awR?", (PROXY,)),
    "linux": Profile(".static_call_sites", "a?", (KEY, TRAMPOLINE)),
}
