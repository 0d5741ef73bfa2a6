"""A leaf: says in one sentence which part of the installation is missing."""

from __future__ import annotations

from importlib.util import find_spec

from transformer.diagnostics import Diagnostic, ScError

VERIFY = ("unicorn", "capstone", "rich")


class MissingExtra(ScError):
    """A feature whose packages are not installed; the message names the remedy."""

    def __init__(self, feature: str, extra: str, missing: str) -> None:
        text = (
            f"{feature} needs the Python package '{missing}', which is not installed: "
            f"pip install 'sc-transform[{extra}]'"
        )
        super().__init__(Diagnostic("error", "sc-missing-extra", text))


def need_verify(feature: str) -> None:
    """Raises ``MissingExtra`` unless the emulator's packages are there."""
    for module in VERIFY:
        if find_spec(module) is None:
            raise MissingExtra(feature, "verify", module)
