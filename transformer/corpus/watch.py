"""Watches a running program for calls through keys (DESIGN §7, "The oracle").

Where a site loads the slot itself (the plain build and mode ``generic``), a
read of the slot makes the key pending, and the first indirect entry at what
was read is the event.  Where it calls a trampoline, that arrival makes the key
pending, and the first function entered from there is the target.  Inline sites
are in ``transformer.corpus.inline``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from transformer.corpus.harness import FAR, NEAR
from transformer.corpus.symbols import HARNESS, is_runtime
from transformer.emulator import Arrival as At
from transformer.emulator import Image, Machine, ReadWatch, StopHandler
from transformer.emulator.sites import NULL, RET0
from transformer.emulator.tables import KEY, TRAMPOLINE

_PIECES = (".cold", ".part.")


@dataclass(frozen=True)
class Dispatch:
    """A call through a key.  ``target`` is an address, ``trampoline`` 0 where none was used.

    ``back`` is where the target would return to, where a site stands for it
    that calls nothing; None where the target has been called.
    """

    key: str
    target: int
    site: int
    trampoline: int = 0
    back: int | None = None


Report = Callable[[Machine, Dispatch], None]


def entries(images: list[Image]) -> set[int]:
    """Where functions begin that may be a key's target."""
    return {
        s.address for i in images for s in i.all_symbols if s.kind == "func" and _target(s.name)
    }


def _target(name: str) -> bool:
    if name.startswith(HARNESS):
        return name.startswith((NEAR, FAR))
    if name in (NULL, RET0):
        return True
    return not (name.startswith(TRAMPOLINE) or is_runtime(name) or any(p in name for p in _PIECES))


class Watcher(ABC):
    """What both ways have in common: what is pending, and where a target may be entered.

    The machine stops at functions' entries only while a key is pending: stops
    cost more than all else, and a program enters functions all the time.
    """

    def __init__(self, images: list[Image], report: Report) -> None:
        self._images = images
        self._report = report
        self._entries: dict[int, StopHandler] = dict.fromkeys(entries(images), self.entered)
        self._live: dict[int, StopHandler] = {}
        self._pending: list[tuple[str, int, int]] = []

    def begin(self) -> None:
        """A step starts: nothing is pending."""
        self._pending = []
        self._unfollow()

    def follow(self, stops: dict[int, StopHandler]) -> None:
        """Takes the stops of the runs to come, to add to and take from.

        Those that are in it already stay, and call ``entered`` themselves.
        """
        self._entries = {a: h for a, h in self._entries.items() if a not in stops}
        self._live = stops

    def stops(self) -> dict[int, StopHandler]:
        """Where the machine must always stop."""
        return {}

    def reads(self) -> list[ReadWatch]:
        """Which loads it must tell of."""
        return []

    def pending(self) -> list[str]:
        """Keys that were used and whose target never came."""
        return []

    def pending_site(self) -> int:
        """Where the last of those was used; 0 where there is none."""
        return 0

    def inline_coverage(self) -> tuple[int, int]:
        """How many patched sites the case has, and how many of them were executed."""
        return 0, 0

    @abstractmethod
    def entered(self, machine: Machine, arrival: At) -> None:
        """A function was entered."""

    def _push(self, key: str, one: int, other: int) -> None:
        if not self._pending:
            self._live.update(self._entries)
        self._pending.append((key, one, other))

    def _unfollow(self) -> None:
        for address in self._entries:
            self._live.pop(address, None)


class SlotWatcher(Watcher):
    """For sites that load the slot and call what they found."""

    def __init__(self, images: list[Image], keys: set[str], report: Report) -> None:
        super().__init__(images, report)
        symbols = images[0].symbols
        self._slots = {symbols[KEY + k].address: k for k in sorted(keys) if KEY + k in symbols}

    def reads(self) -> list[ReadWatch]:
        if not self._slots:
            return []
        first, last = min(self._slots), max(self._slots)
        return [ReadWatch(first, last - first + 1, self._read)]

    def _read(self, machine: Machine, address: int, size: int) -> None:
        key = self._slots.get(address)
        if key is None or size != machine.arch.pointer_size:
            return
        here = machine.current
        found = next((f for i in self._images if (f := i.symbol_at(here))), None)
        if found is None or not is_runtime(found[0].name):
            self._push(key, machine.pointer(address), here)

    def entered(self, machine: Machine, arrival: At) -> None:
        # A retpoline returns to where it goes.
        if not arrival.kind.startswith("indirect") and arrival.kind != "return":
            return
        for index in range(len(self._pending) - 1, -1, -1):
            key, value, _ = self._pending[index]
            if value == arrival.address:
                del self._pending[index]
                if not self._pending:
                    self._unfollow()
                self._report(machine, Dispatch(key, arrival.address, arrival.previous))
                return


class TrampolineWatcher(Watcher):
    """For sites that call or jump to a trampoline."""

    def __init__(self, images: list[Image], keys: set[str], report: Report) -> None:
        super().__init__(images, report)
        self._trampolines = {
            s.address: s.name.removeprefix(TRAMPOLINE)
            for s in images[0].all_symbols
            if s.name.startswith(TRAMPOLINE) and s.name.removeprefix(TRAMPOLINE) in keys
        }

    def stops(self) -> dict[int, StopHandler]:
        return dict.fromkeys(self._trampolines, self._arrived)

    def pending(self) -> list[str]:
        return [key for key, _, _ in self._pending]

    def pending_site(self) -> int:
        return self._pending[-1][1] if self._pending else 0

    def _arrived(self, machine: Machine, arrival: At) -> None:
        if arrival.kind not in ("return", "next"):
            self._push(self._trampolines[arrival.address], arrival.previous, arrival.address)

    def entered(self, machine: Machine, arrival: At) -> None:
        if not self._pending:
            return
        key, site, trampoline = self._pending.pop()
        if not self._pending:
            self._unfollow()
        self._report(machine, Dispatch(key, arrival.address, site, trampoline))
