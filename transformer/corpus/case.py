"""Corpus cases: a folder with ``case.toml`` and C units (DESIGN §8), or a C file alone."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from transformer.diagnostics import Diagnostic, ScError

Value = int | float | str | bool

#: What a step may ask for; each is done in the order in which it is written.
ACTIONS = ("call", "update", "enable", "disable", "inc", "dec", "on", "off")
_TOP = {
    "title": str,
    "shows": str,
    "units": list,
    "returns": dict,
    "step": list,
    "refuse": (dict, list),
    "arches": list,
    "modes": list,
    "compilers": list,
    "cflags": list,
    "includes": list,
    "dynamic": dict,
    "dynamic_lowering": str,
    "memory": list,
}
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*\((.*)\)\s*;?\s*\Z", re.DOTALL)
_AT = re.compile(r"(.+?):(\d+)(?::(\d+))?\Z")


@dataclass(frozen=True)
class Action:
    """One thing to do: ``name`` is the function or key, ``text`` arguments or target."""

    kind: str
    name: str
    text: str = ""

    def __str__(self) -> str:
        if self.kind == "call":
            return f"{self.name}({self.text})"
        return f"{self.kind} {self.name}" + (f" = {self.text}" if self.text else "")


@dataclass(frozen=True)
class Step:
    """The actions of one ``[[step]]``; ``returns`` pins what its call returns."""

    actions: tuple[Action, ...]
    returns: Value | None = None


@dataclass(frozen=True)
class Refusal:
    """A diagnostic that the case must be refused with."""

    id: str
    path: str
    line: int
    column: int

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" + (f":{self.column}" if self.column else "")
        return f"{place}: [-W{self.id}]"


@dataclass(frozen=True)
class Case:
    """A case as written.  Empty ``arches``, ``modes``, ``compilers`` mean all."""

    name: str
    folder: Path
    units: tuple[Path, ...]
    title: str = ""
    shows: str = ""
    steps: tuple[Step, ...] = ()
    returns: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    refuse: tuple[Refusal, ...] = ()
    arches: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    compilers: tuple[str, ...] = ()
    cflags: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    dynamic: Mapping[str, str] = field(default_factory=dict)
    dynamic_lowering: str | None = None
    memory: tuple[str, ...] = ()
    invented: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """The case's own compiler flags; ``includes`` are relative to its folder."""
        return (*self.cflags, *(f"-I{self.folder / i}" for i in self.includes))

    @property
    def anywhere(self) -> Case:
        """The same case wherever its folder lies: its units are named from there."""
        units = (Path(os.path.relpath(u, self.folder)) for u in self.units)
        return replace(self, folder=Path(), units=tuple(units))


def find_cases(path: Path) -> list[Case]:
    """The cases at ``path``: a C file, a case's folder, or a folder of cases, sorted."""
    if path.is_file():
        if path.name == "case.toml":
            return [read_case(path.parent)]
        return [Case(path.name, path.parent.resolve(), (path.resolve(),), invented=True)]
    if not path.is_dir():
        raise ScError(Diagnostic("error", "sc-input", "no such file or folder", str(path)))
    if (path / "case.toml").is_file():
        return [read_case(path)]
    folders = sorted(p.parent for p in path.rglob("case.toml"))
    if not folders:
        raise ScError(Diagnostic("error", "sc-input", "no case here: no case.toml", str(path)))
    return [read_case(f, f.relative_to(path).as_posix()) for f in folders]


def read_case(folder: Path, name: str = "") -> Case:
    """Read ``folder/case.toml``; ``ScError`` at its line where it is wrong."""
    path = folder / "case.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise ScError(Diagnostic("error", "sc-input", str(e), str(path))) from e
    return _Reader(folder, path, text).case(name or folder.resolve().name)


class _Reader:
    def __init__(self, folder: Path, path: Path, text: str) -> None:
        self.folder = folder.resolve()
        self.path = path
        self.lines = text.splitlines()
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as e:
            found = re.search(r"line (\d+), column (\d+)", str(e))
            line = int(found[1]) if found else 0
            self.fail(str(e), line)

    def fail(self, text: str, line: int = 0, key: str = "") -> NoReturn:
        """Raise an error at ``line``, or where ``key`` is first written."""
        column = 1 if line else 0
        if key and not line:
            pattern = re.compile(rf"(?:^|[\[{{,])\s*({re.escape(key)})\s*[=\].]")
            for number, source in enumerate(self.lines, 1):
                if found := pattern.search(source):
                    line, column = number, found.start(1) + 1
                    break
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        raise ScError(
            Diagnostic(
                "error", "sc-input", text, str(self.path), line, column, source, len(key) or 1
            )
        )

    def case(self, name: str) -> Case:
        for key, value in self.data.items():
            if key not in _TOP:
                self.fail(f"unknown key '{key}'; there are: {', '.join(_TOP)}", key=key)
            if not isinstance(value, _TOP[key]):  # type: ignore[arg-type]
                self.fail(f"'{key}' has the wrong type", key=key)
        refuse = tuple(self.refusals())
        steps = tuple(self.step(s) for s in self.data.get("step", []))
        return Case(
            name=name,
            folder=self.folder,
            units=self.units(),
            title=self.data.get("title", ""),
            shows=self.data.get("shows", ""),
            steps=steps,
            returns={n: self.values(n, v) for n, v in self.data.get("returns", {}).items()},
            refuse=refuse,
            arches=self.strings("arches"),
            modes=self.strings("modes"),
            compilers=self.strings("compilers"),
            cflags=self.strings("cflags"),
            includes=self.strings("includes"),
            dynamic={n: str(v) for n, v in self.data.get("dynamic", {}).items()},
            dynamic_lowering=self.data.get("dynamic_lowering"),
            memory=self.strings("memory"),
            invented=not steps and not refuse,
        )

    def strings(self, key: str) -> tuple[str, ...]:
        values = self.data.get(key, [])
        if not all(isinstance(v, str) for v in values):
            self.fail(f"'{key}' is a list of strings", key=key)
        return tuple(values)

    def units(self) -> tuple[Path, ...]:
        named = self.strings("units")
        if not named:
            self.fail("'units' must name the C files of the case", key="units")
        paths = tuple(self.folder / n for n in named)
        for path in paths:
            if not path.is_file():
                self.fail(f"no such unit: {path.name}", key="units")
        return paths

    def values(self, name: str, value: Any) -> tuple[Value, ...]:
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(v, Value) for v in values):
            self.fail(f"'{name}' returns numbers or strings", key=name)
        return tuple(values)

    def step(self, data: Any) -> Step:
        if not isinstance(data, dict):
            self.fail("a step is a table", key="step")
        actions: list[Action] = []
        for kind, value in data.items():
            if kind in ACTIONS:
                actions += self.actions(kind, value)
            elif kind not in ("returns", "note"):
                self.fail(f"unknown key '{kind}' in a step; there are: {_step_keys()}", key=kind)
        if not actions:
            self.fail(f"a step does nothing; it needs one of: {_step_keys()}", key="step")
        return Step(tuple(actions), data.get("returns"))

    def actions(self, kind: str, value: Any) -> Iterator[Action]:
        if kind == "update":
            if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
                self.fail('update is a table: { key = "function" }', key=kind)
            for key, target in value.items():
                yield Action("update", key, target)
            return
        for text in value if isinstance(value, list) else [value]:
            if not isinstance(text, str):
                self.fail(f"'{kind}' names something by a string", key=kind)
            yield self.call(text) if kind == "call" else Action(kind, text.removeprefix("&"))

    def call(self, text: str) -> Action:
        found = _CALL.match(text)
        if not found:
            self.fail(
                f"a call is a function's name and arguments in parentheses: {text}", 0, "call"
            )
        return Action("call", found[1], found[2].strip())

    def refusals(self) -> Iterator[Refusal]:
        given = self.data.get("refuse", [])
        for row in given if isinstance(given, list) else [given]:
            if not isinstance(row, dict) or set(row) != {"id", "at"}:
                self.fail('refuse is { id = "sc-name", at = "file.c:line:column" }', key="refuse")
            found = _AT.match(row["at"])
            if not found:
                self.fail("'at' is file.c:line:column", key="at")
            yield Refusal(row["id"], found[1], int(found[2]), int(found[3] or 0))


def _step_keys() -> str:
    return ", ".join((*ACTIONS, "returns"))
