"""Writes the sites, their entries and their way stations into the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from transformer.arch import Assembly, PrintedBranch
from transformer.assembly.sections import Section
from transformer.assembly.statements import Statement
from transformer.assembly.symbols import Symbol, keys_named
from transformer.assembly.table import KEY, PROFILES, PROXY, TAIL, TRAMPOLINE, WAY

# No compiler and no C name begins so, and numeric labels of the code around stay alone.
SITE, STATION, OVER = ".Lsc_site", ".Lsc_way", ".Lsc_over"


@dataclass
class _Pending:
    """The way stations that one section still needs.

    ``line`` is that of the first site that goes there, ``after`` the place
    behind the last one, which may be gone on from if it ``falls_through``.
    """

    line: int
    after: int = 0
    falls_through: bool = True
    labels: dict[Symbol, str] = field(default_factory=dict)


class Printer:
    """Queues what is inserted, on the offsets of the given text; applies it once."""

    def __init__(self, text: bytes, syntax: Assembly, profile: str) -> None:
        self.text, self.syntax = text, syntax
        self.comments = tuple(c.encode() for c in syntax.comments)
        self.linux = profile == "linux"
        table = PROFILES[profile]
        self.table = f'.pushsection {table.section},"{table.flags}",%progbits'
        self.edits: list[tuple[int, int, bytes]] = []
        self.pending: dict[Section, _Pending] = {}
        self.sites = self.ways = 0

    def site(
        self,
        statement: Statement,
        branch: PrintedBranch,
        symbol: Symbol,
        section: Section,
        line: int,
        wide: int | None,
    ) -> int:
        """Makes a site of one statement; where that ends.  From ``wide`` on all is wide."""
        label = f"{SITE}{self.sites}"
        self.sites += 1
        code = self.text[statement.start : statement.end].decode("latin-1")
        before: list[str] = []
        after: list[str] = []
        if not self.linux:
            before, code, after = self.form(statement, branch, symbol, section, line, code)
            if wide is not None:
                opening = _lines([*branch.align, *self.syntax.wide_open])
                self.edits.append((wide, wide, opening))
                before = [*self.syntax.wide_close, *before]
        flags = 0 if branch.kind == "call" else TAIL
        size = 0
        if self.syntax.label_after:
            after.insert(0, f"{label}:")
            size = branch.size
        else:
            before.append(f"{label}:")
        where = f"{label} - {size}" if size else label
        after += self.entry(where, symbol, flags)
        self.insert(statement, before, code, after)
        if section in self.pending:
            self.pending[section].after = self.edits[-1][1]
        return self.edits[-1][1]

    def form(
        self,
        statement: Statement,
        branch: PrintedBranch,
        symbol: Symbol,
        section: Section,
        line: int,
        code: str,
    ) -> tuple[list[str], str, list[str]]:
        """Lines before, the instruction, and lines after it that make it patchable."""
        align = [_wider(row, len(statement.words) - 1) for row in branch.align]
        if not branch.site:
            return align, code, []
        way = self.way(section, symbol, line, branch.kind == "call")
        opening = [*align, *self.syntax.site_open]
        return opening, branch.site.format(way=way), [*self.syntax.site_close]

    def entry(self, where: str, symbol: Symbol, flags: int) -> list[str]:
        """One entry of the table, from wherever it stands."""
        key = self.key_symbol(symbol)
        target = f"{key} - . + {flags}" if flags else f"{key} - ."
        return [self.table, ".p2align 2", f".long {where} - .", f".long {target}", ".popsection"]

    def key_symbol(self, symbol: Symbol) -> str:
        """What names the key: its proxy; in Linux the key, or the trampoline as in modules."""
        if not self.linux:
            return symbol.other(PROXY)
        return symbol.other(KEY if symbol.raw in self.keys else TRAMPOLINE)

    @cached_property
    def keys(self) -> frozenset[bytes]:
        return keys_named(self.text)

    # --- way stations ---

    def way(self, section: Section, symbol: Symbol, line: int, falls_through: bool) -> str:
        """The label of the way station that a site on ``line`` goes to."""
        pending = self.pending.get(section)
        if pending and line - pending.line > self.syntax.way_lines:
            self.island(pending)
            pending = None
        if pending is None:
            pending = self.pending[section] = _Pending(line)
        pending.falls_through = falls_through
        if symbol not in pending.labels:
            pending.labels[symbol] = f"{STATION}{self.ways}"
            self.ways += 1
        return pending.labels[symbol]

    def island(self, pending: _Pending) -> None:
        """Way stations behind the last site: the section's end is too far away."""
        over = f"{OVER}{self.ways}"
        jump = [self.over(over)] if pending.falls_through else []
        rows = [*jump, *self.stations(pending), *([f"{over}:"] if jump else [])]
        self.edits.append((pending.after, pending.after, _lines(rows)))

    def over(self, label: str) -> str:
        """The jump over an island: the form of a tail site, to a label."""
        form = next(b.site for b in self.syntax.branches if b.kind == "tail" and b.site)
        return form.format(way=label)

    def stations(self, pending: _Pending) -> list[str]:
        rows = []
        for symbol, label in pending.labels.items():
            name = symbol.other(TRAMPOLINE)
            rows += [f"{label}:", self.syntax.way.format(symbol=name)]
            rows += self.entry(label, symbol, WAY)
        return rows

    def finish(self) -> bytes:
        """The new text."""
        last = self.text.count(b"\n") if self.pending else 0
        tail = b"" if self.text.endswith(b"\n") or not self.pending else b"\n"
        for section, pending in self.pending.items():
            if last - pending.line > self.syntax.way_lines:
                self.island(pending)
                continue
            opening = b"\t.pushsection %s\n" % section.entry
            tail += opening + _lines([*self.framed(self.stations(pending)), ".popsection"])
        parts, at = [], 0
        for start, end, new in sorted(self.edits, key=lambda edit: edit[:2]):
            parts += [self.text[at:start], new]
            at = end
        return b"".join([*parts, self.text[at:], tail])

    def framed(self, rows: list[str]) -> list[str]:
        """Way stations can be unwound from where the rest of the unit can."""
        if b".cfi_startproc" not in self.text:
            return rows
        return [".cfi_startproc", *rows, ".cfi_endproc"]

    # --- text ---

    def insert(
        self, statement: Statement, before: Sequence[str], code: str, after: Sequence[str]
    ) -> None:
        """Replaces a statement, with lines of their own before and after it.

        What follows the statement in its line, a comment aside, moves behind
        the lines after it.
        """
        start, end = statement.start, statement.end
        opening = _lines(before).lstrip() + b"\t" if before else b""
        newline = self.text.find(b"\n", end)
        stop = len(self.text) if newline < 0 else newline
        rest = self.text[end:stop]
        if not rest.strip() or rest.lstrip().startswith(self.comments):
            end, code = stop + (newline >= 0), code + rest.decode("latin-1")
        self.edits.append((start, end, opening + code.encode("latin-1") + b"\n" + _lines(after)))


def _wider(align: str, prefixes: int) -> str:
    """The alignment of an instruction that has so many prefix bytes more."""
    if not prefixes:
        return align
    head, _, most = align.rpartition(",")
    return f"{head},{int(most) + prefixes}"


def _lines(rows: Sequence[str]) -> bytes:
    return b"".join(
        (f"{row}\n" if row.endswith(":") else f"\t{row}\n").encode("latin-1") for row in rows
    )
