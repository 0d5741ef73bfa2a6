"""The launcher's own messages: as the compiler's, on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from transformer.diagnostics import Diagnostic


def tell(found: Iterable[Diagnostic]) -> None:
    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    text = "".join(d.render(color=color) + "\n" for d in found)
    if text:
        os.write(2, text.encode(errors="surrogateescape"))
