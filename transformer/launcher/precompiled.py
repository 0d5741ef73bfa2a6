"""Whether a compiler would take a precompiled header: one made with the plain headers.

A rewritten unit needs the lowered ones.  GCC takes ``X.gch`` beside the X of
``-include`` or of a unit's first ``#include``, Clang ``X.pch`` too, for the former.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

_FIRST = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*["<]([^">\n]+)[">]', re.MULTILINE)
_FOLDERS = ("-iquote", "-isystem", "-idirafter", "-I")
SUFFIXES = (".gch", ".pch")


def has_precompiled(text: bytes, source: str, flags: Sequence[str]) -> bool:
    """Whether such a file lies where the compiler would look for it."""
    folders = ["", os.path.dirname(source), *_values(flags, _FOLDERS)]
    first = _FIRST.search(text)
    names = [*_values(flags, ("-include",)), *([os.fsdecode(first[1])] if first else [])]
    return any(
        os.path.exists(os.path.join(folder, name) + suffix)
        for name in names
        for folder in folders
        for suffix in SUFFIXES
    )


def _values(flags: Sequence[str], options: tuple[str, ...]) -> Iterator[str]:
    """The values of options, joined or apart."""
    for at, flag in enumerate(flags):
        option = next((o for o in options if flag.startswith(o)), None)
        if option and flag != option:
            yield flag[len(option) :].removeprefix("=")
        elif option and at + 1 < len(flags):
            yield flags[at + 1]
