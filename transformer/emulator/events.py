"""What a machine tells: arrivals, outcomes, and who may look on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from transformer.emulator.machine import Machine


@dataclass(frozen=True)
class Arrival:
    """The machine is about to execute ``address``; ``previous`` is the last that it executed.

    ``kind`` is direct-call, direct-jump, indirect-call, indirect-jump, return,
    next, or start (``previous`` is then 0).
    """

    address: int
    previous: int
    kind: str


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    ``returned``: it came back to its return address, with its stack, and
    nothing was wrong.  ``pc`` is that of the last instruction otherwise (or of
    the next one, where a machine that does not step took an exception).
    ``instructions`` are counted by a stepping machine alone.
    """

    status: str
    pc: int
    detail: str
    instructions: int
    trace: list[int] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.status == "returned"


@dataclass(frozen=True)
class CodeWrite:
    """A store of the guest into code, before it is done."""

    pc: int
    address: int
    size: int
    value: int


StopHandler = Callable[["Machine", Arrival], None]
ReadHandler = Callable[["Machine", int, int], None]


@dataclass(frozen=True)
class ReadWatch:
    """``handler(machine, address, size)`` is called before each load that begins in the range.

    It runs inside of a hook: it may read, not write; ``machine.current`` is
    the address of the loading instruction.
    """

    start: int
    size: int
    handler: ReadHandler


class Observer(Protocol):
    """Sees each instruction of a stepping machine before it is executed."""

    def begin(self, machine: Machine) -> None:
        """Called when it is attached, and before each run."""

    def step(self, address: int, previous: int) -> bool | None:
        """``previous`` is the instruction executed before, 0 at the start of a run.

        True promises that this instruction is nothing to the observer, and that it
        waits for nothing: it need not be told when the same comes again while no
        observer waits, until code there is overwritten.  A store that the machine
        tells of ends the waiting for nothing.
        """


@dataclass(frozen=True)
class Violation:
    """A broken rule that an observer saw.

    ``pc`` is where it shows, ``site`` describes the instruction that led there
    and ``site_address`` is its address.
    """

    check: str
    message: str
    pc: int
    site: str
    site_address: int
