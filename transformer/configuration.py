"""A leaf: the configuration, command line over environment over the nearest file.

The file is ``sc-transform.toml``, or ``[tool.sc-transform]`` of
``pyproject.toml``, in the folder of the input or the nearest one above it; in
one folder the first wins.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

FILE, PROJECT, TABLE = "sc-transform.toml", "pyproject.toml", "sc-transform"
ENVIRONMENT = {"arch": "SC_TRANSFORM_ARCH", "mode": "SC_TRANSFORM_MODE", "cc": "SC_TRANSFORM_CC"}
WORDS = ("arch", "mode", "profile", "cc", "log", "dynamic-lowering")


class Usage(Exception):
    """A command line or configuration that asks for what there is not; exit status 2."""


class Configuration(NamedTuple):
    """What a file and the environment say; None and empty where they are silent."""

    arch: str | None = None
    mode: str | None = None
    cc: str | None = None
    cflags: tuple[str, ...] = ()
    dynamic: Mapping[str, str] = MappingProxyType({})
    dynamic_lowering: str | None = None
    profile: str | None = None
    log: str | None = None


def configuration(start: Path, environment: Mapping[str, str] | None = None) -> Configuration:
    """The configuration for a file in the folder ``start``; ``Usage`` where it is wrong."""
    environment = os.environ if environment is None else environment
    values = _nearest(start.resolve())
    for key, variable in ENVIRONMENT.items():
        if environment.get(variable):
            values[key] = environment[variable]
    return Configuration(**values)


def _nearest(start: Path) -> dict[str, Any]:
    for folder in (start, *start.parents):
        for path in (folder / FILE, folder / PROJECT):
            if path.is_file() and (values := read(path)) is not None:
                return values
    return {}


def read(path: Path) -> dict[str, Any] | None:
    """What one file says, checked; None where it is a project's file without our table."""
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as e:
        raise Usage(f"{path}: {e}") from e
    if path.name == PROJECT:
        table = table.get("tool", {}).get(TABLE)
    return None if table is None else _checked(path, table)


def _checked(path: Path, table: Any) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise Usage(f"{path}: [tool.{TABLE}] must be a table")
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in WORDS:
            good = isinstance(value, str)
        elif key == "cflags":
            good = isinstance(value, str) or _strings(value)
            value = tuple(shlex.split(value) if isinstance(value, str) else value) if good else ()
        elif key == "dynamic":
            good = isinstance(value, dict)
            value = {k: _value(v) for k, v in value.items()} if good else {}
        else:
            known = ", ".join(sorted((*WORDS, "cflags", "dynamic")))
            raise Usage(f"{path}: unknown key '{key}'; there are: {known}")
        if not good:
            raise Usage(f"{path}: '{key}' has a value of the wrong type")
        if key == "log" and good:
            value = str(path.parent / value)
        values[key.replace("-", "_")] = value
    return values


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _value(value: object) -> str:
    """A disabled value: text as it is, numbers and truth values as C."""
    return str(int(value)) if isinstance(value, bool) else str(value)
