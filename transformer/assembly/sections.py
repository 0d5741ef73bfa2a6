"""Which section each place of an assembly file belongs to, and macros' bodies.

Only the directives that switch sections are looked at, each found by its name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from transformer.assembly.statements import Reader, Statement

_NAMED = {b".text", b".data", b".bss", b".rodata", b".tdata", b".tbss"}
_SWITCHES = (b".section", b".pushsection", b".popsection", b".previous", b".subsection")
_OPENERS = (b".macro", b".rept", b".irp", b".irpc")
_CLOSERS = (b".endm", b".endr")


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
        self.bodies = list(_macro_bodies(reader))
        self.starts: list[int] = [0]
        self.sections: list[Section] = [_TEXT]
        tracker = _Tracker()
        for statement in _directives(reader, (*_SWITCHES, *_NAMED)):
            if self.in_macro(statement.start):
                continue
            if (section := tracker.follow(statement)) is not None:
                self.starts.append(statement.start)
                self.sections.append(section)

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

    def follow(self, statement: Statement) -> Section | None:
        """The section after a directive, None where it changes nothing."""
        name = statement.mnemonic
        if name == ".popsection":
            if not self.stack:
                return None
            self.now, self.previous = self.stack.pop()
        elif name == ".previous":
            self.now, self.previous = self.previous, self.now
        elif name == ".subsection":
            self.previous = self.now
        else:
            section = self.named(statement)
            if name == ".pushsection":
                self.stack.append((self.now, self.previous))
            self.now, self.previous = section, self.now
        return self.now

    def named(self, statement: Statement) -> Section:
        """The section that a directive names, as it was entered first."""
        if statement.mnemonic not in (".section", ".pushsection"):
            name = statement.mnemonic
            section = Section(name, entry=name.encode())
        else:
            section = _section(statement.operands, self.now.group)
        return self.known.setdefault(section, section)


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


def _directives(reader: Reader, names: Iterable[bytes]) -> list[Statement]:
    """All statements that are one of these directives, in the file's order."""
    found = {s.start: s for name in names for s in _one_directive(reader, name)}
    return [found[start] for start in sorted(found)]


def _one_directive(reader: Reader, name: bytes) -> Iterator[Statement]:
    text, wanted = reader.text, name.decode()
    at = text.find(name)
    while at >= 0:
        after = at + len(name)
        if text[after : after + 1] in b" \t\n;\r" and (at == 0 or text[at - 1 : at] in b" \t\n;:"):
            start, end = reader.line_around(at)
            for statement in reader.line(start, end):
                if statement.mnemonic == wanted:
                    yield statement
            after = end
        at = text.find(name, after)


def _macro_bodies(reader: Reader) -> Iterator[tuple[int, int]]:
    """Where the outermost bodies of macros and repetitions lie."""
    if not any(name in reader.text for name in _CLOSERS):
        return
    depth, start = 0, 0
    for statement in _directives(reader, (*_OPENERS, *_CLOSERS)):
        if statement.mnemonic.encode() in _OPENERS:
            start = start if depth else statement.start
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                yield start, statement.end
