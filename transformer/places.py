"""A leaf: where the project's own files lie."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def templates_dir() -> Path:
    """The folder of templates: of the environment, the wheel or the clone."""
    named = os.environ.get("SC_TEMPLATES")
    return Path(named) if named else _own_templates()


@cache
def _own_templates() -> Path:
    package = Path(__file__).resolve().parent
    bundled = package / "templates"
    return bundled if bundled.is_dir() else package.parent / "templates"
