"""Output files appear whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from transformer.cli import common
from transformer.cli.common import write_text, write_whole


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("old")
    other = os.open(path, os.O_RDONLY)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.read(other, 10) == b"old"  # who had it open keeps the old one
    os.close(other)
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(common.os, "fchmod", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_the_old_file_or_of_the_umask(tmp_path: Path) -> None:
    path, new = tmp_path / "old", tmp_path / "new"
    path.write_text("x")
    path.chmod(0o640)
    mask = os.umask(0o027)
    try:
        write_whole(path, b"y")
        write_whole(new, b"y")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o640


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    target, name = tmp_path / "target", tmp_path / "name"
    target.write_text("old")
    name.symlink_to(target)
    write_whole(name, b"new")
    assert name.is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"through")
    reader.join(timeout=10)
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_standard_output_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    write_text(None, "a\n")
    write_text("-", "b\n")
    assert capsys.readouterr().out == "a\nb\n"


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_text(str(tmp_path / "none" / "report"), "x")
