"""A unit's idioms in, edits of the user's file out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from transformer.diagnostics import Diagnostic
from transformer.frontend import idioms as I
from transformer.frontend.findings import diagnostic
from transformer.frontend.source import Source
from transformer.lowering import calls, dynamic, guards, inline_asm
from transformer.lowering.edits import EditBuffer


@dataclass(frozen=True)
class Options:
    """``patched``: guards are patched code in this mode; ``call``: for dynamic functions.

    ``inline_asm``: calls are written as asm.  ``exceptions``: they may pass through calls.
    """

    patched: bool
    call: bool
    inline_asm: bool = False
    exceptions: bool = False


@dataclass
class Lowered:
    """``stuck`` are the idioms that only preprocessed text can name."""

    buffer: EditBuffer
    notes: list[Diagnostic] = field(default_factory=list)
    stuck: list[I.Idiom] = field(default_factory=list)


def lower(unit: I.Unit, source: Source, options: Options) -> Lowered:
    """Queue the edits for every idiom that the user's file spells."""
    return _Lowering(unit, source, options).run()


class _Lowering:
    def __init__(self, unit: I.Unit, source: Source, options: Options) -> None:
        self.unit, self.source, self.options = unit, source, options
        self.done = Lowered(EditBuffer(source.text))
        self.values = EditBuffer(source.text)  # of SC_DYNAMIC, which are copied
        calls_ = [i for i in unit.idioms if isinstance(i, I.CallDefinition) and i.spans]
        exports = [i for i in unit.idioms if isinstance(i, I.Export) and not i.tramp]
        self.exported = {i.name for i in exports}
        self.defined = {i.name for i in calls_}

    def run(self) -> Lowered:
        groups: dict[int, list[I.Idiom]] = defaultdict(list)
        functions: dict[object, I.DynamicDefinition] = {}  # once, however often it is said
        for idiom in self.unit.idioms:
            if idiom.internal:
                continue
            if isinstance(idiom, I.DynamicDefinition):
                functions.setdefault(idiom.lines.name if idiom.lines else idiom.position, idiom)
            elif idiom.spans is None or idiom.place.offset is None:
                self._elsewhere(idiom)
            else:
                groups[idiom.place.offset].append(idiom)
        markers = [f.lines.marker for f in functions.values() if f.lines and not f.error]
        for at, group in groups.items():
            copied = any(start < at < end for start, end in markers)
            buffer = self.values if copied else self.done.buffer
            buffer.at = at
            self._spelled(group, buffer)
        for function in functions.values():
            self._dynamic(function)
        self.done.buffer.at = -1
        self._include()
        if self.options.inline_asm:
            self._asm_calls()
        return self.done

    def _asm_calls(self) -> None:
        if self.options.exceptions:
            found = inline_asm.left_alone(self.unit)
        else:
            found = inline_asm.declare(self.unit, self.done.buffer)
        for said in found:
            place, length = said.idiom.place, len(said.idiom.spelled)
            severity = "error" if said.fatal else "note"
            id_ = "sc-inline-asm-signature" if said.fatal else "sc-inline-asm-trampoline"
            self.done.notes.append(diagnostic(self.source, place, severity, id_, said.text, length))

    def _include(self) -> None:
        """A function chosen by name may stand in a file that includes nothing of ours."""
        chosen = [
            i for i in self.unit.idioms
            if isinstance(i, I.DynamicDefinition) and i.lines and not i.error
        ]  # fmt: skip
        if self.unit.headers or not chosen:
            return
        first = min(i.lines.head[0] for i in chosen if i.lines)
        if not dynamic.include(first, self.done.buffer):
            self.done.stuck.append(chosen[0])

    def _elsewhere(self, idiom: I.Idiom) -> None:
        """A header or a macro spells it: the lowered headers expand it."""
        if isinstance(idiom, I.Guard) and not idiom.constant and self.options.patched:
            self.done.stuck.append(idiom)

    def _spelled(self, group: list[I.Idiom], buffer: EditBuffer) -> None:
        """All expansions of one spelling; they must agree on what to put there."""
        idiom = group[0]
        assert idiom.spans is not None
        spans = idiom.spans
        if len({_shape(i) for i in group}) > 1:
            return
        if isinstance(idiom, I.Guard):
            self._guard(idiom, spans, [g for g in group if isinstance(g, I.Guard)], buffer)
        elif isinstance(idiom, I.Call):
            calls.call(idiom, spans, buffer)
        elif isinstance(idiom, I.CallDefinition):
            calls.define(idiom, spans, idiom.name in self.exported, buffer)
        elif isinstance(idiom, I.Export):
            calls.export(idiom, spans, idiom.name in self.defined, buffer)
        else:
            calls.simple(idiom, spans, buffer)

    def _guard(
        self, idiom: I.Guard, spans: I.Spans, group: list[I.Guard], buffer: EditBuffer
    ) -> None:
        loaded = [g for g in group if not g.constant]
        guards.guard(idiom, spans, not loaded, buffer)
        if loaded and self.options.patched:
            self._note(loaded[0], "sc-loaded-guard", guards.why_loaded(loaded[0]))

    def _dynamic(self, idiom: I.DynamicDefinition) -> None:
        if idiom.error:
            return
        if (lines := idiom.lines) is None:
            self.done.stuck.append(idiom)
            return
        buffer = self.done.buffer
        buffer.at = lines.marker[0]
        idiom = dynamic.with_value_lowered(idiom, self.source, self.values)
        note = dynamic.define(idiom, lines, self.options.call, self.source, buffer)
        if note:
            self._note(idiom, "sc-dynamic", note)

    def _note(self, idiom: I.Idiom, id_: str, text: str) -> None:
        length = len(idiom.spelled)
        self.done.notes.append(diagnostic(self.source, idiom.place, "note", id_, text, length))


def _shape(idiom: I.Idiom) -> tuple[object, ...]:
    """What decides the edits: expansions of one spelling that differ in it are left alone."""
    if isinstance(idiom, I.Call):
        return ("call", idiom.form == "2018")
    if isinstance(idiom, I.CallDefinition):
        return ("define-call", idiom.name, idiom.returns)
    return (idiom.kind,)
