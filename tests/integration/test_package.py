"""The runtime as a package: built by CMake, Meson and make, and what links with it runs.

The program's units are rewritten, or as they were written where a test says so.
That its guards switch shows that its text is patched.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from integration_tools import environment, guards, run
from package_tools import (
    PRINTED,
    PRINTED_IN_SLOTS,
    UNITS,
    has_text_relocations,
    hosts,
    installed,
    kind,
    linked,
    package,
    pkg_config,
    printed,
    sources,
    symbols,
)

from transformer import arch as arches
from transformer.runtime import render_headers

HOST = arches.host()
PREFIXES = ("sc_", "__sc_", "static_", "__static_call_")
#: What is passed to the linking compiler, and what comes of it.
LINKS = {
    "pie": (("-fPIE", "-pie"), "dynamic-pie"),
    "no-pie": (("-fno-pie", "-no-pie"), "dynamic"),
    "static": (("-fno-pie", "-static"), "static"),
    "static-pie": (("-fPIE", "-static-pie"), "static-pie"),
}


@dataclass
class Bench:
    """A compiler, and where make installed the package with it: both libraries, or one."""

    cc: str
    env: dict[str, str]
    both: Path
    archive: Path


@pytest.fixture(scope="module", params=hosts())
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp(f"package-{request.param}")
    env = environment(folder)
    made = package(folder)
    both = installed(made, env, f"CC={request.param}", prefix="both")
    archive = installed(made, env, f"CC={request.param}", target="install-static", prefix="archive")
    return Bench(request.param, env, both, archive)


def linker(bench: Bench, link: str) -> str:
    """The wheel's Clang has no static glibc: GCC links then, where there is one."""
    return "gcc" if link.startswith("static") and shutil.which("gcc") else bench.cc


@pytest.mark.parametrize("link", LINKS)
def test_a_program_links_with_the_archive(link: str, bench: Bench, tmp_path: Path) -> None:
    flags, wanted = LINKS[link]
    cc = linker(bench, link)
    if link.startswith("static") and cc != "gcc":
        pytest.skip("no compiler here links statically with glibc (with musl: make test-full)")
    program = linked(sources(tmp_path, HOST), bench.env, [cc], bench.archive, *flags)
    assert kind(program) == wanted
    assert guards(program) > 0
    assert not has_text_relocations(program)
    assert printed(program, bench.archive) == PRINTED


@pytest.mark.parametrize("link", ["pie", "no-pie"])
def test_a_program_links_with_the_shared_library(link: str, bench: Bench, tmp_path: Path) -> None:
    program = linked(sources(tmp_path, HOST), bench.env, [bench.cc], bench.both, *LINKS[link][0])
    assert "__sc_register" not in symbols(program, ".symtab")
    assert printed(program, bench.both) == PRINTED


def shared_object(bench: Bench, folder: Path, prefix: Path) -> Path:
    """The program, whose library is a shared object."""
    cflags, libs = pkg_config(prefix)
    words = [bench.cc, "-O2", *cflags]
    object_ = [*words, "-fPIC", "-shared", "library.c", "-o", "liblibrary.so"]
    run(*object_, *libs, cwd=folder, env=bench.env)
    link = ["-L.", "-llibrary", "-Wl,-rpath,$ORIGIN", "-o", "program"]
    run(*words, "program.c", *link, *libs, cwd=folder, env=bench.env)
    return folder / "program"


@pytest.mark.parametrize("library", ["both", "archive"])
def test_a_shared_object_links_with_either(library: str, bench: Bench, tmp_path: Path) -> None:
    prefix = getattr(bench, library)
    program = shared_object(bench, sources(tmp_path, HOST), prefix)
    assert guards(tmp_path / "liblibrary.so") > 0
    assert not has_text_relocations(tmp_path / "liblibrary.so")
    assert printed(program, prefix) == PRINTED


def test_sources_need_no_rewriting_and_plain_ones_no_runtime(bench: Bench, tmp_path: Path) -> None:
    folder = sources(tmp_path, HOST, mode="")
    program = linked(folder, bench.env, [bench.cc], bench.archive)
    assert printed(program, bench.archive) == PRINTED
    assert guards(program) > 0
    cflags, _ = pkg_config(bench.archive)
    run(bench.cc, "-DSC_PLAIN", *cflags, *UNITS, "-o", "plain", cwd=folder, env=bench.env)
    assert printed(folder / "plain", bench.archive) == PRINTED
    assert guards(folder / "plain") == 0


# --- symbols ---


def declared() -> set[str]:
    """Functions and variables that the public headers declare as the runtime's."""
    headers = render_headers("lowered", HOST, HOST.default_mode)
    text = headers["sc/types.h"] + headers["sc/runtime.h"]
    text = re.sub(r"/\*.*?\*/|^#.*?(?<!\\)$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"typedef[^;]*;", "", text)
    prototypes = re.findall(r"^[a-z][\w \t*]*?(\w+)\([^{;]*\);", text, re.MULTILINE)
    return {*prototypes, *re.findall(r"^extern [^(;]*?(\w+);", text, re.MULTILINE)}


def test_the_shared_library_exports_what_the_headers_declare(bench: Bench) -> None:
    exported = symbols(bench.both / "lib" / "libsc-runtime.so", ".dynsym")
    assert set(exported) == declared()
    assert not [name for name in exported if not name.startswith(PREFIXES)]
    assert not has_text_relocations(bench.both / "lib" / "libsc-runtime.so")


def test_every_global_symbol_has_a_prefix(bench: Bench) -> None:
    found = symbols(bench.both.parent / "sc-runtime" / "build" / "sc_runtime.o", ".symtab")
    assert {"__sc_register", "__static_call_null", "static_key_enable"} <= set(found)
    assert not [name for name in found if not name.startswith(PREFIXES)]


# --- make ---


def test_hidden_symbols_stay_in_a_shared_object(tmp_path: Path) -> None:
    cc = hosts()[0]
    env = environment(tmp_path)
    made = package(tmp_path)
    prefix = installed(made, env, f"CC={cc}", "SC_HIDDEN=yes", target="install-static")
    bench = Bench(cc, env, prefix, prefix)
    program = shared_object(bench, sources(tmp_path / "desk", HOST), prefix)
    exported = symbols(tmp_path / "desk" / "liblibrary.so", ".dynsym")
    assert {"used", "switch_it", "__SCK__which"} <= set(exported)
    assert not [name for name in exported if name.startswith(("__sc_reg", "static_", "sc_"))]
    assert printed(program, prefix) == PRINTED
    run("make", "-s", "shared", "SC_HIDDEN=yes", cwd=made, env=env, status=2)


def test_what_has_other_options_is_compiled_again(tmp_path: Path) -> None:
    env = environment(tmp_path)
    made = package(tmp_path)
    make = ["make", "static", f"CC={hosts()[0]}", "CFLAGS=-O0"]
    assert "-DSC_PROTECTION=SC_WORD" in run(*make, cwd=made, env=env).stdout
    assert "-c src" not in run(*make, cwd=made, env=env).stdout
    assert "-DSC_PROTECTION=SC_SLOT" in run(*make, "SC_PROTECTION=slot", cwd=made, env=env).stdout
    wrong = run(*make, "SC_PROTECTION=fast", cwd=made, env=env, status=2)
    assert "word, int3 or slot" in wrong.stderr
    run("make", "-s", "clean", cwd=made, env=env)
    assert not (made / "build").exists()


def test_a_staged_installation_has_the_paths_of_the_final_one(tmp_path: Path) -> None:
    env = environment(tmp_path)
    made = package(tmp_path)
    stage = tmp_path / "a stage"
    settings = [f"DESTDIR={stage}", "PREFIX=/opt/sc", "LIBDIR=/opt/sc/lib64", f"CC={hosts()[0]}"]
    run("make", "-s", "install", *settings, cwd=made, env=env)
    said = (stage / "opt/sc/lib64/pkgconfig/sc-runtime.pc").read_text()
    assert "prefix=/opt/sc\nlibdir=/opt/sc/lib64\nincludedir=/opt/sc/include\n" in said
    assert str(stage) not in said
    assert (stage / "opt/sc/include/sc/sc.h").is_file()
    library = stage / "opt/sc/lib64/libsc-runtime.so"
    assert library.is_symlink() and library.resolve().is_file()


def test_pkg_config_itself_reads_the_file(bench: Bench) -> None:
    program = shutil.which("pkg-config") or shutil.which("pkgconf")
    if not program:
        pytest.skip("no pkg-config here; the other tests read its file")
    folder = str(bench.both / "lib" / "pkgconfig")
    env = {**bench.env, "PKG_CONFIG_PATH": folder}
    words = [program, "--cflags", "--libs", "--static", "sc-runtime"]
    told = run(*words, cwd=bench.both, env=env).stdout.split()
    cflags, libs = pkg_config(bench.both, static=True)
    assert sorted(told) == sorted({*cflags, *libs})


# --- CMake ---

CMAKE = """\
cmake_minimum_required(VERSION 3.13)
project(p LANGUAGES C)
{how}
add_executable(program program.c library.c)
target_link_libraries(program PRIVATE sc::runtime)
"""


def cmake(folder: Path, env: dict[str, str], *options: str, status: int = 0) -> str:
    words = ["-G", "Ninja", f"-DCMAKE_C_COMPILER={hosts()[0]}", *options]
    done = run("cmake", "-S", ".", "-B", "build", *words, cwd=folder, env=env, status=status)
    if not status:
        run("cmake", "--build", "build", cwd=folder, env=env)
    return done.stderr


def test_cmake_builds_it_as_a_part_of_a_project(tmp_path: Path) -> None:
    env = environment(tmp_path)
    package(tmp_path)
    folder = sources(tmp_path, HOST)
    (folder / "CMakeLists.txt").write_text(CMAKE.format(how="add_subdirectory(sc-runtime)"))
    cmake(folder, env, "-DSC_PROTECTION=word")
    program = folder / "build" / "program"
    assert guards(program) > 0
    assert printed(program, folder) == PRINTED
    run("cmake", "--install", "build", "--prefix", tmp_path / "usr", cwd=folder, env=env)
    assert not (tmp_path / "usr").exists()  # what a project is made of is not its users' affair


@pytest.mark.parametrize(
    ("shared", "level", "wanted"), [("ON", "word", PRINTED), ("OFF", "slot", PRINTED_IN_SLOTS)]
)
def test_cmake_finds_what_it_installed(
    shared: str, level: str, wanted: str, tmp_path: Path
) -> None:
    env = environment(tmp_path)
    made = package(tmp_path)
    prefix = tmp_path / "usr"
    options = [f"-DBUILD_SHARED_LIBS={shared}", f"-DSC_PROTECTION={level}"]
    cmake(made, env, *options, f"-DCMAKE_INSTALL_PREFIX={prefix}")
    run("cmake", "--install", "build", cwd=made, env=env)
    folder = sources(tmp_path / "desk", HOST)
    how = "find_package(sc-runtime 0.1 REQUIRED)"
    (folder / "CMakeLists.txt").write_text(CMAKE.format(how=how))
    cmake(folder, env, f"-DCMAKE_PREFIX_PATH={prefix}")
    assert printed(folder / "build" / "program", prefix) == wanted
    by_pc = linked(folder, env, [hosts()[0]], prefix)
    assert printed(by_pc, prefix) == wanted


def test_cmake_refuses_options_that_mean_nothing(tmp_path: Path) -> None:
    env = environment(tmp_path)
    made = package(tmp_path)
    told = cmake(made, env, "-DSC_PROTECTION=fast", status=1)
    assert "SC_PROTECTION is word, int3 or slot, not 'fast'" in told
    shutil.rmtree(made / "build")
    told = cmake(made, env, "-DSC_HIDDEN=ON", "-DBUILD_SHARED_LIBS=ON", status=1)
    assert "SC_HIDDEN is for a static library" in told


# --- Meson ---

MESON = """\
project('p', 'c')
runtime = dependency('sc-runtime', default_options: ['default_library=static', 'protection=word'])
executable('program', 'program.c', 'library.c', dependencies: runtime)
"""


def meson(folder: Path, env: dict[str, str], *options: str) -> None:
    run("meson", "setup", "build", *options, cwd=folder, env=env)
    run("meson", "compile", "-C", "build", cwd=folder, env=env)


def test_meson_builds_it_as_a_subproject(tmp_path: Path) -> None:
    env = environment(tmp_path, CC=hosts()[0])
    folder = sources(tmp_path, HOST)
    package(folder / "subprojects")
    (folder / "meson.build").write_text(MESON)
    meson(folder, env)
    assert guards(folder / "build" / "program") > 0
    assert printed(folder / "build" / "program", folder) == PRINTED


def test_meson_installs_it_for_pkg_config_with_its_options(tmp_path: Path) -> None:
    env = environment(tmp_path, CC=hosts()[0])
    made = package(tmp_path)
    prefix = tmp_path / "usr"
    meson(made, env, f"--prefix={prefix}", "--libdir=lib", "-Dprotection=slot")
    run("meson", "install", "-C", "build", "--quiet", cwd=made, env=env)
    program = linked(sources(tmp_path / "desk", HOST), env, [hosts()[0]], prefix)
    assert printed(program, prefix) == PRINTED_IN_SLOTS
