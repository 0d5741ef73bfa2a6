"""The last resort: output that is preprocessed text, made to stand alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from transformer.diagnostics import ScError
from transformer.frontend import LineMap, Source
from transformer.rewriting.unit import copied
from transformer.toolchain import Compiler

_OURS = re.compile(r"(?:^|/)sc/(?:sc|types|runtime|static_call|static_key|dynamic_function)\.h$")
_MARKER = re.compile(r"[ \t]*#[^\n]*\n?")


def expand(
    text: str, source: Source, cc: Compiler, cflags: Sequence[str], include: Path, main: str
) -> str:
    """``text`` with its internal words expanded by the lowered headers in ``include``.

    The headers for the analysis give way to them.  ``main`` is what the line
    markers call the user's file.
    """
    with copied(_with_headers(text), source, cc, cflags) as copy:
        done = copy.preprocess(include)
        if not done.ok:
            raise ScError(copy.failure(done))
        expanded = done.stdout.decode("latin-1")
        for name in (main, str(copy.path)):
            expanded = expanded.replace(f'"{name}"', f'"{source.path}"')
    return expanded


def _with_headers(text: str) -> str:
    """The analysis headers' text out, an include of the lowered ones in."""
    parts: list[str] = []
    included = False
    for start, end, path in LineMap(text, "").regions():
        body = text[start:end]
        if not _OURS.search(path):
            parts.append(body)
            continue
        last = body.rfind("\n#") + 1 if "\n#" in body else (0 if body[:1] == "#" else len(body))
        parts.append(("" if included else "#include <sc/sc.h>\n") + body[last:])
        included = True
    return ("" if included else '#include <sc/sc.h>\n# 1 "<input>"\n') + "".join(parts)
