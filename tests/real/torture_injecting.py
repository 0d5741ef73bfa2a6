"""Puts a static call and a guard into a C file that nobody wrote for them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from transformer.frontend.lexing import Token, matching, raw_tokens

CALL, KEYS, START = "sc_torture_call", "sc_torture_keys", "sc_torture_start"
#: an element, not a key: what says that its address is a constant is the function's tree
_ELEMENT = f"&{KEYS}[1]"
_GUARD = f" if (static_branch_unlikely({_ELEMENT})) __builtin_abort();"
_CONSTRUCTOR = f"static void __attribute__((__constructor__)) {START}(void)"


@dataclass(frozen=True)
class Start:
    """How the idioms begin: texts with ``NAME`` for the function that is called.

    The guard aborts where its key is on, and so does a call that is not updated.
    """

    keys: str
    call: str


AS_IT_STAYS = Start(
    f"DEFINE_STATIC_KEY_ARRAY_FALSE({KEYS}, 2);\n",
    f"DEFINE_STATIC_CALL({CALL}, NAME);\n",
)
#: each site, as it stands in the file, would be wrong: the program patches it when it starts
PATCHED = Start(
    f"DEFINE_STATIC_KEY_ARRAY_TRUE({KEYS}, 2);\n"
    f"{_CONSTRUCTOR} {{ static_branch_disable({_ELEMENT}); }}\n",
    f'extern __typeof__(NAME) {START}_wrong __asm__("abort");\n'
    f"DEFINE_STATIC_CALL({CALL}, {START}_wrong);\n"
    f"{_CONSTRUCTOR.replace(START, START + '_call')} {{ static_call_update({CALL}, NAME); }}\n",
)
_NO_CALLS = {"if", "while", "for", "switch", "return", "sizeof", "asm", "typeof"}


@dataclass(frozen=True)
class Function:
    """A definition by the indices of its tokens; ``name`` is "" where none can be told."""

    name: str
    opening: int
    closing: int


@dataclass(frozen=True)
class Site:
    """A call: the function that holds it, the called name, and where a key can be defined."""

    caller: Function
    name: Token
    end: int


def injected(text: str, seed: object) -> Iterator[str]:
    """Ways to have calls of one function go through a key, the file's own functions first.

    All its calls behind the key do, and each function that holds one has a guard
    at its start; or one call alone does, with and without a guard, since there
    are functions in which no statement may come first.
    """
    found = list(raw_tokens(text))
    functions = list(_functions(found))
    sites = [site for caller in functions for site in _sites(found, functions, caller)]
    own = {f.name for f in functions}
    chance = random.Random(str(seed))
    start = chance.choice((AS_IT_STAYS, PATCHED))
    chosen = chance.sample(sites, len(sites))
    chosen.sort(key=lambda site: site.name.text not in own)
    for one in chosen:
        same = [s for s in sites if s.name.text == one.name.text and s.name.start >= one.end]
        guards = {_start(found, s.caller) for s in same}
        yield _with_call(text, start, one, same, guards)
        yield _with_call(text, start, one, [one], {_start(found, one.caller)})
        yield _with_call(text, start, one, [one], ())


def _with_call(
    text: str, start: Start, one: Site, sites: Iterable[Site], guards: Iterable[int]
) -> str:
    edits = [(site.name.start, site.name.end, f"static_call({CALL})") for site in sites]
    edits += [(at, at, _GUARD) for at in guards]
    declared = f"{_keys(start)}#include <sc/static_call.h>\n"
    edits.append((one.end, one.end, declared + start.call.replace("NAME", one.name.text)))
    return _edited(text, edits)


def guarded(text: str, seed: object) -> Iterator[str]:
    """The same with a guard alone, for a file that calls nothing that is declared."""
    found = list(raw_tokens(text))
    functions = list(_functions(found))
    chance = random.Random(str(seed))
    start = chance.choice((AS_IT_STAYS, PATCHED))
    chance.shuffle(functions)
    for function in functions:
        end, body = _before(found, function), _start(found, function)
        yield _edited(text, [(end, end, _keys(start)), (body, body, _GUARD)])


def _keys(start: Start) -> str:
    return f"\n#include <sc/static_key.h>\n{start.keys}"


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    """``edits``: start, end and the new text."""
    pieces, done = [], 0
    for start, end, new in sorted(edits):
        pieces += [text[done:start], new]
        done = end
    return "".join([*pieces, text[done:]])


def _sites(found: list[Token], functions: list[Function], caller: Function) -> Iterator[Site]:
    ends = {f.name: found[f.closing].end for f in functions if f.closing < caller.opening}
    before = _before(found, caller)
    for at in range(caller.opening + 1, caller.closing):
        name = found[at]
        if name.kind == "id" and name.text not in _NO_CALLS and found[at + 1].text == "(":
            yield Site(caller, name, ends.get(name.text, before))


def _before(found: list[Token], function: Function) -> int:
    """The end of what comes before a function's head."""
    closing = _closing(found, function.opening)
    head = closing if closing > 0 else function.opening
    while head > 0 and not (found[head - 1].text in (";", "}") and found[head - 1].kind == "op"):
        head -= 1
    return found[head - 1].end if head else 0


def _start(found: list[Token], function: Function) -> int:
    """Where a function's first statement may stand."""
    at = function.opening
    while found[at + 1].text == "__label__":
        at = next(i for i in range(at, function.closing) if found[i].text == ";")
    return found[at].end


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
    """The name before the parameters of the function whose body starts at a brace."""
    depth = 0
    for at in range(_closing(found, opening), 0, -1):
        depth += (found[at].text == ")") - (found[at].text == "(")
        if depth == 0:
            return found[at - 1].text if found[at - 1].kind == "id" else ""
    return ""


def _closing(found: list[Token], opening: int) -> int:
    """The end of a function's parameters, whose types may stand behind it; -1 if there is none."""
    last = found[opening - 1].text if opening else ""
    if last == ";":  # int f(a, b) int a; char (*b)(); {
        ends = (at for at in range(opening - 2, 0, -1) if found[at].text == ")")
        return next((at for at in ends if found[at + 1].kind == "id"), -1)
    return opening - 1 if last == ")" else -1
