"""What is wrong with a unit's idioms, as diagnostics at the user's lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from transformer.diagnostics import Diagnostic
from transformer.frontend import idioms as I
from transformer.frontend.source import Place, Source


def diagnostic(
    source: Source, place: Place, severity: str, id_: str, text: str, length: int = 1
) -> Diagnostic:
    """A message at a place; the source line is shown if it is the user's file."""
    own = place.path == source.path
    return Diagnostic(
        severity,
        id_,
        text,
        place.path,
        place.line,
        place.column,
        shown(source.line(place.line)) if own and place.line else "",
        length,
    )


def shown(line: str) -> str:
    """A Latin-1 view of a line as the UTF-8 that it is; other bytes as lone surrogates."""
    return line.encode("latin-1").decode("utf-8", "surrogateescape")


def check(unit: I.Unit, source: Source) -> list[Diagnostic]:
    """Every diagnostic of the unit by itself, in the order of the source."""
    found = [diagnostic(source, p.place, p.severity, p.id, p.text) for p in unit.problems]
    for rule in (_unknown_keys, _counts, _bare, _conflicts, _missing, _nulls, _dynamic):
        for idiom, severity, id_, text in rule(unit):
            length = len(idiom.spelled) if idiom.place.editable else 1
            found.append(diagnostic(source, idiom.place, severity, id_, text, length))
    unique = list(dict.fromkeys(found))
    return sorted(unique, key=lambda d: (d.path != source.path, d.path, d.line, d.column))


_Finding = tuple[I.Idiom, str, str, str]


def _unknown_keys(unit: I.Unit) -> Iterator[_Finding]:
    known: set[str] = set()
    later = {i.name: i for i in unit.idioms if isinstance(i, I.CallDeclaration | I.CallDefinition)}
    for idiom in unit.idioms:
        if isinstance(idiom, I.CallDeclaration | I.CallDefinition):
            known.add(idiom.name)
        elif isinstance(idiom, I.Guard | I.KeyOperation):
            if idiom.unknown:
                text = f"no static key '{idiom.unknown}' is declared or defined"
                yield idiom, "error", "sc-unknown-key", text
        elif isinstance(idiom, I.Call | I.Query | I.Update | I.Export) and idiom.name not in known:
            text = f"no static call '{idiom.name}' is declared or defined"
            if idiom.name in later:
                text += f" before line {idiom.place.line}"
            yield idiom, "error", "sc-unknown-key", text


def _counts(unit: I.Unit) -> Iterator[_Finding]:
    functions = {
        i.name: i.func for i in unit.idioms if isinstance(i, I.CallDeclaration | I.CallDefinition)
    }
    for idiom in unit.idioms:
        if not isinstance(idiom, I.Call) or idiom.count is None:
            continue
        signature = unit.signatures.get(functions.get(idiom.name, ""))
        if signature is None or signature.count is None:
            continue
        wanted, given = signature.count, idiom.count
        if given < wanted or (given > wanted and not signature.variadic):
            few = "few" if given < wanted else "many"
            least = "at least " if signature.variadic else ""
            yield (
                idiom,
                "error",
                "sc-arg-count",
                f"too {few} arguments in the static call of '{idiom.name}': "
                f"expected {least}{wanted}, have {given}",
            )


def _bare(unit: I.Unit) -> Iterator[_Finding]:
    for idiom in unit.idioms:
        if isinstance(idiom, I.Call) and idiom.form == "bare" and idiom.statement:
            yield (
                idiom,
                "error",
                "sc-bare-call",
                f"this calls nothing: write {idiom.spelled}({idiom.name})()",
            )


def _conflicts(unit: I.Unit) -> Iterator[_Finding]:
    calls: dict[str, I.Idiom] = {}
    keys: dict[str, I.KeyDefinition | I.KeyDeclaration] = {}
    for idiom in unit.idioms:
        if isinstance(idiom, I.CallDefinition):
            first = calls.setdefault(idiom.name, idiom)
            if first is not idiom:
                yield idiom, "error", "sc-conflicting-define", _again("static call", first)
        elif isinstance(idiom, I.KeyDefinition | I.KeyDeclaration) and not idiom.local:
            other = keys.setdefault(idiom.name, idiom)
            both = isinstance(other, I.KeyDefinition) and isinstance(idiom, I.KeyDefinition)
            if other is not idiom and both:
                yield idiom, "error", "sc-conflicting-define", _again("static key", other)
            elif other.truth != idiom.truth or other.array != idiom.array:
                yield (
                    idiom,
                    "error",
                    "sc-conflicting-define",
                    f"static key '{idiom.name}' was {_type(other)} at {_at(other)}",
                )
            if isinstance(idiom, I.KeyDefinition):
                keys[idiom.name] = idiom


def _again(what: str, first: I.Idiom) -> str:
    return f"{what} '{first.name}' is defined a second time; the first is at {_at(first)}"


def _at(idiom: I.Idiom) -> str:
    return f"{idiom.place.path}:{idiom.place.line}"


def _type(key: I.KeyDefinition | I.KeyDeclaration) -> str:
    return ("an array of " if key.array else "") + ("TRUE" if key.truth else "FALSE")


def _missing(unit: I.Unit) -> Iterator[_Finding]:
    defined = {i.name for i in unit.idioms if isinstance(i, I.CallDefinition | I.KeyDefinition)}
    for idiom in unit.idioms:
        if not isinstance(idiom, I.CallDeclaration | I.KeyDeclaration):
            continue
        if "static" in idiom.storage and idiom.name not in defined:
            text = f"'{idiom.name}' is declared static, but this unit does not define it"
            yield idiom, "error", "sc-missing-define", text


def _nulls(unit: I.Unit) -> Iterator[_Finding]:
    for idiom in unit.idioms:
        if not isinstance(idiom, I.CallDefinition) or idiom.form == "plain" or idiom.internal:
            continue
        if idiom.returns == "other":
            yield (
                idiom,
                "error",
                "sc-unsupported-signature",
                f"'{idiom.name}' returns a struct, union, floating or wide value: "
                f"it has no {idiom.form.upper()} form",
            )
        elif idiom.form == "null" and idiom.returns in ("integer", "pointer"):
            zero = "0" if idiom.returns == "integer" else "a null pointer"
            yield (
                idiom,
                "warning",
                "sc-null-value",
                f"while '{idiom.name}' is unset, calls of it return {zero}",
            )


def _dynamic(unit: I.Unit) -> Iterator[_Finding]:
    for idiom in unit.idioms:
        if isinstance(idiom, I.DynamicDefinition) and idiom.error:
            yield idiom, "note" if idiom.elsewhere else "error", "sc-dynamic", idiom.error


def missing_defines(units: Iterable[tuple[I.Unit, Source]]) -> list[Diagnostic]:
    """Keys that some unit of a program uses, and none defines.

    ``units`` are all units of the program.
    """
    units = list(units)
    defined = {
        i.name
        for unit, _ in units
        for i in unit.idioms
        if isinstance(i, I.CallDefinition | I.KeyDefinition)
    }
    found: dict[str, Diagnostic] = {}
    for unit, source in units:
        declared = {
            i.name for i in unit.idioms if isinstance(i, I.CallDeclaration | I.KeyDeclaration)
        } - defined
        for idiom in unit.idioms:
            name = idiom.name.strip("&() ")
            if (
                name in declared
                and name not in found
                and isinstance(idiom, I.Call | I.Query | I.Update | I.Guard | I.KeyOperation)
            ):
                found[name] = diagnostic(
                    source,
                    idiom.place,
                    "error",
                    "sc-missing-define",
                    f"no unit defines '{name}'",
                    len(idiom.spelled),
                )
    return list(found.values())
