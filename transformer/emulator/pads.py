"""Check 5: an indirect branch lands on a landing pad for its kind, with the type word before it.

Unicorn runs pads as hints and enforces none, so this looks at the bytes at
each place where an indirect branch lands.  Type words are checked by the code
that a compiler puts before its own indirect calls; what a trampoline or a site
goes to is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator

from transformer.arch import IndirectBranch
from transformer.emulator.code import code_of
from transformer.emulator.disassembly import disassemble
from transformer.emulator.events import Violation
from transformer.emulator.library import UcError
from transformer.emulator.machine import Machine
from transformer.emulator.sites import NULL, RET0
from transformer.emulator.tables import Tables
from transformer.emulator.transfers import Transfer


class PadCheck:
    """Attach it where indirect branches must land on pads.

    ``count`` is the number of branches seen that need one.  Each pair of
    branch and landing is reported once.
    """

    def __init__(self) -> None:
        self.count = 0
        self.violations: list[Violation] = []
        self._reported: set[tuple[int, int]] = set()

    def begin(self, machine: Machine) -> None:
        self._machine = machine
        self._transfers = machine.transfers
        self._pending: Transfer | None = None

    def step(self, address: int, previous: int) -> bool:
        if self._pending is not None:
            self._land(self._pending, address, previous)
        transfer = self._transfers[address]
        row = transfer.row
        self._pending = transfer if row is not None and row.needs_pad else None
        return self._pending is None

    def _land(self, transfer: Transfer, address: int, previous: int) -> None:
        self.count += 1
        assert transfer.row is not None
        if self._is_pad(address, transfer.row) or (previous, address) in self._reported:
            return
        self._reported.add((previous, address))
        describe = self._machine.describe
        message = (
            f"{transfer.kind} at {describe(previous)} lands on {describe(address)}, "
            f"which is no landing pad for it: {self._wanted(address, transfer.row)}"
        )
        self.violations.append(Violation("pads", message, address, describe(previous), previous))

    def _wanted(self, address: int, row: IndirectBranch) -> str:
        """What may stand there for this kind of branch, and what does."""
        arch = self._machine.arch
        pads = row.pads or arch.landing_pads
        names = ", ".join(self._names(p, address) for p in pads)
        try:
            here = self._machine.read(address, max(map(len, pads), default=1))
        except UcError:
            return f"there must be one of {names}, and there is nothing"
        aligned = f", aligned to {arch.pad_alignment} bytes" if arch.pad_alignment > 1 else ""
        return f"there must be one of {names}{aligned}, and there is {self._names(here, address)}"

    def _names(self, code: bytes, address: int) -> str:
        lines = list(disassemble(self._machine.arch, code, address, None))
        return f"{code.hex(' ')} ({lines[0].split('  ')[-1].strip()})" if lines else code.hex(" ")

    def _is_pad(self, address: int, row: IndirectBranch) -> bool:
        arch = self._machine.arch
        pads = row.pads or arch.landing_pads
        if address % arch.pad_alignment:
            return False
        try:
            return any(self._machine.read(address, len(p)) == p for p in pads)
        except UcError:  # the code ends before a pad would
            return False


class TypeWordCheck:
    """Attach it where compilers put a word before each function that tells its type.

    All that a key's trampoline and sites go to have the same word, ``offset``
    bytes before them; but for the stubs of NULL and RET0, which have any type,
    and functions without source lines or whose names begin with ``foreign``,
    which a harness defines as it likes.
    ``count`` is the number of arrivals compared.
    """

    def __init__(self, offset: int, foreign: str = "\0") -> None:
        self.count = 0
        self.violations: list[Violation] = []
        self._offset, self._foreign = offset, foreign
        self._machine: Machine | None = None
        self._words: dict[int, tuple[int, int]] = {}  # by trampoline: word, and whose it is

    def begin(self, machine: Machine) -> None:
        if self._machine is not machine:
            self._machine = machine
            self._keys: dict[int, int] = {}
            for image in machine.images:
                self._keys.update(_keys(Tables(image)))
            self._targets = _functions(machine, self._foreign) - set(self._keys)

    def step(self, address: int, previous: int) -> bool:
        if address in self._targets and previous in self._keys:
            self._arrived(self._keys[previous], address, previous)
        return address not in self._keys

    def _arrived(self, trampoline: int, address: int, previous: int) -> None:
        machine = self._machine
        assert machine is not None
        image = machine.image_at(address)
        if image is None or image.line_at(address) is None:
            return
        self.count += 1
        word = machine.integer(machine.read(address - self._offset, 4))
        known = self._words.setdefault(trampoline, (word, address))
        if known[0] == word:
            return
        del self._words[trampoline]
        describe = machine.describe
        message = (
            f"{describe(address)}, which {describe(trampoline)} goes to, has the type word "
            f"{word:#010x}, but {describe(known[1])} has {known[0]:#010x}: who calls it by a "
            "checked pointer traps"
        )
        self.violations.append(Violation("flow", message, address, describe(previous), previous))


def _keys(tables: Tables) -> Iterator[tuple[int, int]]:
    """Each instruction that may leave for a target, with its key's trampoline."""
    for trampoline in tables.trampolines:
        yield from ((a, trampoline) for a in range(*tables.body(trampoline)))
    for entry in tables.call_sites:
        proxy = tables.proxy_at.get(entry.proxy)
        if proxy is not None and not entry.is_way:
            start = code_of(tables.image).start_of(entry.code) or entry.code
            yield start, proxy.trampoline
            yield entry.code, proxy.trampoline


def _functions(machine: Machine, foreign: str) -> set[int]:
    """What may be a target, and has a type."""
    symbols = [s for i in machine.images for s in i.all_symbols if s.kind == "func"]
    outside = {s.address for s in symbols if s.name in (NULL, RET0) or s.name.startswith(foreign)}
    return {s.address for s in symbols} - outside
