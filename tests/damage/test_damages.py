"""Negative controls: each damage to an arch's templates makes `verify` fail.

The damages are data, ``templates/<arch>/damages.toml`` and, for what all
arches share, ``templates/common/damages.toml``.
"""

from __future__ import annotations

import importlib
import re
import shutil
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import transformer
from transformer import arch as arches
from transformer.corpus.levels import hardened
from transformer.toolchain import available

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
ENGINE = importlib.import_module("transformer.corpus.verify")
CASE = Path(__file__).resolve().parent / "case"

#: What is rendered into units and the runtime; the rest are litmus tests and a harness.
PARTS = {f"{n}.h.j2" for n in ("trampoline", "guard", "call", "hook", "breakpoint")}


@dataclass(frozen=True)
class Damage:
    """One change to one line; ``nth`` of the lines that hold ``find``, from 1.

    ``mode`` is one in which it shows, where the others do not have the line,
    ``hardened`` the hardened build, and ``case`` the case of the corpus.
    """

    folder: str
    what: str
    file: str
    find: str
    becomes: str
    nth: int = 1
    compiler: str = "clang"
    mode: str = "trampoline"
    hardened: str = ""
    case: str = ""

    def line(self, text: str) -> int:
        """The index of the damaged line in ``text``."""
        holding = [i for i, line in enumerate(text.splitlines()) if self.find in line]
        assert len(holding) >= self.nth, f"{self.file} has no such line: {self.find}"
        return holding[self.nth - 1]

    def apply(self, templates: Path) -> None:
        path = templates / self.folder / self.file
        lines = path.read_text().splitlines()
        at = self.line(path.read_text())
        lines[at] = lines[at].replace(self.find, self.becomes, 1)
        path.write_text("\n".join(lines) + "\n")


def _damages(folder: str) -> list[Damage]:
    rows = tomllib.loads((TEMPLATES / folder / "damages.toml").read_text())["damage"]
    return [Damage(folder=folder, **row) for row in rows]


def _unseen(folder: str) -> list[Damage]:
    """Lines whose damage no run can show, each with the reason."""
    data = tomllib.loads((TEMPLATES / folder / "damages.toml").read_text())
    rows = data.get("unseen", [])
    assert all(row["why"] for row in rows)
    return [
        Damage(folder, row["why"], row["file"], row["find"], "", row.get("nth", 1)) for row in rows
    ]


_EACH = 16


def _cells() -> Iterator[Any]:
    """All of them for the full suite; of each file of an arch every sixteenth, the first too.

    The first of a file that the arches share is tried with one of them, all taking turns.
    """
    names = arches.names()
    shared = list(dict.fromkeys(d.file for d in _damages("common")))
    for turn, name in enumerate(names):
        families = {cc.family for cc in available(arches.load(name))}
        seen = Counter({file: (n - turn) % len(names) for n, file in enumerate(shared)})
        for d in _damages(name) + _damages("common"):
            if d.compiler in families:
                marks = () if seen[d.file] % _EACH == 0 else (pytest.mark.full,)
                seen[d.file] += 1
                yield pytest.param(name, d, id=f"{name}: {d.what}", marks=marks)


def _bears_code(line: str) -> bool:
    """A line with assembler text or with a C statement that does something."""
    code = line.strip()
    if code in ("", "};") or re.match(r"#\s*(if|el|endif)|/\*|\*|//", code):
        return False
    if '"' in code:
        text = code.split('"')[1].replace("\\n", "").replace("\\t", "").strip()
        return bool(text) and not text.startswith((".option push", ".option pop", ".option arch"))
    if code.startswith(("#define", "# define", "} while (0)")):
        return False
    declares = re.fullmatch(r"[\w *]+;", code)
    return code.endswith((";", ")")) and not code.startswith(("(void)", "static ")) and not declares


def _uncovered(name: str) -> list[str]:
    damages = _damages(name) + _unseen(name)
    missing = []
    for path in sorted((TEMPLATES / name).glob("*.j2")):
        if path.name not in PARTS:
            continue
        text = path.read_text()
        covered = {d.line(text) for d in damages if d.file == path.name}
        missing += [
            f"{path.name}:{i + 1}: {line.strip()}"
            for i, line in enumerate(text.splitlines())
            if _bears_code(line) and i not in covered
        ]
    return missing


@pytest.mark.parametrize("name", arches.names())
def test_each_line_that_bears_code_has_a_damage(name: str) -> None:
    assert not _uncovered(name)


def _verify(
    name: str,
    compiler: str,
    templates: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str = "all",
    case: Path = CASE,
) -> Any:
    monkeypatch.setenv("SC_TEMPLATES", str(templates))
    levels = "turns" if mode == "all" else ["-O2"]
    return transformer.verify(
        [case], arches=[name], compilers=[compiler], modes=mode, levels=levels
    )


def _verify_damage(
    name: str, damage: Damage, templates: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    case = ROOT / "corpus" / damage.case if damage.case else CASE
    if not damage.hardened:
        return _verify(name, damage.compiler, templates, monkeypatch, damage.mode, case)

    def one(arch: Any, compiler: Any, *rest: Any) -> list[tuple[int, str]]:
        every = (*arch.variants, *arch.hardened)
        found = hardened(arch, compiler, *rest)
        return [(n, level) for n, level in found if every[n].name == damage.hardened]

    monkeypatch.setenv("SC_TEMPLATES", str(templates))
    monkeypatch.setattr(ENGINE, "settings", lambda *_: [])
    monkeypatch.setattr(ENGINE, "hardened", one)
    return transformer.verify(
        [case], arches=[name], compilers=[damage.compiler], modes=damage.mode, levels="all"
    )


def _copy(name: str, folder: Path) -> Path:
    templates = folder / "templates"
    for part in ("common", name):
        shutil.copytree(TEMPLATES / part, templates / part)
    return templates


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", arches.names())
def test_an_undamaged_copy_passes(
    name: str, compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it is the damage that the next test sees."""
    report = _verify(name, compiler, _copy(name, tmp_path), monkeypatch)
    assert {r.status for r in report.results} <= {"pass"}


@pytest.mark.parametrize(("name", "damage"), list(_cells()))
def test_verify_notices(
    name: str, damage: Damage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = _copy(name, tmp_path)
    damage.apply(templates)
    report = _verify_damage(name, damage, templates, monkeypatch)
    failures = [f for r in report.results for f in r.failures]
    own = [f.message for r in report.selftests for f in r.failures]
    refused = [r.message for r in report.results if r.status == "error"]
    assert failures or refused or own, f"not noticed: {damage.what}"
    assert not own or damage.file == "arch.toml", own
    assert not report.ok
    assert all(f.message for f in failures), failures
    # What a whole scenario with interrupts differs in has no one site.
    assert all(f.site for f in failures if f.check != "interrupts"), failures
    assert damage.hardened or all(
        re.search(r"\w\.c:\d+|unit_0\.o: ?.*\.text\+0x|unit_0\.o:\((function|\.eh_frame)", m)
        for m in refused
    ), refused
