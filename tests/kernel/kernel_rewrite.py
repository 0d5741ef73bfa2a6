"""One rewrite in a process of its own: a JSON line with what it gave, cost and took.

    python kernel_rewrite.py SOURCE COMPILER OUTPUT -- FLAGS...

``preprocessing`` are seconds in the compiler's preprocessor, ``cpu`` those of all
else on a CPU, the compilers that are asked their version too; ``memory`` the MiB
at most of this process alone.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from transformer.rewriting.linux import rewrite_linux


def children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def peak() -> float:
    """That of this program: ru_maxrss knows also what the process was before it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


at = sys.argv.index("--")
source, compiler, output = sys.argv[1:at]
wall = cpu = 0.0
data = Path(source).read_bytes()


def timed(copy, include):
    global wall, cpu
    start, before = time.perf_counter(), children()
    done = preprocess(copy, include)
    wall, cpu = wall + time.perf_counter() - start, cpu + children() - before
    return done


if b"static_" in data.lower():  # else it is not even imported
    from transformer.rewriting.unit import Copy

    preprocess = Copy.preprocess
    Copy.preprocess = timed
result = rewrite_linux(data, source, lambda: compiler, sys.argv[at + 1 :], check=False)
Path(output).write_bytes(result.text)
own = resource.getrusage(resource.RUSAGE_SELF)
told = {
    "ok": result.ok,
    "edited": [(s.line, s.column) for s in result.sites],
    "left": [(d.line, d.column, d.text) for d in result.left],
    "said": [d.text for d in result.diagnostics],
    "preprocessing": wall,
    "cpu": own.ru_utime + own.ru_stime + children() - cpu,
    "memory": peak(),
}
import json  # noqa: E402  (the measurement is over)

print(json.dumps(told))
