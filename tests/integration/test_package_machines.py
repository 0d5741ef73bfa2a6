"""One package for all arches: it compiles without a warning, and runs, on each; elsewhere plain."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration_tools import environment, guards, run
from package_tools import (
    PRINTED,
    UNITS,
    emulator,
    has_text_relocations,
    installed,
    kind,
    linked,
    other_arches,
    package,
    printed,
    sources,
    symbols,
    zig_cc,
)

from transformer import arch as arches
from transformer.arch import Arch
from transformer.toolchain import available

STRICT = (
    "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion",
    "-Wsign-conversion", "-Wundef", "-Wstrict-prototypes", "-Wmissing-prototypes",
)  # fmt: skip
#: Machines without templates, with and without ELF.
ELSEWHERE = ("powerpc64le-linux-musl", "x86-linux-musl", "aarch64-macos")
#: Of programs with musl: what the compiler is told, and what comes of it.
MUSL = {"static": (("-static",), "static"), "static-pie": (("-fPIE", "-static-pie"), "static-pie")}


def compilers() -> list[tuple[str, str]]:
    found = [(n, cc.family) for n in arches.names() for cc in available(arches.load(n))]
    return [*found, *((n, "musl") for n in arches.names())]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(tmp_path_factory.mktemp("package"), "--arch", "all")


def command(name: str, which: str) -> list[str]:
    arch = arches.load(name)
    if which == "musl":
        return zig_cc(arch.toolchain.zig_target.replace("-gnu", "-musl"))
    return list(available(arch, (which,))[0].command)


@pytest.mark.parametrize(("name", "which"), compilers())
def test_no_compiler_has_a_warning(name: str, which: str, made: Path, tmp_path: Path) -> None:
    env = environment(tmp_path)
    words = [*command(name, which), *STRICT, "-I", made / "include", "-c", "-o", "out.o"]
    run(*words, made / "src" / "sc_runtime.c", cwd=tmp_path, env=env)
    (tmp_path / "uses.c").write_text("#include <sc/sc.h>\n")
    for source in (made / "src" / "sc_runtime.c", "uses.c"):
        for extra in ("-DSC_PLAIN", "-DSC_FREESTANDING"):
            run(*words, "-O0", extra, source, cwd=tmp_path, env=env)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_other_machines_get_the_plain_headers(target: str, made: Path, tmp_path: Path) -> None:
    env = environment(tmp_path)
    folder = sources(tmp_path, arches.host(), mode="")
    words = [*zig_cc(target), "-O2", "-Wall", "-Werror", "-I", made / "include", "-c"]
    run(*words, "library.c", "-o", "library.o", cwd=folder, env=env)
    run(*words, made / "src" / "sc_runtime.c", "-o", "nothing.o", cwd=folder, env=env)
    assert b"sc_plain_dynamic" in (folder / "library.o").read_bytes()
    assert b"static_key_enable" in (folder / "library.o").read_bytes()
    assert b"static_key_enable" not in (folder / "nothing.o").read_bytes()


def runs_by(name: str) -> list[str]:
    arch = arches.load(name)
    runner = emulator(arch)
    if runner is None:
        pytest.skip(f"no emulator of programs for {arch.title} (Debian: qemu-user)")
    return runner


@pytest.mark.parametrize("name", other_arches())
def test_a_cross_compiler_makes_programs_that_run(name: str, tmp_path: Path) -> None:
    """By make, as the host's are; static, so that an emulator needs no libraries."""
    arch, runner = arches.load(name), runs_by(name)
    found = available(arch, ("gcc",))
    if not found:
        pytest.skip(f"no package {arch.toolchain.cross_gcc_package} (Clang and musl: test-full)")
    env = environment(tmp_path)
    (cc,) = found[0].argv
    prefix = installed(package(tmp_path, "--arch", "all"), env, f"CC={cc}", target="install-static")
    assert "__sc_register" in symbols(tmp_path / "sc-runtime/build/sc_runtime.o", ".symtab")
    program = linked(sources(tmp_path / "desk", arch), env, [cc], prefix, "-static")
    assert guards(program) > 0
    assert printed(program, prefix, runner) == PRINTED


@pytest.mark.full  # the first time each libc is built, which takes the wheel's Clang 20 s and more
@pytest.mark.parametrize("link", MUSL)
@pytest.mark.parametrize("name", arches.names())
def test_a_program_runs_with_musl(name: str, link: str, made: Path, tmp_path: Path) -> None:
    arch, runner = arches.load(name), runs_by(name)
    flags, wanted = MUSL[link]
    folder = sources(tmp_path, arch)
    words = [*command(name, "musl"), "-O2", *flags, "-I", made / "include", *UNITS]
    run(*words, made / "src" / "sc_runtime.c", "-o", "program", cwd=folder, env=environment(folder))
    assert kind(folder / "program") == wanted
    assert not has_text_relocations(folder / "program")
    assert guards(folder / "program") > 0
    assert run(*runner, "./program", cwd=folder, env=environment(folder)).stdout == PRINTED


def test_a_condition_is_true_for_its_own_arch_alone(made: Path, tmp_path: Path) -> None:
    """What the compiler for an arch picks out of ``sc/machine.h``."""
    (tmp_path / "which.c").write_text("#include <sc/machine.h>\n")

    def picked(arch: Arch) -> list[str]:
        (cc,) = available(arch, ("clang",))
        words = [*cc.command, "-E", "-dM", "-I", made / "include", "which.c"]
        told = run(*words, cwd=tmp_path, env=environment(tmp_path)).stdout.split()
        return [w for w in told if w.startswith(("SC_MACHINE_", "SC_PLAIN")) and w[-2:] != "_H"]

    for name in arches.names():
        assert picked(arches.load(name)) == [f"SC_MACHINE_{name.upper()}"]
