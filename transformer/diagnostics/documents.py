"""Diagnostics as documents for programs: a JSON array, or a SARIF log."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from transformer.diagnostics.model import SARIF, Diagnostic
from transformer.diagnostics.sarif import log

_LONE = re.compile("[\ud800-\udfff]")


def document(found: Sequence[Diagnostic], form: str, version: str) -> str:
    """All of ``found`` in one of the formats but text; without a final newline.

    Bytes that are no UTF-8 become U+FFFD, so that every reader takes it.
    """
    whole: Any = log(found, version) if form == SARIF else [_plain(d) for d in found]
    return json.dumps(_readable(whole), indent=2)


def _plain(found: Diagnostic) -> dict[str, Any]:
    children, fixits = map(_plain, found.children), (f._asdict() for f in found.fixits)
    return {**found._asdict(), "children": list(children), "fixits": list(fixits)}


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {k: _readable(v) for k, v in value.items()}
    return [_readable(v) for v in value] if isinstance(value, list | tuple) else value
