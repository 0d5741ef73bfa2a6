"""One rewrite in a process of its own: a JSON line with what it gave, cost and took.

    python kernel_rewrite.py SOURCE COMPILER ARCH OUTPUT -- FLAGS...

``preprocessing`` are the seconds in the compiler's preprocessor, ``memory`` the
MiB at most of this process alone.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from transformer.rewriting import rewrite
from transformer.rewriting.unit import Copy

at = sys.argv.index("--")
source, compiler, arch, output = sys.argv[1:at]
spent = 0.0
preprocess = Copy.preprocess


def timed(copy, include):
    global spent
    start = time.perf_counter()
    done = preprocess(copy, include)
    spent += time.perf_counter() - start
    return done


Copy.preprocess = timed
result = rewrite(
    Path(source).read_bytes(), path=source, arch=arch, cc=compiler,
    cflags=sys.argv[at + 1 :], profile="linux", check=False,
)  # fmt: skip
Path(output).write_bytes(result.text)
left = [(d.line, d.column, d.text) for d in result.left]
said = [d.text for d in result.diagnostics]
places = [(s.line, s.column) for s in result.sites]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
told = {"ok": result.ok, "edited": places, "left": left, "said": said}
print(json.dumps(told | {"preprocessing": spent, "memory": peak}))
