"""The C of templates, as far as mutants need it: which lines are built, and their statements.

The templates are in kernel style, so a statement's body is what is indented
deeper, and a line of a function starts with a tab.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

#: What the emulator's build of the runtime defines, and what it does not.
DEFINED = {"SC_FREESTANDING": True, "SC_HAS_INT3": False}
RUNTIME = "common/runtime/sc_runtime.c.j2"

_CONDITION = re.compile(r"#\s*(ifdef|ifndef|if|elif|else|endif)\b\s*(\w*)")
_INCLUDE = re.compile(r'#\s*include\s+"(\w+\.h)"')
_HEADER = re.compile(r"(if|for|while|switch|else|do)\b")
_LEAVES = re.compile(r"(return|goto|break|continue)\b|case\b|default\b|\w+:$")
_DECLARES = re.compile(
    r"(?:(?:const|volatile|static|struct|unsigned|enum|register) )*\w+\s+\*{0,2}\w+\s*(=|;|,|\[)"
)


def built_lines(text: str, defined: dict[str, bool] | None = None) -> list[bool]:
    """For each line, whether the emulator's runtime has it; an unknown condition holds."""
    known = DEFINED if defined is None else defined
    stack: list[bool | None] = []
    found = []
    for line in text.splitlines():
        match = _CONDITION.match(line.strip())
        if match:
            _direct(stack, match[1], known.get(match[2]))
        found.append(all(s is not False for s in stack))
    return found


def _direct(stack: list[bool | None], word: str, value: bool | None) -> None:
    if word == "endif":
        stack.pop()
    elif word in ("else", "elif"):
        stack[-1] = None if stack[-1] is None else not stack[-1]
    elif word == "if" or value is None:
        stack.append(None)
    else:
        stack.append(value if word == "ifdef" else not value)


def runtime_files(templates: Path) -> set[str]:
    """The parts of the runtime that the emulator's build includes, by their paths."""
    found: set[str] = set()
    wanted = [RUNTIME]
    while wanted:
        name = wanted.pop()
        if name in found or not (templates / name).is_file():
            continue
        found.add(name)
        text = (templates / name).read_text()
        for line, built in zip(text.splitlines(), built_lines(text), strict=True):
            match = _INCLUDE.match(line)
            if built and match:
                wanted.append(f"common/runtime/{match[1]}.j2")
    return found


@dataclass
class Statement:
    """Lines ``first`` to ``last`` (from 0, both within) at one depth of indentation."""

    first: int
    last: int
    indent: str
    text: str
    body: list[Statement] = field(default_factory=list)

    @property
    def simple(self) -> bool:
        """An expression: no declaration, no branch, nothing that leaves the block."""
        return (
            self.text.endswith(";")
            and not self.body
            and not _HEADER.match(self.text)
            and not _LEAVES.match(self.text)
            and not _DECLARES.match(self.text)
        )

    @property
    def movable(self) -> bool:
        """Whether it may change places with its neighbour and both still be run."""
        fixed = self.text.startswith("(void)") and "(" not in self.text[6:]
        return not (fixed or _LEAVES.match(self.text) or _DECLARES.match(self.text))


def functions(text: str) -> list[list[Statement]]:
    """The statements of each function body of a file."""
    lines = text.splitlines()
    found = []
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number + 1
        elif line == "}" and start is not None:
            found.append(_block(lines, start, number, "\t"))
            start = None
    return found


def _block(lines: list[str], first: int, end: int, indent: str) -> list[Statement]:
    found = []
    at = first
    while at < end:
        if not _code(lines[at]) or _indent(lines[at]) != indent:
            at = _behind_comment(lines, at)
            continue
        last = _last_line(lines, at, end, indent)
        found.append(_statement(lines, at, last, indent))
        at = last + 1
    return found


def _statement(lines: list[str], first: int, last: int, indent: str) -> Statement:
    text = " ".join(line.strip() for line in lines[first : last + 1])
    statement = Statement(first, last, indent, text)
    if _HEADER.match(text):
        inner = indent + "\t"
        statement.body = [
            s for s in _block(lines, first + 1, last + 1, inner) if _starts(lines, s.first)
        ]
    return statement


def _starts(lines: list[str], at: int) -> bool:
    """Whether no line before goes on here."""
    before = lines[at - 1].strip()
    return bool(re.search(r"([;{})]|else|do|\*/|:)$", before)) or before.startswith("#")


def _last_line(lines: list[str], first: int, end: int, indent: str) -> int:
    """A statement goes on over deeper lines, its closing brace and its else."""
    at = first
    for ahead in range(first + 1, end):
        follows = lines[ahead]
        if not follows.strip():
            continue
        deeper = follows.startswith(indent + "\t") or (
            follows.startswith(indent + " ") and not _done(lines[at])
        )
        closes = _indent(follows) == indent and re.match(r"\s*(}|else\b)", follows)
        if not (deeper or closes or (follows.startswith("#") and not _done(lines[at]))):
            break
        at = ahead
    return at


def _done(line: str) -> bool:
    return line.rstrip().endswith((";", "}", "{"))


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip("\t"))]


def _code(line: str) -> bool:
    """No comment, whose lines start with a blank, and no directive."""
    rest = line.lstrip("\t")
    return bool(rest.strip()) and not rest.startswith(("/*", " *", "#", "{%"))


def _behind_comment(lines: list[str], at: int) -> int:
    if lines[at].strip().startswith("/*"):
        while at < len(lines) and "*/" not in lines[at]:
            at += 1
    return at + 1
