"""A shadow stack: a return goes back to where its call says, and nowhere else.

Where the arch signs return addresses, what was signed in a frame is
authenticated in it, with the same key, at the same stack pointer, before it
is used.  The emulated CPU enforces neither.
"""

from __future__ import annotations

from dataclasses import dataclass

from transformer.arch import Authentication
from transformer.emulator.events import Violation
from transformer.emulator.machine import Machine
from transformer.emulator.transfers import Transfer

_THUNK = 32  # bytes from a retpoline's call to what it calls


@dataclass
class ShadowFrame:
    """A call that has not returned: ``back`` is where it must return to, ``site`` the call.

    ``sp`` is the stack pointer that the caller has again when it has returned.
    ``signed`` holds the key, the stack pointer and the return address of what
    was signed since, and where.  ``thunk`` tells that it enters no function,
    but code right behind it, as a retpoline does.
    """

    back: int
    site: int
    sp: int = 0
    thunk: bool = False
    signed: tuple[str, int, int] | None = None
    signed_at: int = 0


class ShadowCheck:
    """Attach it to see every call and return.

    ``frames`` are the calls under way, the innermost last; the first one is
    that of the run itself.  ``pending`` is the call or return that was executed
    last, until it is known where it went.  With ``thunks`` a return may jump to what was
    stored over the return address of a call just before it (a retpoline), and
    no branch may be indirect.  ``count`` is the number of returns seen, and of
    authentications.
    """

    def __init__(self, *, thunks: bool = False) -> None:
        self.count = 0
        self.violations: list[Violation] = []
        self.frames: list[ShadowFrame] = []
        self._thunks = thunks
        self._machine: Machine | None = None
        self.pending: Transfer | None = None
        self._turned_at = 0
        self._reported: set[tuple[int, int]] = set()

    def begin(self, machine: Machine) -> None:
        self.end()
        self._machine = machine
        self._transfers = machine.transfers
        link = machine.arch.registers.link
        self._pushed = machine.arch.pointer_size if link is None else 0
        self.frames = [ShadowFrame(machine.sentinel, 0, machine.sp + self._pushed)]

    def step(self, address: int, previous: int) -> bool:
        if self.pending is not None:
            self._moved(self.pending, address, previous)
        transfer = self._transfers[address]
        self.pending = None
        if transfer.turns:
            self.pending, self._turned_at = transfer, address
        if transfer.authentication is not None:
            self._authentication(transfer.authentication, address)
        return self.pending is None and transfer.authentication is None

    def calls(self) -> list[ShadowFrame]:
        """The calls under way, without that of a retpoline."""
        frames = self.frames
        return frames[:-1] if frames and frames[-1].thunk else frames

    def end(self) -> None:
        """Call it when all runs are over: the last return is seen only now."""
        machine = self._machine
        if self.pending is not None and machine is not None and machine.pc == machine.sentinel:
            self._moved(self.pending, machine.sentinel, self._turned_at)
        self.pending = None

    # --- calls and returns ---

    def _moved(self, transfer: Transfer, address: int, previous: int) -> None:
        kind = transfer.kind
        if self._thunks and kind.startswith("indirect"):
            self._naked(transfer, previous)
        if kind == "return":
            self._returned(address, previous)
        elif kind != "indirect-jump":
            thunk = self._thunks and self._is_thunk(address, previous)
            sp = self._known().sp + self._pushed
            self.frames.append(ShadowFrame(previous + transfer.size, previous, sp, thunk))

    def _is_thunk(self, address: int, previous: int) -> bool:
        machine = self._known()
        image = machine.image_at(address) if 0 < address - previous < _THUNK else None
        found = image.symbol_at(address) if image is not None else None
        return found is not None and found[1] > 0

    def _returned(self, address: int, previous: int) -> None:
        self.count += 1
        frame = self.frames.pop() if self.frames else ShadowFrame(0, 0)
        if frame.signed is not None:
            self._report(f"it uses an address that {self._signer(frame)} signed", previous, address)
        if address == frame.back or frame.thunk:
            return
        describe = self._known().describe
        called = f"the call at {describe(frame.site)} " if frame.site else "the harness's call "
        wanted = f"{called}would have it return to {describe(frame.back)}"
        self._report(f"the return goes to {describe(address)}, but {wanted}", previous, address)
        self._recover(address)

    def _recover(self, address: int) -> None:
        """Goes on with the call that this was the return of, if there is one."""
        backs = [f.back for f in self.frames]
        if address in backs:
            last = len(backs) - 1 - backs[::-1].index(address)
            del self.frames[last:]

    def _naked(self, transfer: Transfer, previous: int) -> None:
        message = f"the {transfer.kind} is not made by a retpoline, as this build asks for"
        self._report(message, previous, previous)

    # --- signed return addresses ---

    def _authentication(self, row: Authentication, address: int) -> None:
        machine = self._known()
        frame = self.frames[-1] if self.frames else ShadowFrame(0, 0)
        link = machine.arch.registers.link
        assert link is not None
        now = (row.key, machine.sp, machine.reg(link))
        if row.kind == "sign":
            if frame.signed is not None:
                self._report(f"{row.what} signs what {self._signer(frame)} signed", address, 0)
            frame.signed, frame.signed_at = now, address
            return
        self.count += 1
        if frame.signed is None:
            self._report(f"{row.what} authenticates what nothing in this frame signed", address, 0)
        elif now != frame.signed:
            self._report(f"{row.what} {self._difference(frame, now)}", address, 0)
        frame.signed = None

    def _difference(self, frame: ShadowFrame, now: tuple[str, int, int]) -> str:
        """What is not as it was when the address was signed."""
        assert frame.signed is not None
        signer, describe = self._signer(frame), self._known().describe
        if now[0] != frame.signed[0]:
            return f"uses key {now[0]}, but {signer} signed with key {frame.signed[0]}"
        if now[1] != frame.signed[1]:
            off = now[1] - frame.signed[1]
            return f"runs with the stack pointer {off:+d} bytes off from where {signer} signed"
        return f"finds {describe(now[2])}, but {signer} signed {describe(frame.signed[2])}"

    def _signer(self, frame: ShadowFrame) -> str:
        return self._known().describe(frame.signed_at)

    def _report(self, message: str, pc: int, to: int) -> None:
        """Once for each place and what it leads to."""
        if (pc, to) in self._reported:
            return
        self._reported.add((pc, to))
        name = self._known().describe(pc)
        self.violations.append(Violation("flow", f"{name}: {message}", to or pc, name, pc))

    def _known(self) -> Machine:
        assert self._machine is not None
        return self._machine
