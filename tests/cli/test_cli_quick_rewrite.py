"""``rewrite`` of a unit without idioms: at once, and never otherwise than the whole command."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from transformer import arch
from transformer.cli.quick_rewrite import _copied
from transformer.frontend.words import LINUX_WORDS, WORDS
from transformer.launcher import front
from transformer.launcher.state import templates
from transformer.quick import HOLDS, may_hold_idioms
from transformer.toolchain import find

ROOT = Path(__file__).resolve().parents[2]
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
        "q.main('sc-transform', sys.argv[1:], 'passed')\n"
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


class Front:
    """The program that does the same without Python; its Python only tells that it was called."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.python = script(folder / "python", "echo $5 $6 >called; exit 77")

    def command(self, *words: str) -> list[str]:
        return [*map(str, (self.program, self.python)), "code", "package", "sc-transform", *words]

    def takes(self, *words: str) -> bool:
        """Whether it does all by itself, in the current folder."""
        done = subprocess.run(self.command(*words), capture_output=True, check=False)
        assert done.returncode in (0, 77) and not done.stderr, done
        return done.returncode == 0


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("front")
    found = find(arch.host())
    compiler = script(folder / "cc", f'exec {shlex.join(found.hosted or found.argv)} "$@"')
    text = front.program("headers", templates(os.environ))
    assert front._compiled(text, folder / "front", str(compiler), [])
    return folder / "front"


@pytest.fixture
def small(program: Path, tmp_path: Path) -> Front:
    return Front(program, tmp_path)


@pytest.mark.parametrize("line", LINES)
def test_the_front_copies_what_is_copied_at_once(line: str, small: Front, tmp_path: Path) -> None:
    words, before, quick = LINES[line]
    quick = quick and before is not _good_configuration  # it reads none
    whole, expected = ran(tmp_path / "whole", before, [*WHOLE, *words])
    done, found = ran(tmp_path / "quick", before, small.command(*words))
    assert done.returncode == (0 if quick else 77), done.stderr
    if quick:
        assert (found, whole.returncode) == (expected, 0)
    else:
        assert found["called"][0] == b"passed sc-transform\n"


def test_the_front_reads_command_lines_as_python_does(
    small: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "lines"
    folder.mkdir()
    (folder / "plain.c").write_bytes(PLAIN)
    monkeypatch.chdir(folder)
    chance, taken, out = random.Random(6), 0, folder / "out.c"
    parts = ["--no-check", "--left", "-I x", "-I x", "-D y", "--cc gcc", "--cc", "--", "-", "''",
             "-o", "-O2", "--profile linux", "--profile sc", "x.c", "--profile=linux",
             "-I -x", "-D ''"]  # fmt: skip
    for _ in range(400):
        some = chance.sample(parts, chance.randrange(3))
        some += chance.sample(["--profile linux", "-o out.c", "plain.c"], chance.choice((2, 3, 3)))
        chance.shuffle(some)
        words = shlex.split(" ".join(some))
        by_python = _copied(words) and out.exists()
        out.unlink(missing_ok=True)
        assert small.takes("rewrite", *words) == by_python, words
        assert not by_python or out.read_bytes() == PLAIN, words
        out.unlink(missing_ok=True)
        taken += by_python
    assert 50 < taken < 350


def test_the_front_sees_idioms_as_python_does(
    small: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    monkeypatch.chdir(folder)
    chance, held = random.Random(6), 0
    words = [word.decode() for word in HOLDS]
    texts = [f"a \\ b; {w[:5]}{cut}{w[5:]}(k)" for w in words for cut in ("", "\\\n", "\\ \t\r\n")]
    for _ in range(400):
        word = chance.choice(words)
        at = chance.randrange(len(word))
        pieces = ["\\", "\n", "\r", " ", "\t", "x", "\\\n", "\\ \r\n", "\0"]
        between = "".join(chance.choices(pieces, k=chance.randrange(5)))
        texts.append(chance.choice(("", "\\")) + word[:at] + between + word[at:] + between)
    for text in ("", "\\", *texts):
        Path("unit.c").write_bytes(text.encode())
        holds = may_hold_idioms(text.encode())
        took = small.takes("rewrite", "--profile", "linux", "-o", "out.c", "unit.c")
        assert took is not holds, text
        assert holds or Path("out.c").read_bytes() == text.encode()
        held += holds
    assert 100 < held < len(texts) - 100


@pytest.mark.parametrize("name", ["SC_TRANSFORM_FRONT", "SC_TRANSFORM_MODE", "SC_TEMPLATES"])
def test_the_front_leaves_settings_to_python(
    name: str, small: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plain.c").write_bytes(PLAIN)
    assert small.takes(*LINUX, "-o", "out.c", "plain.c")
    monkeypatch.setenv(name, "x")
    assert not small.takes(*LINUX, "-o", "out.c", "plain.c")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_where_the_front_is_made_and_a_signal_comes(
    number: signal.Signals, tmp_path: Path
) -> None:
    """A package of its own, whose first run is cut off in the compiler."""
    package, started, temporary = tmp_path / "p", tmp_path / "started", tmp_path / "tmp"
    for name in ("transformer", "templates"):
        shutil.copytree(ROOT / name, package / name, ignore=shutil.ignore_patterns("front"))
    temporary.mkdir()
    script(tmp_path / "cc", f'echo $$ >"$TMPDIR/x.s"; echo $$ >{started}.new; '
           f'mv {started}.new {started}; exec sleep 60')  # fmt: skip
    (tmp_path / "plain.c").write_bytes(PLAIN)
    code = SCRIPT.read_text().split("code='")[1].split("'\n")[0]
    code = code.replace("'$main'", "cli.quick_rewrite")
    command = [sys.executable, "-IS", "-c", code, str(package), "new", "sc-transform", *LINUX]
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(temporary),
           "SC_CACHE": str(tmp_path / "cache")}  # fmt: skip
    child = subprocess.Popen(
        [*command, "-o", "out.c", "plain.c"], cwd=tmp_path, env=env,
        stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )  # fmt: skip
    for _ in range(600):
        if started.exists():
            break
        time.sleep(0.05)
    child.send_signal(number)
    _, told = child.communicate(timeout=30)
    assert (child.returncode, told) == (-number, b"")
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
    assert not list(temporary.iterdir())
    assert not list((package / "transformer/launcher/__pycache__").glob("front.*.tmp"))
