"""What ``sc-transform config`` tells build systems is true and usable."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from integration_tools import compiler, environment, run

from transformer import __version__, arch
from transformer.cli import config, integration
from transformer.cli.main import main
from transformer.toolchain import available

CALLS = """\
#include <sc/static_call.h>
static int none(void) { return 0; }
DEFINE_STATIC_CALL(key, none);
int main(void) { return static_call(key)(); }
"""


def words(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert main(["config", *options]) == 0
    told = capsys.readouterr().out
    if len(options) == 1 and options[0].strip("-").replace("-", "_") in config.PATHS:
        return [told.removesuffix("\n")]  # as "$(…)" holds it
    return shlex.split(told)


def test_every_answer_is_given_alone_and_together(capsys: pytest.CaptureFixture[str]) -> None:
    options = [f"--{name.replace('_', '-')}" for name in config.ANSWERS]
    apart = [word for option in options for word in words(capsys, option)]
    assert words(capsys, *reversed(options)) == apart


def test_what_is_named_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    for option in (
        "--include",
        "--runtime",
        "--libs",
        "--cmake-dir",
        "--make",
        "--meson",
        "--stamp",
    ):
        (path,) = words(capsys, option)
        assert Path(path).exists(), option
    (prefix,) = words(capsys, "--prefix")
    (cmake,) = words(capsys, "--cmake-dir")
    assert Path(cmake).parent == Path(prefix)
    assert (Path(cmake) / "ScTransformConfig.cmake").is_file()


def test_json_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["version"] == __version__
    for name in set(config.ANSWERS) - {"libs", "stamp"}:
        told = facts[name] if isinstance(facts[name], list) else [facts[name]]
        assert told == words(capsys, f"--{name.replace('_', '-')}")


def test_the_compiler_tells_the_arch(capsys: pytest.CaptureFixture[str]) -> None:
    for name in arch.names():
        for cc in available(arch.load(name)):
            command = shlex.join(cc.command)
            main(["config", "--json", "--cc", command])
            assert json.loads(capsys.readouterr().out)["arch"] == name, command


def test_a_compiler_for_an_unknown_machine_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    script = tmp_path / "vax-gcc"
    script.write_text("#!/bin/sh\necho vax-dec-ultrix\n")
    script.chmod(0o755)
    assert main(["config", "--cc", str(script)]) != 0
    assert "builds for vax" in capsys.readouterr().err


def test_flags_without_libs_are_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--cflags", "--", "-g"]) == 2
    assert "--libs" in capsys.readouterr().err


def test_libs_links_and_is_built_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (library,) = words(capsys, "--libs")
    made = Path(library).stat().st_mtime_ns
    (again,) = words(capsys, "--libs")
    assert (again, Path(again).stat().st_mtime_ns) == (library, made)
    env = environment(tmp_path)
    mode = ("--mode", "trampoline")
    (tmp_path / "main.c").write_text(CALLS)
    run("sc-transform", "rewrite", "main.c", *mode, "-o", "out.c", cwd=tmp_path, env=env)
    cflags = words(capsys, "--cflags", *mode)
    build = [compiler(), *cflags, "out.c", "-o", "prog"]
    run(*build, library, cwd=tmp_path, env=env)
    run("./prog", cwd=tmp_path, env=env)
    failed = run(*build, cwd=tmp_path, env=env, status=None)
    assert failed.returncode != 0  # the negative control
    assert "__sc_register" in failed.stderr


def test_libs_is_for_the_target_that_the_flags_select(tmp_path: Path) -> None:
    env = environment(tmp_path)

    def library(*flags: str) -> str:
        command = ["sc-transform", "config", "--libs", "--cc", compiler(), "--", *flags]
        return run(*command, cwd=tmp_path, env=env).stdout

    assert library() == library("-g", "-O1")
    assert library() != library("-march=native")


def test_libs_is_the_source_where_there_is_no_compiler(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> None:
        raise integration.CompilerMissing("none here")

    monkeypatch.setattr(integration, "find", none)
    assert words(capsys, "--libs") == words(capsys, "--runtime")


def test_a_compiler_that_was_named_must_be_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--libs", "--cc", "no-such-gcc"]) != 0
    assert "no-such-gcc" in capsys.readouterr().err


def test_the_runtime_that_does_not_compile_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    script = tmp_path / "gcc"
    script.write_text("#!/bin/sh\ncase $* in *sc_runtime.c*) echo broken >&2; exit 1;; esac\n")
    script.chmod(0o755)
    assert main(["config", "--libs", "--arch", arch.host().name, "--cc", str(script)]) == 1
    assert "the runtime does not compile: broken" in capsys.readouterr().err


def test_the_stamp_changes_with_the_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("one = 1\n")
    monkeypatch.setattr(integration, "PACKAGE", tmp_path)
    before = integration.fingerprint.__wrapped__()
    assert integration.fingerprint.__wrapped__() == before
    (tmp_path / "a.py").write_text("one = 2\n")
    assert integration.fingerprint.__wrapped__() != before
