"""One rewrite in a process of its own: a JSON line with what it gave.

python kernel_rewrite.py SOURCE COMPILER OUTPUT -- FLAGS...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from transformer.rewriting.linux import rewrite_linux

at = sys.argv.index("--")
source, compiler, output = sys.argv[1:at]
data = Path(source).read_bytes()
result = rewrite_linux(data, source, lambda: compiler, sys.argv[at + 1 :], check=False)
Path(output).write_bytes(result.text)
told = {
    "ok": result.ok,
    "edited": [(s.line, s.column) for s in result.sites],
    "left": [(d.line, d.column, d.text) for d in result.left],
    "said": [d.text for d in result.diagnostics],
}
print(json.dumps(told))
