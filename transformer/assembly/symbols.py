"""The names of a key's symbols, as an assembler file spells them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from transformer.assembly.table import KEY, TRAMPOLINE

PREFIX, KEY_PREFIX = TRAMPOLINE.encode(), KEY.encode()

_NAME = rb"[\w$.\x80-\xff]"
_SYMBOL = re.compile(  # a dollar before it marks an immediate operand
    rb'"%s(?P<quoted>(?:[^"\\]|\\.)+)"|(?<![\w.\x80-\xff])%s(?P<plain>%s*)'
    % (PREFIX, PREFIX, _NAME)
)
_KEY = re.compile(rb'(?<="%s)(?:[^"\\]|\\.)+(?=")|%s+' % (KEY_PREFIX, _NAME))
_STRINGS = (b".string", b".ascii", b".asciz", b".section", b".pushsection")


@dataclass(frozen=True)
class Symbol:
    """A trampoline; ``spelled`` is its name as it stands there, quotes included."""

    spelled: bytes
    raw: bytes

    @property
    def key(self) -> str:
        return self.raw.decode(errors="replace")

    def other(self, prefix: str) -> str:
        """Another symbol of the same key, spelled in the same way."""
        name = prefix + self.raw.decode("latin-1")
        return f'"{name}"' if self.spelled.startswith(b'"') else name


def find_symbol(operands: bytes) -> Symbol | None:
    """The first trampoline that is named here; longer names do not count.

    Its key is empty where a macro's argument makes the rest of the name.
    """
    found = _SYMBOL.search(operands)
    return Symbol(found[0], found["quoted"] or found["plain"] or b"") if found else None


def keys_named(text: bytes) -> frozenset[bytes]:
    """The keys whose own symbols a unit names, other than in a string."""
    found = set()
    at = text.find(KEY_PREFIX)
    while at >= 0:
        after = at + len(KEY_PREFIX)
        before = text[text.rfind(b"\n", 0, at) + 1 : at]
        name = _KEY.match(text, after)
        if name and not re.search(rb"[\w.\x80-\xff]\Z", before) and not _in_string(before):
            found.add(name[0])
        at = text.find(KEY_PREFIX, after)
    return frozenset(found)


def _in_string(before: bytes) -> bool:
    directive, quote, _ = before.partition(b'"')
    return bool(quote) and directive.split()[-1:] != [] and directive.split()[-1] in _STRINGS
