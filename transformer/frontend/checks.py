"""What is wrong with a unit's idioms, as diagnostics at the user's lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from transformer.diagnostics import Diagnostic
from transformer.frontend import idioms as I
from transformer.frontend.findings import Finding, diagnostic, in_order
from transformer.frontend.source import Source
from transformer.frontend.spelling import nearest

_CALLS = I.CallDeclaration | I.CallDefinition
_KEYS = I.KeyDeclaration | I.KeyDefinition
_USES_OF_CALLS = I.Call | I.Query | I.Update | I.Export
_USES = I.Call | I.Query | I.Update | I.Guard | I.KeyOperation

#: names to compare with misspelled ones: above, a unit lacks a header and no letter
_COMPARED = 100_000
#: the note at a definition that another one repeats
FIRST = "first defined here"


def check(unit: I.Unit, source: Source) -> list[Diagnostic]:
    """Every diagnostic of the unit by itself, in the order of the source.

    One error for each idiom: a second one would only follow from the first.
    """
    found = [diagnostic(source, p.place, p.severity, p.id, p.text) for p in unit.problems]
    wrong: set[int] = set()
    for rule in (_unknown_keys, _counts, _bare, _conflicts, _missing, _nulls, _dynamic):
        for finding in rule(unit):
            if finding.severity == "error" and id(finding.idiom) in wrong:
                continue
            if finding.severity == "error":
                wrong.add(id(finding.idiom))
            found.append(finding.told(source))
    return in_order(found, source)


def _unknown_keys(unit: I.Unit) -> Iterator[Finding]:
    calls: dict[str, I.Idiom] = {}
    later: dict[str, I.Idiom] = {i.name: i for i in reversed(unit.idioms) if isinstance(i, _CALLS)}
    keys: dict[str, I.Idiom] = {i.name: i for i in reversed(unit.idioms) if isinstance(i, _KEYS)}
    functions = [i.name for i in unit.idioms if isinstance(i, I.DynamicDefinition)]
    unknown = _Unknown()
    for idiom in unit.idioms:
        if isinstance(idiom, _CALLS):
            calls.setdefault(idiom.name, idiom)
        elif isinstance(idiom, I.Guard | I.KeyOperation) and idiom.unknown:
            yield unknown.finding(idiom, "static key", idiom.unknown, keys)
        elif isinstance(idiom, I.DynamicOperation) and idiom.unknown:
            yield unknown.finding(idiom, "function", idiom.unknown, functions)
        elif isinstance(idiom, _USES_OF_CALLS) and idiom.name not in calls:
            if idiom.name in later:
                yield _misplaced(idiom, "is used before its declaration", later)
            elif idiom.name in keys:
                yield _misplaced(idiom, "is a static key, and no static call", keys)
            else:
                yield unknown.finding(idiom, "static call", idiom.name, calls)


def _misplaced(idiom: I.Idiom, what: str, declared: Mapping[str, I.Idiom]) -> Finding:
    name = idiom.name
    about = ((declared[name], f"'{name}' is declared here"),)
    return Finding(idiom, "error", "sc-unknown-key", f"'{name}' {what}", about)


class _Unknown:
    """Tells of names that nothing declares, with what was meant while comparing is cheap."""

    def __init__(self) -> None:
        self.left = _COMPARED

    def finding(self, idiom: I.Idiom, what: str, name: str, known: Collection[str]) -> Finding:
        text = f"no {what} '{name}' is declared"
        if what != "function":
            text += " or defined"
        self.left -= len(known)
        meant = nearest(name, known) if self.left >= 0 else ""
        return Finding(idiom, "error", "sc-unknown-key", text, (), name, meant)


def _counts(unit: I.Unit) -> Iterator[Finding]:
    known: dict[str, tuple[I.CallDeclaration | I.CallDefinition, I.Signature]] = {}
    for idiom in unit.idioms:
        if isinstance(idiom, _CALLS) and idiom.func in unit.signatures:
            signature = unit.signatures[idiom.func]
            if signature.count is not None:
                known.setdefault(idiom.name, (idiom, signature))
    for idiom in unit.idioms:
        if not isinstance(idiom, I.Call) or idiom.count is None or idiom.name not in known:
            continue
        key, signature = known[idiom.name]
        assert signature.count is not None
        wanted, given = signature.count, idiom.count
        if given < wanted or (given > wanted and not signature.variadic):
            few = "few" if given < wanted else "many"
            least = "at least " if signature.variadic else ""
            yield Finding(
                idiom,
                "error",
                "sc-arg-count",
                f"too {few} arguments in the static call of '{idiom.name}': "
                f"expected {least}{wanted}, have {given}",
                ((key, typed(key)),),
            )


def typed(key: I.CallDeclaration | I.CallDefinition) -> str:
    """What a note at a static call's declaration says of its type."""
    return f"'{key.name}' is declared here, with the type of '{key.func}'"


def _bare(unit: I.Unit) -> Iterator[Finding]:
    for idiom in unit.idioms:
        if isinstance(idiom, I.Call) and idiom.form == "bare" and idiom.statement:
            text = f"this calls nothing: write {idiom.spelled}({idiom.name})()"
            yield Finding(idiom, "error", "sc-bare-call", text)


def _conflicts(unit: I.Unit) -> Iterator[Finding]:
    calls: dict[str, I.Idiom] = {}
    keys: dict[str, I.KeyDefinition | I.KeyDeclaration] = {}
    for idiom in unit.idioms:
        if isinstance(idiom, I.CallDefinition):
            first = calls.setdefault(idiom.name, idiom)
            if first is not idiom:
                yield _again(idiom, "static call", first)
        elif isinstance(idiom, I.KeyDefinition | I.KeyDeclaration) and not idiom.local:
            other = keys.setdefault(idiom.name, idiom)
            both = isinstance(other, I.KeyDefinition) and isinstance(idiom, I.KeyDefinition)
            if other is not idiom and both:
                yield _again(idiom, "static key", other)
            elif other.truth != idiom.truth or other.array != idiom.array:
                text = f"static key '{idiom.name}' is {_type(idiom)} here, and was {_type(other)}"
                about = ((other, f"'{idiom.name}' is {_type(other)} here"),)
                yield Finding(idiom, "error", "sc-conflicting-define", text, about)
            elif isinstance(idiom, I.KeyDefinition):
                keys[idiom.name] = idiom


def _again(idiom: I.Idiom, what: str, first: I.Idiom) -> Finding:
    text = f"{what} '{idiom.name}' is defined a second time"
    return Finding(idiom, "error", "sc-conflicting-define", text, ((first, FIRST),))


def _type(key: I.KeyDefinition | I.KeyDeclaration) -> str:
    return ("an array of " if key.array else "") + ("TRUE" if key.truth else "FALSE")


def _missing(unit: I.Unit) -> Iterator[Finding]:
    defined = {i.name for i in unit.idioms if isinstance(i, I.CallDefinition | I.KeyDefinition)}
    for idiom in unit.idioms:
        if not isinstance(idiom, I.CallDeclaration | I.KeyDeclaration):
            continue
        if "static" in idiom.storage and idiom.name not in defined:
            text = f"'{idiom.name}' is declared static, but this unit does not define it"
            yield Finding(idiom, "error", "sc-missing-define", text)


def _nulls(unit: I.Unit) -> Iterator[Finding]:
    for idiom in unit.idioms:
        if not isinstance(idiom, I.CallDefinition) or idiom.form == "plain" or idiom.internal:
            continue
        if idiom.returns == "other":
            text = (
                f"'{idiom.name}' returns a struct, union, floating or wide value: "
                f"it has no {idiom.form.upper()} form"
            )
            yield Finding(idiom, "error", "sc-unsupported-signature", text)
        elif idiom.form == "null" and idiom.returns in ("integer", "pointer"):
            zero = "0" if idiom.returns == "integer" else "a null pointer"
            text = f"while '{idiom.name}' is unset, calls of it return {zero}"
            yield Finding(idiom, "warning", "sc-null-value", text)


def _dynamic(unit: I.Unit) -> Iterator[Finding]:
    first: dict[tuple[int, int], I.DynamicDefinition] = {}
    for idiom in unit.idioms:
        if not isinstance(idiom, I.DynamicDefinition):
            continue
        if idiom.error:
            severity = "note" if idiom.elsewhere else "error"
            misspelt = (idiom.name, idiom.meant)
            yield Finding(idiom, severity, "sc-dynamic", idiom.error, (), *misspelt)
        elif idiom.lines:
            other = first.setdefault(idiom.lines.name, idiom)
            if other.lines != idiom.lines:
                text = f"'{idiom.name}' is marked a second time"
                about = ((other, "first marked here"),)
                yield Finding(idiom, "error", "sc-dynamic", text, about)


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
            i.name: i
            for i in reversed(unit.idioms)
            if isinstance(i, I.CallDeclaration | I.KeyDeclaration) and i.name not in defined
        }
        for idiom in unit.idioms:
            name = idiom.name.strip("&() ")
            if name in declared and name not in found and isinstance(idiom, _USES):
                about = ((declared[name], f"'{name}' is declared here"),)
                missing = Finding(
                    idiom, "error", "sc-missing-define", f"no unit defines '{name}'", about
                )
                found[name] = missing.told(source)
    return list(found.values())
