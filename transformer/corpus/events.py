"""Events: what a program did that a transformation must not change (DESIGN §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from transformer.corpus.ctype import CType, Function, Integer, size_of
from transformer.corpus.harness import FIRST_RECORDER, Interfaces
from transformer.corpus.values import Decoder, Text, Value, same
from transformer.emulator import Image

_TEXT_RECORD = 0
_TAG_SIZES = {b"i": 8, b"d": 8, b"L": 0, b"s": 0, b"p": 0}


@dataclass(frozen=True)
class KeyCall:
    """A call through a key: the first function entered, and what it got.

    ``site`` is the address of the instruction that led to the trampoline or,
    where there is none, to the target.
    """

    key: str
    target: str
    arguments: tuple[Value, ...] = ()
    site: int = 0

    def __str__(self) -> str:
        return f"{self.key} -> {self.target}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class Call:
    """A call of a function that no unit defines."""

    function: str
    arguments: tuple[Value, ...] = ()

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


Event: TypeAlias = KeyCall | Call


def same_event(one: Event, other: Event) -> bool:
    """Whether two builds did the same."""
    if isinstance(one, KeyCall) and isinstance(other, KeyCall):
        if (one.key, one.target) != (other.key, other.target):
            return False
    elif isinstance(one, Call) and isinstance(other, Call):
        if one.function != other.function:
            return False
    else:
        return False
    return len(one.arguments) == len(other.arguments) and all(
        map(same, one.arguments, other.arguments)
    )


@dataclass(frozen=True)
class Arrival:
    """A dispatch that the machine saw; ``trampoline`` is 0 where there is none."""

    key: str
    target: str
    site: int
    trampoline: int = 0


class LogReader:
    """Reads and empties the guest's event log."""

    def __init__(
        self, decoder: Decoder, image: Image, records: dict[int, str], types: Interfaces
    ) -> None:
        self._decoder = decoder
        self._log = image.symbols["__h_log"].address
        self._used = image.symbols["__h_log_used"].address
        self._lost = image.symbols["__h_log_lost"].address
        self._records = records
        self._types = types

    def reset(self) -> None:
        self._decoder.machine.write(self._used, bytes(4))

    @property
    def lost(self) -> int:
        """How many bytes did not fit."""
        return self._decoder.integer(self._lost, 4)

    def take(self, arrivals: list[Arrival]) -> list[Event]:
        """The events in order; recorders' records are those of ``arrivals``, in order."""
        data = self._decoder.machine.read(self._log, self._decoder.integer(self._used, 4))
        found: list[Event] = []
        left = iter(arrivals)
        at = 0
        while at + 8 <= len(data):
            identity = self._decoder.number(data[at : at + 4])
            size = self._decoder.number(data[at + 4 : at + 8])
            payload = data[at + 8 : at + 8 + size]
            at += 8 + size
            if identity < FIRST_RECORDER:
                found.append(self._call(identity, payload))
                continue
            arrival = next(left, None)
            if arrival is not None:
                arguments = self._arguments(self._types.keys[arrival.key], payload)
                found.append(KeyCall(arrival.key, arrival.target, arguments, arrival.site))
        self.reset()
        return found

    def _call(self, identity: int, payload: bytes) -> Call:
        if identity == _TEXT_RECORD:
            name, _, text = payload.partition(b"\0")
            escaped = text.decode("latin-1").encode("unicode_escape").decode()
            return Call(name.decode(), (Text(f'"{escaped}"'),))
        name_of = self._records[identity]
        return Call(name_of, self._arguments(self._types.functions[name_of], payload))

    def _arguments(self, function: Function, payload: bytes) -> tuple[Value, ...]:
        values, at = [], 0
        for parameter in function.parameters:
            size = size_of(parameter)
            values.append(self._decoder.value(parameter, payload[at : at + size]))
            at += size
        return (*values, *self._variadic(payload[at:]))

    def _variadic(self, payload: bytes) -> list[Value]:
        values: list[Value] = []
        while payload:
            tag, payload = payload[:1], payload[1:]
            size = _TAG_SIZES.get(tag, 0) or self._size(tag)
            values.append(self._tagged(tag, payload[:size]))
            payload = payload[size:]
        return values

    def _size(self, tag: bytes) -> int:
        return self._decoder.long_double if tag == b"L" else self._decoder.arch.pointer_size

    def _tagged(self, tag: bytes, data: bytes) -> Value:
        if tag == b"i":
            return self._decoder.value(_LONG, data)
        if tag in (b"s", b"p"):
            return self._decoder.pointer(self._decoder.number(data), text=tag == b"s")
        return Text(data.hex())


_LONG: CType = Integer("long long", 8, True)
