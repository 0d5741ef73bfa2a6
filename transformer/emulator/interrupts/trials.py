"""What is tried at each instruction: quiet handlers, updates in handlers, preemption, nesting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, islice

from transformer.emulator.interrupts.changes import Change, change_of
from transformer.emulator.interrupts.cpu import Arrived, GuestFault, InterruptibleMachine, Point
from transformer.emulator.interrupts.handler import INTERRUPT, UPDATE, Event, Handler, Runtime
from transformer.emulator.interrupts.judge import Before, Finding, Judge
from transformer.emulator.interrupts.places import GUARD, TRAMPOLINE, Place

DEPTH = 3
_QUIET = "updates nothing"


@dataclass(frozen=True)
class Bounds:
    """``keys`` trampolines are interrupted in all their forms, ``nested`` of them to depth 3.

    There each pair of instructions at depths 1 and 2 is tried, and at depth 3
    each instruction of the handler's trampoline for each one of depth 1; or,
    if ``full``, all triples.  In as many chains of interrupts for each
    instruction of the outermost trampoline, the innermost handler updates.
    None stands for all; ``first`` says at which trampoline and chain to begin.
    """

    keys: int | None = 2
    nested: int | None = 1
    chains: int | None = 1
    full: bool = False
    first: int = 0


EXHAUSTIVE = Bounds(None, None, None, full=True)


class Trials:
    """Interrupts a machine at its places.

    ``near`` are two targets that any place reaches, ``far`` two that none
    does; none of them is ever executed.
    """

    def __init__(
        self,
        cpu: InterruptibleMachine,
        runtime: Runtime,
        near: Sequence[int],
        far: Sequence[int],
        bounds: Bounds | None = None,
    ) -> None:
        self.cpu, self.near, self.far = cpu, near, far
        self.runtime = runtime
        self.bounds = bounds or Bounds()
        self.handler = Handler(cpu, runtime)
        self.judge = Judge(cpu, self.handler)
        self._seen: set[tuple[int, bytes]] = set()
        self._code: dict[Place, bytes] = {}
        self._length = 1  # instructions of the trampoline that is nested
        self._places = list(dict.fromkeys(cpu.at.values()))
        self._trampolines = {p.address: p for p in self._places if p.kind == TRAMPOLINE}

    @property
    def taken(self) -> int:
        """How many interrupts there were."""
        return self.handler.taken

    @property
    def count(self) -> int:
        """How many arrivals were judged."""
        return self.judge.count

    @property
    def findings(self) -> list[Finding]:
        return self.judge.findings

    # --- while the program runs ---

    def expect(self) -> None:
        """Stops the program at each place whose code has changed since the last time."""
        for place in self._places:
            code = self.cpu.read(place.start, place.end - place.start)
            if self._code.get(place) != code:
                self._code[place] = code
                self.cpu.stops.add(place.start)

    def visit(self, pc: int) -> None:
        """The program has come to a place: interrupts all that lies on its way from here."""
        cpu = self.cpu
        with cpu.alone():
            start = cpu.save()
            points = cpu.points()
            golden = cpu.arrived()
            if not all(self._mark(p) in self._seen for p in points):
                cpu.restore(start)
                self._try_all(points, golden, self._in_batch())
        cpu.stops.difference_update(p.pc for p in points)
        self.handler.clear()

    def _try_all(self, points: list[Point], golden: Arrived, quiet: bool) -> None:
        """Every trial at every instruction of a way; ``quiet``: nothing can be updated."""
        cpu, entered = self.cpu, None
        for point in points:
            place = cpu.at[point.pc]
            if place is not entered:
                cpu.restore(point.context)
                entered, before = place, Before.of(cpu, place)
            mark = self._mark(point)
            if mark not in self._seen:
                self._seen.add(mark)
                self._guarded(place, partial(self._quiet, point, place))
                if not quiet:
                    self._guarded(place, partial(self._updates, point, place, before, golden))

    def _updates(self, point: Point, place: Place, before: Before, golden: Arrived) -> None:
        first = change_of(self.cpu, self.runtime, place, self.near)
        if first is None or not self._update(point, place, before, golden, first):
            return
        self.handler.clear()
        self.handler.allot()
        if place.kind == TRAMPOLINE or self.bounds.full:
            second = change_of(self.cpu, self.runtime, place, self.far)
            if second is not None and place.guard is None:
                self._preempt(point, place, before, golden, second)
        self._undo(point, first)

    def _mark(self, point: Point) -> tuple[int, bytes]:
        """What is tried once: an instruction, in one form of its place."""
        return point.pc, self._form(self.cpu.at[point.pc])

    def _form(self, place: Place) -> bytes:
        """What tells states of a place apart, but for where a branch in it goes."""
        code = self.cpu.read(place.window or place.start, place.end - (place.window or place.start))
        at = place.window or place.start
        branches = self.cpu.arch.branches.values()
        return b"" if any(b.decode(at, code) is not None for b in branches) else code

    def _in_batch(self) -> bool:
        """Whether the program has a batch of updates open: what a handler updates then waits."""
        cpu = self.cpu
        with cpu.alone():
            cpu.handler_stack()
            if cpu.guest(self.runtime.static_update_begin) & 0xFFFF_FFFF:
                return True
            cpu.guest(self.runtime.static_update_cancel)
        return False

    # --- trampolines by themselves ---

    def trampolines(self) -> None:
        """Calls trampolines in each of their forms; call it while the program stands still."""
        places = list(self._trampolines.values())
        if not places:
            return
        first = self.bounds.first % len(places)
        places = places[first:] + places[:first]
        for number, place in enumerate(places[: self.bounds.keys]):
            nested = self.bounds.nested is None or number < self.bounds.nested
            forms: set[bytes] = set()
            for target in (self.far[0], self.near[0]):
                self._trampoline(place, target, forms, nested)

    def _trampoline(self, place: Place, target: int, forms: set[bytes], nested: bool) -> None:
        """Calls it with one target; ``forms`` are those that were seen in this way before."""
        cpu = self.cpu
        with cpu.alone():
            cpu.fresh_stack()
            cpu.guest(self.runtime.update, place.address, target)
            if cpu.pointer(place.address) != target:
                return
            form = self._form(place)
            if form in forms:
                return
            forms.add(form)
            cpu.canaries()
            cpu.call(place.start)
            points = cpu.points()
            golden = cpu.arrived()
            self._try_all(points, golden, quiet=False)
            if nested and golden.pc == target:
                self._guarded(place, lambda: self._nested(place, points))

    def _nested(self, place: Place, points: list[Point]) -> None:
        cpu, handler, self._length = self.cpu, self.handler, len(points)
        for number, point in enumerate(points, self.bounds.first):
            cpu.restore(point.context)
            handler.clear()
            self._nest(place, DEPTH, number)
            self.judge.faults(place, _QUIET)
        change = change_of(cpu, self.runtime, place, self.near)
        assert change is not None
        cpu.restore(points[0].context)
        before = Before.of(cpu, place)
        for outer, *inner in self._chains(len(points)):
            point = points[outer]
            cpu.restore(point.context)
            handler.clear()
            self._link(point, place, before, tuple(inner), change)
            handler.allot()
            self._undo(point, change)

    def _nest(self, place: Place, depth: int, turn: int) -> None:
        """Interrupts here, and the handler's call through the key at each instruction.

        ``depth`` is how many interrupts there are still to be, this one
        included; ``turn`` chooses the one at depth 2 that goes on to depth 3.
        """
        handler = self.handler
        number = count()

        def visit() -> None:
            deeper = self.bounds.full or next(number) == turn % self._length
            self._nest(place, depth - 1 if deeper or depth == 2 else 1, turn)

        handler.enter()
        if depth > 1:
            self._call(place, _QUIET, visit)
        handler.exit()

    def _chains(self, length: int) -> Iterator[tuple[int, ...]]:
        """Which instruction is interrupted at each depth, for updates in the innermost handler."""
        every = length * length
        most = every if self.bounds.chains is None else min(self.bounds.chains, every)
        for outer in range(length):
            for turn in range(most):
                rest = (outer * most + turn + self.bounds.first) % every if most < every else turn
                yield outer, rest // length, rest % length

    # --- one trial each ---

    def _guarded(self, place: Place, trial: Callable[[], None]) -> None:
        """Runs a trial; a guest that faults in it is a finding."""
        self.handler.clear()
        try:
            trial()
        except GuestFault as e:
            self.handler.abandon()
            self.judge.find(place.start, place, str(e), "calls the runtime")
        finally:
            self.handler.allot()

    def _quiet(self, point: Point, place: Place) -> None:
        """A handler that updates nothing."""
        handler, cpu = self.handler, self.cpu
        cpu.restore(point.context)
        handler.enter()
        handler.probe()
        self._call(place, _QUIET)
        handler.exit()
        self.judge.faults(place, _QUIET)

    def _update(
        self, point: Point, place: Place, before: Before, golden: Arrived, change: Change
    ) -> bool:
        """A handler that updates the key, asks for its old target, and frees it."""
        handler, cpu = self.handler, self.cpu
        cpu.restore(point.context)
        handler.enter()
        done = self._apply(change)
        if done:
            self._call(place, change.text)
            if handler.synchronize() and change.may_free(cpu):
                handler.free(change.old)
        handler.exit()
        if done:
            self.judge.resumed(point, place, before, golden, change)
        return done

    def _preempt(
        self, point: Point, place: Place, before: Before, golden: Arrived, change: Change
    ) -> None:
        """Another task updates the key again; this one goes on later, on whatever CPU."""
        handler, cpu = self.handler, self.cpu
        cpu.restore(point.context)
        handler.taken += 1
        handler.events.append(Event(1, INTERRUPT, point.pc, "it is preempted"))
        cpu.handler_stack()
        if self._apply(change):
            self.judge.resumed(point, place, before, golden, change)

    def _link(
        self, point: Point, place: Place, before: Before, chain: tuple[int, ...], change: Change
    ) -> None:
        """The CPU stands at ``point``: interrupts it, goes deeper, and lets it go on.

        ``chain`` are the instructions of the handlers' own trampolines at which
        the next interrupts come; the innermost handler updates.
        """
        handler, cpu = self.handler, self.cpu
        handler.enter()
        if chain:
            cpu.call(place.start)
            own = Before.of(cpu, place)
            pc = next(islice(cpu.way(), chain[0], None))
            self._link(Point(pc, cpu.save()), place, own, chain[1:], change)
            handler.again()
        else:
            self._apply(change)
        if handler.synchronize() and change.may_free(cpu):
            handler.free(change.old)
        handler.exit()
        self.judge.resumed(point, place, before, None, change)

    def _call(self, place: Place, update: str, visit: Callable[[], None] | None = None) -> None:
        """The handler calls through the key; ``visit`` comes before each instruction."""
        trampoline = self._trampolines.get(place.address)
        if place.kind == GUARD or trampoline is None:
            return
        cpu = self.cpu
        sp, target = cpu.sp, cpu.pointer(place.address)
        cpu.call(trampoline.start)
        before = Before(cpu.kept(), cpu.sp, cpu.sentinel)
        for _ in cpu.way():
            if visit is not None:
                visit()
        self.judge.called(trampoline, before, target, update)
        cpu.sp = sp

    def _apply(self, change: Change) -> bool:
        """Whether the update was done."""
        result = change.apply(self.cpu)
        self.handler.events.append(Event(0, UPDATE, change.place.address, change.text))
        if result:
            what = f"the update is refused in a handler: it returns {result}"
            self.judge.find(change.place.start, change.place, what, change.text)
        return not result

    def _undo(self, point: Point, change: Change) -> None:
        self.cpu.restore(point.context)
        self.cpu.handler_stack()
        change.undo(self.cpu)
