"""Makes mutants of templates: each line dropped, altered, or exchanged with its neighbour.

Assembler lines of ``templates/<arch>/``, and what the runtime stores, calls,
orders and flushes in ``templates/common/runtime``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutants.mutant_text import Statement, built_lines, functions, runtime_files

RUNTIME_DIR = "common/runtime"
#: What is rendered into units and into the runtime.
PARTS = ("call", "guard", "hook", "trampoline", "breakpoint")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_NUMBER = re.compile(r"(?<![\w.%])(0x[0-9a-fA-F]+|\d+)(?!\w)")
_NUMBERED = re.compile(r"(?<![\w\\.:@])([a-z]{1,3})(\d{1,2})(?!\w)")
_CLOBBERS = re.compile(r'[\s,]*"[a-z][\w()]*"(\s*,\s*"[a-z][\w()]*")*')
_ORDER = re.compile(r"__ATOMIC_(SEQ_CST|ACQ_REL|ACQUIRE|RELEASE)\b")
_STORES = re.compile(r"[^=!<>]*(->|\[|\.|\*)[^=]*[-+|&^]?=[^=]|.*(\+\+|--)|.*\w\(")
_TORN = re.compile(r"\*(\w+) = (\w+);")
_RETURNS_CALL = re.compile(r"return [^;]*\b(sc_|SC_HOOK_)\w+\([^;]*;")

#: One instruction for another that looks alike.
WORDS = {
    "call": "jmp",
    "bl": "b",
    "br": "blr",
    "b": "bl",
    "tail": "call",
    "jr": "jalr",
    "nop": "",
    "jal": "call",
    "ra": "t0",
    "zero": "ra",
    "adrp": "adr",
    "norelax": "relax",
    "norvc": "rvc",
    "push": "rvc",
    "endbr64": "nop",
    "ish": "ishst",
    "dsb": "dmb",
    "cvau": "cvac",
    "ivau": "iallu",
    "dc": "ic",
    "isb": "nop",
    "fence.i": "fence",
    "cpuid": "nop",
    "int3": "nop",
    "rsp": "rbp",
    ":got:": "",
    "%got_pcrel_hi": "%pcrel_hi",
}


@dataclass(frozen=True)
class Mutant:
    """Lines from ``line`` (from 1) on, ``old``, become ``new``.

    ``built`` is false where the emulator's build has no such line.
    """

    file: str
    line: int
    kind: str  # drop | alter | swap
    old: str
    new: str
    built: bool = True

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}: {shown(self.old)} -> {shown(self.new)}"

    def apply(self, text: str) -> str:
        lines, old = text.splitlines(), self.old.splitlines()
        at = self.line - 1
        assert lines[at : at + len(old)] == old, self.name
        return "\n".join([*lines[:at], *self.new.splitlines(), *lines[at + len(old) :]]) + "\n"


def shown(text: str) -> str:
    """One line of what may be several, for a person."""
    words = " / ".join(re.sub(r"\s*\\$", "", line).strip() for line in text.splitlines())
    return words or "(nothing)"


def make(templates: Path, arch: str) -> list[Mutant]:
    """All mutants that an arch's build can show, in the order of files and lines."""
    found: list[Mutant] = []
    for path in sorted(templates / arch / f"{part}.h.j2" for part in PARTS):
        if path.is_file():
            name = path.relative_to(templates).as_posix()
            found += _file(templates, path, name, "breakpoint" not in name)
    inside = runtime_files(templates)
    for path in sorted((templates / RUNTIME_DIR).glob("*.j2")):
        name = path.relative_to(templates).as_posix()
        found += _file(templates, path, name, name in inside)
    return list({(m.file, m.line, m.new): m for m in found}.values())


def _file(templates: Path, path: Path, name: str, included: bool) -> Iterator[Mutant]:
    text = path.read_text()
    lines = text.splitlines()
    built = [included and b for b in built_lines(text)]
    of_arch = not name.startswith("common/")
    bodies = functions(text)
    within = {n for body in bodies for s in body for n in range(s.first, s.last + 1)}
    for first, last, kind, new in sorted(
        [e for body in bodies for e in _statements(lines, body, of_arch)]
        + list(_macro_lines(lines, within) if of_arch else ())
    ):
        old = "\n".join(lines[first : last + 1])
        if new != old:
            yield Mutant(name, first + 1, kind, old, new, all(built[first : last + 1]))


Edit = tuple[int, int, str, str]  # first and last line from 0, kind, new text


# --- C ---


def _statements(lines: list[str], body: list[Statement], everything: bool) -> Iterator[Edit]:
    for index, statement in enumerate(body):
        first, last, indent = statement.first, statement.last, statement.indent
        old = "\n".join(lines[first : last + 1])
        acts = statement.simple and _acts(statement.text, everything)
        if acts:
            yield first, last, "drop", f"{indent};"
            yield from ((first, last, "alter", new) for new in _altered(old))
        elif not statement.body:
            yield from ((first, last, "alter", new) for new in _altered_rest(old, everything))
        elif everything and statement.text.startswith("if ("):
            yield first, first, "alter", _negated(lines[first])
        if index + 1 < len(body):
            yield from _swapped(lines, statement, body[index + 1], everything)
        yield from _statements(lines, statement.body, everything)


def _acts(text: str, everything: bool) -> bool:
    """Whether it stores, flushes or calls what may: not (void)x, not a mere local."""
    if text.startswith("(void)") and "(" not in text[6:]:
        return False
    return everything or bool(_STORES.match(text))


def _swapped(
    lines: list[str], one: Statement, other: Statement, everything: bool
) -> Iterator[Edit]:
    if one.last + 1 != other.first or not (one.movable and other.movable):
        return
    if not any(s.simple and _acts(s.text, everything) for s in (one, other)):
        return
    moved = lines[other.first : other.last + 1] + lines[one.first : one.last + 1]
    yield one.first, other.last, "swap", "\n".join(moved)


def _altered(old: str) -> Iterator[str]:
    """A statement that stores or calls: weaker order, other numbers, torn in two."""
    yield from _altered_rest(old, True)
    if torn := _TORN.fullmatch(old.strip()):
        yield _torn(old, torn[1], torn[2])
    if "__asm__" in old:
        yield from (new for new in _altered_text(old) if new != old)


def _torn(old: str, to: str, value: str) -> str:
    """The same bytes one after the other, the lowest first."""
    indent = old[: len(old) - len(old.lstrip())]
    loop = f"for (unsigned int i_ = 0; i_ < sizeof({value}); i_++)"
    store = f"((volatile unsigned char *){to})[i_] = (unsigned char)({value} >> 8 * i_);"
    return f"{indent}{loop}\n{indent}\t{store}"


def _altered_rest(old: str, numbers: bool) -> Iterator[str]:
    for match in _ORDER.finditer(old):
        yield _with(old, match, "__ATOMIC_RELAXED")
    if numbers and "__asm__" not in old:
        for match in _NUMBER.finditer(old):
            yield _with(old, match, str(int(match[0], 0) + 1))
    if _RETURNS_CALL.match(old.strip()):
        yield old[: len(old) - len(old.lstrip())] + "return 0;"


def _negated(line: str) -> str:
    match = re.fullmatch(r"(\s*if )\((.*)\)( \{)?", line)
    return f"{match[1]}(!({match[2]})){match[3] or ''}" if match else line


def _with(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


# --- assembler text in macros ---


def _macro_lines(lines: list[str], within: set[int]) -> Iterator[Edit]:
    """Lines of macros outside functions; the ``#define`` line itself where text is on it."""
    for number, line in enumerate(lines):
        if number in within or not _in_macro(lines, number):
            continue
        head, code, tail = _parts(line)
        if not code:
            continue
        if _CLOBBERS.match(code):
            yield from ((number, number, "drop", head + new + tail) for new in _fewer(code))
        elif '"' in code or code.startswith("__SC_"):
            yield number, number, "drop", f'{head}""{tail}'
            yield from ((number, number, "alter", n) for n in _altered_text(line) if n != line)
            if number + 1 < len(lines) and line.endswith("\\") and head.strip() == "":
                yield from _swapped_lines(lines, number)
        elif head and re.fullmatch(r"\d", code):
            yield number, number, "alter", f"{head}{1 - int(code)}{tail}"


def _in_macro(lines: list[str], number: int) -> bool:
    before = lines[number - 1] if number else ""
    return bool(re.match(r"#\s*define\s+\w*SC_ARCH\w*", lines[number])) or before.endswith("\\")


def _parts(line: str) -> tuple[str, str, str]:
    """The indentation or ``#define NAME(...) ``, the code, and the continuation."""
    match = re.match(r"(#\s*define\s+\w+(?:\([^)]*\))?\s*|\s*)(.*?)(\s*(?:/\*.*\*/\s*)?\\?)$", line)
    assert match is not None
    return match[1], match[2], match[3]


def _swapped_lines(lines: list[str], number: int) -> Iterator[Edit]:
    head, code, tail = _parts(lines[number])
    next_head, next_code, next_tail = _parts(lines[number + 1])
    if next_code and not next_code.startswith("__SC_ASM_ENTRY") and not _CLOBBERS.match(next_code):
        new = f"{head}{next_code}{tail}\n{next_head}{code}{next_tail}"
        yield number, number + 1, "swap", new


def _fewer(code: str) -> Iterator[str]:
    """A list of clobbered registers without the whole line, or without one of them."""
    if code.startswith(","):
        rest = re.sub(r'^[\s,]*"[^"]*"(\s*,\s*"[^"]*")*', "", code)
        yield rest
        return
    for match in re.finditer(r'"[^"]*"(\s*,\s*)?', code):
        yield _with(code, match, "")


def _altered_text(line: str) -> Iterator[str]:
    for string in _STRING.finditer(line):
        for new in _altered_assembler(string[0]):
            yield _with(line, string, new)


def _altered_assembler(text: str) -> Iterator[str]:
    if re.fullmatch(r'"[=+&]*\w?"|"(memory|cc)"', text):
        return
    aligns = ".p2align" in text
    for match in _NUMBER.finditer(text):
        value = int(match[0], 0)
        if match[0].startswith("0x"):
            yield _with(text, match, f"{value ^ 1:#04x}")
        elif not text.endswith(f'{match[0]}"') or len(text) > 4:
            yield _with(text, match, str(value - 1 if aligns else value + 1))
    for match in _NUMBERED.finditer(text):
        yield _with(text, match, f"{match[1]}{int(match[2]) + (1 if int(match[2]) < 7 else -1)}")
    for word, other in WORDS.items():
        for match in re.finditer(rf"(?<![\w.:%\\]){re.escape(word)}(?![\w.:])", text):
            yield _with(text, match, other)
