"""What one update did to memory, in order: the writer's side of the model."""

from __future__ import annotations

from dataclasses import dataclass, field

STORE, DATA, PUBLISH, BARRIER = "store", "data", "publish", "barrier"
SYNC, MAINTAIN, BEGIN, END = "sync", "maintain", "begin", "end"


@dataclass(frozen=True)
class Event:
    """One thing that the updating CPU did.

    store: ``address`` is that of a unit of code, ``old`` and ``new`` the whole
    unit's bytes; the store itself wrote ``size`` bytes at ``at``.  data: the
    same for a word that decides where places go.  publish: all CPUs see data
    stored before; barrier: those do that fetch code stored later.  sync: all
    fetch anew.  maintain: one instruction of ``arch.synchronise``, ``what`` its
    name and ``address`` what it was given.  begin and end are those of the
    update.  ``pc`` is the instruction that did it.
    """

    kind: str
    address: int = 0
    old: bytes = b""
    new: bytes = b""
    pc: int = 0
    at: int = 0
    size: int = 0
    what: str = ""


@dataclass(frozen=True)
class WriteLog:
    """One update.  ``values`` are subjects' (before, after), by their address.

    A subject is a word that decides where places go: a call's target, a static
    key's count.  ``later`` holds what later updates found, of code and data
    that this one did not touch, where memory has their values by now.
    """

    label: str
    events: tuple[Event, ...]
    values: dict[int, tuple[int, int]]
    later: dict[int, bytes] = field(default_factory=dict)

    @property
    def stores(self) -> list[Event]:
        return [e for e in self.events if e.kind == STORE]

    @property
    def touched(self) -> set[int]:
        """Units and words that it stored to."""
        return {e.address for e in self.events if e.kind in (STORE, DATA)}

    @property
    def changed(self) -> set[int]:
        """The subjects that it changed, or stored to."""
        moved = {a for a, (old, new) in self.values.items() if old != new}
        return moved | {e.address for e in self.events if e.kind == DATA}

    def signature(self) -> tuple[object, ...]:
        """The same for updates that do the same to the same memory."""
        events = tuple((e.kind, e.address, e.old, e.new, e.at, e.what) for e in self.events)
        moved = tuple(sorted((a, v) for a, v in self.values.items() if a in self.changed))
        return events, moved


def in_order(logs: list[WriteLog]) -> list[WriteLog]:
    """The logs with ``later`` filled in from those that follow."""
    later: dict[int, bytes] = {}
    found: list[WriteLog] = []
    for log in reversed(logs):
        found.append(WriteLog(log.label, log.events, log.values, dict(later)))
        for event in reversed(log.events):
            if event.kind in (STORE, DATA):
                later[event.address] = event.old
    return found[::-1]


def follows(first: WriteLog, second: WriteLog) -> bool:
    """Whether the second update can happen right behind the first.

    They store to the same memory, and the second finds there, and in what
    decides, what the first has left.
    """
    if first.touched != second.touched or first.values.keys() != second.values.keys():
        return False
    left = {e.address: e.new for e in first.events if e.kind in (STORE, DATA)}
    found = {e.address: e.old for e in reversed(second.events) if e.kind in (STORE, DATA)}
    moved = first.changed | second.changed
    return left == found and all(first.values[a][1] == second.values[a][0] for a in moved)
