"""What the analysis finds: one frozen record for each idiom in a unit.

Offsets in spans are bytes of the user's file; ``position`` is an offset in
the preprocessed text, and orders declarations and uses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from transformer.frontend.source import Place
from transformer.frontend.spans import Spans as Spans  # a part of the records


@dataclass(frozen=True)
class Idiom:
    """``spans`` is None where the user's file does not spell the whole idiom.

    ``name`` is the key, function or operand as preprocessed; ``internal``
    marks words of rewritten text, which nothing replaces.
    """

    kind: ClassVar[str] = "idiom"
    spelled: str
    name: str
    place: Place
    spans: Spans | None
    position: int
    internal: bool = False


@dataclass(frozen=True)
class CallDefinition(Idiom):
    """DEFINE_STATIC_CALL and its forms (plain, null, ret0).

    ``returns`` is the class of the return type: unknown, void, integer,
    pointer or other.
    """

    kind: ClassVar[str] = "define-call"
    func: str = ""
    form: str = "plain"
    returns: str = "unknown"


@dataclass(frozen=True)
class CallDeclaration(Idiom):
    kind: ClassVar[str] = "declare-call"
    func: str = ""
    storage: str = ""


@dataclass(frozen=True)
class Call(Idiom):
    """A use of a key: ``form`` is 2016, 2018 or bare (a designator).

    ``count`` is the number of arguments, or None; ``statement`` tells that a
    bare form stands alone as a statement.
    """

    kind: ClassVar[str] = "call"
    form: str = "2016"
    cond: bool = False
    count: int | None = None
    statement: bool = False


@dataclass(frozen=True)
class AsmCall(Idiom):
    """How a key is called by asm: only rewritten text says so."""

    kind: ClassVar[str] = "asm-call"


@dataclass(frozen=True)
class Query(Idiom):
    kind: ClassVar[str] = "query"


@dataclass(frozen=True)
class Update(Idiom):
    kind: ClassVar[str] = "update"
    func: str = ""


@dataclass(frozen=True)
class Export(Idiom):
    kind: ClassVar[str] = "export"
    tramp: bool = False


@dataclass(frozen=True)
class KeyDefinition(Idiom):
    """DEFINE_STATIC_KEY_*: ``local`` keys are defined within a function."""

    kind: ClassVar[str] = "define-key"
    truth: bool = False
    read_only: bool = False
    array: bool = False
    storage: str = ""
    local: bool = False


@dataclass(frozen=True)
class KeyDeclaration(Idiom):
    kind: ClassVar[str] = "declare-key"
    truth: bool = False
    array: bool = False
    storage: str = ""
    local: bool = False


@dataclass(frozen=True)
class Guard(Idiom):
    """static_branch_likely/unlikely; ``name`` is the operand.

    ``constant`` tells that the operand is an address constant, else ``reason``
    says why it is not.  ``unknown`` is the name in it that nothing declares.
    """

    kind: ClassVar[str] = "guard"
    likely: bool = False
    constant: bool = False
    reason: str = ""
    unknown: str = ""


@dataclass(frozen=True)
class KeyOperation(Idiom):
    """A flip or a question; ``unknown`` as in ``Guard``."""

    kind: ClassVar[str] = "key-operation"
    operation: str = ""
    unknown: str = ""


@dataclass(frozen=True)
class DynamicOperation(Idiom):
    """A switch; ``unknown`` is its function where nothing declares it."""

    kind: ClassVar[str] = "dynamic-operation"
    on: bool = False
    unknown: str = ""


@dataclass(frozen=True)
class DynamicSpans:
    """A dynamic function's definition in the user's file, by half-open spans.

    ``marker`` is ``SC_DYNAMIC(value)``, or an empty span where the function is
    chosen by name; ``head`` runs from its first token to its last before the
    body; ``opening`` and ``closing`` are the offsets of the body's braces.
    ``start`` is where its first statement may stand, after what must come first.
    """

    marker: tuple[int, int]
    head: tuple[int, int]
    name: tuple[int, int]
    storage: tuple[int, int] | None
    opening: int
    closing: int
    start: int


@dataclass(frozen=True)
class DynamicDefinition(Idiom):
    """SC_DYNAMIC (or by name) and the definition after it; ``name`` is the function.

    ``parameters`` are the parameters' names.  ``insertion`` says why the body
    cannot be moved to another function (variadic, K&R …), ``keyed`` why there
    is no call lowering; both are empty where there is no such reason.
    ``elsewhere`` tells that another file defines a function chosen by name, and
    ``meant`` is a function of a like name where none has this one.
    """

    kind: ClassVar[str] = "dynamic"
    value: str = ""
    void: bool = False
    static: bool = False
    parameters: tuple[str, ...] = ()
    insertion: str = ""
    keyed: str = ""
    lines: DynamicSpans | None = None
    error: str = ""
    elsewhere: bool = False
    meant: str = ""


@dataclass(frozen=True)
class Signature:
    """What is known of a function type: ``count`` parameters, or None.

    ``returns`` as in ``CallDefinition``.
    """

    returns: str = "unknown"
    count: int | None = None
    variadic: bool = False


@dataclass(frozen=True)
class Prototype:
    """A function type as C, for a call that passes all in registers.

    ``parameters`` declare ``__sc_1``, ``__sc_2`` …; ``returns`` is the return
    type, and ``void`` tells whether it is void by any name.  ``refused`` says why
    there can be no such call.
    """

    returns: str = ""
    void: bool = False
    parameters: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Problem:
    """Something that could not be parsed or is wrong by itself."""

    id: str
    text: str
    place: Place
    severity: str = "error"


@dataclass
class Unit:
    """A translation unit's idioms, in the order of the preprocessed text.

    ``signatures`` holds those of the functions that keys are declared with,
    by the text of the declaration's operand; ``in_strings`` the offsets of
    words that also landed in a string literal.  ``headers`` tells that the unit
    includes what dynamic functions need.

    Where they were asked for: ``prototypes`` by the same texts, for keys that are
    called, and ``openings``, by key, the offsets in the user's file where a
    declaration may be put that its calls need.
    """

    path: str
    idioms: list[Idiom] = field(default_factory=list)
    signatures: dict[str, Signature] = field(default_factory=dict)
    in_strings: frozenset[int] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    headers: bool = True
    prototypes: dict[str, Prototype] = field(default_factory=dict)
    openings: dict[str, int] = field(default_factory=dict)
