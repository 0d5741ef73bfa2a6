"""Links: the runtime goes where it is needed, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from launching import CALLS, FAMILIES, HOST, SAID, Desk

from transformer.runtime import header_dir, runtime_source

PROGRAM = (
    '#include <stdio.h>\nint work(void);\nint main(void) { printf("%d\\n", work()); return 0; }\n'
)
WORK = """\
#include <sc/static_call.h>
static int seven(void) { return 7; }
static int eight(void) { return 8; }
DEFINE_STATIC_CALL(work_key, seven);
int work(void)
{
    int first = static_call(work_key)();
    static_call_update(work_key, eight);
    return 10 * first + static_call(work_key)();
}
"""


BUILT: dict[str, dict[str, bytes]] = {}  # by compiler: most tests want the same two objects


@pytest.fixture
def objects(desk: Desk, compiler: str) -> Desk:
    """main.o, plain; work.o, transformed."""
    if compiler not in BUILT:
        desk.write("main.c", PROGRAM)
        desk.write("work.c", WORK)
        desk.cc(compiler, "-fPIC", "-c", "main.c", "work.c")
        BUILT[compiler] = {name: desk.data(name) for name in ("main.o", "work.o")}
    for name, data in BUILT[compiler].items():
        (desk.folder / name).write_bytes(data)
    return desk


def archive(desk: Desk, *names: str) -> None:
    """An archive as ``ar`` makes it, which a machine without GCC has not."""
    from transformer.launcher.runtime import ar

    desk.folder.joinpath("lib").mkdir(exist_ok=True)
    (desk.folder / "lib" / "libwork.a").write_bytes(ar(desk.data(names[0])))


def test_a_link_of_plain_objects_is_executed_as_it_is(compiler: str, desk: Desk) -> None:
    desk.write("main.c", PROGRAM + "int work(void) { return 78; }\n")
    desk.cc(compiler, "-c", "main.c")
    counted, runs = desk.counted(compiler)
    desk.cc(counted, "main.o", "-o", "demo")
    assert runs.read_text() == "main.o -o demo\n"
    assert desk.run("./demo").stdout == "78\n"


def test_objects_that_were_transformed_bring_the_runtime(compiler: str, objects: Desk) -> None:
    objects.cc(compiler, "main.o", "work.o", "-o", "demo")
    assert objects.run("./demo").stdout == "78\n"


@pytest.mark.parametrize(
    "words",
    [
        ["main.o", "lib/libwork.a"],
        ["main.o", "-Llib", "-lwork"],
        ["main.o", "-L", "lib", "-l", "work"],
        ["@words.rsp"],
        ["main.o", "-Llib", "-Wl,--start-group", "-lwork", "-Wl,--end-group"],
    ],
)
def test_archives_and_response_files_are_looked_into(
    words: list[str], compiler: str, objects: Desk
) -> None:
    archive(objects, "work.o")
    objects.write("words.rsp", "main.o\n-Llib '-lwork'\n")
    objects.cc(compiler, *words, "-o", "demo")
    assert objects.run("./demo").stdout == "78\n"


def test_a_shared_object_brings_its_runtime(compiler: str, objects: Desk) -> None:
    objects.cc(compiler, "-shared", "work.o", "-o", "libwork.so")
    objects.cc(compiler, "main.o", "./libwork.so", "-o", "demo")
    assert objects.run("./demo").stdout == "78\n"


@pytest.mark.parametrize("words", [["-r"], ["-r", "-nostdlib"]])
def test_a_relocatable_link_does_not(words: list[str], compiler: str, objects: Desk) -> None:
    from elftools.elf.elffile import ELFFile

    objects.cc(compiler, *words, "main.o", "work.o", "-o", "both.o")
    with (objects.folder / "both.o").open("rb") as file:
        (entry,) = ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name("__sc_register")
        assert entry["st_shndx"] == "SHN_UNDEF"


def test_a_runtime_of_the_users_own_is_the_only_one(compiler: str, objects: Desk) -> None:
    include = header_dir("lowered", HOST, HOST.default_mode)
    objects.run(compiler, "-O2", f"-I{include}", "-c", runtime_source(HOST), "-o", "own.o")
    objects.cc(compiler, "main.o", "work.o", "own.o", "-o", "demo")
    assert objects.run("./demo").stdout == "78\n"


def test_the_runtime_is_built_once(compiler: str, objects: Desk, cache: Path) -> None:
    objects.cc(compiler, "main.o", "work.o", "-o", "demo")
    counted, runs = objects.counted(compiler)
    objects.cc(counted, "main.o", "work.o", "-o", "demo")
    first = len(runs.read_text().splitlines())
    objects.cc(counted, "main.o", "work.o", "-o", "demo")
    assert len(runs.read_text().splitlines()) == first + 1


def test_mode_generic_is_linked_too(compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.cc("--sc-mode=generic", compiler, "-c", "demo.c")
    desk.cc(compiler, "demo.o", "-o", "demo")
    assert desk.run("./demo").stdout == SAID


def test_a_link_that_fails_fails_as_the_compiler_fails(compiler: str, objects: Desk) -> None:
    done = objects.cc(compiler, "main.o", "-o", "demo", status=None)
    alone = objects.run(compiler, "main.o", "-o", "demo", status=None)
    assert (done.returncode, done.stderr) == (alone.returncode, alone.stderr) != (0, "")


def test_plain_and_transformed_units_mix(desk: Desk) -> None:
    compiler = FAMILIES[0]
    desk.write("work.c", WORK.replace("static int eight", "int eight"))
    desk.write(
        "main.c",
        PROGRAM.replace(
            "int work(void);",
            "#include <sc/static_call.h>\nint work(void);\nint eight(void);\n"
            "DECLARE_STATIC_CALL(work_key, eight);",
        ).replace("return 0;", 'printf("%d\\n", static_call(work_key)()); return 0;'),
    )
    desk.cc(compiler, "-c", "work.c")
    desk.run(compiler, f"-I{header_dir('plain')}", "-c", "main.c")
    desk.cc(compiler, "main.o", "work.o", "-o", "demo")
    assert desk.run("./demo").stdout == "78\n8\n"
