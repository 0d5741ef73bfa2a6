"""How control leaves an instruction: direct or indirect, call, jump or return.

Known by the rows of arch.toml; what those do not tell (short jumps, prefixed
calls) capstone's groups do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import capstone

from transformer.arch import Arch, Authentication, IndirectBranch
from transformer.emulator.disassembly import decoder
from transformer.emulator.events import Arrival
from transformer.emulator.image import Image, ImageError
from transformer.emulator.library import UcError

UNREADABLE: tuple[type[Exception], ...] = (UcError, ImageError)
LONGEST = 15  # bytes of an instruction, on any arch


@dataclass(frozen=True)
class Transfer:
    """``kind`` is next, direct-call, direct-jump, indirect-call, indirect-jump or return.

    ``target`` is that of a direct branch as far as the arch's rows tell it,
    ``row`` the indirect branch's, ``size`` the instruction's.  ``authentication``
    is what it does to a return address that is signed.
    """

    kind: str
    size: int
    target: int | None = None
    row: IndirectBranch | None = None
    authentication: Authentication | None = None

    @cached_property
    def turns(self) -> bool:
        """Whether it may change the calls under way, or branches indirectly."""
        return self.kind not in ("next", "direct-jump")


class _Known:
    """What one arch's instructions do, as they do it at address 0, by their bytes.

    What one does hangs on its own bytes alone, so code that begins with one is that one.
    """

    def __init__(self, arch: Arch) -> None:
        self.arch = arch
        step = arch.instruction_alignment
        self._sizes = range(step, LONGEST + 1, step)
        self._by_code: dict[bytes, Transfer] = {}

    def find(self, code: bytes) -> Transfer:
        known = self._by_code
        for size in self._sizes:
            if (found := known.get(code[:size])) is not None:
                return found
        size, found = _read(self.arch, code)
        if size:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            known[code[:size]] = found
        return found


_MOST_KNOWN = 50_000
#: By the number of an arch that is held here, and so keeps it (an arch is no key of a dict).
_KNOWN: dict[int, _Known] = {}


def classify(arch: Arch, address: int, code: bytes) -> Transfer:
    """What the instruction at ``address`` does; ``code`` are bytes from there on."""
    known = _KNOWN.get(id(arch)) or _KNOWN.setdefault(id(arch), _Known(arch))
    found = known.find(code)
    if found.target is None:
        return found
    return replace(found, target=address + found.target)


def _read(arch: Arch, code: bytes) -> tuple[int, Transfer]:
    """What stands at address 0, and how many bytes tell so; 0 where it is no instruction."""
    bare = code.lstrip(arch.padding)
    padded = len(code) - len(bare)
    if padded:
        size, inner = _read(arch, bare)
        if inner.kind != "next":
            target = inner.target + padded if inner.target is not None else None
            return padded + size, replace(inner, size=padded + inner.size, target=target)
    size, found = _by_rows(arch, code) or _by_groups(arch, code)
    row = _authentication(arch, code)
    if row is not None:
        return max(size, row.size), replace(found, authentication=row)
    return size, found


def _by_rows(arch: Arch, code: bytes) -> tuple[int, Transfer] | None:
    row = indirect_row(arch, code)
    if row is not None:
        kind = row.kind if row.kind == "return" else f"indirect-{row.kind}"
        size = _by_groups(arch, code)[1].size
        return max(size, row.size), Transfer(kind, size, row=row)
    for branch in arch.branches.values():
        target = branch.decode(0, code)
        if target is not None:
            return branch.size, Transfer(direct_kind(branch.is_call), branch.size, target)
    return None


def _authentication(arch: Arch, code: bytes) -> Authentication | None:
    """The row of arch.toml that these bytes fit, if they sign or authenticate."""
    for row in arch.authentication:
        word = int.from_bytes(code[: row.size], arch.byteorder)
        if len(code) >= row.size and word & row.mask == row.value:
            return row
    return None


def direct_kind(is_call: bool) -> str:
    return "direct-call" if is_call else "direct-jump"


def pair_before(arch: Arch, branching: int, fetch: Callable[[int, int], bytes]) -> Transfer | None:
    """The direct branch of two instructions of which the second is at ``branching``."""
    for pair in arch.pairs:
        start = branching - pair.second
        try:
            target = pair.decode(start, fetch(start, pair.size))
        except UNREADABLE:
            continue
        if target is not None:
            kind = direct_kind(pair.kind == "call")
            return Transfer(kind, pair.size - pair.second, target)
    return None


def indirect_row(arch: Arch, code: bytes) -> IndirectBranch | None:
    """The first row of arch.toml that these bytes fit."""
    for row in arch.indirect:
        if len(code) >= row.size:
            word = int.from_bytes(code[: row.size], arch.byteorder)
            if word & row.mask == row.value:
                return row if row.kind != "none" else None
    return None


def _by_groups(arch: Arch, code: bytes) -> tuple[int, Transfer]:
    instruction = next(decoder(arch, groups=True).disasm(code, 0, 1), None)
    if instruction is None:
        return 0, Transfer("next", arch.instruction_alignment)
    groups = instruction.groups
    kind = "next"
    if capstone.CS_GRP_CALL in groups:
        kind = "direct-call"
    elif capstone.CS_GRP_JUMP in groups:
        kind = "direct-jump"
    return instruction.size, Transfer(kind, instruction.size)


class Transfers(dict[int, Transfer]):
    """Transfers by address, read when first asked for; drop what is overwritten.

    ``quiet`` are instructions that no observer has anything to do at.
    """

    def __init__(self, arch: Arch, fetch: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self.quiet: set[int] = set()
        self._arch = arch
        self._fetch = fetch
        self._images: Sequence[Image] = ()
        self._written: set[int] = set()

    def __missing__(self, address: int) -> Transfer:
        code = self._code(address)
        found = classify(self._arch, address, code)
        if found.row is not None:
            found = pair_before(self._arch, address, self._fetch) or found
        self[address] = found
        return found

    def read_from(self, images: Sequence[Image]) -> None:
        """Takes code from the images themselves: ``overwritten`` is told of each change."""
        self._images = images

    def overwritten(self, address: int, size: int) -> None:
        """Forgets the instructions that these bytes may belong to."""
        for start in range(address - LONGEST, address + size):
            self._written.add(start)
            self.pop(start, None)
            self.quiet.discard(start)

    def arrival(self, address: int, previous: int) -> Arrival:
        """How the CPU came to ``address`` from ``previous``, which it executed last (0: none)."""
        if not previous:
            return Arrival(address, 0, "start")
        transfer = self[previous]
        kind = transfer.kind
        follows = address == previous + transfer.size
        if kind == "next" and not follows:
            kind = "direct-jump"
        elif kind == "direct-jump" and follows and transfer.target != address:
            kind = "next"  # a conditional branch that was not taken
        return Arrival(address, previous, kind)

    def _code(self, address: int) -> bytes:
        """Up to ``LONGEST`` bytes, fewer where the memory ends."""
        if address not in self._written:
            for image in self._images:
                section = image.section_at(address)
                if section is not None and address + LONGEST <= section.end:
                    offset = address - section.address
                    return section.data[offset : offset + LONGEST]
        for size in (LONGEST, 8, 4, 2, 1):
            try:
                return self._fetch(address, size)
            except UNREADABLE:
                continue
        return b""
