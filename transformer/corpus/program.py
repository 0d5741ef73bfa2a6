"""A built case in the emulator: runs its steps and tells what each did."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from transformer.arch import Arch
from transformer.arch.modes import INLINE_MODES, TRAMPOLINE_MODES
from transformer.corpus.ctype import Void
from transformer.corpus.events import Arrival, Event, KeyCall, LogReader
from transformer.corpus.inline import InlineWatcher
from transformer.corpus.left import Left
from transformer.corpus.oracle import OracleBuild
from transformer.corpus.plan import PlannedAction
from transformer.corpus.values import Decoder, Value
from transformer.corpus.watch import Dispatch, SlotWatcher, TrampolineWatcher, Watcher
from transformer.emulator import Arrival as At
from transformer.emulator import (
    Image,
    Machine,
    Outcome,
    ReadWatch,
    StopHandler,
    UcError,
    disassemble,
)
from transformer.emulator.tables import TRAMPOLINE

_SWITCHES = 64
_LOOKED_AT = 20_000  # instructions
# Where rewritten units lie, the runtime's sources, and what is said of this folder.
_COPY = re.compile(
    r"(?:\./)?\bu\d+/(?=[\w.-]+:\d)|[^\s(]*/(?:runtime|include)-[0-9a-f]+/|(?<=\()\./"
)
_LIMIT, _INVENTED_LIMIT = 2_000_000, 200_000  # instructions in one action
_MOST_DISPATCHES = 20_000  # in one action
_MOST_INVENTED = 1_000
_BEHIND = 16  # bytes of code shown from a site on


@dataclass(frozen=True)
class Snapshot:
    """A wrong dispatch as it happened: the code of site and trampoline at that moment."""

    index: int
    site: str
    disassembly: tuple[str, ...]


@dataclass
class Did:
    """What one action did.  ``ended`` is returned, exited, fault or hang."""

    events: list[Event] = field(default_factory=list)
    returned: Value | None = None
    memory: dict[str, Value] = field(default_factory=dict)
    ended: str = "returned"
    detail: str = ""
    snapshot: Snapshot | None = None
    pending: list[str] = field(default_factory=list)
    lost: int = 0


class Exited(Exception):
    """The program ended itself: exit, abort, a failed assertion."""


class Runaway(Exception):
    """Calls without end, or more events than a step can have."""


class Program:
    """One image with its machine.  ``mode`` tells how sites reach keys; None: a plain build."""

    def __init__(
        self,
        arch: Arch,
        image: Image,
        built: OracleBuild,
        *,
        mode: str | None = None,
        others: Sequence[Image] = (),
        oracle: bool = False,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.arch, self.image, self.built = arch, image, built
        self.machine = Machine(arch, [image, *others], stepping=True)
        self.decoder = Decoder(self.machine, image, others, aliases)
        self._left = Left(self.machine, image, built, self.decoder)
        self.log = LogReader(self.decoder, image, built.records, built.interfaces)
        keys = {k for k in built.plan.keys if f"__h_rec_{k}" in image.symbols}
        self.watcher: Watcher = self._watcher(mode, keys, others)
        self._stop = image.symbols["__h_stop"].address
        self._arrivals: list[Arrival] = []
        self._expected: list[KeyCall] = []
        self._snapshot: Snapshot | None = None
        self.extra_reads: list[ReadWatch] = []
        self.entered: set[str] = set()
        self._stops = self._all_stops(oracle)

    def _watcher(self, mode: str | None, keys: set[str], others: Sequence[Image]) -> Watcher:
        images = [self.image, *others]
        if mode in INLINE_MODES:
            types = self.built.interfaces.keys
            void = {k for k in keys if isinstance(types[k].returns, Void)}
            return InlineWatcher(images, keys, self._dispatched, void)
        kind = TrampolineWatcher if mode in TRAMPOLINE_MODES else SlotWatcher
        return kind(images, keys, self._dispatched)

    # --- running ---

    def start(self, expected: Sequence[Event] = ()) -> Did:
        """Runs the constructors."""
        return self._run(self.image.init_array, expected)

    def act(self, action: PlannedAction, expected: Sequence[Event] = ()) -> Did:
        """Runs one action; ``expected`` are the oracle's events, to catch a wrong one at once."""
        symbols = self.image.symbols
        if self.built.plan.case.invented:
            scratch = symbols[f"__h_scratch_{action.unit}"]
            self.machine.write(scratch.address, bytes(scratch.size))
        did = self._run([symbols[f"__h_step_{action.id}"].address], expected)
        if action.action.kind == "call" and did.ended == "returned":
            did.returned = self._left.returned(action)
        return did

    def call(self, function: str) -> Did:
        """Runs a function of the harness."""
        return self._run([self.image.symbols[function].address], ())

    def save(self) -> list[tuple[int, bytes]]:
        """The program's writable memory, to go back to."""
        writable = [s for s in self.image.entry_sections if s.writable and not s.executable]
        return [(s.address, self.machine.read(s.address, s.size)) for s in writable]

    def restore(self, saved: Sequence[tuple[int, bytes]]) -> None:
        """Undoes what was done since ``save``; code that was patched stays patched."""
        for address, data in saved:
            self.machine.write(address, data)

    def name_of(self, address: int) -> str:
        """A function's name as events spell it; one for all names of an address."""
        return self.decoder.place(address) or f"{address:#x}"

    def _run(self, functions: Sequence[int], expected: Sequence[Event]) -> Did:
        self._arrivals, self._snapshot = [], None
        self._expected = [e for e in expected if isinstance(e, KeyCall)]
        self.log.reset()
        self.watcher.begin()
        did = Did()
        for function in functions:
            try:
                outcome = self._one(function)
            except Exited:
                did.ended = "exited"
                break
            except Runaway as e:
                did.ended, did.detail = "hang", str(e)
                break
            if not outcome.ok:
                did.ended, did.detail = outcome.status, outcome.detail
                break
        did.lost = self.log.lost
        did.pending = self.watcher.pending()
        did.events = self.log.take(self._arrivals)
        did.snapshot = self._snapshot
        if did.ended in ("returned", "exited"):
            did.memory = self._left.memory()
        return did

    def _one(self, function: int) -> Outcome:
        reads = [*self.watcher.reads(), *self.extra_reads]
        limit = _INVENTED_LIMIT if self.built.plan.case.invented else _LIMIT
        return self.machine.run(function, stops=self._stops, reads=reads, limit=limit)

    # --- watching ---

    def _all_stops(self, oracle: bool) -> dict[int, StopHandler]:
        stops = self.watcher.stops()
        stops[self.image.symbols["__h_exit"].address] = _exit
        if oracle:
            for name in self.built.plan.dynamic:
                self._switchable(name, stops)
        self.watcher.follow(stops)
        return stops

    def _switchable(self, name: str, stops: dict[int, StopHandler]) -> None:
        """A plain dynamic function returns its disabled value at its entry while it is off."""
        off = self.image.symbols.get(f"__h_off_{name}")
        function = self.image.symbols.get(name)
        if off is None or function is None:
            return

        def entered(machine: Machine, arrival: At) -> None:
            self.entered.add(name)
            self.watcher.entered(machine, arrival)
            if self._is_off(function.address):
                machine.set_reg(self.arch.registers.pc, off.address)

        stops[function.address] = entered

    def _is_off(self, function: int) -> bool:
        size, table = self.arch.pointer_size, self.image.symbols["__h_switches"].address
        for entry in range(table, table + _SWITCHES * 2 * size, 2 * size):
            found = self.machine.pointer(entry)
            if found in (0, function):
                return found == function and self.machine.pointer(entry + size) != 0
        return False

    def _dispatched(self, machine: Machine, call: Dispatch) -> None:
        name = self.name_of(call.target)
        index = len(self._arrivals)
        self._arrivals.append(Arrival(call.key, name, call.site, call.trampoline))
        self._record(call.key, call.back)
        if self._snapshot is None and self._expected:
            wanted = self._expected[index] if index < len(self._expected) else None
            if wanted is None or (wanted.key, wanted.target) != (call.key, name):
                self._snapshot = self.picture(index, call.site, call.trampoline)

    def _record(self, key: str, back: int | None) -> None:
        """Has the guest write down the arguments; ``Runaway`` where there is no end of it."""
        most = _MOST_INVENTED if self.built.plan.case.invented else _MOST_DISPATCHES
        if len(self._arrivals) > most:
            raise Runaway(f"more than {most} calls through keys")
        try:
            self.machine.aside(self.image.symbols[f"__h_rec_{key}"].address, self._stop, back)
        except UcError as e:
            raise Runaway(f"the stack is full at a call through '{key}'") from e

    @property
    def pending_site(self) -> int:
        """The site of the last call that came to a trampoline and got nowhere."""
        return self.watcher.pending_site()

    def last_line(self) -> int:
        """The last instruction of the last run that stands in a file of the case."""
        units = {u.path.name for u in self.built.plan.units}
        for address in reversed(self.machine.trace[-_LOOKED_AT:]):
            line = self.image.line_at(address)
            if line is not None and line.path.rsplit("/", 1)[-1] in units:
                return address
        return self.machine.current

    def trampoline_of(self, key: str) -> int:
        """The address of a key's trampoline; 0 where this mode has none."""
        found = self.image.symbols.get(TRAMPOLINE + key)
        return found.address if found is not None else 0

    def place(self, text: str) -> str:
        """A description without the folder that the program was built in."""
        return _COPY.sub("", text.replace(f"{self.image.path.parent}/", ""))

    def picture(self, index: int, site: int, trampoline: int) -> Snapshot:
        """Site and trampoline in the memory of now."""
        lines = self._code("site", site, _BEHIND)
        if trampoline:
            found = self.image.symbol_at(trampoline)
            lines += self._code("trampoline", trampoline, found[0].size if found else _BEHIND)
        return Snapshot(index, self.machine.describe(site), tuple(lines))

    def _code(self, what: str, address: int, size: int) -> list[str]:
        image = self.machine.image_at(address)
        section = image.section_at(address) if image else None
        if section is None:
            return [f"{what}: no code at {address:#x}"]
        code = self.machine.read(address, min(size, section.end - address))
        return [f"{what}:", *disassemble(self.arch, code, address, image)]


def _exit(machine: Machine, arrival: At) -> None:
    raise Exited
