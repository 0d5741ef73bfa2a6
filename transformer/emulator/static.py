"""Check 7: what can be seen of a linked program without running it.

Given a running program's memory, the same is checked of that as it is now: tables are
sorted, and each patched place holds what its key asks for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from transformer.arch import Arch
from transformer.arch.modes import PATCHED_MODES, TRAMPOLINE_MODES
from transformer.emulator.code import code_of
from transformer.emulator.image import Image
from transformer.emulator.islands import islands
from transformer.emulator.patched import PatchedPlace, read_place
from transformer.emulator.problem import Problem, StaticReport
from transformer.emulator.sites import SiteCheck
from transformer.emulator.states import StateCheck
from transformer.emulator.tables import (
    GUARDS,
    KEY,
    PROXIES,
    PROXY_PATCHED,
    TRAMPOLINE,
    Guard,
    Memory,
    Proxy,
    Tables,
)
from transformer.emulator.transfers import LONGEST, classify

_STUB_PREFIXES = ("__static_call_", "__sc_")
# What GNU ld and LLVM call the islands that they put in for branches out of reach.
_VENEER = re.compile(r"_veneer$|^__.*Thunk_|^\d+\.(long_branch|plt_branch|plt_call)\b")


def static_check(
    image: Image, arch: Arch, mode: str, pads: bool, memory: Memory | None = None
) -> StaticReport:
    """Checks one image.  ``pads``: indirect branches must land on landing pads."""
    checker = _Checker(image, arch, mode, pads, memory)
    problems = [
        *checker.relocations(),
        *checker.symbols(),
        *checker.proxies(),
        *checker.guards(),
        *checker.branches(),
        *checker.sites(),
        *checker.states(),
    ]
    return StaticReport(dict(checker.counts), problems)


class _Checker:
    def __init__(
        self, image: Image, arch: Arch, mode: str, pads: bool, memory: Memory | None
    ) -> None:
        self.image = image
        self.arch = arch
        self.mode = mode
        self.pads = pads
        self.live = memory is not None
        self.memory: Memory = memory if memory is not None else image
        self.tables = Tables(image, memory)
        self.code = code_of(image)
        self.counts: Counter[str] = Counter(
            dict.fromkeys(("relocations", "symbols", "trampolines", "guards", "sites"), 0)
        )

    # --- the file ---

    def relocations(self) -> Iterator[Problem]:
        self.counts["relocations"] = self.image.relocated + len(self.image.left_relocations)
        for left in self.image.left_relocations:
            against = f" against {left.symbol}" if left.symbol else ""
            message = f"a relocation of type {left.type}{against} is left, which is not relative"
            yield Problem(message, self.image.describe(left.address), left.address)

    def symbols(self) -> Iterator[Problem]:
        for symbol in self.image.all_symbols:
            self.counts["symbols"] += 1
            if _VENEER.search(symbol.name):
                message = f"{symbol.name} is a linker's veneer: a branch was out of reach"
                yield Problem(message, symbol.name, symbol.address)

    # --- trampolines ---

    def proxies(self) -> Iterator[Problem]:
        yield from self._whole(PROXIES, self.tables.proxy_size)
        proxies = self.tables.proxies
        if self.mode not in TRAMPOLINE_MODES and proxies:
            yield Problem(f"mode {self.mode} has no trampolines, but here are proxies", PROXIES)
        seen: dict[int, Proxy] = {}
        for index, proxy in enumerate(proxies):
            self.counts["trampolines"] += 1
            if proxy.trampoline in seen:
                site = self._proxy_site(index, proxy)
                yield Problem("two proxies have one trampoline", site, proxy.trampoline)
            seen[proxy.trampoline] = proxy
            for message in self._proxy(proxy):
                yield Problem(message, self._proxy_site(index, proxy), proxy.trampoline)
        for address, name in self.tables.trampolines.items():
            if address not in seen:
                site = TRAMPOLINE + name
                yield Problem(
                    "no proxy names this trampoline: no update comes to it", site, address
                )

    def _proxy_site(self, index: int, proxy: Proxy) -> str:
        return f"{self.image.describe(proxy.trampoline)}, {PROXIES}[{index}]"

    def _proxy(self, proxy: Proxy) -> Iterator[str]:
        yield from self._names(proxy)
        patched = bool(proxy.flags & PROXY_PATCHED)
        if patched != (self.mode in PATCHED_MODES):
            yield f"its proxy says {'' if patched else 'not '}to patch it, in mode {self.mode}"
        if not self._executable(proxy.trampoline):
            yield f"its proxy points at {proxy.trampoline:#x}, where no code is"
            return
        yield from self._key(proxy)
        if self.live:
            yield from self._listed(proxy)
        yield from self._entry(proxy)
        yield from self._patchable(proxy, patched)
        yield from self._slot_path(proxy)

    def _names(self, proxy: Proxy) -> Iterator[str]:
        names = {s.name for s in self.image.all_symbols if s.address == proxy.trampoline}
        if not names:
            yield "no symbol names this trampoline"
        key = self.tables.call_key_name(proxy.key)
        for name in sorted(names):
            own = name.removeprefix(TRAMPOLINE)
            if name.startswith(TRAMPOLINE) and own != key:
                yield f"its proxy names the key {key}, not {own}"

    def _key(self, proxy: Proxy) -> Iterator[str]:
        if not proxy.key:
            yield "its proxy names no key"
            return
        if proxy.key % self.arch.pointer_size:
            yield f"its slot at {proxy.key:#x} is not aligned"
        found = self.image.symbol_at(proxy.key)
        if found is None:  # in another object
            return
        if not found[0].name.startswith(KEY) or found[1]:
            yield f"its proxy's key is {self.image.describe(proxy.key)}, not the start of a key"
        target = self.memory.pointer(proxy.key)
        if not target:
            yield "its key holds NULL"
        elif self.pads and self._executable(target) and not self._pad(target):
            yield f"its target {self.image.describe(target)} starts with no landing pad"

    def _listed(self, proxy: Proxy) -> Iterator[str]:
        """Once the runtime has started: the key knows it, or updates pass it by."""
        link, seen = self.arch.pointer_size, set[int]()
        if self.image.section_at(proxy.key) is None:  # in another object
            return
        at = self.memory.pointer(proxy.key + link)
        while at and at not in seen and at != proxy.address:
            seen.add(at)
            at = self.memory.pointer(at + link)
        if at != proxy.address:
            yield "its key's list of proxies lacks its own: no update comes to it"

    def _entry(self, proxy: Proxy) -> Iterator[str]:
        pad = self._pad(proxy.trampoline)
        if self.pads and not pad:
            yield "it starts with no landing pad"
        if proxy.insn != proxy.trampoline + len(pad):
            where = f"{proxy.insn - proxy.trampoline:+#x}"
            yield f"its patchable instruction is at {where}, not behind {len(pad)} bytes of pad"

    def _patchable(self, proxy: Proxy, patched: bool) -> Iterator[str]:
        start, end = self.tables.body(proxy.trampoline)
        place = read_place(self.arch, "trampoline", self.memory, proxy.insn)
        if not start <= proxy.insn < end:
            yield f"its patchable instruction at {proxy.insn:#x} lies outside of it"
            return
        block = self.arch.trampoline_block
        if block and start // block != (end - 1) // block:
            yield f"it lies across two aligned blocks of {block} bytes, from {start:#x} on"
        yield from place.problems()
        if place.state is None:
            return
        if not self.live or not patched:
            if place.state != "nop":
                yield f"its patchable instruction is a {place.state}, not the NOP"
        else:
            yield from self._points(place, self.memory.pointer(proxy.key))

    def _points(self, place: PatchedPlace, target: int) -> Iterator[str]:
        """Once the runtime has started: a branch to the key's target, where that reaches."""
        jump = self.arch.branch("jump")
        if not jump.reaches(place.address, target):
            if place.state == "jump":
                wanted = self.image.describe(target)
                yield f"{wanted} is beyond reach, but it jumps to {place.target or 0:#x}"
        elif place.target != target and not (self._stub(target) and self._stub(place.target or 0)):
            wanted = self.image.describe(target)
            got = self.image.describe(place.target) if place.target else "the NOP"
            yield f"its key's target is {wanted}, but its patchable instruction goes to {got}"

    def _stub(self, address: int) -> bool:
        found = self.image.symbol_at(address)
        return found is not None and found[0].name.startswith(_STUB_PREFIXES)

    def _slot_path(self, proxy: Proxy) -> Iterator[str]:
        """Behind the patchable instruction: straight on to an indirect jump, or a retpoline.

        That calls into itself, and returns to what it has stored.
        """
        _, end = self.tables.body(proxy.trampoline)
        address = proxy.insn + self.arch.instruction("nop").size
        last = "indirect-jump"
        while address < end:
            code = self.memory.read(address, min(LONGEST, end - address))
            transfer = classify(self.arch, address, code)
            if transfer.kind == last:
                if not code[transfer.size :].startswith(self.arch.trampoline_end):
                    yield "nothing stops speculation past its indirect jump"
                return
            called = transfer.target if transfer.kind == "direct-call" else None
            if called is not None and address < called < end and last != "return":
                address, last = called, "return"
                continue
            if transfer.kind != "next":
                yield f"its slot path has a {transfer.kind} at {self.image.describe(address)}"
                return
            address += transfer.size
        yield "its slot path does not end in an indirect jump"

    # --- guards ---

    def guards(self) -> Iterator[Problem]:
        yield from self._whole(GUARDS, self.tables.guard_size)
        guards = self.tables.guards
        if self.mode not in PATCHED_MODES and guards:
            yield Problem(f"mode {self.mode} writes no text, but here are guards", GUARDS)
        seen: set[int] = set()
        for guard in guards:
            self.counts["guards"] += 1
            if guard.code in seen:
                yield Problem("two entries name one guard", self._guard_site(guard), guard.code)
            seen.add(guard.code)
            for message in self._guard(guard):
                yield Problem(message, self._guard_site(guard), guard.code)
        order = [(g.key, g.code) for g in guards]
        if self.live and order != sorted(order):
            yield Problem("the table is not sorted by key and place", GUARDS)

    def _guard_site(self, guard: Guard) -> str:
        return f"{self.image.describe(guard.code)}, {GUARDS}[{guard.index}]"

    def _guard(self, guard: Guard) -> Iterator[str]:
        if self.code.size_at(guard.code) is None:
            yield f"its code {guard.code:#x} is not where an instruction starts"
            return
        if self.code.size_at(guard.target) is None:
            yield f"its target {guard.target:#x} is not where an instruction starts"
        elif not self.arch.branch("jump").reaches(guard.code, guard.target):
            yield f"its target {self.image.describe(guard.target)} is beyond reach"
        elif not self._same_function(guard.code, guard.target):
            yield f"its target {self.image.describe(guard.target)} lies in another function"
        place = read_place(self.arch, "guard", self.memory, guard.code)
        yield from place.problems()
        if place.state == "jump" and place.target != guard.target:
            wanted = self.image.describe(guard.target)
            yield f"it jumps to {self.image.describe(place.target or 0)}, not to {wanted}"
        yield from self._guard_key(guard, place)

    def _guard_key(self, guard: Guard, place: PatchedPlace) -> Iterator[str]:
        if guard.cell % self.arch.pointer_size or not guard.key:
            yield f"its entry's cell at {guard.cell:#x} holds no key"
            return
        section = self.image.section_at(guard.key)
        if section is None:  # in another object
            return
        name = self.tables.static_key_name(guard.key)
        if guard.key % 4 or not (section.writable or section.name.startswith(".data.rel.ro")):
            yield f"its key {name} is no data of this program"
            return
        enabled = self.tables.key_enabled(guard)
        wanted = "jump" if enabled != guard.branch else "nop"
        if place.state is not None and place.state != wanted:
            on = "on" if enabled else "off"
            yield (
                f"it is a {place.state}, but {name} is {on} and its entry's branch bit is "
                f"{int(guard.branch)}: it should be a {wanted}"
            )

    def _same_function(self, one: int, other: int) -> bool:
        symbols = self.image.symbol_at(one), self.image.symbol_at(other)
        if symbols[0] is None or symbols[1] is None:
            return True
        names = [s[0].name.split(".cold")[0].split(".part")[0] for s in symbols if s]
        return symbols[0][0].address == symbols[1][0].address or names[0] == names[1]

    # --- sites ---

    def branches(self) -> Iterator[Problem]:
        """Branches to trampolines, and none into the midst of one."""
        trampolines, branching = self.tables.trampolines, self.code.branching
        self.counts["sites"] += sum(len(branching.get(t, ())) for t in trampolines)
        bodies = [range(*self.tables.body(t)) for t in trampolines]
        inside = {a for body in bodies for a in body[1:]}.difference(trampolines)
        for target in sorted(inside & branching.keys()):
            for address in branching[target]:
                if not any(address in b for b in bodies):
                    message = f"it branches into the midst of {self.image.describe(target)}"
                    yield Problem(message, self.image.describe(address), address)

    def sites(self) -> Iterator[Problem]:
        """The entries of inline call sites."""
        check = SiteCheck(self.tables, self.mode, live=self.live)
        yield from check.problems()
        self.counts.update(check.counts)

    def states(self) -> Iterator[Problem]:
        """All that updates can write, and code of no function: both are as they were linked."""
        if self.live:
            return
        check = StateCheck(self.tables)
        yield from check.problems()
        self.counts.update(check.counts)
        for address, target in islands(self.tables, self.code):
            message = f"it branches to {target:#x}, where no function is: a linker's veneer"
            yield Problem(message, self.image.describe(address), address)

    # --- common ---

    def _whole(self, table: str, size: int) -> Iterator[Problem]:
        start, end = self.tables.extent(table)
        if (end - start) % size or start % self.arch.pointer_size:
            message = f"{end - start} bytes at {start:#x} are no aligned entries of {size}"
            yield Problem(message, table, start)

    def _executable(self, address: int) -> bool:
        section = self.image.section_at(address)
        return section is not None and section.executable

    def _pad(self, address: int) -> bytes:
        """The landing pad at this address, empty where there is none."""
        for pad in self.arch.landing_pads:
            if self._executable(address + len(pad) - 1) and (
                self.memory.read(address, len(pad)) == pad
            ):
                return pad
        return b""
