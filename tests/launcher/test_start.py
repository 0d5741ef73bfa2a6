"""How the launcher starts: quickly, from wherever it was installed, by whatever name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from launching import CALLS, FAMILIES, PLAIN, SCRIPT, Desk

import transformer

ROOT = Path(transformer.__file__).resolve().parents[1]
SOURCE = ROOT / "transformer" / "launcher" / "sc-transform"

# What Python's own start loads, then what a command line costs.
OURS = {
    "transformer",
    *(
        f"transformer.launcher{name}"
        for name in (
            "", ".commandline", ".compilers", ".dependencies", ".detect", ".light", ".main",
            ".masquerade", ".process", ".record", ".responsefile", ".roles", ".settings",
            ".state", ".tables", ".tables.common",
        )
    ),
}  # fmt: skip
LIBRARY = {"errno"}
FOR_A_FAMILY = {"transformer.launcher.tables.gcc", "transformer.launcher.tables.clang"}


def loaded(desk: Desk, *words: str) -> set[str]:
    """Modules that one command line imports, beyond those of ``python -I -S -c pass``."""
    bare = desk.run(sys.executable, "-IS", "-X", "importtime", "-c", "pass").stderr
    python = desk.folder.parent / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -X importtime "$@"\n')
    python.chmod(0o755)
    script = SCRIPT.read_text().replace("python=$folder/python3", f"python={python}")
    copy = SCRIPT.parent / f"sc-transform-{os.getpid()}"
    copy.write_text(script)
    copy.chmod(0o755)
    try:
        return names(desk.run(copy, "cc", *words, SC_TRANSFORM_FRONT="no").stderr) - names(bare)
    finally:
        copy.unlink()


def names(told: str) -> set[str]:
    rows = [row for row in told.splitlines() if row.startswith("import time:")]
    return {row.rpartition("|")[2].strip() for row in rows[1:]}


@pytest.mark.parametrize("what", ["compile", "link", "print"])
def test_the_fast_path_imports_next_to_nothing(what: str, compiler: str, desk: Desk) -> None:
    desk.write("plain.c", PLAIN)
    words = {"compile": ["-c", "plain.c"], "link": ["-shared", "plain.o"], "print": ["--version"]}
    desk.cc(compiler, "-c", "plain.c", "-fPIC")  # the headers' folder is known from now on
    more = {"transformer.launcher.link"} if what == "link" else set()
    assert loaded(desk, compiler, *words[what]) <= OURS | LIBRARY | FOR_A_FAMILY | more


def test_the_control_a_unit_with_idioms_imports_more(desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    assert {"pycparser", "pathlib"} <= loaded(desk, FAMILIES[0], "-c", "demo.c")


def test_a_configuration_that_was_read_once_is_not_parsed_again(desk: Desk) -> None:
    desk.write("plain.c", PLAIN)
    desk.write("sc-transform.toml", 'mode = "slot"\n')
    assert "tomllib" in loaded(desk, FAMILIES[0], "-c", "plain.c")
    assert "tomllib" not in loaded(desk, FAMILIES[0], "-c", "plain.c")
    desk.write("sc-transform.toml", 'mode = "generic"\n')
    assert "tomllib" in loaded(desk, FAMILIES[0], "-c", "plain.c")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(output)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return output / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def spaced(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """An environment under a path with a space, the wheel in it."""
    folder = tmp_path_factory.mktemp("some where") / "my venv"
    venv.create(folder, symlinks=True)
    install(wheel, folder / "bin" / "python3")
    return folder


def install(wheel: Path, python: Path, *options: str) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    words = ["install", "-q", "--no-deps", "--no-index", "--ignore-installed"]
    subprocess.run([*pip, *words, *options, str(wheel)], check=True, capture_output=True)


def others(desk: Desk) -> dict[str, str]:
    """Where an environment without them finds the packages that ours depends on."""
    import jinja2

    return {"PYTHONPATH": str(Path(jinja2.__file__).parents[1]), "SC_CACHE": f"{desk.bin}/cache"}


def check(script: Path, desk: Desk, **env: str) -> None:
    """It starts quickly, finds its package, and does its work."""
    desk.write("demo.c", CALLS)
    environment = {**others(desk), **env}
    assert desk.run(script, "--version", **environment).stdout.startswith("sc-transform ")
    desk.run(script, "cc", FAMILIES[0], "-c", "demo.c", **environment)
    assert b"__sc_register" in desk.data("demo.o")
    where = desk.script("where-gcc", f'exec {FAMILIES[0]} "$@"')
    told = desk.script("python-flags", "tr '\\0' ' ' </proc/$PPID/cmdline")
    assert where.exists()
    done = desk.run(script, "cc", "--sc-log=log", told, **environment)
    assert " -IS " in done.stdout


def test_a_wheel_in_an_environment_under_a_path_with_spaces(spaced: Path, desk: Desk) -> None:
    check(spaced / "bin" / "sc-transform", desk)


def test_links_to_the_script(spaced: Path, desk: Desk) -> None:
    (desk.bin / "sc-transform").symlink_to(spaced / "bin" / "sc-transform")
    check(desk.bin / "sc-transform", desk)
    assert desk.run("sc-transform", "--version").stdout.startswith("sc-transform ")


def test_an_installation_away_from_its_python(spaced: Path, wheel: Path, desk: Desk) -> None:
    """As with --user and --prefix: pip's own script beside it names the interpreter."""
    prefix = desk.folder.parent / "a prefix"
    for python in (spaced / "bin" / "python3", Path(sys.executable)):
        shutil.rmtree(prefix, ignore_errors=True)
        install(wheel, python, "--prefix", str(prefix))
        script = prefix / "bin" / "sc-transform"
        site = next(prefix.glob("lib/python3*/site-packages"))
        check(script, desk, PYTHONPATH=f"{site}:{others(desk)['PYTHONPATH']}")


def test_where_the_package_is_not_found_quickly_it_is_found_slowly(
    spaced: Path, desk: Desk
) -> None:
    odd = desk.folder.parent / "odd" / "bin"
    odd.mkdir(parents=True)
    for name in ("sc-transform", "sc-transform-cli"):
        shutil.copy(spaced / "bin" / name, odd)
    script = odd / "sc-transform"
    assert desk.run(script, "--version", **others(desk)).stdout.startswith("sc-transform ")
    desk.write("plain.c", PLAIN)
    desk.run(script, "cc", FAMILIES[0], "-c", "plain.c", **others(desk))
    assert (desk.folder / "plain.o").exists()


def test_as_a_module(desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.run(sys.executable, "-m", "transformer", "cc", FAMILIES[0], "-c", "demo.c")
    assert b"__sc_register" in desk.data("demo.o")


def test_the_installed_script_is_this_one() -> None:
    assert SCRIPT.read_bytes() == SOURCE.read_bytes()


# --- by a compiler's name ---


def masquerade(desk: Desk, name: str) -> dict[str, str]:
    links = desk.folder.parent / "links"
    links.mkdir(exist_ok=True)
    (links / name).symlink_to(SCRIPT)
    return {"PATH": f"{links}:{desk.env['PATH']}"}


def test_a_link_with_a_compilers_name_runs_the_next_one_of_that_name(
    compiler: str, desk: Desk
) -> None:
    desk.write("demo.c", CALLS)
    env = masquerade(desk, compiler)
    desk.run(compiler, "--sc-mode=slot", "-c", "demo.c", **env)
    assert b"__sc_register" in desk.data("demo.o")
    desk.run(compiler, "demo.o", "-o", "demo", **env)
    assert desk.run("./demo").stdout == "13\n42\n"


def test_a_cache_of_the_same_name_that_leads_back_does_not_go_round(desk: Desk) -> None:
    """As a compiler cache does: it runs the first program of the name that is not itself."""
    name = FAMILIES[0]
    desk.write("demo.c", CALLS)
    env = masquerade(desk, name)
    links = desk.folder.parent / "links"
    cache = desk.folder.parent / "cache"
    cache.mkdir()
    (cache / name).write_text(f'#!/bin/sh\nexec "{links / name}" "$@"\n')
    (cache / name).chmod(0o755)
    env["PATH"] = f"{links}:{cache}:{desk.env['PATH']}"
    desk.run(name, "-c", "demo.c", **env)
    assert b"__sc_register" in desk.data("demo.o")


def test_a_link_with_nothing_behind_it_says_so(desk: Desk) -> None:
    env = masquerade(desk, "no-such-gcc")
    done = desk.run("no-such-gcc", "-c", "x.c", status=2, **env)
    assert "no program called 'no-such-gcc'" in done.stderr


def test_the_script_is_executable() -> None:
    assert os.access(SOURCE, os.X_OK)
