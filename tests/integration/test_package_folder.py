"""What ``sc-transform runtime`` writes, and what it leaves alone: all or nothing, and ours only."""

from __future__ import annotations

import errno
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from package_tools import other_arches, package

from transformer import arch as arches
from transformer.cli import folders
from transformer.cli.main import main
from transformer.runtime import render_headers, render_runtime

ROOT = Path(__file__).resolve().parents[2]
HOST = arches.host().name


def state(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def refused(capsys: pytest.CaptureFixture[str], status: int, *words: object) -> str:
    capsys.readouterr()
    assert main(["runtime", *map(str, words)]) == status
    return capsys.readouterr().err


# --- what is written ---


def test_the_folder_holds_source_headers_and_build_files(tmp_path: Path) -> None:
    made = package(tmp_path)
    names = set(state(made))
    assert {f"src/{n}" for n in render_runtime(arches.host())} == {
        n for n in names if n.startswith("src/")
    }
    mode = arches.host().default_mode
    assert {f"include/{n}" for n in render_headers("lowered", arches.host(), mode)} <= names
    assert {
        "CMakeLists.txt", "meson.build", "meson_options.txt", "Makefile", "sc-runtime.pc.in",
        "cmake/sc-runtime-config.cmake", "README.md", "LICENSE",
    } <= names  # fmt: skip
    assert (made / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert oct(made.stat().st_mode & 0o777) == oct((made / "src").stat().st_mode & 0o777)


def test_nothing_of_this_machine_or_of_python_is_in_it(tmp_path: Path) -> None:
    for name, data in state(package(tmp_path)).items():
        text = data.decode()
        assert not re.search(r"python|jinja|\{\{|\{%", text, re.IGNORECASE), name
        assert str(ROOT) not in text and str(tmp_path) not in text, name


def test_the_list_of_files_is_what_sha256sum_reads(tmp_path: Path) -> None:
    files = state(package(tmp_path))
    rows = files.pop(folders.LIST).decode().splitlines()
    assert rows == [f"{hashlib.sha256(files[n]).hexdigest()}  {n}" for n in sorted(files)]


def test_what_is_the_same_for_all_stands_once(tmp_path: Path) -> None:
    names = set(state(package(tmp_path, "--arch", "all")))
    assert "include/sc/types.h" in names
    for name in arches.names():
        assert f"include/sc/{name}/trampoline.h" in names
        own = {n for n in names if n.startswith(f"src/{name}/")}
        assert own == {f"src/{name}/sc_arch.h"}  # all else of the runtime knows no arch
        assert f"include/sc/{name}/types.h" not in names
    assert "include/sc/plain/static_call.h" in names


def test_arches_are_named_in_many_ways(tmp_path: Path) -> None:
    (other, *_), written = other_arches(), []
    for at, words in enumerate((
        ["--arch", "host", "--arch", other],
        ["--arch", f"{HOST},{other}"],
        ["--arch", HOST, "--arch", other, "--arch", HOST],
    )):  # fmt: skip
        written.append(state(package(tmp_path / str(at), *words)))
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize("mode", arches.host().modes)
def test_the_headers_are_those_of_the_mode(mode: str, tmp_path: Path) -> None:
    made = package(tmp_path, "--mode", mode)
    for name, text in render_headers("lowered", arches.host(), mode).items():
        path = made / "include" / "sc" / HOST / Path(name).name
        path = path if path.exists() else made / "include" / name
        assert path.read_text().split("\n", 2)[2] == text.split("\n", 2)[2]


# --- what is refused ---


def test_wrong_words_are_usage(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert "unknown arch 'vax'; there are: " in refused(capsys, 2, "--arch", "vax", "-o", made)
    assert "has no mode 'fast'; it has: " in refused(capsys, 2, "--mode", "fast", "-o", made)
    assert "-o" in refused(capsys, 2)
    assert "names no folder" in refused(capsys, 2, "-o", "")
    assert not made.exists()


def test_what_is_ours_is_made_anew_and_what_is_no_more_goes(tmp_path: Path) -> None:
    made = package(tmp_path, "--arch", "all")
    (made / "src" / "kept").mkdir()
    package(tmp_path)
    assert state(made) == state(package(tmp_path / "fresh"))
    left = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_dir()}
    assert not [n for n in left if n.split("/")[-1] in other_arches()]
    assert "src/kept" in left


def test_a_foreign_file_is_refused_and_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "Makefile").write_text("mine\n")
    told = refused(capsys, 1, "-o", tmp_path)
    assert f"{tmp_path}/Makefile: error: was not written by sc-transform" in told
    assert state(tmp_path) == {"Makefile": b"mine\n"}
    (tmp_path / "Makefile").rename(tmp_path / "mine")
    assert main(["runtime", "--force", "-o", str(tmp_path)]) == 0
    assert (tmp_path / "mine").read_text() == "mine\n"
    assert "/mine: error: was not written" in refused(capsys, 1, "-o", tmp_path)


def test_a_changed_file_is_refused_unless_forced(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    made = package(tmp_path)
    before = state(made)
    (made / "src" / "sc_runtime.c").write_text("/* better */\n")
    told = refused(capsys, 1, "-o", made)
    assert "sc_runtime.c: error: was changed since sc-transform wrote it" in told
    assert (made / "src" / "sc_runtime.c").read_text() == "/* better */\n"
    assert main(["runtime", "--force", "-o", str(made)]) == 0
    assert state(made) == before


def test_a_list_that_leads_elsewhere_removes_nothing(tmp_path: Path) -> None:
    made = package(tmp_path)
    outside, linked = tmp_path / "outside", tmp_path / "linked"
    outside.write_text("kept\n")
    linked.mkdir()
    (linked / "file").write_text("kept\n")
    (made / "link").symlink_to(linked)
    digest = hashlib.sha256(b"kept\n").hexdigest()
    with (made / folders.LIST).open("a") as file:
        for name in ("../outside", str(outside), "link/file"):
            file.write(f"{digest}  {name}\n")
    assert main(["runtime", "--force", "-o", str(made)]) == 0
    assert outside.read_text() == (linked / "file").read_text() == "kept\n"


def test_what_is_in_the_way_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    made = tmp_path / "made"
    (made / "Makefile").mkdir(parents=True)
    told = refused(capsys, 1, "--force", "-o", made)
    assert "Makefile: error: is a folder, where a file is to be written" in told
    (made / "Makefile").rmdir()
    (made / "src").symlink_to(elsewhere)
    assert "src: error: is no folder" in refused(capsys, 1, "--force", "-o", made)
    assert state(elsewhere) == {}
    (tmp_path / "file").write_text("")
    told = refused(capsys, 1, "-o", tmp_path / "file" / "below")
    assert "below: error: cannot write here" in told
    assert "cannot write here" in refused(capsys, 1, "-o", tmp_path / "file")


# --- whole or not at all ---

LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
sys.argv[0] = "sc-transform"
from transformer.cli.main import main
sys.exit(main(["runtime", "--arch", "all", "-o", sys.argv[1]]))
"""


@pytest.mark.parametrize("there", [False, True], ids=["new", "made-before"])
def test_a_disk_without_room_leaves_all_as_it_was(there: bool, tmp_path: Path) -> None:
    """The system refuses to write the larger files, as a full disk does."""
    made = package(tmp_path) if there else tmp_path / "deep" / "sc-runtime"
    before = state(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(made)], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot write here: File too large" in done.stderr
    assert state(tmp_path) == before
    assert {p.name for p in tmp_path.iterdir()} == ({"sc-runtime"} if there else set())


@pytest.mark.parametrize("fails_at", [1, 7, 30, 60])
def test_a_failure_in_the_middle_puts_everything_back(
    fails_at: int, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made = package(tmp_path)
    (made / "src" / "kept").mkdir()
    before, folders_before = state(made), sorted(p for p in made.rglob("*") if p.is_dir())
    real, count = Path.rename, 0

    def rename(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return real(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename)
        told = refused(capsys, 1, "--arch", "all", "-o", made)
    assert "cannot write here: No space left on device" in told
    assert state(made) == before
    assert sorted(p for p in made.rglob("*") if p.is_dir()) == folders_before
    assert main(["runtime", "--arch", "all", "-o", str(made)]) == 0  # the negative control
    assert state(made) != before
