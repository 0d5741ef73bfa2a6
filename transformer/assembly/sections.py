"""Which section each place of an assembly file belongs to, and macros' bodies.

Only the directives that switch sections are looked at, each found by its name.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from transformer.assembly.statements import Reader

_SWITCHES = (b".section", b".pushsection", b".popsection", b".previous", b".subsection")
_NAMED = (b".text", b".data", b".bss", b".rodata", b".tdata", b".tbss")
_OPENERS = (b".macro", b".rept", b".irp", b".irpc")
_CLOSERS = (b".endm", b".endr")
_ALL = frozenset((*_SWITCHES, *_NAMED, *_OPENERS, *_CLOSERS))
# The third group: the line holds more, perhaps another statement, or a comment.
_DIRECTIVE = re.compile(
    rb"(\.(?:%s))(?![\w.$])([^\n;#/]*)(.?)" % b"|".join(sorted(re.escape(n[1:]) for n in _ALL))
)
_NEWLINE, _BLANKS = ord("\n"), b" \t"
_BEFORE = (b" ", b"\t", b":", b";")  # what can stand before a statement's first word


@dataclass(frozen=True)
class Section:
    """A section by what an object keeps apart: its name, COMDAT group and unique number.

    ``entry`` are the operands with which ``.pushsection`` comes back to it.
    """

    name: str
    group: str = ""
    unique: str = ""
    entry: bytes = field(default=b"", compare=False)


_TEXT = Section(".text", entry=b".text")


class Sections:
    """The section at each offset, and where it was entered."""

    def __init__(self, reader: Reader) -> None:
        self.bodies: list[tuple[int, int]] = []  # of the outermost macros and repetitions
        self.starts: list[int] = [0]
        self.sections: list[Section] = [_TEXT]
        tracker = _Tracker()
        depth = opened = 0
        for start, name, operands in _directives(reader):
            if name in _OPENERS:
                opened = opened if depth else start
                depth += 1
            elif name in _CLOSERS:
                depth -= 1 if depth else 0
                if not depth:
                    self.bodies.append((opened, start))
            elif not depth:
                self.starts.append(start)
                self.sections.append(tracker.follow(name, operands))

    def at(self, offset: int) -> Section:
        return self.sections[bisect_right(self.starts, offset) - 1]

    def entered(self, offset: int) -> int:
        """Where the section was entered that is the one at ``offset``."""
        return self.starts[bisect_right(self.starts, offset) - 1]

    def in_macro(self, offset: int) -> bool:
        index = bisect_right(self.bodies, (offset, 1 << 62)) - 1
        return index >= 0 and offset < self.bodies[index][1]


class _Tracker:
    """What the assembler keeps: the present and the previous section, and a stack of both."""

    def __init__(self) -> None:
        self.now = self.previous = _TEXT
        self.stack: list[tuple[Section, Section]] = []
        self.known: dict[Section, Section] = {_TEXT: _TEXT}
        self.spelled: dict[tuple[bytes, bytes, str], Section] = {}

    def follow(self, name: bytes, operands: bytes) -> Section:
        """The section after a directive."""
        if name == b".popsection":
            if self.stack:
                self.now, self.previous = self.stack.pop()
        elif name == b".previous":
            self.now, self.previous = self.previous, self.now
        elif name == b".subsection":
            self.previous = self.now
        else:
            section = self.named(name, operands)
            if name == b".pushsection":
                self.stack.append((self.now, self.previous))
            self.now, self.previous = section, self.now
        return self.now

    def named(self, name: bytes, operands: bytes) -> Section:
        """The section that a directive names, as it was entered first."""
        spelled = (name, operands, self.now.group)
        found = self.spelled.get(spelled)
        if found is None:
            if name in (b".section", b".pushsection"):
                section = _section(operands, self.now.group)
            else:
                section = Section(name.decode(), entry=name)
            found = self.spelled[spelled] = self.known.setdefault(section, section)
        return found


def _section(operands: bytes, group: str) -> Section:
    """The section that the operands of ``.section`` name, in a section of ``group``."""
    words = [word.strip() for word in _split(operands)]
    name, flags, rest = words[0], b"", words[1:]
    if rest and rest[0][:1].isdigit():  # .pushsection name, subsection
        rest = rest[1:]
    if rest and rest[0].startswith(b'"'):
        flags = rest[0].strip(b'"')
    unique = b""
    if b"unique" in rest:
        unique = b",".join(rest[rest.index(b"unique") : rest.index(b"unique") + 2])
    # After the flags come the type, the size of an entry, the group, and the linked section.
    at = 2 + (b"M" in flags)
    if b"G" in flags and len(rest) > at:
        group = _bare(rest[at])
    elif b"?" not in flags:
        group = ""
    entry = b",".join([name, *rest])
    if b"?" in flags:
        entry = _without_question(name, flags, rest, group)
    return Section(_bare(name), group, unique.decode("latin-1"), entry)


def _without_question(name: bytes, flags: bytes, rest: list[bytes], group: str) -> bytes:
    """The operands that enter the section from outside its group."""
    type_ = rest[1:] or [b"%progbits"]
    if not group:
        return b",".join([name, b'"%s"' % flags.replace(b"?", b""), *type_])
    flags = flags.replace(b"?", b"G")
    return b",".join([name, b'"%s"' % flags, *type_, group.encode("latin-1"), b"comdat"])


def _bare(word: bytes) -> str:
    return word.strip(b'"').decode("latin-1")


def _split(operands: bytes) -> list[bytes]:
    """Operands between commas; names in quotes may hold some."""
    if b'"' not in operands:
        return operands.split(b",")
    words, quoted = [b""], False
    for part in operands.split(b'"'):
        if quoted:
            words[-1] += b'"' + part + b'"'
        else:
            first, *others = part.split(b",")
            words[-1] += first
            words += others
        quoted = not quoted
    return words


def _directives(reader: Reader) -> Iterator[tuple[int, bytes, bytes]]:
    """Offset, name and operands of each directive of these, in the file's order.

    One pass; most of what it finds is a line with nothing but the directive.
    """
    text = reader.text
    for found in _DIRECTIVE.finditer(text):
        at, more = found.start(1), found[3]
        if not more and _begins_line(text, at) and reader.after_block(at) == at:
            yield at, found[1], found[2].strip()
        elif more or text[at - 1 : at] in _BEFORE:
            for statement in reader.line(*reader.line_around(at)):
                name = statement.mnemonic.encode("latin-1")
                if name in _ALL:
                    yield statement.start, name, statement.operands


def _begins_line(text: bytes, at: int) -> bool:
    """Whether nothing but blanks stands before ``at`` in its line."""
    while at and text[at - 1] in _BLANKS:
        at -= 1
    return at == 0 or text[at - 1] == _NEWLINE
