"""A unit of Linux: a quick look first, since most units spell no idiom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from transformer.rewriting.result import RewriteResult

if TYPE_CHECKING:
    from transformer.toolchain import Compiler

#: what every idiom's word holds, also where a backslash and a newline cut it in two
_CUT = r"(?:\\[ \t]*\r?\n)*"
_MAY_HOLD = re.compile("|".join(_CUT.join(w) for w in ("static_", "STATIC_")).encode())


def rewrite_linux(
    data: bytes, path: str, cc: str | Compiler, cflags: Sequence[str], *, check: bool
) -> RewriteResult:
    """As ``linux_unit.rewritten``, whose imports are not waited for without need."""
    if not _MAY_HOLD.search(data):
        return RewriteResult(data)
    from transformer.rewriting.linux_unit import rewritten

    return rewritten(data, path, cc, cflags, check=check)
