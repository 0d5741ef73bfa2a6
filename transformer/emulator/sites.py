"""Inline call sites: what stands in each, and what its key asks for.

A site is one instruction.  At first it branches to its key's trampoline, or
to a way station, a local branch that goes on there.  Once the runtime has
started it branches to the target itself; where that is out of reach, or has
no form at such a site, it is as at first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from transformer.arch import Arch
from transformer.arch.modes import ANNOTATED_MODES, INLINE_MODES
from transformer.emulator.code import Code, code_of
from transformer.emulator.image import Image
from transformer.emulator.patched import PatchedPlace, read_place
from transformer.emulator.problem import Problem
from transformer.emulator.tables import (
    SITE_SIZE,
    SITES,
    TRAMPOLINE,
    CallSite,
    Memory,
    Proxy,
    Tables,
)
from transformer.emulator.transfers import classify

CALL, TAIL, CONDITIONAL, KEPT, WAY = "call", "tail", "conditional", "kept", "way"
#: The rows of ``arch.forms`` by the kind of site; a kept one is conditional too, and never patched.
FORMS = {k: f"{k}_site" for k in (CALL, TAIL, CONDITIONAL, KEPT)}
NULL, RET0 = "__static_call_null", "__static_call_return0"
_INTEGER, _VOID = 1, 3  # static_call_key.returns, as sc/types.h has it
#: What a site does without a branch, by what its key returns and holds, where the arch has it.
_WANTED = {
    (_VOID, NULL, CALL): "nothing",
    (_VOID, NULL, TAIL): "return",
    (_INTEGER, NULL, CALL): "zero",
    (_INTEGER, RET0, CALL): "zero",
}


@dataclass(frozen=True)
class InlineSite:
    """One site as memory holds it now.  ``kind`` is one of ``FORMS``.

    ``effect`` is what the instruction does: branch, nothing, zero (it clears
    the return register) or return; "" where none of the form's states stands
    there.  ``start`` is where the instruction begins, padding included.
    """

    entry: CallSite
    start: int
    proxy: Proxy | None
    kind: str
    place: PatchedPlace
    effect: str

    @property
    def address(self) -> int:
        return self.entry.code

    @property
    def size(self) -> int:
        return self.place.size

    @property
    def end(self) -> int:
        """What stands behind it: where a call returns to."""
        return self.entry.code + self.place.size

    @property
    def target(self) -> int | None:
        """Where it branches to, if it does."""
        return self.place.target


def read_site(tables: Tables, entry: CallSite) -> InlineSite:
    """The site of an entry that is no way station."""
    arch, memory = tables.arch, tables.memory
    kinds = (TAIL, CONDITIONAL, KEPT) if entry.is_tail else (CALL,)
    places = {
        k: read_place(arch, FORMS[k], memory, entry.code) for k in kinds if FORMS[k] in arch.forms
    }
    kind = next((k for k, p in places.items() if p.state is not None), kinds[0])
    place = places[kind]
    proxy = tables.proxy_at.get(entry.proxy)
    start = code_of(tables.image).start_of(entry.code) or entry.code
    return InlineSite(entry, start, proxy, kind, place, _effect(arch, place))


def _effect(arch: Arch, place: PatchedPlace) -> str:
    if place.target is not None:
        return "branch"
    return effect_of(arch, place.state, place.code) if place.state is not None else ""


def effect_of(arch: Arch, state: str, code: bytes) -> str:
    """What a site's instruction that is no branch does: nothing, zero or return."""
    if state == "nop":
        return "nothing"
    return "return" if classify(arch, 0, code).kind == "return" else "zero"


def is_inline(arch: Arch) -> bool:
    """Whether the arch has sites that are patched."""
    return FORMS[CALL] in arch.forms


def branch_at(image: Image, address: int) -> tuple[int, int] | None:
    """Address and size of the instruction that branches, of a pair that starts here too."""
    branches = code_of(image).branches
    places = (address, *(address + p.second for p in image.arch.pairs))
    return next(((a, branches[a].size) for a in places if a in branches), None)


def inline_sites(tables: Tables) -> list[InlineSite]:
    """All sites of an image; [] where the arch has no inline modes."""
    if not is_inline(tables.arch):
        return []
    return [read_site(tables, e) for e in tables.call_sites if not e.is_way]


def target_kind(tables: Tables, target: int) -> str:
    """``NULL`` or ``RET0`` where the target is the function of that name, else ""."""
    for name in (NULL, RET0):
        found = tables.image.symbols.get(name)
        if found is not None and found.address == target:
            return name
    return ""


class SiteCheck:
    """The entries against the code: as it is linked or, if ``live``, as it is now."""

    def __init__(self, tables: Tables, mode: str, *, live: bool) -> None:
        self.tables = tables
        self.image: Image = tables.image
        self.arch: Arch = tables.arch
        self.memory: Memory = tables.memory
        self.mode = mode
        self.live = live
        self.code: Code = code_of(self.image)
        self.counts: Counter[str] = Counter()

    def problems(self, key: int | None = None) -> Iterator[Problem]:
        """All that is wrong; of the sites of one key, if it is given."""
        entries = self.tables.call_sites
        if key is None:
            yield from self._whole()
        if not is_inline(self.arch):
            return
        for entry in entries:
            proxy = self.tables.proxy_at.get(entry.proxy)
            if key is None or (proxy is not None and proxy.key == key):
                self.counts["entries"] += 1
                for message in self._entry(entry, proxy):
                    yield Problem(message, self.site(entry), entry.code)
        if key is None:
            yield from self._lost()

    def site(self, entry: CallSite) -> str:
        """``function+0x10 (file.c:12), static_call_sites[3]``."""
        return f"{self.image.describe(entry.code)}, {SITES}[{entry.index}]"

    # --- the table ---

    def _whole(self) -> Iterator[Problem]:
        start, end = self.tables.extent(SITES)
        if (end - start) % SITE_SIZE or start % 4:
            message = f"{end - start} bytes at {start:#x} are no aligned entries of {SITE_SIZE}"
            yield Problem(message, SITES, start)
        entries = self.tables.call_sites
        if entries and self.mode not in INLINE_MODES:
            yield Problem(f"mode {self.mode} patches no sites, but here are entries", SITES)
        seen: set[int] = set()
        for entry in entries:
            if entry.code in seen:
                yield Problem("two entries name one site", self.site(entry), entry.code)
            seen.add(entry.code)
        order = [(e.proxy, e.flags, e.code) for e in entries]
        if self.live and order != sorted(order):
            yield Problem("the table is not sorted by proxy, flags and place", SITES)

    def _lost(self) -> Iterator[Problem]:
        """Branches to a trampoline or way station that no entry names: no update comes to them.

        A dynamic function's trampoline has the function's own name, by which
        any code may call it: those calls are no sites.
        """
        if self.mode not in INLINE_MODES:
            return
        symbols = self.image.all_symbols
        own = {s.address: s.name for s in symbols if s.name.startswith(TRAMPOLINE)}
        for entry in self.tables.call_sites:
            if entry.is_way and (proxy := self.tables.proxy_at.get(entry.proxy)):
                own[entry.code] = own.get(proxy.trampoline, "")
        for target in sorted(own.keys() & self.code.branching.keys()):
            yield from self._unnamed(target, own[target].removeprefix(TRAMPOLINE))

    def _unnamed(self, target: int, key: str) -> Iterator[Problem]:
        """The branches there that no entry names."""
        for address in self.code.branching[target]:
            if address in self._named:
                continue
            self.counts["without entry"] += 1
            if self.mode in ANNOTATED_MODES and not self._alone(address):
                place = self.image.describe(address)
                message = f"it branches to the trampoline of '{key}', but no entry names it"
                yield Problem(message, place, address)

    def _alone(self, address: int) -> bool:
        """Whether this is the branch of another trampoline: a far jump between the two."""
        return any(address in range(*self.tables.body(t)) for t in self.tables.trampolines)

    @cached_property
    def _named(self) -> set[int]:
        """Every address that an entry accounts for; of a pair, the second instruction too."""
        found = set()
        for entry in self.tables.call_sites:
            found.add(entry.code)
            found.update(entry.code + pair.second for pair in self.arch.pairs if entry.is_way)
        return found

    # --- one entry ---

    def _entry(self, entry: CallSite, proxy: Proxy | None) -> Iterator[str]:
        if self.code.start_of(entry.code) is None:
            yield f"its code {entry.code:#x} is not where an instruction starts"
            return
        if proxy is None:
            yield f"it names {self.image.describe(entry.proxy)}, which is no proxy"
            return
        if entry.is_way:
            yield from self._way(entry, proxy)
            return
        site = read_site(self.tables, entry)
        yield from site.place.problems()
        if not site.effect:
            return
        if self.live and self._known(proxy):
            yield from self._points(site, proxy)
        elif site.target not in self._homes[proxy.address]:
            yield f"it starts with {self._goes(site)}, not with a branch to its trampoline"

    def _way(self, entry: CallSite, proxy: Proxy) -> Iterator[str]:
        place = branch_at(self.image, entry.code)
        if place is None or self.code.branches[place[0]].target != proxy.trampoline:
            yield "it is a way station, but no branch to its key's trampoline stands there"
            return
        address, size = place
        if self.code.branches[address].kind != "direct-jump":
            yield "it is a way station, but calls its trampoline instead of jumping"
        size += address - entry.code
        if self.memory.read(entry.code, size) != self.image.read(entry.code, size):
            yield "it is a way station, but was written"

    @cached_property
    def _homes(self) -> dict[int, set[int]]:
        """By proxy, where its sites are always right to go: the trampoline and its way stations."""
        found = {p.address: {p.trampoline} for p in self.tables.proxies}
        for entry in self.tables.call_sites:
            if entry.is_way and entry.proxy in found:
                found[entry.proxy].add(entry.code)
        return found

    def _known(self, proxy: Proxy) -> bool:
        return self.image.section_at(proxy.key) is not None

    # --- what its key asks for ---

    def _points(self, site: InlineSite, proxy: Proxy) -> Iterator[str]:
        target = self.memory.pointer(proxy.key)
        if site.kind == KEPT:
            if not self._is_home(site, proxy):
                yield f"it is never patched, but goes to {self._goes(site)}"
            return
        null = target_kind(self.tables, target)
        right = self._null(site, proxy, null) if null else self._branches(site, proxy, target)
        if not right:
            wanted = self.image.describe(target)
            yield f"its key's target is {wanted}, but here stands {self._goes(site)}"

    def _branches(self, site: InlineSite, proxy: Proxy, target: int) -> bool:
        """To the target where a branch reaches it and may be changed, else to the trampoline."""
        if site.effect != "branch":
            return False
        return site.target == target if self._reaches(site, target) else self._is_home(site, proxy)

    def _null(self, site: InlineSite, proxy: Proxy, null: str) -> bool:
        """The form that costs nothing, where the arch has one for the result, else the stub."""
        field = self.memory.read(proxy.key + 2 * self.arch.pointer_size, 4)
        returns = int.from_bytes(field, self.arch.byteorder)
        wanted = _WANTED.get((returns, null, site.kind), "")
        if wanted in self._effects[FORMS[site.kind]]:
            return site.effect == wanted
        return self._branches(site, proxy, self.memory.pointer(proxy.key))

    @cached_property
    def _effects(self) -> dict[str, set[str]]:
        """What the instructions that are no branches do, by form."""
        fixed = self.arch.instructions
        return {
            form: {
                effect_of(self.arch, s, fixed[s].code)
                for s in self.arch.forms[form].states
                if s in fixed
            }
            for form in FORMS.values()
            if form in self.arch.forms
        }

    def _is_home(self, site: InlineSite, proxy: Proxy) -> bool:
        return site.target in self._homes[proxy.address]

    def _reaches(self, site: InlineSite, target: int) -> bool:
        """Whether some branch that the runtime may put there goes to the target."""
        states = self.arch.forms[FORMS[site.kind]].states
        branches = [self.arch.branches[s] for s in states if s in self.arch.branches]
        return any(b.reaches(site.address, target) for b in branches)

    def _goes(self, site: InlineSite) -> str:
        if site.target is None:
            return f"the instruction '{site.place.state}'"
        return f"a {site.place.state} to {self.image.describe(site.target)}"
