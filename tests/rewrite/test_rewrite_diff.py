"""`rewrite --diff`: a patch of the user's own file, which gives what `rewrite` would."""

from __future__ import annotations

import io
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import small_kernel
from hypothesis import given, settings
from hypothesis import strategies as st
from rewrite_builds import BUILDS

import transformer
from transformer.cli.main import main
from transformer.diagnostics.colours import palette_of
from transformer.diagnostics.patch import unified

ARCH, CC = BUILDS[0]
ROOT = str(Path(transformer.__file__).parents[1])
HEAD = b"#include <sc/sc.h>\nint f(int);\nDEFINE_STATIC_CALL(k, f);\n"
CALL = b"int g(void) { return static_call(k)(1); }\n"
FILLER = b"".join(b"int n%d;\n" % n for n in range(20))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def patched(command: list[str], folder: Path, name: str, text: bytes, diff: bytes) -> bytes:
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} here")
    (folder / name).write_bytes(text)
    subprocess.run(command, input=diff, cwd=folder, check=True, capture_output=True)
    return (folder / name).read_bytes()


@pytest.mark.parametrize(
    "command", [["patch", "--binary", "-p0"], ["git", "apply", "-p0"]], ids=["patch", "git"]
)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.c", HEAD + FILLER + CALL),
        ("crlf.c", (HEAD + CALL).replace(b"\n", b"\r\n")),
        ("last.c", HEAD + CALL.rstrip()),
        ("bytes.c", HEAD + b"/* \xe9\x85 \xc3\xa9 \f */ " + CALL),
        ("a name.c", HEAD + CALL),
    ],
)
def test_a_patch_gives_the_result(
    command: list[str], name: str, text: bytes, folder: Path, capfdbinary: object
) -> None:
    (folder / name).write_bytes(text)
    words = ["rewrite", "--arch", ARCH, "--no-check", name, "-o"]
    assert main([*words, "new"]) == 0
    assert main([*words, "diff", "--diff"]) == 0
    diff, new = (folder / "diff").read_bytes(), (folder / "new").read_bytes()
    assert text != new and (folder / name).read_bytes() == text
    assert patched(command, folder, name, text, diff) == new


def test_the_diff_shows_what_changed_and_three_lines_around(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (folder / "t.c").write_bytes(FILLER + HEAD + FILLER + CALL)
    assert main(["rewrite", "--arch", ARCH, "--no-check", "--diff", "t.c"]) == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert lines[:3] == ["--- t.c", "+++ t.c", "@@ -20,7 +20,7 @@"]
    assert [line for line in lines if re.match(r"[-+][^-+]", line)] == [
        "-DEFINE_STATIC_CALL(k, f);",
        "+__sc_define_call  (k, f, 1);",
        "-int g(void) { return static_call(k)(1); }",
        "+int g(void) { return __sc_call  (k)(1); }",
    ]


def test_a_file_without_idioms_has_no_diff(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (folder / "t.c").write_bytes(FILLER)
    assert main(["rewrite", "--arch", ARCH, "--diff", "t.c"]) == 0
    assert capfdbinary.readouterr().out == b""


def test_a_wrong_file_has_no_diff_and_a_status(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (folder / "t.c").write_bytes(HEAD + CALL.replace(b"(k)", b"(none)"))
    assert main(["rewrite", "--arch", ARCH, "--diff", "t.c"]) == 1
    assert capfdbinary.readouterr().out == b""


def test_standard_input_has_a_diff(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(HEAD + CALL)))
    assert main(["rewrite", "--arch", ARCH, "--no-check", "--diff", "-"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"--- <stdin>\n+++ <stdin>\n@@ -1,4 +1,4 @@\n")


def test_a_unit_of_linux_has_a_diff(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    include = small_kernel.write(folder)
    text = small_kernel.INCLUDES.encode() + b"int f(int);\nDEFINE_STATIC_CALL(k, f);\n"
    (folder / "t.c").write_bytes(text)
    words = ["rewrite", "--profile", "linux", "--arch", ARCH, "--cc", shlex.join(CC.argv), "t.c"]
    flags = ["--no-check", "--", f"-I{include}"]
    assert main([*words, "--diff", "-o", "diff", *flags]) == 0
    assert main([*words, "-o", "new", *flags]) == 0
    new = (folder / "new").read_bytes()
    diff = (folder / "diff").read_bytes()
    assert new != text and patched(["patch", "-p0"], folder, "t.c", text, diff) == new


@pytest.mark.parametrize(
    ("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_for_terminals(more: dict[str, str], coloured: bool, folder: Path) -> None:
    (folder / "t.c").write_bytes(HEAD + CALL)
    words = [sys.executable, "-m", "transformer", "rewrite", "--arch", ARCH, "--diff", "t.c"]
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": ROOT}
    environment |= {"GCC_COLORS": "diff-delete=35"} | more
    if "NO_COLOR" not in more:
        environment.pop("NO_COLOR", None)
    try:
        ours, theirs = pty.openpty()
    except OSError as e:
        pytest.skip(f"no terminal can be made here: {e}")
    subprocess.run([*words, "--no-check"], stdout=theirs, env=environment, check=True)
    os.close(theirs)
    said = os.read(ours, 100_000)
    os.close(ours)
    assert (b"\033[35m\033[K-DEFINE" in said) == coloured
    assert (b"\033" in said) == coloured and b"+__sc_define_call" in said


def test_paint_stands_within_lines() -> None:
    diff = unified("t.c", b"a\r\nb", b"c\r\nb", palette_of({}))
    assert re.sub(rb"\033\[(?:[0-9;]*m|K)", b"", diff) == unified("t.c", b"a\r\nb", b"c\r\nb")


LINES = st.lists(st.sampled_from([b"", b"a", b"b\r", b"\f", b"\xe9", b"\x85c"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(LINES, LINES, st.booleans(), st.booleans())
def test_any_two_texts_patch(
    old: list[bytes], new: list[bytes], end: bool, other_end: bool
) -> None:
    """Also those whose lines did not stay where they were."""
    before = b"\n".join(old) + b"\n" * end
    after = b"\n".join(new) + b"\n" * other_end
    diff = unified("t", before, after)
    assert bool(diff) == (before != after)
    if not diff or not before or not after:
        return
    assert _applied(before, diff) == after


def _applied(text: bytes, diff: bytes) -> bytes:
    """A reader of diffs of the tests' own: what the hunks say, on the lines that they name."""
    old, new, at = re.findall(rb"[^\n]*\n|[^\n]+", text), [], 0
    lines = re.findall(rb"[^\n]*\n", diff)[2:]
    for number, line in enumerate(lines):
        body = line[1:]
        if number + 1 < len(lines) and lines[number + 1].startswith(b"\\"):
            body = body.removesuffix(b"\n")
        if hunk := re.match(rb"@@ -(\d+)(?:,(\d+))? ", line):
            start = int(hunk[1]) - (hunk[2] != b"0")
            new += old[at:start]
            at = start
        elif line[:1] in (b" ", b"-"):
            assert old[at] == body
            at += 1
        if line[:1] in (b" ", b"+"):
            new.append(body)
    return b"".join([*new, *old[at:]])
