"""A leaf: packages whose names are imported where they are first used.

A command that needs one stage is not to wait for the imports of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's ``__getattr__``: ``homes`` tells for each module its names, blanks between."""
    home = {name: f"{package}.{module}" for module, own in homes.items() for name in own.split()}

    def get(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(home[name]), name)

    return get
