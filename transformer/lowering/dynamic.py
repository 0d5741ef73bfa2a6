"""Dynamic functions: a guard before the body, or a trampoline before the function."""

from __future__ import annotations

import re
from dataclasses import replace

from transformer.frontend.dynamic import head_text
from transformer.frontend.idioms import DynamicDefinition, DynamicSpans
from transformer.frontend.lexing import condition, raw_tokens
from transformer.frontend.source import Source
from transformer.lowering.edits import EditBuffer, fit

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_EMPTY = re.compile(r"\n(?=\r?\n)")


def define(
    idiom: DynamicDefinition, spans: DynamicSpans, call: bool, source: Source, buffer: EditBuffer
) -> str:
    """Queue the edits; ``call`` asks for call lowering.  Gives a note, or ""."""
    reason = idiom.keyed or ("it is static" if idiom.static else "")
    if call and not reason:
        _call(idiom, spans, source, buffer)
        return ""
    if idiom.insertion:
        _insertion(idiom, spans, buffer)
    else:
        _wrapped(idiom, spans, source, buffer)
    return f"'{idiom.name}' gets the key lowering: {reason}" if call else ""


def with_value_lowered(
    idiom: DynamicDefinition, source: Source, values: EditBuffer
) -> DynamicDefinition:
    """Its value with the edits of the idioms in it, as ``values`` holds them."""
    start, end = idiom.spans.arguments[0] if idiom.spans and idiom.spans.arguments else (0, 0)
    new = values.applied(start, end)
    if not idiom.value or new == source.text[start:end]:
        return idiom
    whole = Source(source.text[:start] + new + source.text[end:], source.path)
    return replace(idiom, value=head_text(whole, (start, start + len(new)), (0, 0)))


def include(before: int, buffer: EditBuffer) -> bool:
    """Put the include that the words need on an empty line before ``before``.

    That adds no line; False where there is no empty line at file scope.
    """
    at = _empty_line(buffer.text, before)
    if at is None:
        return False
    buffer.insert(at, "#include <sc/dynamic_function.h>", "include of sc/dynamic_function.h")
    return True


def _empty_line(text: str, before: int) -> int | None:
    """An empty line between two declarations, outside comments and conditionals."""
    depth, conditions, last = 0, 0, 0
    complete = True
    for token in raw_tokens(text, directives=True):
        if depth == 0 and conditions == 0 and complete:
            gap = _COMMENT.sub(lambda m: "x" * len(m[0]), text[last : token.start])
            found = _EMPTY.search(gap if last else "\n" + gap)
            if found:
                return last + found.end() - (0 if last else 1)
        if token.start >= before:
            return None
        if token.kind == "directive":
            conditions += condition(token.text)
        elif token.kind == "op":
            depth += (token.text in "([{") - (token.text in ")]}")
        complete = token.kind == "directive" or token.text in (";", "}")
        last = token.end
    return None


def _marker(idiom: DynamicDefinition, spans: DynamicSpans, new: str, buffer: EditBuffer) -> None:
    start, end = spans.marker
    if start == end:
        buffer.insert(start, f"{new} ", _owner(idiom))
    else:
        buffer.replace(start, end, fit(new, buffer.text[start:end]), _owner(idiom))


def _owner(idiom: DynamicDefinition) -> str:
    return f"dynamic function '{idiom.name}'"


def _insertion(idiom: DynamicDefinition, spans: DynamicSpans, buffer: EditBuffer) -> None:
    name = idiom.name
    _marker(idiom, spans, f"__sc_dynamic_key_in{_static(idiom)}({name})", buffer)
    guard = f"_in_void({name})" if idiom.void else f"_in({name}, {_whole(idiom.value)})"
    _first(spans, f"__sc_dynamic_guard{guard}", _owner(idiom), buffer)


def _wrapped(
    idiom: DynamicDefinition, spans: DynamicSpans, source: Source, buffer: EditBuffer
) -> None:
    name, owner = idiom.name, _owner(idiom)
    head = head_text(source, spans.head, spans.name)
    arguments = ", ".join(idiom.parameters)
    _marker(idiom, spans, f"__sc_dynamic_key{_static(idiom)}({name})", buffer)
    buffer.replace(*spans.name, f"__sc_dynamic_body({name})", owner)
    if idiom.void:
        guard, wrap = f"_void({name})", f"_void({name}, ({head}), ({arguments}))"
    else:
        guard = f"({name}, {_whole(idiom.value)})"
        wrap = f"({name}, ({head}), ({idiom.value}), ({arguments}))"
    _first(spans, f"__sc_dynamic_guard{guard}", owner, buffer)
    buffer.insert(spans.closing + 1, f" __sc_dynamic_wrap{wrap}", owner)


def _call(
    idiom: DynamicDefinition, spans: DynamicSpans, source: Source, buffer: EditBuffer
) -> None:
    name, owner = idiom.name, _owner(idiom)
    head = head_text(source, spans.head, spans.name, f"__sc_off_{name}")
    _marker(idiom, spans, f"__sc_dynamic_call({name})", buffer)
    buffer.replace(*spans.name, f"__sc_dynamic_impl({name})", owner)
    _first(spans, f"__sc_dynamic_self({name})", owner, buffer)
    tail = f"_void({name}, ({head}))" if idiom.void else f"({name}, ({head}), ({idiom.value}))"
    buffer.insert(spans.closing + 1, f" __sc_dynamic_tramp{tail}", owner)


def _whole(value: str) -> str:
    """A value as one argument of a macro, whatever commas it holds."""
    return f"({value})" if "," in value else value


def _first(spans: DynamicSpans, new: str, owner: str, buffer: EditBuffer) -> None:
    """Make ``new`` the first statement of the body."""
    near = spans.start == spans.opening + 1
    buffer.insert(spans.start, f" {new}" if near else f"{new} ", owner)


def _static(idiom: DynamicDefinition) -> str:
    return "_static" if idiom.static else ""
