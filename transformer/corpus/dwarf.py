"""Reads C types from the DWARF of a linked program (DWARF 5 standard, §5).

Objects are not read: their DWARF still has relocations, and not every
machine's are known to pyelftools.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

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
)

# DW_ATE_* of DWARF 5, table 7.11.
_BOOLEAN, _COMPLEX, _FLOAT, _SIGNED, _SIGNED_CHAR, _UTF = 0x02, 0x03, 0x04, 0x05, 0x06, 0x10
#: A variable of this name points at what is asked for: its type is the target's.
PROBE = "__h_probe_"
_STRIPPED = {
    "DW_TAG_typedef",
    "DW_TAG_const_type",
    "DW_TAG_volatile_type",
    "DW_TAG_restrict_type",
    "DW_TAG_atomic_type",
}
_INTEGERS = {1: "char", 2: "short", 4: "int", 8: "long long", 16: "__int128"}


@dataclass
class UnitTypes:
    """What one compilation unit defines: functions and variables with types."""

    name: str
    functions: dict[str, Function] = field(default_factory=dict)
    variables: dict[str, CType] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_types(path: Path) -> list[UnitTypes]:
    """The units of a linked program in the order of linking; none without DWARF."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        if not elf.has_dwarf_info():
            return []
        dwarf = elf.get_dwarf_info(relocate_dwarf_sections=False)
        try:
            return [_unit(cu) for cu in dwarf.iter_CUs()]
        except (ELFError, KeyError) as e:
            raise ValueError(f"{path.name}: unreadable DWARF: {e}") from e


def _unit(cu: Any) -> UnitTypes:
    reader = _Reader(cu)
    top = cu.get_top_DIE()
    unit = UnitTypes(_name(top) or "")
    for die in top.iter_children():
        if die.tag == "DW_TAG_subprogram":
            _add_function(reader, unit, die)
        elif die.tag == "DW_TAG_variable":
            name, variable = _name(_origin(die)), _type_die(_origin(die))
            if name and name.startswith(PROBE) and variable is not None:
                variable = _type_die(variable)
            if name and variable is not None:
                _add_variable(reader, unit, name, variable)
    return unit


def _add_function(reader: _Reader, unit: UnitTypes, die: Any) -> None:
    origin = _origin(die)
    name = _name(origin)
    if name is None or (name in unit.functions and "DW_AT_declaration" in die.attributes):
        return
    unit.functions[name] = reader.function(origin)
    line = origin.attributes.get("DW_AT_decl_line")
    if line is not None:
        unit.lines[name] = int(line.value)


def _add_variable(reader: _Reader, unit: UnitTypes, name: str, die: Any) -> None:
    known = unit.variables.get(name)
    if known is None or (isinstance(known, Array) and known.count < 0):
        unit.variables[name] = reader.type(die)


def _origin(die: Any) -> Any:
    for attribute in ("DW_AT_abstract_origin", "DW_AT_specification"):
        if attribute in die.attributes:
            return _origin(die.get_DIE_from_attribute(attribute))
    return die


def _name(die: Any) -> str | None:
    attribute = die.attributes.get("DW_AT_name")
    return attribute.value.decode() if attribute is not None else None


def _type_die(die: Any) -> Any | None:
    return die.get_DIE_from_attribute("DW_AT_type") if "DW_AT_type" in die.attributes else None


def _value(die: Any, attribute: str, default: int = 0) -> int:
    found = die.attributes.get(attribute)
    return found.value if found is not None and isinstance(found.value, int) else default


class _Reader:
    """Types of one unit by the offset of their entry."""

    def __init__(self, cu: Any) -> None:
        self._address_size: int = cu.header.address_size
        self._known: dict[int, CType] = {}

    def type(self, die: Any | None) -> CType:
        """The type that ``die`` describes; void for None."""
        if die is None:
            return Void()
        if die.offset not in self._known:
            self._known[die.offset] = self._read(die)
        return self._known[die.offset]

    def function(self, die: Any) -> Function:
        """The signature of a subprogram or subroutine type."""
        children = list(die.iter_children())
        parameters = [
            self.type(_type_die(_origin(c))) for c in children if c.tag == "DW_TAG_formal_parameter"
        ]
        variadic = any(c.tag == "DW_TAG_unspecified_parameters" for c in children)
        prototyped = "DW_AT_prototyped" in die.attributes
        old = not prototyped and not parameters
        return Function(
            self.type(_type_die(die)), tuple(parameters), variadic and not old, prototyped
        )

    def _read(self, die: Any) -> CType:
        tag = die.tag
        if tag in _STRIPPED:
            return self._stripped(die)
        if tag == "DW_TAG_pointer_type":
            return self._pointer(die)
        if tag == "DW_TAG_base_type":
            return _base(die)
        if tag == "DW_TAG_enumeration_type":
            return self._enumeration(die)
        if tag in ("DW_TAG_structure_type", "DW_TAG_union_type"):
            return self._record(die, tag.removeprefix("DW_TAG_").removesuffix("ure_type"))
        if tag == "DW_TAG_array_type":
            return self._array(die)
        if tag == "DW_TAG_subroutine_type":
            return self.function(die)
        return Void()

    def _stripped(self, die: Any) -> CType:
        inner = self.type(_type_die(die))
        name = _name(die) if die.tag == "DW_TAG_typedef" else None
        if name and isinstance(inner, Record) and not inner.spelling:
            return Record(inner.kind, inner.size, inner.alignment, inner.members, name)
        return inner

    def _pointer(self, die: Any) -> Pointer:
        target = _type_die(die)
        while target is not None and target.tag in _STRIPPED:
            target = _type_die(target)
        text = target is not None and (
            target.tag == "DW_TAG_base_type"
            and _value(target, "DW_AT_byte_size") == 1
            and _value(target, "DW_AT_encoding") != _BOOLEAN
        )
        function = target is not None and target.tag == "DW_TAG_subroutine_type"
        words = (
            target is not None
            and target.tag == "DW_TAG_pointer_type"
            and self._pointer(target).text
        )
        return Pointer(_value(die, "DW_AT_byte_size", self._address_size), text, function, words)

    def _enumeration(self, die: Any) -> Integer:
        inner = self.type(_type_die(die)) if "DW_AT_type" in die.attributes else None
        if isinstance(inner, Integer):
            return inner
        size = _value(die, "DW_AT_byte_size", 4)
        return Integer(f"unsigned {_INTEGERS[size]}", size, False)

    def _record(self, die: Any, kind: str) -> Record:
        kind = "union" if kind.startswith("union") else "struct"
        members = tuple(self._members(die))
        tag = _name(die)
        return Record(
            kind,
            _value(die, "DW_AT_byte_size"),
            _value(die, "DW_AT_alignment", 1),
            members,
            f"{kind} {tag}" if tag else "",
        )

    def _members(self, die: Any) -> Iterator[Member]:
        for child in die.iter_children():
            if child.tag != "DW_TAG_member":
                continue
            offset = _value(child, "DW_AT_data_member_location")
            ctype = self.type(_type_die(child))
            width = _value(child, "DW_AT_bit_size", -1)
            bits = None
            if width >= 0:
                bits = (_value(child, "DW_AT_data_bit_offset", offset * 8), width)
            yield Member(_name(child) or "", offset, ctype, bits)

    def _array(self, die: Any) -> CType:
        ctype = self.type(_type_die(die))
        counts = [_count(c) for c in die.iter_children() if c.tag == "DW_TAG_subrange_type"]
        for count in reversed(counts):
            ctype = Array(ctype, count)
        return ctype


def _count(subrange: Any) -> int:
    if "DW_AT_count" in subrange.attributes:
        return _value(subrange, "DW_AT_count", -1)
    return _value(subrange, "DW_AT_upper_bound", -2) + 1


def _base(die: Any) -> CType:
    name, size = _name(die) or "", _value(die, "DW_AT_byte_size")
    encoding = _value(die, "DW_AT_encoding")
    if encoding == _BOOLEAN:
        return Integer("_Bool", size, False)
    if encoding in (_FLOAT, _COMPLEX):
        return Floating(name.replace("complex ", "_Complex "), size)
    signed = encoding in (_SIGNED, _SIGNED_CHAR)
    word = _INTEGERS.get(size, "int")
    if size == 1:
        return Integer("signed char" if signed else "unsigned char", 1, signed)
    return Integer(word if signed else f"unsigned {word}", size, signed)
