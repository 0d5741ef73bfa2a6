"""Makes the launcher's front: a small program that spares plain command lines Python's start.

It is made from ``front.c`` and ``front_copy.c`` at the launcher's first run, by the machine's
own compiler, and lies among the package's compiled files; where it cannot be made nothing
else changes.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from transformer.launcher import roles, settings, tables
from transformer.launcher.detect import INCLUDES
from transformer.launcher.masquerade import INSIDE
from transformer.launcher.renewing import PLACE, in_vain
from transformer.launcher.state import State, made_from
from transformer.quick import HOLDS
from transformer.scratch import scratch

SOURCES = tuple(Path(__file__).with_name(name) for name in ("front.c", "front_copy.c"))
COMPILERS = ("cc", "gcc", "clang")
LINKS: tuple[list[str], ...] = (
    ["-static"],
    [],
)  # without a dynamic linker it starts in half the time
SECONDS = 20
ENVIRONMENT = ("PATH", "HOME", INSIDE)

# For which the front leaves a command line to Python.  All other roles change
# neither where an object goes nor whether its symbols can be seen in it.
_NOT_PLAIN = frozenset(
    ("arch", "assembly", "cc1", "driver", "folder", "foreign", "language", "lto", "pch", "print")
)
_KINDS = {
    "object": "OBJECT",
    "output": "OUTPUT",
    "link": "LINKING",
    **dict.fromkeys(("preprocess", "syntax", "only-system", "only-user"), "ALONE"),
    **dict.fromkeys(_NOT_PLAIN, "OTHER"),
}
_WITHOUT_A_FOLDER = ("-l",)  # harmless where no -L says where such a library lies
_FORMS = {
    "flag": "FLAG",
    "joined": "JOINED",
    "comma": "JOINED",
    "either": "EITHER",
    "separate": "SEPARATE",
    "equals": "SEPARATE",
}

_Row = tuple[str, str, str]


def make(headers: str, state: State, templates: str) -> None:
    """``headers`` is the folder of the plain headers.  Raises nothing."""
    place = Path(PLACE)
    fresh = place / f"front.{os.getpid()}.tmp"
    try:
        text = program(Path(headers).name, templates)
        if any(_compiled(text, fresh, cc, link) for cc in COMPILERS for link in LINKS):
            fresh.replace(place / "front")
        else:
            (place / "front").unlink(missing_ok=True)
            in_vain(state)
    except OSError:
        pass
    finally:
        fresh.unlink(missing_ok=True)


def _compiled(text: str, output: Path, compiler: str, link: list[str]) -> bool:
    """Whether the compiler makes a program that runs here."""
    command = [compiler, "-w", "-O1", *link, "-x", "c", "-o", str(output), "-"]
    environment = {k: v for k, v in os.environ.items() if k in ENVIRONMENT}
    try:
        with scratch() as folder:  # where a compiler that is killed leaves its files
            subprocess.run(
                command,
                input=text.encode(),
                env=environment | {"TMPDIR": str(folder)},
                check=True,
                capture_output=True,
                timeout=SECONDS,
            )
        told = subprocess.run([output], capture_output=True, timeout=SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return told.stdout == b"sc-transform\n"


def program(folder: str, templates: str) -> str:
    """All of it, as C."""
    return definitions(folder, templates) + "\n".join(s.read_text("utf-8") for s in SOURCES)


def definitions(folder: str, templates: str) -> str:
    """What ``front.c`` stands on, as C."""
    words = {
        "FOLDER": _quoted(folder),
        "MARKER": _quoted(INCLUDES.decode()),
        "INSIDE": _quoted(INSIDE),
        "OWN": _quoted(settings.VARIABLE),
        "PREFIX": _quoted(settings.PREFIX),
        "FILES": ", ".join(map(_quoted, settings.FILES)),
        "HOLDS": ", ".join(_quoted(word.decode()) for word in HOLDS),
    }
    lines = [f"#define {name} {value}" for name, value in words.items()]
    lines += [
        "static const struct { const char *path; long long size, changed; } made_from[] = {",
        *(
            f"\t{{ {_quoted(path)}, {size}, {changed} }},"
            for path, size, changed in made_from(templates)
        ),
        "};",
        "enum form { FLAG, JOINED, EITHER, SEPARATE, ASSIGNED };",
        "enum kind { HARMLESS, OBJECT, ALONE, LINKING, OUTPUT, OTHER };",
        "static const struct row { const char *name; enum form form; enum kind kind; } rows[] = {",
        *(f"\t{{ {_quoted(name)}, {form}, {kind} }}," for name, form, kind in rows()),
        "\t{ 0 }",
        "};",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """As a string of C, byte by byte where it is not plain."""
    return '"' + "".join(_character(b) for b in os.fsencode(text)) + '"'


def _character(byte: int) -> str:
    plain = 32 <= byte < 127 and chr(byte) not in '"\\?'
    return chr(byte) if plain else f"\\{byte:03o}"


def rows() -> list[_Row]:
    """The options of all families as one table, (name, form, kind), the longest first.

    What two families read in different ways is OTHER: the front does not ask for
    a compiler's family.
    """
    families = [tables.Table(tables.rows(family)) for family in tables.FAMILIES]
    found: dict[tuple[str, str], _Row] = {}
    for table in families:
        for row in _all(table):
            kind = _kind(row)
            if not _agreed(*row[:2], kind, families):
                kind = "OTHER"
            for ours in _as_c(*row[:2], kind):
                if found.setdefault(ours[:2], ours) != ours:
                    found[ours[:2]] = (*ours[:2], "OTHER")
    return sorted(found.values(), key=lambda row: (-len(row[0]), row))


def _all(table: tables.Table) -> Iterator[_Row]:
    yield from table.whole.values()
    for candidates in table.starts.values():
        yield from (row for row in candidates if row[1] == "prefix")


def _agreed(name: str, form: str, kind: str, families: Iterable[tables.Table]) -> bool:
    """Whether all families read the option alike, or as one word without a meaning for us."""
    idle = form in ("flag", "joined") and kind == "HARMLESS"
    for table in families:
        row = table.row(name)
        same = row is not None and row[:2] == (name, form)
        if not same and not (idle and (row is None or _one_idle_word(name, row))):
            return False
    return True


def _one_idle_word(name: str, row: _Row) -> bool:
    joined = row[1] in ("flag", "joined", "comma") or len(row[0]) < len(name)
    return joined and _kind(row) == "HARMLESS"


def _kind(row: _Row) -> str:
    name, _, role = row
    if role not in roles.DROPPED | roles.KEPT and role not in _KINDS:
        return "OTHER"
    return "HARMLESS" if name in _WITHOUT_A_FOLDER else _KINDS.get(role, "HARMLESS")


def _as_c(name: str, form: str, kind: str) -> Iterator[_Row]:
    if form not in _FORMS:  # several words
        yield name, "JOINED", "OTHER"
        return
    yield name, _FORMS[form], kind
    if form == "equals":
        yield name + "=", "ASSIGNED", kind
