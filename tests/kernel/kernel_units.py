"""Units of a configured kernel: which are compared, and how its build compiles them."""

from __future__ import annotations

import random
import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDERS = "kernel mm fs net block lib security crypto drivers init ipc virt"
OWN = {"x86_64": "x86", "arm64": "arm64"}
CROSS = {"x86_64": "", "arm64": "aarch64-linux-gnu-"}
#: code that is no part of the kernel's own image, or is compiled in another way
APART = re.compile(r"/(?:tools|boot|realmode|purgatory|hyp|um)/|vdso")
#: every idiom, as a reader of Linux's headers would search for it: not the project's own list
IDIOM = re.compile(
    r"\b(?:static_call(?:_cond|_mod|_query|_update)?|D(?:EFINE|ECLARE)_STATIC_CALL\w*"
    r"|EXPORT_STATIC_CALL\w*|D(?:EFINE|ECLARE)_STATIC_KEY_\w+|static_branch_\w+"
    r"|static_key_(?:enabled|slow_dec_deferred|deferred_flush))\b"
)
_NO_TOKEN = re.compile(
    r"/\*[\s\S]*?\*/|//[^\n]*|^[ \t]*#[ \t]*include[^\n]*"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)+'",
    re.MULTILINE,
)
#: in a build's folder: the units that its configuration cannot compile
FAILED = "units-that-fail"
_BATCH = 30
#: of one hundred units: with idioms, drivers with idioms, others, other drivers
SHARES = (44, 16, 18, 22)


@dataclass(frozen=True)
class Unit:
    """``command`` is that of the build, without what it writes; it runs in ``build``.

    ``objtool`` is what the build runs after it, on the object.
    """

    arch: str
    name: str
    build: Path
    source: Path
    command: tuple[str, ...]
    objtool: tuple[str, ...] = ()

    @property
    def compiler(self) -> str:
        return self.command[0]

    @property
    def flags(self) -> tuple[str, ...]:
        return self.command[1:]


def idioms(text: str) -> list[int]:
    """Where a file spells idioms, outside comments and literals."""
    plain = _NO_TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    return [m.start() for m in IDIOM.finditer(plain)]


def pick(work: Path, arch: str, seed: int, count: int) -> list[Unit]:
    """``count`` units that the kernel's own build compiles, drawn by ``seed``.

    They are of four kinds; where there are too few of one, all of them.
    """
    tree = work / "linux-source-6.1"
    folders = [*FOLDERS.split(), f"arch/{OWN[arch]}"]
    groups: list[list[str]] = [[], [], [], []]
    for path in sorted(p for f in folders for p in (tree / f).rglob("*.c")):
        name = str(path.relative_to(tree))
        if not APART.search(f"/{name}"):
            without = not idioms(path.read_text(encoding="latin-1"))
            groups[2 * without + name.startswith("drivers/")].append(name)
    draw = random.Random(seed)
    picked = []
    for group, share in zip(groups, SHARES, strict=True):
        draw.shuffle(group)
        picked += _compiled(work, arch, group, round(count * share / 100))
    return picked


def _compiled(work: Path, arch: str, names: Sequence[str], count: int) -> list[Unit]:
    """The first ``count`` that compile, by the kernel's own rules; most are not configured."""
    found: list[Unit] = []
    noted = work / f"b-{arch}" / FAILED
    failed = set(noted.read_text().split()) if noted.is_file() else set()
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        missing = [n for n in batch if n not in failed and unit_of(work, arch, n) is None]
        _make(work, arch, missing)
        failed |= {n for n in missing if unit_of(work, arch, n) is None}
        noted.write_text("\n".join(sorted(failed)))
        found += [u for n in batch if (u := unit_of(work, arch, n))]
        if len(found) >= count:
            break
    return found[:count]


def _make(work: Path, arch: str, names: Sequence[str]) -> None:
    targets = [n[:-2] + ".o" for n in names]
    tree, build = work / "linux-source-6.1", work / f"b-{arch}"
    words = ["make", "-s", "-k", "-C", str(tree), f"O={build}", f"ARCH={arch}"]
    if targets:
        command = [*words, f"CROSS_COMPILE={CROSS[arch]}", *targets]
        subprocess.run(command, capture_output=True, check=False)


def unit_of(work: Path, arch: str, name: str) -> Unit | None:
    """A unit that is compiled, by what Kbuild noted of it."""
    build = work / f"b-{arch}"
    target = build / (name[:-2] + ".o")
    noted = target.parent / f".{target.name}.cmd"
    if not (target.is_file() and noted.is_file()):
        return None
    line, *after = noted.read_text().splitlines()[0].split(":=", 1)[1].split(" ; ")
    words = [w for w in shlex.split(line) if not w.startswith("-Wp,-M")]
    at = words.index("-o")
    source = Path(words[-1])
    words = [w for w in [*words[:at], *words[at + 2 : -1]] if w != "-c"]
    objtool = next((shlex.split(a)[:-1] for a in after if "objtool" in a.split()[0]), [])
    return Unit(arch, name, build, source, tuple(words), tuple(objtool))
