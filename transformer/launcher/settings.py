"""The launcher's own settings: its options over the environment over a file."""

from transformer.launcher import light as os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from transformer.launcher.state import State

OPTIONS = ("mode", "profile", "log", "config", "dynamic", "dynamic-lowering", "arch")
PREFIX, VARIABLE = "--sc-", "SC_TRANSFORM_"
FILES = ("sc-transform.toml", "pyproject.toml")
CHOICES = {
    "mode": ("generic", "slot", "trampoline", "inline", "inline-asm"),
    "profile": ("sc", "linux"),
    "dynamic-lowering": ("key", "call"),
}


class Wrong(Exception):
    """The launcher's own options or its surroundings are wrong; exit status 2."""


class Settings:
    """``mode`` and ``arch`` are None where nobody named one; ``log`` is a path or None."""

    __slots__ = ("arch", "dynamic", "dynamic_lowering", "log", "mode", "profile")

    def __init__(self) -> None:
        self.mode: str | None = None
        self.profile = "sc"
        self.log: str | None = None
        self.dynamic: dict[str, str] = {}
        self.dynamic_lowering: str | None = None
        self.arch: str | None = None


def take(words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The launcher's own options, wherever they stand, and all other words."""
    own: dict[str, list[str]] = {}
    rest: list[str] = []
    waiting = ""
    for word in words:
        if waiting:
            own.setdefault(waiting, []).append(word)
            waiting = ""
        elif word.startswith(PREFIX):
            name, equals, value = word[len(PREFIX) :].partition("=")
            if name not in OPTIONS:
                known = ", ".join(PREFIX + option for option in OPTIONS)
                raise Wrong(f"unknown option '{word}'; there are: {known}")
            if equals:
                own.setdefault(name, []).append(value)
            else:
                waiting = name
        else:
            rest.append(word)
    if waiting:
        raise Wrong(f"'{PREFIX}{waiting}' needs a value")
    return own, rest


def settle(
    own: dict[str, list[str]], environment: "Mapping[str, str]", folder: str, state: "State"
) -> Settings:
    """``folder`` is where the search for a configuration starts."""
    said = {name: values[-1] for name, values in own.items() if name != "dynamic"}
    for name in OPTIONS:
        value = environment.get(VARIABLE + name.upper().replace("-", "_"))
        if value and name != "dynamic":
            said.setdefault(name, value)
    table = _table(said.pop("config", None), folder, state)
    settings = Settings()
    settings.dynamic = dict(table.get("dynamic", {}))
    variable = environment.get(VARIABLE + "DYNAMIC", "")
    for row in [*filter(None, variable.split(";")), *own.get("dynamic", [])]:
        settings.dynamic.update([_dynamic(row)])
    settings.mode = _choice("mode", said, table)
    settings.profile = _choice("profile", said, table) or "sc"
    settings.dynamic_lowering = _choice("dynamic-lowering", said, table)
    settings.arch = said.get("arch") or table.get("arch")
    settings.log = said.get("log") or table.get("log")
    if settings.log:
        settings.log = os.path.join(os.getcwd(), settings.log)
    return settings


def _choice(name: str, said: dict[str, str], table: "dict[str, Any]") -> str | None:
    value = said.get(name) or table.get(name.replace("-", "_"))
    if value is not None and value not in CHOICES[name]:
        raise Wrong(f"no {name} is called '{value}'; there are: {', '.join(CHOICES[name])}")
    return value


def _dynamic(row: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in row.partition("="))
    if not equals or not name.isidentifier():
        raise Wrong(f"a dynamic function is named as FUNCTION=VALUE, not '{row}'")
    return name, value


def _table(named: str | None, folder: str, state: "State") -> "dict[str, Any]":
    """What the configuration file says; an empty name asks for none."""
    if named is not None:
        if not named:
            return {}
        return _read(os.path.join(os.getcwd(), named), state, needed=True) or {}
    while True:
        for name in FILES:
            values = _read((folder + "/" + name).replace("//", "/"), state)
            if values is not None:
                return values
        folder, last = os.path.dirname(folder), folder
        if folder == last:
            return {}


def _read(path: str, state: "State", needed: bool = False) -> "dict[str, Any] | None":
    try:
        status = os.stat(path)
    except OSError as e:
        if needed:
            raise Wrong(f"{path}: {e.strerror}") from e
        return None
    stamp = (status.st_mtime_ns, status.st_size)
    known = state.get("configurations", path, stamp)
    if known is None:
        from transformer.launcher.state import whole_python

        whole_python()
        from pathlib import Path

        from transformer.configuration import Usage, read

        try:
            known = (read(Path(path)),)
        except Usage as e:
            raise Wrong(str(e)) from e
        state.keep("configurations", path, stamp, known)
    return known[0] if known[0] is None else dict(known[0])
