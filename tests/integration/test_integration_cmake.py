"""find_package(ScTransform), by the CMake of this environment and the machine's own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from integration_tools import (
    compiler,
    environment,
    example,
    expected,
    guards,
    run,
    sites,
)

from transformer import __version__
from transformer.cli import integration

WITH = f"-DCMAKE_PREFIX_PATH={integration.CMAKE}"


def configure(folder: Path, env: dict[str, str], *options: str, cmake: str = "cmake") -> str:
    words = [f"-DCMAKE_C_COMPILER={compiler()}", WITH, *options]
    return run(cmake, "-B", "build", *words, cwd=folder, env=env).stdout


def build(folder: Path, env: dict[str, str]) -> str:
    return run("cmake", "--build", "build", "-v", cwd=folder, env=env).stdout


def compiled(told: str) -> set[str]:
    """The sources that a build compiled."""
    return set(re.findall(r" -c \S*?([\w.-]+\.c)\b", told))


def launched(told: str) -> set[str]:
    told = told.replace('"', "")  # around a path with blanks
    rows = [row for row in told.splitlines() if "sc-transform cc " in row]
    return compiled("\n".join(rows))


#: The machine's own CMake where it has one, often an older one than this environment's.
OLDER = shutil.which("cmake", path="/usr/local/bin:/usr/bin") or "cmake"


@pytest.mark.parametrize(
    ("generator", "cmake"), [("Ninja", "cmake"), ("Unix Makefiles", OLDER)], ids=["ninja", "make"]
)
def test_the_target_alone_is_launched_and_follows_its_settings(
    generator: str, cmake: str, tmp_path: Path
) -> None:
    folder = example("cmake-tracer", tmp_path)
    env = environment(tmp_path)
    configure(folder, env, "-G", generator, cmake=cmake)
    told = build(folder, env)
    assert launched(told) == {"tracer.c", "queue.c"}
    assert compiled(told) == {"tracer.c", "queue.c", "main.c", "sc_runtime.c"}
    assert run("build/traced", cwd=folder, env=env).stdout == expected(folder)
    assert guards(folder / "build" / "traced") > 0  # the static library's probes
    assert compiled(build(folder, env)) == set()
    lists = folder / "CMakeLists.txt"
    lists.write_text(lists.read_text().replace("(${target})", "(${target} MODE slot)"))
    assert compiled(build(folder, env)) == {"tracer.c", "queue.c"}
    assert run("build/traced", cwd=folder, env=env).stdout == expected(folder)
    assert guards(folder / "build" / "traced") == 0


def test_switched_off_it_is_the_plain_build(tmp_path: Path) -> None:
    folder = example("cmake-tracer", tmp_path)
    env = environment(tmp_path)
    configure(folder, env, "-G", "Ninja", "-DSC_TRANSFORM=OFF")
    told = build(folder, env)
    assert launched(told) == set()
    assert "sc_runtime.c" not in told
    assert run("build/traced", cwd=folder, env=env).stdout == expected(folder)


PROJECT = """\
cmake_minimum_required(VERSION 3.19)
project(p LANGUAGES C)
find_package(ScTransform {version} REQUIRED)
add_executable(prog main.c)
{rest}
"""


def project(folder: Path, rest: str, version: str = "") -> Path:
    (folder / "CMakeLists.txt").write_text(PROJECT.format(rest=rest, version=version))
    (folder / "main.c").write_text(
        "#include <sc/static_call.h>\n"
        "static int one(void) { return 1; }\nstatic int none(void) { return 0; }\n"
        "DEFINE_STATIC_CALL(k, one);\n"
        "int main(void) { int a = static_call(k)();"
        " static_call_update(k, none); return a + static_call(k)() - 1; }\n"
    )
    return folder


def test_settings_become_the_launchers_and_another_launcher_stays_behind(tmp_path: Path) -> None:
    """Generated, not built: the launcher behind is none."""
    rest = (
        "set_target_properties(prog PROPERTIES C_COMPILER_LAUNCHER ccache)\n"
        "sc_transform_target(prog MODE inline PROFILE sc LOG sc.log DYNAMIC f=0 g=\n"
        "                    DYNAMIC_LOWERING call CONFIG my.toml)\n"
        "get_target_property(launcher prog C_COMPILER_LAUNCHER)\n"
        'message(STATUS "launcher=${launcher}")\n'
    )
    folder = project(tmp_path, rest)
    told = configure(folder, environment(tmp_path), "-G", "Ninja")
    words = re.findall(r"launcher=(.*)", told)[0].split(";")
    at, behind = words.index("cc"), words.index("ccache")
    assert (at, behind) == (1, len(words) - 1)
    assert set(words[at + 1 : behind]) == {
        "--sc-mode=inline",
        "--sc-profile=sc",
        f"--sc-log={folder}/sc.log",
        "--sc-dynamic=f=0",
        "--sc-dynamic=g=",
        "--sc-dynamic-lowering=call",
        f"--sc-config={folder}/my.toml",
    }


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("sc_transform_target(nothing)", "there is no target 'nothing'"),
        ("sc_transform_target(prog MOED inline)", "these mean nothing here: MOED;inline"),
    ],
)
def test_a_mistake_in_the_call_is_told(call: str, told: str, tmp_path: Path) -> None:
    folder = project(tmp_path, call)
    done = run("cmake", "-G", "Ninja", "-B", "build", WITH, cwd=folder,
               env=environment(tmp_path), status=1)  # fmt: skip
    assert told in " ".join(done.stderr.split())


def test_the_version_is_the_packages_and_others_are_refused(tmp_path: Path) -> None:
    env = environment(tmp_path)
    major, minor = (int(number) for number in __version__.split(".")[:2])
    script = tmp_path / "version.cmake"
    for version, good in [
        (__version__, True),
        (f"{major}.{minor}", True),
        (f"{major}.{minor + 1}", False),
        (f"{major + 1}", False),
    ]:
        script.write_text(
            f"set(PACKAGE_FIND_VERSION {version})\n"
            f'include("{integration.CMAKE}/ScTransformConfigVersion.cmake")\n'
            'message("${PACKAGE_VERSION} ${PACKAGE_VERSION_COMPATIBLE}")\n'
        )
        told = run("cmake", "-P", script, cwd=tmp_path, env=env).stderr.split()
        assert told == [__version__, "TRUE" if good else "FALSE"], version


def test_a_whole_project_is_launched_and_a_targets_settings_take_over(tmp_path: Path) -> None:
    """The launcher of all, and one target with settings: one launcher each, not two."""
    folder = project(tmp_path, "add_executable(own main.c)\nsc_transform_target(own MODE slot)")
    env = environment(tmp_path)
    launchers = [f"-DCMAKE_C_{what}_LAUNCHER=sc-transform;cc" for what in ("COMPILER", "LINKER")]
    configure(folder, env, "-G", "Ninja", *launchers)
    rows = [r for r in build(folder, env).replace('"', "").splitlines() if "-c " in r]
    assert sorted(row.count("sc-transform cc") for row in rows) == [0, 1, 1]  # 0: the runtime
    assert sites(folder / "build" / "prog") > 0
    assert sites(folder / "build" / "own") == 0
    for name in ("prog", "own"):
        run(f"build/{name}", cwd=folder, env=env)


def test_an_installed_static_library_tells_its_users_of_the_runtime(tmp_path: Path) -> None:
    rest = (
        "add_library(lib STATIC main.c)\nsc_transform_target(lib)\n"
        "install(TARGETS lib EXPORT libTargets)\n"
        "install(EXPORT libTargets DESTINATION lib/cmake/lib)\n"
    )
    folder = project(tmp_path, rest)
    env = environment(tmp_path)
    configure(folder, env, "-G", "Ninja", f"-DCMAKE_INSTALL_PREFIX={tmp_path}/usr")
    (told,) = (folder / "build").rglob("libTargets.cmake")
    assert "ScTransform::runtime" in told.read_text()
