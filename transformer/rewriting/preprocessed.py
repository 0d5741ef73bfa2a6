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
_SEEN = {"-include", "-imacros", "-include-pch", "-D"}
_MACRO = re.compile(r"^#define (?!_|SC_)(\w+)", re.MULTILINE)


def expand(
    text: str, source: Source, cc: Compiler, cflags: Sequence[str], include: Path, main: str
) -> str:
    """``text`` with its internal words expanded by the lowered headers in ``include``.

    The headers for the analysis give way to them.  ``main`` is what the line
    markers call the user's file.
    """
    flags = spent(cflags)
    with copied("", source, cc, [*flags, "-dM"]) as copy:  # such as linux, which may be a name here
        known = _MACRO.findall(copy.preprocess(include).stdout.decode("latin-1"))
    flags += [f"-U{name}" for name in known]
    with copied(_with_headers(text), source, cc, flags) as copy:
        done = copy.preprocess(include)
        if not done.ok:
            raise ScError(copy.failure(done))
        expanded = done.stdout.decode("latin-1")
        for name in (main, str(copy.path)):
            expanded = expanded.replace(f'"{name}"', f'"{source.path}"')
    return expanded


def spent(cflags: Sequence[str]) -> list[str]:
    """Flags for text that is preprocessed: what it has read and expanded, it must not again.

    Macros of the system's names may matter to the lowered headers, and stay.
    """
    kept: list[str] = []
    words = iter(cflags)
    for flag in words:
        if flag in _SEEN:
            value = next(words, "")
            kept += [flag, value] if flag == "-D" and value.startswith(("_", "SC_")) else []
        elif not flag.startswith(("-include", "-imacros")) and not re.match(r"-D(?!_|SC_)", flag):
            kept.append(flag)
    return kept


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
