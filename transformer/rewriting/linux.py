"""A unit of Linux: a quick look first, since most units spell no idiom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from transformer.quick import may_hold_idioms
from transformer.rewriting.result import RewriteResult

if TYPE_CHECKING:
    from transformer.toolchain import Compiler


def rewrite_linux(
    data: bytes,
    path: str,
    cc: Callable[[], str | Compiler],
    cflags: Sequence[str],
    *,
    check: bool,
) -> RewriteResult:
    """As ``linux_unit.rewritten``: neither it nor a compiler is looked for without need."""
    if not may_hold_idioms(data):
        return RewriteResult(data)
    from transformer.rewriting.linux_unit import rewritten

    return rewritten(data, path, cc(), cflags, check=check)
