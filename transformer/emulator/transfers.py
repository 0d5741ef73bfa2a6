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


def authentication_row(arch: Arch, code: bytes) -> Authentication | None:
    """The row of arch.toml that these bytes fit, if they sign or authenticate."""
    for row in arch.authentication:
        word = int.from_bytes(code[: row.size], arch.byteorder)
        if len(code) >= row.size and word & row.mask == row.value:
            return row
    return None


#: By the number of an arch that is held here, and so keeps it (an arch is no key of a dict).
_SEEN: dict[int, tuple[Arch, dict[bytes, Transfer]]] = {}


def classify(arch: Arch, address: int, code: bytes) -> Transfer:
    """What the instruction at ``address`` does; ``code`` are bytes from there on."""
    known = _seen(arch)
    for size in range(arch.instruction_alignment, len(code) + 1, arch.instruction_alignment):
        if (found := known.get(code[:size])) is not None:
            return found
    bare = code.lstrip(arch.padding)
    if bare != code:
        padded = len(code) - len(bare)
        inner = classify(arch, address + padded, bare)
        if inner.kind != "next":
            return replace(inner, size=padded + inner.size)
    row = indirect_row(arch, code)
    if row is not None:
        kind = row.kind if row.kind == "return" else f"indirect-{row.kind}"
        return Transfer(kind, _size(arch, address, code), row=row)
    for branch in arch.branches.values():
        target = branch.decode(address, code)
        if target is not None:
            return Transfer(direct_kind(branch.is_call), branch.size, target)
    other = _by_groups(arch, address, code)
    if other is None:
        return Transfer("next", arch.instruction_alignment)
    known[code[: other.size]] = other
    return other


def _seen(arch: Arch) -> dict[bytes, Transfer]:
    """Instructions that the rows of arch.toml tell nothing of, which are most of a program.

    What one does hangs on its own bytes alone, so code that begins with one is that one.
    """
    found = _SEEN.get(id(arch))
    if found is None:
        found = _SEEN[id(arch)] = (arch, {})
    return found[1]


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


def _size(arch: Arch, address: int, code: bytes) -> int:
    instruction = next(decoder(arch).disasm(code, address, 1), None)
    return instruction.size if instruction is not None else arch.instruction_alignment


def _by_groups(arch: Arch, address: int, code: bytes) -> Transfer | None:
    instruction = next(decoder(arch).disasm(code, address, 1), None)
    if instruction is None:
        return None
    kind = "next"
    if instruction.group(capstone.CS_GRP_CALL):
        kind = "direct-call"
    elif instruction.group(capstone.CS_GRP_JUMP):
        kind = "direct-jump"
    return Transfer(kind, instruction.size)


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
        signs = authentication_row(self._arch, code)
        if signs is not None:
            found = replace(found, authentication=signs)
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
