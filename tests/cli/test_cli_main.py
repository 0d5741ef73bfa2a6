"""The command line's frame: what it prints, where, and its exit status."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from transformer import __version__, arch
from transformer.cli import arches as arches_command
from transformer.cli.main import SUBCOMMANDS, main
from transformer.diagnostics import Diagnostic, ScError
from transformer.toolchain import available

ROOT = Path(__file__).resolve().parents[2]
NAME = arch.names()[0]


def program(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    """A process of its own, started as ``python -m transformer``."""
    command = [sys.executable, "-m", "transformer", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **more)  # type: ignore[call-overload,no-any-return]


def test_the_module_is_the_program() -> None:
    done = program("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"sc-transform {__version__}\n", "")


def test_the_script_is_the_program() -> None:
    script = Path(sys.executable).with_name("sc-transform")
    done = subprocess.run([script, "--version"], capture_output=True, text=True)
    assert done.stdout == f"sc-transform {__version__}\n"


@pytest.mark.parametrize("words", [[], ["--wrong"], ["nothing"], ["arches", "--wrong"]])
def test_wrong_usage_is_2_and_said_on_standard_error(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage: sc-transform" in err


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_each_subcommand_has_its_help(name: str) -> None:
    """In a process of its own: the launcher ends the one that it runs in."""
    command = [sys.executable, "-m", "transformer", name, "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: sc-transform {name}")


def test_help_lists_the_subcommands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name}" in out for name in SUBCOMMANDS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["config", "--arch", "vax"], "unknown arch 'vax'; there are: "),
        (["config", "--arch", NAME, "--mode", "magic"], f"{NAME} has no mode 'magic'; it has: "),
        (["verify", "x", "--arch", "vax"], "unknown arch 'vax'"),
        (["verify", "x", "--arch", ","], "no arch is named"),
        (["verify", "x", "--mode", "magic"], "unknown mode 'magic'; there are: "),
        (["verify", "x", "--compiler", "tcc"], "unknown compiler 'tcc'; there are: gcc, clang"),
        (["verify", "x", "-j", "0"], "-j takes a number"),
    ],
)
def test_what_there_is_not_is_2_with_what_there_is(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


Broken = Callable[[BaseException], None]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    """Makes ``arches`` raise something."""

    def broken(error: BaseException) -> None:
        def run(_: object) -> int:
            raise error

        monkeypatch.setattr(arches_command, "run", run)

    monkeypatch.delenv("SC_DEBUG", raising=False)
    return broken


def test_a_diagnostic_is_printed_as_compilers_do(
    broken: Broken, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Diagnostic("error", "sc-unknown-key", "no key", "f.c", 3, 5, "    k();", 1)
    broken(ScError(place))
    assert main(["arches"]) == 1
    err = capsys.readouterr().err
    assert err == "f.c:3:5: error: no key [-Wsc-unknown-key]\n    3 |     k();\n      |     ^\n"


def test_a_file_that_cannot_be_read_is_1(
    broken: Broken, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(FileNotFoundError(2, "No such file or directory", "nothing.c"))
    assert main(["arches"]) == 1
    assert "error: nothing.c: No such file or directory" in capsys.readouterr().err


def test_an_error_of_ours_is_one_line_unless_asked_for(
    broken: Broken, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(RuntimeError("odd"))
    assert main(["arches"]) == 2
    err = capsys.readouterr().err
    assert (
        err == "sc-transform: error: internal error: RuntimeError: odd (SC_DEBUG=1 shows where)\n"
    )
    monkeypatch.setenv("SC_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["arches"])


def test_a_key_press_ends_it_quietly(broken: Broken, capsys: pytest.CaptureFixture[str]) -> None:
    broken(KeyboardInterrupt())
    assert main(["arches"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_signal_ends_a_process_quietly() -> None:
    code = (
        "import signal, sys, time\nfrom transformer.cli import arches, main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "arches.run = lambda args: (print('up', flush=True), time.sleep(60))\n"
        "sys.exit(main.main(['arches']))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout
    assert child.stdout.readline() == b"up\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (130, b"")


def test_a_reader_that_goes_away_is_not_complained_about() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        command = [sys.executable, "-m", "transformer", "arches"]
        done = subprocess.run(command, cwd=ROOT, stdout=closed, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (141, b"")


SCRIPT = Path(sys.executable).parent / "sc-transform"
STARTS = [[sys.executable, "-m", "transformer"], [str(SCRIPT)]]


@pytest.mark.parametrize("start", STARTS, ids=["module", "installed"])
@pytest.mark.parametrize("words", ["arches", "rewrite --no-check plain.c"])
def test_output_that_cannot_be_written_is_told_once(
    words: str, start: list[str], tmp_path: Path
) -> None:
    (tmp_path / "plain.c").write_text("int plain;\n")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*start, *words.split()], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE
        )
    said = b"sc-transform: error: input or output: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize("start", STARTS, ids=["module", "installed"])
def test_output_that_is_closed_is_told(start: list[str], tmp_path: Path) -> None:
    (tmp_path / "plain.c").write_text("int plain;\n")
    command = shlex.join([*start, "rewrite", "--no-check", "plain.c"])
    done = subprocess.run(
        ["sh", "-c", f"{command} >&-"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    told = "sc-transform: error: standard output: Bad file descriptor\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_a_poor_locale_is_no_reason_to_fail() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    assert program("arches", env=environment).returncode == 0


def test_a_missing_extra_is_one_sentence() -> None:
    code = (
        "import sys, importlib.util as u\nreal = u.find_spec\n"
        "gone = ('unicorn', 'elftools', 'capstone', 'rich')\n"
        "fake = lambda n, p=None: None if n in gone else real(n, p)\nu.find_spec = fake\n"
        "for n in gone: sys.modules[n] = None\n"
        "from transformer.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    )
    for words in (["verify", "."], ["inspect", "x.o"]):
        command = [sys.executable, "-c", code, *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "pip install 'sc-transform[verify]'" in done.stderr


# --- config and arches ---


def words_of(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(list(words)) == 0
    return capsys.readouterr().out.split()


def test_config_without_arch_and_mode_means_the_plain_headers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (plain,) = words_of(capsys, "config", "--cflags")
    (by_arch,) = words_of(capsys, "config", "--cflags", "--arch", NAME)
    mode = arch.load(NAME).default_mode
    (by_both,) = words_of(capsys, "config", "--cflags", "--arch", NAME, "--mode", mode)
    (other,) = words_of(capsys, "config", "--cflags", "--arch", NAME, "--mode", "generic")
    assert by_arch == by_both
    assert len({plain, by_arch, other}) == 3
    for flag in (plain, by_arch, other):
        assert flag.startswith("-I")
        assert (Path(flag[2:]) / "sc" / "sc.h").is_file()


def test_config_names_the_runtime_after_the_flags(capsys: pytest.CaptureFixture[str]) -> None:
    flag, runtime = words_of(capsys, "config", "--cflags", "--runtime", "--arch", NAME)
    assert flag.startswith("-I")
    assert Path(runtime).name == "sc_runtime.c"
    assert Path(runtime).is_file()


def test_config_as_json_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    flag, runtime = words_of(capsys, "config", "--cflags", "--runtime", "--arch", NAME)
    main(["config", "--json", "--arch", NAME])
    facts = json.loads(capsys.readouterr().out)
    assert (facts["cflags"], facts["runtime"]) == ([flag], runtime)
    assert (facts["arch"], facts["headers"]) == (NAME, "lowered")


def test_arches_tells_of_each_arch(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["arches"]) == 0
    text = capsys.readouterr().out
    assert main(["arches", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [f["arch"] for f in facts] == arch.names()
    for fact in facts:
        described = arch.load(fact["arch"])
        assert f"{described.name}: {described.title}" in text
        assert fact["modes"] == list(described.modes)
        jump = described.branch("jump")
        assert jump.reaches(0, jump.bias + fact["reach"] - jump.step)
        assert not jump.reaches(0, jump.bias + fact["reach"])
        assert "clang" in {c["family"] for c in fact["compilers"]}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_leaves_nothing_behind(tmp_path: Path, ending: int) -> None:
    """Neither temporary files nor a compiler that still runs."""
    cc = available(arch.load(NAME))[0]
    temporary, started, slow = tmp_path / "tmp", tmp_path / "started", tmp_path / "slow-cc"
    temporary.mkdir()
    slow.write_text(
        f'#!/bin/sh\ncase " $* " in *" -E "*) echo $$ >{started}; exec sleep 60;; esac\n'
        f'exec {shlex.join(cc.argv)} "$@"\n'
    )
    slow.chmod(0o755)
    source = tmp_path / "a.c"
    source.write_text("#include <sc/sc.h>\nint f(void);\nDEFINE_STATIC_CALL(k, f);\n")
    words = ["rewrite", source, "-o", tmp_path / "out.c", "--arch", NAME, "--cc", slow]
    child = subprocess.Popen(
        [sys.executable, "-m", "transformer", *map(str, words)],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(temporary)}, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(ending, signal.SIG_DFL),  # jobs in the background lack it
    )  # fmt: skip
    wait_for(lambda: started.exists() and started.read_text().endswith("\n"))
    assert list(temporary.iterdir())
    child.send_signal(ending)
    assert child.communicate(timeout=30)[1] == ""
    assert child.returncode == 128 + ending
    assert not list(temporary.iterdir()) and not (tmp_path / "out.c").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


def wait_for(happened: Callable[[], bool]) -> None:
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")
