"""The compiler's verdict on rewritten text, told at the user's lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from transformer.diagnostics import Diagnostic
from transformer.frontend import Source
from transformer.frontend.findings import diagnostic
from transformer.frontend.idioms import Call, Idiom, Unit, Update
from transformer.rewriting.unit import Back, Copy, Message, copied
from transformer.toolchain import Compiler

_INCOMPATIBLE = re.compile(
    r"incompatible[ -](?:function[ -])?pointer|int-conversion|incompatible type"
)
_COUNT = re.compile(r"too (?:few|many) arguments")
_ASSERTED = re.compile(r'"?(sc-[a-z-]+): ([^\n]*?)"?$')
_OPTION = re.compile(r" \[-W[^\]]*\]$")


def compile_check(
    text: str,
    source: Source,
    unit: Unit,
    cc: Compiler,
    cflags: Sequence[str],
    include: Path,
    back: Back,
) -> list[Diagnostic]:
    """Errors of ``-fsyntax-only`` with the lowered headers; warnings only of updates."""
    with copied(text, source, cc, cflags) as copy:
        done = copy.check(include)
        messages = copy.messages(done.stderr, text, back)
        found = [d for m in messages if (d := _diagnosed(m, unit, source))]
        if not done.ok and not any(d.severity == "error" for d in found):
            found.append(_unlocated(copy, messages, done.stderr) or copy.failure(done))
    return list(dict.fromkeys(found))


def _diagnosed(message: Message, unit: Unit, source: Source) -> Diagnostic | None:
    text = _OPTION.sub("", message.text)
    update = _at(message, unit, Update)
    if update and _INCOMPATIBLE.search(message.text):
        said = f"the new target of '{update.name}' has another type: {text}"
        return diagnostic(
            source,
            update.place if update.place.editable else message.place,
            "error",
            "sc-incompatible-update",
            said,
            len(update.spelled),
        )
    if message.severity == "warning":
        return None
    asserted = _ASSERTED.search(text)  # by the lowered headers
    if asserted:
        return diagnostic(source, message.place, "error", asserted[1], asserted[2])
    counted = _COUNT.search(text) and _at(message, unit, Call)
    return diagnostic(
        source, message.place, "error", "sc-arg-count" if counted else "sc-compile", text
    )


def _at(message: Message, unit: Unit, kind: type[Idiom]) -> Idiom | None:
    """The idiom of a kind on the message's line; the nearest one before its column."""
    place = message.place
    on_line = [
        i
        for i in unit.idioms
        if isinstance(i, kind) and (i.place.path, i.place.line) == (place.path, place.line)
    ]
    before = [i for i in on_line if i.place.column <= place.column or not place.column]
    nearest = before or on_line
    return nearest[-1] if nearest else None


def _unlocated(copy: Copy, messages: list[Message], stderr: str) -> Diagnostic | None:
    error = next((m for m in messages if m.severity == "error"), None)
    if error is None:
        return None
    return diagnostic(copy.source, error.place, "error", "sc-compile", error.text)
