"""Gives each direct branch to a trampoline its entry in the site table.

In the profile "sc" a site also gets the form and the alignment that let one
store patch it; in "linux" no instruction is changed or moved, and the table is
the one that objtool makes.
"""

from __future__ import annotations

import re
from functools import cached_property

from transformer.arch import Arch, Assembly, PrintedBranch
from transformer.assembly import model
from transformer.assembly.model import Annotated, Kind, Reference, Site
from transformer.assembly.places import Places
from transformer.assembly.printing import SITE, Printer
from transformer.assembly.sections import Sections
from transformer.assembly.statements import Reader, Statement
from transformer.assembly.symbols import PREFIX, Symbol, find_symbol
from transformer.assembly.table import PROFILES
from transformer.assembly.wide import Wide

NEAR = 3  # lines of assembly

_LINUX = PROFILES["linux"].section.encode()
_LINUX_TABLE = re.compile(rb'section[ \t]+"?%s\b' % re.escape(_LINUX))
_DATA = re.compile(
    r"\.([1248]?byte|short|half|hword|word|long|int|quad|dword|xword|octa|dc(\.[abwl])?|[us]leb128)"
)
# Sections that tell of symbols and do not use them: debuggers', and Linux's for its build alone.
_SILENT = (".debug", ".zdebug", ".discard", "___ksymtab")


def annotate(text: bytes, arch: Arch, *, profile: str = "sc") -> Annotated:
    """Annotates one unit; without trampolines the text comes back as it is.

    ``ValueError`` for a profile that there is not, or an arch whose assembly
    the project does not know.
    """
    if profile not in PROFILES:
        raise ValueError(f"no profile is called {profile!r}")
    if arch.assembly is None:
        raise ValueError(f"{arch.title}: no site can be made in its assembly")
    if PREFIX not in text:
        return Annotated(text)
    if _done(text, profile):
        return Annotated(text, already=True)
    return _Unit(text, arch.assembly, profile).annotated()


class _Unit:
    """One file on its way."""

    def __init__(self, text: bytes, syntax: Assembly, profile: str) -> None:
        self.text, self.syntax, self.profile = text, syntax, profile
        self.reader = Reader(text, syntax)
        self.places = Places(text)
        self.branches = _by_mnemonic(syntax)
        self.printer = Printer(text, syntax, profile)
        self.wide = Wide(text, syntax)
        self.sites: list[Site] = []
        self.references: list[Reference] = []
        self.counted = (0, 1)  # an offset and the number of its line

    @cached_property
    def sections(self) -> Sections:
        return Sections(self.reader)

    def annotated(self) -> Annotated:
        for statement in self.reader.holding(PREFIX):
            symbol = find_symbol(statement.operands)
            if symbol is not None and not _says_nothing(statement):
                self.take(statement, symbol)
        text = self.printer.finish()
        return Annotated(text, tuple(self.sites), self.printer.ways, tuple(self.references))

    def take(self, statement: Statement, symbol: Symbol) -> None:
        section = self.sections.at(statement.start)
        if statement.mnemonic.startswith(".") and section.name.startswith(_SILENT):
            return
        branch = self.branch(statement, symbol)
        if isinstance(branch, str):
            self.refer(statement, symbol, branch)
            return
        kind: Kind = branch.kind  # type: ignore[assignment]
        line = self.line(statement.start)
        place = self.places.of(statement.start, self.sections.entered(statement.start))
        wide = self.wide.start(statement.start, self.sections.entered(statement.start))
        self.wide.passed(self.printer.site(statement, branch, symbol, section, line, wide))
        where = str(place) if place else None
        self.sites.append(Site(symbol.key, kind, line, section.name, where))

    def branch(self, statement: Statement, symbol: Symbol) -> PrintedBranch | str:
        """The branch that a statement is, or why it is no site."""
        if not symbol.raw or self.sections.in_macro(statement.start):
            return model.MACRO
        rows = self.branches.get(statement.mnemonic)
        if rows is None:
            return model.ADDRESS
        operands = _pattern(statement.operands, symbol, self.syntax)
        for row in rows:
            if any(_fits(operands, wanted.split(", ")) for wanted in row.operands):
                return row if row.entry else model.FIXED
        return model.INDIRECT

    def refer(self, statement: Statement, symbol: Symbol, why: str) -> None:
        """Reports a reference; instructions that take an address together are one."""
        at, line = statement.start, self.line(statement.start)
        section = self.sections.at(at).name
        place = self.places.of(at, self.sections.entered(at))
        last = self.references[-1] if self.references else None
        same = why == model.ADDRESS and last and (last.key, last.place) == (symbol.key, place)
        if same and last and last.why == why and line - last.line <= NEAR:
            return
        code = self.text[at : statement.end].decode(errors="replace")
        words = " ".join(code.split())
        self.references.append(Reference(symbol.key, why, line, section, place, words))

    def line(self, offset: int) -> int:
        """The number of the line at ``offset``; offsets only grow."""
        at, line = self.counted
        self.counted = (offset, line + self.text.count(b"\n", at, offset))
        return self.counted[1]


def _done(text: bytes, profile: str) -> bool:
    """Whether a unit is annotated already."""
    if profile == "sc":
        return b"\n%s0:" % SITE.encode() in text
    return _LINUX in text and _LINUX_TABLE.search(text) is not None


def _by_mnemonic(syntax: Assembly) -> dict[str, list[PrintedBranch]]:
    found: dict[str, list[PrintedBranch]] = {}
    for row in syntax.branches:
        for mnemonic in row.mnemonics:
            found.setdefault(mnemonic, []).append(row)
    return found


def _pattern(operands: bytes, symbol: Symbol, syntax: Assembly) -> list[str]:
    """The operands one by one, with ``{}`` for the trampoline's symbol itself."""
    words = [word.strip().decode("latin-1").lower() for word in operands.split(b",")]
    name = symbol.spelled.decode("latin-1").lower()
    spelled = {name, *(name + suffix.lower() for suffix in syntax.suffixes)}
    return ["{}" if word in spelled else word for word in words]


def _fits(operands: list[str], wanted: list[str]) -> bool:
    return len(operands) == len(wanted) and all(
        want in ("*", have) for have, want in zip(operands, wanted, strict=True)
    )


def _says_nothing(statement: Statement) -> bool:
    """A directive that only describes a symbol, or an assignment."""
    if statement.operands.startswith(b"="):
        return True
    return statement.mnemonic.startswith(".") and not _DATA.fullmatch(statement.mnemonic)
