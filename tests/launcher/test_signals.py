"""Interruption: signals reach the compiler, and nothing half-made is left."""

from __future__ import annotations

import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from launching import CALLS, FAMILIES, PLAIN, SCRIPT, Desk

from transformer.runtime import header_dir

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
SECONDS = 20.0


@pytest.fixture(params=["front", "no"])
def desk(request: pytest.FixtureRequest, desk: Desk) -> Desk:
    """All of it with the small program before Python, and with Python alone."""
    if request.param == "no":
        desk.env["SC_TRANSFORM_FRONT"] = "no"
    return desk


def start(desk: Desk, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(SCRIPT), "cc", *words],
        cwd=desk.folder,
        env=desk.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=not_as_under_nohup,
    )


def not_as_under_nohup() -> None:
    """Whoever started the tests may ignore what these are about."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


def wait_for(path: Path) -> str:
    """The content of a file that another process writes."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.01)
    raise AssertionError(f"{path} was never written")


def gone(pid: int) -> bool:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_ends_the_compiler_and_then_the_launcher(
    number: signal.Signals, desk: Desk
) -> None:
    desk.write("plain.c", PLAIN)
    desk.script("slow-gcc", "echo $$ >pid; exec sleep 60")
    process = start(desk, "slow-gcc", "-c", "plain.c")
    pid = int(wait_for(desk.folder / "pid"))
    process.send_signal(number)
    _, told = process.communicate(timeout=SECONDS)
    assert (process.returncode, told) == (-number, b"")
    assert gone(pid)


def slow_second(desk: Desk) -> None:
    """A compiler whose run to assembly never ends by itself."""
    real = shlex.quote(str(desk.run("sh", "-c", f"command -v {FAMILIES[0]}").stdout.strip()))
    desk.script(
        "slow-gcc",
        f'for w; do if [ "$w" = -S ]; then echo $$ >pid; exec sleep 60; fi; done\nexec {real} "$@"',
    )


@pytest.mark.parametrize("number", ENDING)
def test_interrupted_in_its_second_half_it_leaves_no_object(
    number: signal.Signals, desk: Desk
) -> None:
    slow_second(desk)
    desk.write("demo.c", CALLS)
    desk.write("demo.o", "an old object")
    process = start(desk, "slow-gcc", "-c", "demo.c")
    pid = int(wait_for(desk.folder / "pid"))
    assert not (desk.folder / "demo.o").exists()  # killed for good here, it is built anew
    process.send_signal(number)
    _, told = process.communicate(timeout=SECONDS)
    assert (process.returncode, told) == (-number, b"")
    assert gone(pid)
    assert not (desk.folder / "demo.o").exists()


def test_a_compiler_that_dies_by_a_signal_is_passed_on(desk: Desk) -> None:
    desk.write("plain.c", PLAIN)
    desk.script("dying-gcc", "kill -SEGV $$")
    done = desk.cc("dying-gcc", "-c", "plain.c", status=None)
    assert done.returncode == -signal.SIGSEGV


@pytest.mark.parametrize("status", [1, 4, 77])
def test_an_exit_status_is_passed_on(status: int, desk: Desk) -> None:
    desk.write("plain.c", PLAIN)
    desk.script("failing-gcc", f"exit {status}")
    desk.cc("failing-gcc", "-c", "plain.c", status=status)


@pytest.mark.parametrize("words", [["-c", "plain.c"], ["--version"]])
def test_the_compiler_gets_pythons_ignored_signals_back(words: list[str], desk: Desk) -> None:
    desk.write("plain.c", PLAIN)
    desk.script("telling-gcc", "grep SigIgn /proc/self/status")
    alone = ignored(desk.run("telling-gcc", *words).stdout)
    assert ignored(desk.cc("telling-gcc", *words).stdout) == alone
    assert signal.SIGPIPE not in alone


def ignored(told: str) -> set[int]:
    """The signals in a mask of /proc; not the C library's own two (posix_spawn ignores them)."""
    mask = int(told.split()[1], 16)
    return {n for n in range(1, 65) if mask & (1 << n - 1)} - {32, 33}


def test_what_was_ignored_stays_ignored(desk: Desk) -> None:
    """As under nohup."""
    desk.write("plain.c", PLAIN)
    desk.script("telling-gcc", "grep SigIgn /proc/self/status")
    command = shlex.join([str(SCRIPT), "cc", "telling-gcc", "-c", "plain.c"])
    told = desk.run("sh", "-c", f"trap '' HUP; {command}").stdout
    assert signal.SIGHUP in ignored(told)


def test_a_disk_that_is_full_leaves_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "from transformer.launcher.state import write_whole\n"
        "write_whole(sys.argv[1], bytes(1 << 20))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert "OSError" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


def test_no_space_for_the_new_object_is_an_error(desk: Desk) -> None:
    """The plain object fits, what is written after it does not."""
    more = "".join(f"DEFINE_STATIC_CALL(key_{i}, func_a);\n" for i in range(60))
    desk.write("demo.c", CALLS.replace("int main", f"{more}int main"))
    desk.run(FAMILIES[0], f"-I{header_dir('plain')}", "-c", "demo.c")
    small = len(desk.data("demo.o")) + 16
    desk.write("demo.o", "an old object")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (small, small))

    done = subprocess.run(
        [str(SCRIPT), "cc", FAMILIES[0], "-pipe", "-c", "demo.c"],
        cwd=desk.folder, env=desk.env, capture_output=True, text=True, preexec_fn=limit,
    )  # fmt: skip
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert not (desk.folder / "demo.o").exists()
