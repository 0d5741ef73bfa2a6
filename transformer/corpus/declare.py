"""C declarations for types of the model: what the harness is written in.

Pointers become ``void *`` or ``const char *``; structs are declared anew by
their layout, since what counts is how they are passed.
"""

from __future__ import annotations

from transformer.corpus.ctype import (
    Array,
    CType,
    Floating,
    Function,
    Integer,
    Member,
    Pointer,
    Record,
    Void,
    alignment_of,
    size_of,
)


class Declarations:
    """Collects the struct declarations that the spelled types need.

    ``prefix`` keeps the names of two files that are compiled as one apart.
    """

    def __init__(self, prefix: str = "__h_") -> None:
        self._prefix = prefix
        self._names: dict[Record, str] = {}
        self.lines: list[str] = []

    def spell(self, ctype: CType, name: str = "") -> str:
        """``ctype name`` as C writes it, without a semicolon."""
        if isinstance(ctype, Array):
            return self.spell(ctype.element, f"{name}[{max(ctype.count, 0)}]")
        return f"{self._base(ctype)} {name}".rstrip()

    def parameters(self, function: Function) -> str:
        """The parameter list with names a0, a1, …; ``void`` where there is none."""
        parts = [self.spell(p, f"a{i}") for i, p in enumerate(function.parameters)]
        if function.variadic:
            parts.append("...")
        return ", ".join(parts) or "void"

    def prototype(self, function: Function, name: str) -> str:
        """``T name(parameters)`` without a semicolon."""
        return f"{self.spell(function.returns)} {name}({self.parameters(function)})"

    def _base(self, ctype: CType) -> str:
        if isinstance(ctype, Void | Function):
            return "void"
        if isinstance(ctype, Pointer):
            return "const char *" if ctype.text else "void *"
        if isinstance(ctype, Integer | Floating):
            return ctype.name
        assert isinstance(ctype, Record)
        return self._record(ctype)

    def _record(self, record: Record) -> str:
        if record not in self._names:
            body = self._body(record)
            name = f"{record.kind} {self._prefix}type_{len(self._names)}"
            self._names[record] = name
            self.lines.append(f"{name} {{ {body} }}{_attributes(record)};")
        return self._names[record]

    def _body(self, record: Record) -> str:
        parts, packed = [], needs_packing(record)
        end = 0
        for i, member in enumerate(record.members):
            if packed and record.kind == "struct" and member.offset > end:
                parts.append(f"unsigned char p{i}[{member.offset - end}];")
            parts.append(self._member(member, i))
            end = member.offset + size_of(member.type)
        if packed and record.kind == "struct" and record.size > end:
            parts.append(f"unsigned char end[{record.size - end}];")
        return " ".join(parts)

    def _member(self, member: Member, index: int) -> str:
        if member.bits is not None:
            return f"{self._base(member.type)} m{index} : {member.bits[1]};"
        return self.spell(member.type, f"m{index}") + ";"


def needs_packing(record: Record) -> bool:
    """Whether members stand where C would not put them by itself."""
    if any(m.bits is not None for m in record.members):
        return False
    end = 0
    for member in record.members:
        step = alignment_of(member.type)
        natural = 0 if record.kind == "union" else -(-end // step) * step
        if natural != member.offset:
            return True
        end = member.offset + size_of(member.type)
    return False


def _attributes(record: Record) -> str:
    packed = ["__packed__"] if needs_packing(record) else []
    aligned = [f"__aligned__({record.alignment})"] if record.alignment > 1 else []
    words = ", ".join(packed + aligned)
    return f" __attribute__(({words}))" if words else ""
