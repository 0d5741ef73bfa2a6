"""The compiler launcher: 'sc-transform cc --help' tells more."""

from __future__ import annotations

from typing import NoReturn

from transformer.launcher.main import NAME, main


def run_words(words: list[str]) -> NoReturn:
    """All words are the launcher's and the compiler's: no parser looks at them first."""
    main(NAME, ["cc", *words])
