"""Watches inline sites: calls through keys that no trampoline sees.

A site that branches is pending from there, and the first function entered is
the target.  One that holds another instruction (a NULL or RET0 key) calls
nothing: executing it is the event.
"""

from __future__ import annotations

from transformer.corpus.symbols import HARNESS
from transformer.corpus.watch import Dispatch, Report, TrampolineWatcher, entries
from transformer.emulator import Arrival as At
from transformer.emulator import Image, InlineSite, Machine, StopHandler, Tables, inline_sites
from transformer.emulator.sites import CALL, CONDITIONAL, KEPT, NULL, RET0, read_site
from transformer.emulator.tables import KEY

_POISON = 0x5AD0_0BAD_5AD0_0BAD


class InlineWatcher(TrampolineWatcher):
    """For sites that branch to the target itself, or stand for it.

    ``void`` are the keys that return nothing.  ``executed`` are the addresses
    of the sites that were executed.  After a call through a site the registers
    that the ABI lets a target change are changed: whoever trusts them is seen.
    """

    def __init__(self, images: list[Image], keys: set[str], report: Report, void: set[str]) -> None:
        super().__init__(images, keys, report)
        self.executed: set[int] = set()
        self._void = void
        self._tables = Tables(images[0])
        self._starts = entries(images)
        self._now: Tables | None = None
        linked = [s for s in inline_sites(self._tables) if self._key(s) in keys]
        self._known = {s.start: s for s in linked}
        self._maybe: tuple[str, int] | None = None
        row = images[0].arch.registers
        self._scratch = [r for r in (*row.arguments, *row.scratch) if r not in row.returns]
        self._returning: dict[int, list[int]] = {}

    def _key(self, site: InlineSite) -> str:
        return self._tables.call_key_name(site.proxy.key) if site.proxy is not None else ""

    def inline_coverage(self) -> tuple[int, int]:
        image = self._tables.image
        own = {a for a in self._known if not _is_harness(image, a)}
        return len(own), len(own & self.executed)

    def begin(self) -> None:
        super().begin()
        self._maybe = None
        self._returning = {}

    def stops(self) -> dict[int, StopHandler]:
        return {**super().stops(), **dict.fromkeys(self._known, self._at_site)}

    # --- where a site leads ---

    def _at_site(self, machine: Machine, arrival: At) -> None:
        self._settle(machine, arrival)
        if arrival.address in self._starts:
            super().entered(machine, arrival)
        address = arrival.address
        self.executed.add(address)
        linked = self._known[address]
        key = self._key(linked)
        self._now = self._now or Tables(self._tables.image, machine)
        site = read_site(self._now, linked.entry)
        if site.effect in ("nothing", "zero", "return"):
            self._stands_for(machine, key, site)
        elif site.kind in (CONDITIONAL, KEPT):
            self._maybe = (key, address)
            self._stop_at(site.end, site.target)
        elif site.effect == "branch":
            self._push(key, address, 0)
            if site.kind == CALL:
                self._returning.setdefault(site.end, []).append(machine.sp)
                self._stop_at(site.end)

    def _stands_for(self, machine: Machine, key: str, site: InlineSite) -> None:
        """The event of a site that calls nothing: its instruction decides."""
        symbols = self._tables.image.symbols
        func = machine.pointer(symbols[KEY + key].address)
        nulls = {name: symbols[name].address for name in (NULL, RET0)}
        if site.effect != "zero" and key not in self._void:
            target = site.address  # no target returns what happens to be in a register
        elif func in nulls.values():
            target = func
        else:
            target = nulls[RET0 if site.effect == "zero" else NULL]
        back = site.end if site.kind == CALL else None
        self._report(machine, Dispatch(key, target, site.address, 0, back))

    # --- what comes after a site ---

    def _stop_at(self, *addresses: int | None) -> None:
        for address in addresses:
            if address is not None:
                self._live.setdefault(address, self._landed)

    def _landed(self, machine: Machine, arrival: At) -> None:
        self._settle(machine, arrival)
        if arrival.address in self._starts:
            super().entered(machine, arrival)

    def _settle(self, machine: Machine, arrival: At) -> None:
        """At each stop first: what the site before it, or a return, has left open."""
        maybe, self._maybe = self._maybe, None
        if maybe is not None and arrival.kind == "direct-jump" and arrival.previous == maybe[1]:
            self._push(*maybe, 0)
        stack = self._returning.get(arrival.address)
        if stack and arrival.kind == "return" and stack[-1] == machine.sp:
            stack.pop()
            for register in self._scratch:
                machine.set_reg(register, _POISON)

    def _arrived(self, machine: Machine, arrival: At) -> None:
        self._settle(machine, arrival)
        key = self._trampolines[arrival.address]
        if self._pending and self._pending[-1][0] == key and not self._pending[-1][2]:
            self._pending[-1] = (key, self._pending[-1][1], arrival.address)
            return
        super()._arrived(machine, arrival)

    def entered(self, machine: Machine, arrival: At) -> None:
        self._settle(machine, arrival)
        super().entered(machine, arrival)


def _is_harness(image: Image, address: int) -> bool:
    found = image.symbol_at(address)
    return found is not None and found[0].name.startswith(HARNESS)
