"""Of a project's dynamic functions, those that concern one file."""

from __future__ import annotations

import re
from collections.abc import Mapping

_DEFINITION = r"\b{}\s*\([^;{{}}]*\)[^;{{}}()]*(?:;[^;{{}}()]*)*\{{"


def defined(chosen: Mapping[str, str], text: bytes) -> dict[str, str]:
    """The functions of ``chosen`` that ``text`` seems to define."""
    source = text.decode("latin-1")
    return {n: v for n, v in chosen.items() if re.search(_DEFINITION.format(re.escape(n)), source)}
