"""Temporary folders: where ``tempfile`` would make them, and gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from transformer.scratch import scratch


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("names", [["TMPDIR"], ["TEMP"], ["TMP"], ["TMPDIR", "TMP"], []])
def test_it_is_where_tempfile_would_make_it(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names:
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with scratch("own-") as folder:
        assert folder.parent == Path(tempfile.gettempdir())
        assert folder.name.startswith("own-")
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_used_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TEMP", str(tmp_path / "file"))
    (tmp_path / "good").mkdir()
    monkeypatch.setenv("TMP", "good")
    monkeypatch.chdir(tmp_path)
    with scratch() as folder:
        assert folder.parent == tmp_path / "good"


def test_it_is_gone_with_all_that_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "stays").mkdir()
    with pytest.raises(KeyError), scratch() as folder:
        (folder / "file").write_text("x")
        (folder / "link").symlink_to(tmp_path / "stays")
        (folder / "deep" / "er").mkdir(parents=True)
        raise KeyError
    with scratch() as folder:
        folder.rmdir()
    assert [p.name for p in tmp_path.iterdir()] == ["stays"]


def test_it_is_told_where_none_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("transformer.scratch._FOLDERS", (str(tmp_path / "file"),))
    with pytest.raises(OSError), scratch():
        pass
