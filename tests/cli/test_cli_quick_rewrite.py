"""``rewrite`` of a unit without idioms: at once, and never otherwise than the whole command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from transformer.frontend.words import LINUX_WORDS, WORDS
from transformer.quick import may_hold_idioms

SCRIPT = Path(sys.executable).parent / "sc-transform"
PLAIN = b"int plain(int a) { return a + 1; } /* \xe9 */\r\n"
WHOLE = [sys.executable, "-m", "transformer"]
LINUX = ("rewrite", "--profile", "linux", "--cc", "no-such-compiler")


def _link(folder: Path) -> None:
    (folder / "other.c").write_text("old")
    (folder / "out.c").symlink_to("other.c")


def _readable_by_all(folder: Path) -> None:
    (folder / "out.c").write_text("old")
    (folder / "out.c").chmod(0o666)


def _wrong_configuration(folder: Path) -> None:
    (folder / "sc-transform.toml").write_text("mode = 3\n")


def _good_configuration(folder: Path) -> None:
    (folder / "sc-transform.toml").write_text('arch = "x86_64"\n')


def _nothing(folder: Path) -> None:
    """The folder as it is: plain.c in it."""


#: command lines, what is there before, and whether the quick look is enough
LINES: dict[str, tuple[tuple[str, ...], Callable[[Path], None], bool]] = {
    "a unit": ((*LINUX, "-o", "out.c", "plain.c", "--", "-O2", "-I", "x"), _nothing, True),
    "options": ((*LINUX, "--left", "-I", "a", "-I", "b", "plain.c", "-o", "out.c"), _nothing, True),
    "permissions": ((*LINUX, "-o", "out.c", "plain.c"), _readable_by_all, True),
    "configured": ((*LINUX, "-o", "out.c", "plain.c"), _good_configuration, True),
    "a link": ((*LINUX, "-o", "out.c", "plain.c"), _link, False),
    "standard output": ((*LINUX, "plain.c"), _nothing, False),
    "a device": ((*LINUX, "-o", "/dev/null", "plain.c"), _nothing, False),
    "no folder": ((*LINUX, "-o", "none/out.c", "plain.c"), _nothing, False),
    "no file": ((*LINUX, "-o", "out.c", "none.c"), _nothing, False),
    "two files": ((*LINUX, "-o", "out.c", "plain.c", "plain.c"), _nothing, False),
    "preprocessed": ((*LINUX, "-o", "out.c", "plain.i"), _nothing, False),
    "no value": ((*LINUX, "plain.c", "-o"), _nothing, False),
    "an unknown option": ((*LINUX, "-o", "out.c", "--quickly", "plain.c"), _nothing, False),
    "a mode": ((*LINUX, "-o", "out.c", "--mode", "slot", "plain.c"), _nothing, False),
    "help": (("rewrite", "--help"), _nothing, False),
    "wrong configuration": ((*LINUX, "-o", "out.c", "plain.c"), _wrong_configuration, False),
    "the other profile": (("rewrite", "-o", "out.c", "plain.c"), _nothing, False),
}


def ran(
    folder: Path, before: Callable[[Path], None], command: list[str]
) -> tuple[subprocess.CompletedProcess[bytes], dict[str, tuple[bytes, int]]]:
    """The run in a fresh folder, and each file of it with its mode."""
    folder.mkdir()
    for name in ("plain.c", "plain.i"):
        (folder / name).write_bytes(PLAIN)
    before(folder)
    env = os.environ | {"SC_CACHE": str(folder.parent / "cache"), "COLUMNS": "80"}
    done = subprocess.run(command, cwd=folder, capture_output=True, env=env, check=False)
    return done, {p.name: (p.read_bytes(), p.lstat().st_mode) for p in folder.iterdir()}


@pytest.mark.parametrize("line", LINES)
def test_what_is_copied_at_once_is_what_the_whole_command_gives(line: str, tmp_path: Path) -> None:
    words, before, _ = LINES[line]
    whole, expected = ran(tmp_path / "whole", before, [*WHOLE, *words])
    quick, found = ran(tmp_path / "quick", before, [str(SCRIPT), *words])
    assert found == expected
    assert (quick.returncode, quick.stdout) == (whole.returncode, whole.stdout)
    assert quick.stderr.replace(b"/quick/", b"/whole/") == whole.stderr


@pytest.mark.parametrize("line", LINES)
def test_it_is_copied_at_once_where_it_can_be(line: str, tmp_path: Path) -> None:
    """The control: each line goes the way that it is there to try."""
    words, before, quick = LINES[line]
    code = (
        "import sys; import transformer.cli.quick_rewrite as q\n"
        "q.whole_python = lambda: sys.exit(77)\n"
        "q.main('sc-transform', sys.argv[1:], 'new')\n"
    )
    ran(tmp_path / "first", before, [str(SCRIPT), *words])  # a configuration is remembered
    done, _ = ran(tmp_path / "told", before, [sys.executable, "-c", code, *words])
    assert done.returncode == (0 if quick else 77)


def test_it_imports_next_to_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); before = set(sys.modules)\n"
        "from transformer.cli.quick_rewrite import _copied\n"
        "assert _copied(sys.argv[1:])\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-IS", "-c", code, root, *LINUX[1:], "-o", "out.c", "plain.c"]
    done, found = ran(tmp_path / "folder", _nothing, command)
    assert found["out.c"][0] == PLAIN, done.stderr
    library = {m for m in done.stdout.decode().split() if not m.startswith("transformer")}
    assert library <= {"errno", "marshal", "posix"}


@pytest.mark.parametrize("word", sorted({*WORDS, *LINUX_WORDS}))
def test_every_word_is_seen_where_a_line_goes_on_within_it_too(word: str) -> None:
    for cut in ("", "\\\n", "\\\r\n", "\\ \t\n"):
        text = f"a \\ b; {word[:9]}{cut}{word[9:]}(k)".encode()
        assert may_hold_idioms(text)
    assert not may_hold_idioms(f"{word[:9]}\\ {word[9:]}(k)".encode().lower())
    assert not may_hold_idioms(f"{word[:9]}\n{word[9:]}(k)".encode())
