"""What an arch is, as data: the typed form of ``templates/<arch>/arch.toml``.

Nothing here knows any particular arch.  Machine code is held as little- or
big-endian integers of ``size`` bytes, addresses as plain ints.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from transformer.arch.assembly import Assembly
from transformer.arch.frames import Authentication, Unwind

ByteOrder = Literal["little", "big"]


@dataclass(frozen=True)
class Field:
    """One run of bits of a branch displacement inside an instruction word.

    Bits ``shift .. shift + width - 1`` of the displacement stand at bits
    ``position .. position + width - 1`` of the instruction.
    """

    shift: int
    width: int
    position: int


@dataclass(frozen=True)
class Branch:
    """A direct pc-relative branch: how its displacement is stored.

    ``base`` is the instruction with a displacement of 0, ``bias`` what is
    added to the instruction's address to give the pc that it is relative to
    (x86 counts from the next instruction).  The displacement is signed.
    ``ignored`` are bits that may have any value, such as a condition.  A row
    whose name begins with "call" is a call, any other a jump.
    """

    name: str
    base: int
    size: int
    bias: int
    fields: tuple[Field, ...]
    byteorder: ByteOrder
    ignored: int = 0

    @property
    def is_call(self) -> bool:
        return self.name.startswith("call")

    @cached_property
    def mask(self) -> int:
        """The bits of the instruction that hold the displacement."""
        return sum(((1 << f.width) - 1) << f.position for f in self.fields)

    @cached_property
    def _fixed(self) -> int:
        """The bits of the instruction that tell it from others."""
        return ~(self.mask | self.ignored)

    @cached_property
    def bits(self) -> int:
        """Width of the signed displacement in bits, low zero bits included."""
        return max(f.shift + f.width for f in self.fields)

    @cached_property
    def step(self) -> int:
        """The displacement is a multiple of this many bytes."""
        return 1 << min(f.shift for f in self.fields)

    def displacement(self, source: int, target: int) -> int:
        return target - (source + self.bias)

    def reaches(self, source: int, target: int) -> bool:
        """Whether one such branch at ``source`` can go to ``target``."""
        distance = self.displacement(source, target)
        limit = 1 << (self.bits - 1)
        return -limit <= distance < limit and distance % self.step == 0

    def encode(self, source: int, target: int) -> bytes:
        """The instruction's bytes; ``ValueError`` where it is out of reach."""
        if not self.reaches(source, target):
            raise ValueError(f"{self.name} at {source:#x} does not reach {target:#x}")
        distance = self.displacement(source, target)
        word = self.base
        for f in self.fields:
            word |= ((distance >> f.shift) & ((1 << f.width) - 1)) << f.position
        return word.to_bytes(self.size, self.byteorder)

    def decode(self, source: int, code: bytes) -> int | None:
        """Where the branch in ``code`` goes, or None if it is no such branch."""
        if len(code) < self.size:
            return None
        word = int.from_bytes(code[: self.size], self.byteorder)
        if word & self._fixed != self.base:
            return None
        distance = 0
        for f in self.fields:
            distance |= ((word >> f.position) & ((1 << f.width) - 1)) << f.shift
        if distance >> (self.bits - 1):
            distance -= 1 << self.bits
        return source + self.bias + distance


@dataclass(frozen=True)
class Pair:
    """A direct branch made of two instructions: one adds to the pc, one branches.

    Both displacements are signed and stand in the word of both instructions,
    the first one lowest; their sum counts from the first.  ``kind`` is call or
    jump, ``second`` how far behind the first the branching one stands.
    """

    kind: str
    mask: int
    value: int
    size: int
    second: int
    high: Field
    low: Field

    def decode(self, source: int, code: bytes) -> int | None:
        """Where the pair in ``code`` at ``source`` goes, or None if it is none."""
        if len(code) < self.size:
            return None
        word = int.from_bytes(code[: self.size], "little")
        if word & self.mask != self.value:
            return None
        return source + sum(_signed(word, f) for f in (self.high, self.low))


def _signed(word: int, field: Field) -> int:
    value = (word >> field.position) & ((1 << field.width) - 1)
    if value >> (field.width - 1):
        value -= 1 << field.width
    return value << field.shift


@dataclass(frozen=True)
class Instruction:
    """A fixed instruction by its bytes, such as the arch's patchable NOP."""

    name: str
    code: bytes

    @property
    def size(self) -> int:
        return len(self.code)


@dataclass(frozen=True)
class Form:
    """What may stand in a patched place, by the names of the instructions.

    ``states`` names rows of ``Arch.branches`` and ``Arch.instructions``; any
    of them may replace any other by one store while other CPUs run the code.
    """

    place: str
    states: tuple[str, ...]


@dataclass(frozen=True)
class Variant:
    """One way in which the corpus is compiled for an arch.

    ``pads`` tells that indirect branches must land on a landing pad,
    ``retpolines`` that none is made but by a retpoline, and ``type_word`` is
    how many bytes before a function the word stands that tells its type, for
    compilers that check it; 0: there is none.  Where ``compilers`` are named,
    only these families can do so, and where ``modes`` are, it is for these.
    """

    name: str
    cflags: tuple[str, ...]
    ldflags: tuple[str, ...]
    pie: bool
    pads: bool
    compilers: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    retpolines: bool = False
    type_word: int = 0


@dataclass(frozen=True)
class Registers:
    """Registers by the emulator's names; ``link`` is None where calls push."""

    pc: str
    sp: str
    link: str | None
    arguments: tuple[str, ...]
    returns: tuple[str, ...]
    callee_saved: tuple[str, ...]
    variadic: tuple[str, ...] = ()  # tell a variadic callee about its arguments
    scratch: tuple[str, ...] = ()  # others that a call may change, and that return nothing


@dataclass(frozen=True)
class Snippet:
    """A tiny piece of code for the emulator's self-test, and its assembly."""

    code: bytes
    assembly: str


@dataclass(frozen=True)
class IndirectBranch:
    """How an indirect branch is told from other instructions, by its bits.

    ``kind`` is call, jump or return, or none for bits that only look like one
    of the rows that follow; ``needs_pad`` whether the place where it
    lands must be a landing pad when those are on.  ``pads`` are the pads that
    this branch may land on, where they are not those of the arch.  Rows are
    tried in their order.
    """

    kind: str
    mask: int
    value: int
    size: int
    needs_pad: bool
    pads: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Synchronise:
    """One instruction that the arch demands after a store to code, by its bits.

    One that ``closes`` belongs to an update: it comes once, after its last
    store.  The others belong to each store.  Where it takes an address, its low
    bits are the number of the register, ``operand`` that register's name, and
    the address must lie in the same ``line`` bytes as the store.

    ``Arch.publish`` has rows of the same kind: barriers of which each is enough
    between a store to data and a later store to code, for a CPU that fetches
    the new code to load the new data.  Without any, all CPUs must be made to
    see the data before the code is stored.
    """

    what: str
    mask: int
    value: int
    size: int
    operand: str = ""
    line: int = 0
    closes: bool = False


@dataclass(frozen=True)
class Breakpoint:
    """An instruction that traps, and that one store can put over the start of any other.

    The pc that a trap reports is ``behind`` bytes behind it.
    """

    code: bytes
    behind: int


@dataclass(frozen=True)
class TextProperty:
    """A protection bit of code pages that all of an object has or none of it.

    ``type`` and ``bit`` say which GNU property tells of it, ``protection`` is
    mprotect's bit, ``hwcap2`` the number of the bit in AT_HWCAP2.
    """

    name: str
    source: str
    type: int
    bit: int
    protection: int
    hwcap2: int


@dataclass(frozen=True)
class Emulation:
    """Names in Unicorn's and capstone's modules, and the stack's rules.

    ``setup`` gives registers their values before the first run, ``conditions``
    are values of the flags such that each condition holds in one and not in
    another.
    ``setup_symbols`` the address of a linker's symbol, where there is one.
    ``snippets`` are the self-test's: return, one and two (which load the first
    return register), store (a word, the second argument to where the first
    points), trap, and jump_register (to the first argument).
    """

    unicorn_arch: str
    unicorn_mode: tuple[str, ...]
    unicorn_prefix: str
    unicorn_cpu: str
    capstone_arch: str
    capstone_mode: tuple[str, ...]
    stack_alignment: int
    stack_bias_at_entry: int
    setup: tuple[tuple[str, int], ...]
    conditions: tuple[tuple[tuple[str, int], ...], ...]
    setup_symbols: tuple[tuple[str, str], ...]
    snippets: dict[str, Snippet]


@dataclass(frozen=True)
class InlineAsm:
    """What passes integers and pointers to a call that is asm, by the assembler's names."""

    arguments: tuple[str, ...]
    result: str


@dataclass(frozen=True)
class Toolchain:
    """What compilers call the arch."""

    triples: tuple[str, ...]
    cross_gcc: tuple[str, ...]
    cross_gcc_package: str
    zig_target: str
    condition: str
    cflags: tuple[str, ...]
    ldflags: tuple[str, ...]


@dataclass(frozen=True)
class Arch:
    """All that the project knows of one arch."""

    name: str
    folder: Path
    title: str
    machines: tuple[str, ...]
    elf_machine: str
    elf_class: int
    byteorder: ByteOrder
    pointer_size: int
    instruction_alignment: int
    unit: int
    modes: tuple[str, ...]
    default_mode: str
    dynamic_lowering: str
    branches: dict[str, Branch]
    pairs: tuple[Pair, ...]
    instructions: dict[str, Instruction]
    forms: dict[str, Form]
    landing_pads: tuple[bytes, ...]
    pad_alignment: int
    trampoline_end: bytes
    trampoline_block: int  # each lies within one aligned block of this size; 0: anywhere
    padding: bytes  # a prefix without a meaning: sites are aligned by it
    indirect: tuple[IndirectBranch, ...]
    authentication: tuple[Authentication, ...]
    registers: Registers
    unwind: Unwind
    emulation: Emulation
    toolchain: Toolchain
    variants: tuple[Variant, ...]
    hardened: tuple[Variant, ...]  # others, which check or avoid indirect branches
    relocations: tuple[int, ...]
    symbolic_relocations: tuple[int, ...]
    synchronise: tuple[Synchronise, ...]
    publish: tuple[Synchronise, ...]
    text_property: TextProperty | None
    breakpoint: Breakpoint | None
    assembly: Assembly | None
    inline_asm: InlineAsm | None

    def branch(self, name: str) -> Branch:
        return self.branches[name]

    def instruction(self, name: str) -> Instruction:
        return self.instructions[name]
