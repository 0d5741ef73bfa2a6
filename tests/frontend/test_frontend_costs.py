"""What it costs to read a unit grows with its idioms, and not with their square."""

from __future__ import annotations

import time

import pytest
from pure_stages import Way, rewritten

HEAD = "int func(int a);\nDEFINE_STATIC_CALL(k, func);\nDEFINE_STATIC_KEY_FALSE(one);\n"
SHAPES = {
    "keys": "static int g%d(int a) { return a; } DEFINE_STATIC_CALL(k%d, g%d);\n"
    "int f%d(int a) { return static_call(k%d)(a); }\n",
    "keys of functions": "int f%d(void) { static DEFINE_STATIC_KEY_TRUE(here%d);"
    " return static_branch_likely(&here%d) + %d + %d; }\n",
    "dynamic functions": "SC_DYNAMIC(%d) int f%d(int a) { return a + %d + %d + %d; }\n",
    "one line": "int f%d(int a) { return %d + %d + %d + %d + static_call(k)(a); } ",
}


def seconds(shape: str, count: int) -> float:
    data = (HEAD + "".join(shape % ((n,) * 5) for n in range(count))).encode()
    start = time.process_time()
    done = rewritten(data, Way())
    assert done.ok and len(done.edits) > count
    return time.process_time() - start


@pytest.mark.parametrize("shape", SHAPES)
def test_eight_times_as_many_idioms_take_about_eight_times_as_long(shape: str) -> None:
    few = min(seconds(SHAPES[shape], 200) for _ in range(3))
    assert seconds(SHAPES[shape], 1600) < 20 * few  # the square would be 64 times
