"""Puts a static call and a guard into a C file that nobody wrote for them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from transformer.frontend.lexing import Token, matching, raw_tokens

CALL, KEYS = "sc_torture_call", "sc_torture_keys"
_KEYS = f"""
#include <sc/static_key.h>
DEFINE_STATIC_KEY_ARRAY_FALSE({KEYS}, 2);
"""
_CALL = """#include <sc/static_call.h>
DEFINE_STATIC_CALL({call}, {name});
"""
#: an element, not a key: what says that its address is a constant is the function's tree
_GUARD = f" if (static_branch_unlikely(&{KEYS}[1])) __builtin_abort();"


_NO_CALLS = {"if", "while", "for", "switch", "return", "sizeof", "asm", "typeof"}


@dataclass(frozen=True)
class Function:
    """A definition by the indices of its tokens; ``name`` is "" where none can be told."""

    name: str
    opening: int
    closing: int


def injected(text: str, seed: object) -> Iterator[str]:
    """Ways to have one call go through a key, in random order, the file's own functions first.

    Each call comes once with a guard at the start of the function that holds it,
    and once without, for functions in which no statement may come first.
    """
    found = list(raw_tokens(text))
    functions = list(_functions(found))
    sites = [site for caller in functions for site in _sites(found, functions, caller)]
    own = {f.name for f in functions}
    random.Random(str(seed)).shuffle(sites)
    sites.sort(key=lambda site: found[site[2]].text not in own)
    for end, caller, at in sites:
        name = found[at]
        start = found[caller.opening].end
        declared = _KEYS + _CALL.format(call=CALL, name=name.text)
        call = f"{text[start : name.start]}static_call({CALL}){text[name.end :]}"
        before = f"{text[:end]}{declared}{text[end:start]}"
        yield f"{before}{_GUARD}{call}"
        yield f"{before}{call}"


def guarded(text: str, seed: object) -> Iterator[str]:
    """The same with a guard alone, for a file that calls nothing that is declared."""
    found = list(raw_tokens(text))
    functions = list(_functions(found))
    random.Random(str(seed)).shuffle(functions)
    for function in functions:
        end, start = _before(found, function), found[function.opening].end
        yield f"{text[:end]}{_KEYS}{text[end:start]}{_GUARD}{text[start:]}"


def _sites(
    found: list[Token], functions: list[Function], caller: Function
) -> Iterator[tuple[int, Function, int]]:
    """Calls in a function: where the key can be defined, the function, the name's index."""
    ends = {f.name: found[f.closing].end for f in functions if f.closing < caller.opening}
    before = _before(found, caller)
    for at in range(caller.opening + 1, caller.closing):
        name = found[at]
        if name.kind == "id" and name.text not in _NO_CALLS and found[at + 1].text == "(":
            yield ends.get(name.text, before), caller, at


def _before(found: list[Token], function: Function) -> int:
    """The end of what comes before a function's head."""
    head = function.opening
    while head > 0 and not (found[head - 1].text in (";", "}") and found[head - 1].kind == "op"):
        head -= 1
    return found[head - 1].end if head else 0


def _functions(found: list[Token]) -> Iterator[Function]:
    at = 0
    while at < len(found):
        if found[at].text == "{" and found[at].kind == "op":
            closing = matching(found, at)
            if closing < 0:
                return
            yield Function(_name(found, at), at, closing)
            at = closing
        at += 1


def _name(found: list[Token], opening: int) -> str:
    """The name before the parameters that stand right before a brace."""
    if opening == 0 or found[opening - 1].text != ")":
        return ""
    depth = 0
    for at in range(opening - 1, 0, -1):
        depth += (found[at].text == ")") - (found[at].text == "(")
        if depth == 0:
            return found[at - 1].text if found[at - 1].kind == "id" else ""
    return ""
