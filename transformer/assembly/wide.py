"""Where code is assembled without short instructions, so that no padding is executed.

A site is aligned, and where instructions have two sizes the assembler may pad
before it.  Nothing falls into what follows a jump, a return or the name of a
function, so padding there costs nothing, and behind a site all is aligned.  If
the code from the last such place up to a site has long instructions alone, no
way to the site meets any padding.
"""

from __future__ import annotations

import re

from transformer.arch import Assembly

_WINDOW = 1 << 14  # bytes of assembly that are looked through


class Wide:
    """Finds those places in one file; sites are asked for in its order."""

    def __init__(self, text: bytes, syntax: Assembly) -> None:
        self.text = text
        self.wanted = bool(syntax.wide_open)
        jumps = b"|".join(re.escape(m.encode()) for m in syntax.wide_behind)
        self.barrier = re.compile(
            rb"^[ \t]*(?:(?:%s)(?:[ \t][^\n;]*)?\n"
            rb"|\.type[ \t]+([^\s,]+),[ \t]*[@%%]function[ \t]*\n(?=\1:))" % jumps,
            re.MULTILINE,
        )
        # Directives might change what is said here, or need padding of their own.
        short = b"|".join(re.escape(p.encode()) for p in syntax.wide_never)
        self.obstacle = re.compile(
            rb"^[ \t]*(?:\.(?!loc\b|cfi_)[a-z]|(?:%s))|;" % short, re.MULTILINE
        )
        self.after = -1

    def start(self, site: int, entered: int) -> int | None:
        """From where on all must be wide up to a site, or None where that cannot be."""
        if not self.wanted:
            return None
        least = max(entered, self.after, site - _WINDOW, 0)
        found = least if least == self.after else None
        for barrier in self.barrier.finditer(self.text, least, site):
            found = barrier.end()
        if found is None or self.obstacle.search(self.text, found, site):
            return None
        return found

    def passed(self, end: int) -> None:
        """A site ends there: what follows is aligned."""
        self.after = end
