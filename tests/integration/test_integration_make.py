"""The Make fragment sets variables, and no rule changes for it."""

from __future__ import annotations

from pathlib import Path

from integration_tools import compiler, environment, example, run, sites

FRAGMENT = "include $(shell sc-transform config --make)\n"


def make(text: str, folder: Path, *words: str) -> str:
    (folder / "GNUmakefile").write_text(text)
    return run("make", "-s", *words, cwd=folder, env=environment(folder)).stdout


def test_implicit_rules_stay_as_they_were(tmp_path: Path) -> None:
    """make's own database, with the fragment and without: the same rules."""

    def rules(text: str) -> list[str]:
        told = make(text, tmp_path, "-p", "-n")
        at = told.index("# Implicit Rules")
        return [row for row in told[at:].splitlines() if row and row[0] not in "#\t "]

    plain = rules("all:;\n")
    with_fragment = rules(FRAGMENT + "all:;\n")
    assert "%.o: %.c" in plain
    # .c.o and the like, and the file itself, which make looks for a rule for
    assert [r for r in with_fragment if "%" in r] == [r for r in plain if "%" in r]
    assert [r for r in with_fragment if "config" in r] == []


def test_the_first_target_stays_the_default(tmp_path: Path) -> None:
    assert (
        make(FRAGMENT + "first:\n\t@echo first\nsecond:\n\t@echo second\n", tmp_path) == "first\n"
    )


def test_settings_become_the_launchers(tmp_path: Path) -> None:
    text = FRAGMENT + "all:\n\t@echo '$(SC_CC)'\n"
    assert make(text, tmp_path, "CC=gcc -m64") == "sc-transform cc gcc -m64\n"
    words = ["SC_MODE=inline", "SC_LOG=log.json", "SC_DYNAMIC=f=0 g=", "SC_COMPILER=clang"]
    told = make(text, tmp_path, "SC_DYNAMIC_LOWERING=key", *words).split()
    assert told[:2] == ["sc-transform", "cc"]
    assert told[-1] == "clang"
    assert sorted(told[2:-1]) == [
        "--sc-dynamic-lowering=key",
        "--sc-dynamic=f=0",
        "--sc-dynamic=g=",
        "--sc-log=log.json",
        "--sc-mode=inline",
    ]


def test_the_runtime_is_named_for_other_links(tmp_path: Path) -> None:
    text = FRAGMENT + "all:\n\t@echo $(SC_LIBS) $(SC_LIBS)\n"
    first, second = make(text, tmp_path, f"CC={compiler()}").split()
    assert first == second
    assert Path(first).is_file()


def test_one_unit_alone_is_launched_and_the_rest_stays_as_it_is(tmp_path: Path) -> None:
    """As the example does; a second run has nothing to do until the stamp is newer."""
    folder = example("make-filter", tmp_path)
    env = environment(tmp_path)
    (folder / "stamp").touch()
    words = ["make", f"CC={compiler()}", "SC_STAMP=stamp", "SC_MODE=trampoline"]
    told = run(*words, cwd=folder, env=env).stdout.splitlines()
    assert [row.startswith("sc-transform cc") for row in told] == [False, True, True]
    assert sites(folder / "filter") == 0
    assert "up to date" in run(*words, cwd=folder, env=env).stdout
    told = run(*words, "-W", "stamp", "-n", cwd=folder, env=env).stdout.splitlines()
    assert [row.split()[-1] for row in told] == ["filter.c", "filter"]


def test_the_stamp_is_the_tools(tmp_path: Path) -> None:
    """Two runs, since the tool may change between two questions where it is at work."""
    text = FRAGMENT + "all:\n\t@echo $(SC_STAMP)\n"
    before, told, after = (
        run("sc-transform", "config", "--stamp", cwd=tmp_path, env=environment(tmp_path)).stdout,
        make(text, tmp_path),
        run("sc-transform", "config", "--stamp", cwd=tmp_path, env=environment(tmp_path)).stdout,
    )
    assert told in (before, after)
