"""Unicorn, whose own type hints leave half of its names unexported."""

import importlib
from typing import Any

unicorn: Any = importlib.import_module("unicorn")
UcError: type[Exception] = unicorn.UcError  # what the library raises, by its own name
