"""Calls written as asm: each key that the unit calls is declared with its prototype, once."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from transformer.frontend import idioms as I
from transformer.frontend.words import ASM_WORDS
from transformer.lowering.edits import EditBuffer

Key = I.CallDefinition | I.CallDeclaration


@dataclass
class _Known:
    """What a unit says of one key."""

    declared: list[Key] = field(default_factory=list)
    calls: list[I.Call] = field(default_factory=list)
    done: bool = False


@dataclass(frozen=True)
class Said:
    """A message about an idiom; ``fatal`` where the unit cannot be lowered."""

    idiom: I.Idiom
    text: str
    fatal: bool


def declare(unit: I.Unit, buffer: EditBuffer) -> list[Said]:
    """Queue one edit for each key that is called."""
    said = []
    for name, known in _keys(unit).items():
        if known.calls and known.declared and not known.done:
            found = _declare(name, known, unit, buffer)
            said += [found] if found else []
    return said


def left_alone(unit: I.Unit) -> list[Said]:
    """Where exceptions may pass, which no asm lets through."""
    first = next((i for i in unit.idioms if isinstance(i, I.Call) and not i.internal), None)
    why = "static calls go by their trampolines: with -fexceptions a call cannot be asm"
    return [Said(first, why, False)] if first else []


def _keys(unit: I.Unit) -> dict[str, _Known]:
    keys: dict[str, _Known] = defaultdict(_Known)
    for idiom in unit.idioms:
        if isinstance(idiom, I.CallDefinition | I.CallDeclaration):
            keys[idiom.name].declared.append(idiom)
        elif isinstance(idiom, I.Call):
            keys[idiom.name].calls.append(idiom)
        elif isinstance(idiom, I.AsmCall):
            keys[idiom.name].done = True
    return keys


def _declare(name: str, known: _Known, unit: I.Unit, buffer: EditBuffer) -> Said | None:
    spelled = [i for i in known.declared if i.spans]
    prototype = unit.prototypes[(spelled or known.declared)[0].func]
    if prototype.refused:
        editable = [c for c in known.calls if c.place.editable]
        at = next(iter([*spelled, *editable, *known.declared]))
        return Said(at, f"'{name}' cannot be called by inline asm: {prototype.refused}", True)
    text, owner = _text(name, prototype), f"inline call of '{name}'"
    read = Counter(i.place.offset for i in spelled)  # more often where a header is read again
    once = [i.spans for i in spelled if i.spans and read[i.place.offset] == 1]
    if once:
        buffer.at = once[0].word[0]
        buffer.insert(once[0].closing + 1, f"; {text}", owner)
    elif name in unit.openings:
        buffer.at = unit.openings[name]
        buffer.insert(unit.openings[name], f"{text}; ", owner)
    else:
        why = "no declaration of its calls can be put before them in this file"
        return Said(known.calls[0], f"calls of '{name}' go by its trampoline: {why}", False)
    return None


def _text(name: str, prototype: I.Prototype) -> str:
    count = len(prototype.parameters)
    params = f"({', '.join(prototype.parameters) or 'void'})"
    if prototype.void:
        return f"{ASM_WORDS['void']}({name}, {count}, {params})"
    return f"{ASM_WORDS['value']}({name}, {count}, {prototype.returns}, {params})"
