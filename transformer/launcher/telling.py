"""The launcher's own messages: as the compiler's, on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from transformer.diagnostics import Diagnostic, palette


def tell(found: Iterable[Diagnostic]) -> None:
    colours = palette(sys.stderr)
    text = "".join(d.render(colours) + "\n" for d in found)
    if text:
        os.write(2, text.encode(errors="surrogateescape"))
