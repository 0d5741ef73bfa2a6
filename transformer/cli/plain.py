"""The plainest command lines, taken apart without argparse: its import takes as long as a unit."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

_STORE, _SET, _APPEND = "store", "store_true", "append"


class Plain:
    """Takes a subcommand's arguments as ``argparse.ArgumentParser`` does."""

    usage = ""

    def __init__(self) -> None:
        self._options: dict[str, dict[str, Any]] = {}
        self._positional = ""

    def add_argument(self, *names: str, **how: Any) -> None:
        if not names[0].startswith("-"):
            self._positional = names[0]
            return
        long = next((n for n in names if n.startswith("--")), names[0])
        how.setdefault("dest", long.lstrip("-").replace("-", "_"))
        for name in names:
            self._options[name] = how

    def parsed(self, words: Iterable[str], **more: Any) -> SimpleNamespace | None:
        """What argparse would give for whole options and one file; None for all else."""
        values = {how["dest"]: _default(how) for how in self._options.values()}
        rest = iter(words)
        for word in rest:
            how = self._options.get(word, {})
            action = how.get("action", _STORE)
            value = word if not how else True if action == _SET else next(rest, "")
            if value is not True and (not value or value.startswith("-")):
                return None
            if not how:
                if self._positional in values:
                    return None
                values[self._positional] = [value]
            elif action == _APPEND:
                values[how["dest"]].append(value)
            elif action in (_STORE, _SET) and value in how.get("choices", (value,)):
                values[how["dest"]] = value
            else:
                return None
        if self._positional not in values:
            return None
        return SimpleNamespace(**values, **more)


def _default(how: dict[str, Any]) -> Any:
    action, value = how.get("action", _STORE), how.get("default")
    return list(value or ()) if action == _APPEND else False if action == _SET else value
