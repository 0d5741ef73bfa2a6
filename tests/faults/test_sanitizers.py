"""The exercise of all public functions is clean under sanitizers and valgrind; bugs are found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from faulty import FAMILIES
from sanitizing import OPTIONS, SEEDS, Exercise, Seed, has_sanitizer

from transformer.toolchain import Completed, run

MILLISECONDS = 200
#: ziglang's ThreadSanitizer is compiled from source when it is first asked for: a minute.
CELLS = [
    pytest.param(
        family, sanitizer, marks=[pytest.mark.full] * (family + sanitizer == "clangthread")
    )
    for family in FAMILIES
    for sanitizer in ("thread", "address", "undefined")
    if has_sanitizer(family, sanitizer)
]


def exercised(folder: Path, *before: str, milliseconds: int = MILLISECONDS) -> Completed:
    env = {**os.environ, **OPTIONS, "TELL": "1", "EXERCISE_MS": str(milliseconds)}
    words = [*before, str(folder / "exercise"), str(folder / "libpart.so")]
    return run(words, env=env, timeout=60)


def is_clean(done: Completed) -> bool:
    return (done.returncode, done.stdout) == (0, b"0 wrong\n") and "Sanitizer" not in done.stderr


@pytest.mark.parametrize(("family", "sanitizer"), CELLS)
def test_clean(family: str, sanitizer: str, tmp_path: Path) -> None:
    Exercise(tmp_path, family, sanitizer, None).program()
    done = exercised(tmp_path)
    assert is_clean(done), done.stdout.decode() + done.stderr


@pytest.mark.parametrize("seed", SEEDS, ids=lambda s: s.name.replace(" ", "-"))
def test_seeded_bug_is_found(seed: Seed, tmp_path: Path) -> None:
    family = next((f for f in FAMILIES if has_sanitizer(f, seed.sanitizer)), None)
    if family is None:
        pytest.skip(f"no compiler here has -fsanitize={seed.sanitizer}")
    Exercise(tmp_path, family, seed.sanitizer, seed).program()
    done = exercised(tmp_path)
    assert done.returncode != 0 and seed.told in done.stderr, done.stderr


#: Text is mapped from a file: only "all" looks whether it has changed since it was translated.
CHECKED = ("valgrind", "-q", "--error-exitcode=66", "--smc-check=all", "--fair-sched=yes")


@pytest.mark.skipif(not shutil.which("valgrind"), reason="there is no valgrind")
@pytest.mark.parametrize("family", FAMILIES)
def test_valgrind_runs_it(family: str, tmp_path: Path) -> None:
    Exercise(tmp_path, family, "", None).program()
    done = exercised(tmp_path, *CHECKED)
    assert is_clean(done) and "==" not in done.stderr, done.stdout.decode() + done.stderr
    stale = exercised(tmp_path, *(w.replace("=all", "=none") for w in CHECKED), milliseconds=1)
    assert stale.returncode != 0, "valgrind runs patched code without being told that it changes"
