"""Units on their way through the launcher: what comes out, and that nothing else changes."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from launching import CALLS, FAMILIES, HOST, PLAIN, SAID, SCRIPT, Desk

from transformer.runtime import header_dir


def sections(desk: Desk, name: str) -> list[str]:
    from elftools.elf.elffile import ELFFile

    with (desk.folder / name).open("rb") as file:
        return [s.name for s in ELFFile(file).iter_sections()]


@pytest.mark.parametrize("mode", HOST.modes)
def test_a_unit_with_a_static_call_dispatches(mode: str, compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.cc(f"--sc-mode={mode}", compiler, "-O2", "-c", "demo.c", "-o", "demo.o")
    assert (b"__sc_register" in desk.data("demo.o")) == (mode != "generic")
    assert ("static_call_sites" in sections(desk, "demo.o")) == (mode != "generic")
    desk.cc(compiler, "demo.o", "-o", "demo")
    assert desk.run("./demo").stdout == SAID


ALL_IDIOMS = """\
#include <stdio.h>
#include <sc/sc.h>

static int once(int a) { return a; }
static int twice(int a) { return 2 * a; }
DEFINE_STATIC_CALL(key, once);
DEFINE_STATIC_KEY_FALSE(off);
SC_DYNAMIC(7) __attribute__((noinline)) int dynamic(int a) { return 3 * a; }

static int all(int a)
{
    return static_branch_unlikely(&off) ? dynamic(a) : static_call(key)(a);
}

int main(void)
{
    printf("%d ", all(5));
    static_call_update(key, twice);
    printf("%d ", all(5));
    static_branch_enable(&off);
    printf("%d ", all(5));
    dynamic_function_disable(dynamic);
    printf("%d\\n", all(5));
    return 0;
}
"""


@pytest.mark.parametrize("mode", HOST.modes)
@pytest.mark.parametrize("more", [[], ["-fPIC"]])
def test_units_in_the_assemblers_other_syntax(
    mode: str, more: list[str], compiler: str, desk: Desk
) -> None:
    """Where the compiler has one; elsewhere the launcher fails as the compiler does."""
    desk.write("all.c", ALL_IDIOMS)
    words = [compiler, "-O2", "-masm=intel", *more, "-c", "all.c", "-o", "all.o"]
    status = desk.run(*words, f"-I{header_dir('plain')}", status=None).returncode
    desk.cc(f"--sc-mode={mode}", *words, status=status)
    if status == 0:
        desk.cc(compiler, "all.o", "-o", "all")
        assert desk.run("./all").stdout == "5 10 15 7\n"


def test_a_unit_without_idioms_is_the_compilers_own_and_costs_one_run(
    compiler: str, desk: Desk
) -> None:
    desk.write("plain.c", PLAIN)
    flags = ["-O2", "-g", "-c", "plain.c"]
    desk.run(compiler, *flags, "-o", "alone.o")
    counted, runs = desk.counted(compiler)
    desk.cc(counted, *flags, "-o", "alone2.o")
    assert runs.read_text().splitlines() == [" ".join([*flags, "-o", "alone2.o"])]
    assert desk.data("alone2.o") == desk.data("alone.o")


def test_the_control_a_unit_with_idioms_costs_more_runs(compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    counted, runs = desk.counted(compiler)
    desk.cc(counted, "-c", "demo.c")
    assert len(runs.read_text().splitlines()) > 2


def test_output_depfile_and_warnings_are_those_of_the_plain_run(compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS + "static int unused(int x) { return 1; }\n")
    include = f"-I{header_dir('plain')}"
    flags = ["-Wall", "-Wextra", "-MMD", "-MP", "-c", "demo.c", "-o", "demo.o", "-MF", "demo.d"]
    alone = desk.run(compiler, *flags, include)
    depfile = desk.data("demo.d")
    launched = desk.cc(compiler, *flags, include)
    assert (launched.stdout, launched.stderr) == (alone.stdout, alone.stderr)
    assert "unused" in launched.stderr
    assert desk.data("demo.d") == depfile
    assert b"__sc_register" in desk.data("demo.o")


def test_a_unit_that_does_not_compile_fails_as_the_compiler_fails(
    compiler: str, desk: Desk
) -> None:
    desk.write("bad.c", CALLS.replace("my_key, 6", "my_kye, 6"))
    include = f"-I{header_dir('plain')}"
    alone = desk.run(compiler, "-c", "bad.c", include, status=1)
    launched = desk.cc(compiler, "-c", "bad.c", include, status=1)
    assert launched.stderr == alone.stderr
    assert not (desk.folder / "bad.o").exists()


REFUSED = """\
#include <sc/static_call.h>
double half(double x);
DEFINE_STATIC_CALL_NULL(key, half);
"""


def test_what_only_the_tool_refuses_is_said_as_a_compiler_says_it(
    compiler: str, desk: Desk
) -> None:
    desk.write("bad.c", REFUSED)
    desk.write("bad.o", "an old object")
    done = desk.cc(compiler, "-c", "bad.c", status=1)
    assert done.stderr.startswith("bad.c:3:")
    assert "error: " in done.stderr and "[-Wsc-" in done.stderr
    assert not (desk.folder / "bad.o").exists()


@pytest.mark.skipif("gcc" not in FAMILIES, reason="needs a compiler that only warns of this")
def test_all_that_the_tool_refuses_is_said_at_once(desk: Desk) -> None:
    """A target of another type too, which the compiler tells of the expanded text."""
    text = REFUSED + "int f(int); double h(double);\nDEFINE_STATIC_CALL(k, f);\n"
    desk.write("bad.c", text + "void t(void) { static_call_update(k, h); }\n")
    said = desk.cc("gcc", "-c", "bad.c", status=1).stderr
    assert [row.split(":")[1] for row in said.splitlines() if " error: " in row] == ["3", "6"]
    assert "bad.c:5:20: note: 'k' is declared here, with the type of 'f'" in said


def test_the_tools_own_warnings_are_told_and_can_be_switched_off(desk: Desk) -> None:
    desk.write("null.c", REFUSED.replace("double", "int"))
    compiler = FAMILIES[0]
    assert "[-Wsc-null-value]" in desk.cc(compiler, "-c", "null.c").stderr
    assert desk.cc(compiler, "-w", "-c", "null.c").stderr == ""


def test_names_of_files_are_the_users(compiler: str, desk: Desk) -> None:
    """In debug information, in __FILE__, in includes beside the source."""
    desk.write("src/near.h", "static const char *header(void) { return __FILE__; }\n")
    text = CALLS.replace("#include <stdio.h>", '#include <stdio.h>\n#include "near.h"')
    text = text.replace("    return 0;", "    puts(__FILE__);\n    puts(header());\n    return 0;")
    desk.write("src/demo.c", text)
    desk.cc(compiler, "-g", "-O1", "-c", "src/demo.c", "-o", "demo.o")
    assert str(desk.temporary).encode() not in desk.data("demo.o")
    assert b"sc-transform-" not in desk.data("demo.o").replace(b"a desk", b"")
    desk.cc(compiler, "demo.o", "-o", "demo")
    alone = desk.run(compiler, f"-I{header_dir('plain')}", "-c", "src/demo.c", "-o", "alone.o")
    assert not alone.stderr
    desk.run(compiler, "alone.o", "-o", "alone")
    assert (
        desk.run("./demo").stdout == desk.run("./alone").stdout == SAID + "src/demo.c\nsrc/near.h\n"
    )
    assert lines(desk, "demo.o") >= {("demo.c", 11), ("demo.c", 12), ("demo.c", 13)}


def lines(desk: Desk, name: str) -> set[tuple[str, int]]:
    """File and line of all rows of an object's line tables."""
    from elftools.elf.elffile import ELFFile

    found = set()
    with (desk.folder / name).open("rb") as file:
        dwarf = ELFFile(file).get_dwarf_info()
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            assert program is not None
            files = program.header["file_entry"]
            first = 0 if program.header["version"] >= 5 else 1
            for entry in program.get_entries():
                if entry.state:
                    named = files[entry.state.file - first].name.decode()
                    found.add((named.rpartition("/")[2], entry.state.line))
    return found


def test_prefix_maps_of_the_user_hold(desk: Desk, compiler: str) -> None:
    desk.write("demo.c", CALLS.replace('printf("%d', 'puts(__FILE__);\n    printf("%d', 1))
    path = desk.folder / "demo.c"
    flags = ["-g", f"-ffile-prefix-map={desk.folder}=/usr/src/demo", "-c", path, "-o", "demo.o"]
    desk.cc(compiler, *flags)
    assert b"/usr/src/demo/demo.c" in desk.data("demo.o")
    assert str(desk.folder).encode() not in desk.data("demo.o")


def test_assembly_is_asked_for_and_given(compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.cc(compiler, "-O2", "-S", "demo.c")
    assert "static_call_sites" in (desk.folder / "demo.s").read_text()
    desk.cc(compiler, "-c", "demo.s")
    desk.cc(compiler, "demo.o", "-o", "demo")
    assert desk.run("./demo").stdout == SAID


@pytest.mark.parametrize("stage", ["-E", "-M", "-MM", "-fsyntax-only"])
def test_what_makes_no_code_is_passed_through(stage: str, compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    counted, runs = desk.counted(compiler)
    done = desk.cc(counted, stage, "demo.c")
    assert len(runs.read_text().splitlines()) == 1
    assert ("sc/static_call.h" in done.stdout) == (stage != "-fsyntax-only")


def test_several_sources_some_with_idioms(compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.write("plain.c", PLAIN)
    desk.cc(compiler, "-c", "plain.c", "demo.c")
    assert b"__sc_register" in desk.data("demo.o")
    assert b"__sc_register" not in desk.data("plain.o")


def test_compiled_and_linked_by_one_command(compiler: str, desk: Desk) -> None:
    desk.write("sp ace.c", CALLS)
    desk.write("plain.c", PLAIN)
    desk.cc(compiler, "-O2", "-x", "c", "plain.c", "sp ace.c", "-o", "demo")
    assert desk.run("./demo").stdout == SAID
    assert b"__sc_register" in desk.data("demo")
    assert not list(desk.folder.glob("*.o"))


def test_a_stripped_program_too(compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.cc(compiler, "-s", "demo.c", "-o", "demo")
    assert desk.run("./demo").stdout == SAID
    assert "static_call_sites" in sections(desk, "demo")


def test_preprocessed_input(compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    desk.cc(compiler, "-E", "demo.c", "-o", "demo.i")
    done = desk.cc(compiler, "-c", "demo.i")
    assert "demo.i: warning: it was preprocessed with the plain headers" in done.stderr
    desk.cc(compiler, "demo.o", "-o", "demo")
    assert desk.run("./demo").stdout == SAID


def test_other_names_and_forced_includes(compiler: str, desk: Desk) -> None:
    desk.write("demo.text", CALLS.replace("#include <sc/static_call.h>\n", "\n"))
    desk.cc(compiler, "-include", "sc/static_call.h", "-xc", "-c", "demo.text", "-o", "demo.o")
    assert b"__sc_register" in desk.data("demo.o")
    desk.cc(compiler, "demo.o", "-o", "demo")
    assert desk.run("./demo").stdout == SAID


@pytest.mark.skipif("gcc" not in FAMILIES, reason="how GCC takes precompiled headers")
@pytest.mark.parametrize("how", ["-include", "first"])
def test_a_precompiled_header_holds_the_plain_headers_and_is_not_taken(
    how: str, desk: Desk
) -> None:
    head, _, body = CALLS.partition("\n\n")
    desk.write("all.h", head + "\n#define CALL static_call(my_key)\n")
    body = body.replace("static_call(my_key, 6, 7)", "CALL(6, 7)")
    desk.write("demo.c", ('#include "all.h"\n' if how == "first" else "") + body)
    desk.cc("gcc", "-O2", "-g", "all.h", "-o", "all.h.gch")
    words = ["-include", "all.h"] if how == "-include" else []
    done = desk.cc("gcc", "-O2", "-g", "-Winvalid-pch", "-Werror", *words, "-c", "demo.c")
    assert done.stderr == ""
    assert b"__sc_register" in desk.data("demo.o")
    assert b"/sc-transform-" not in desk.data("demo.o").replace(b"/a desk", b"")
    desk.cc("gcc", "demo.o", "-o", "demo")
    assert desk.run("./demo").stdout == SAID


def test_standard_input_stays_plain_and_says_so(compiler: str, desk: Desk) -> None:
    pipe = f'printf "%s" "$TEXT" | "$0" cc {compiler} -x c -c - -o demo.o'
    done = subprocess.run(
        ["sh", "-c", pipe, str(SCRIPT)],
        cwd=desk.folder, env={**desk.env, "TEXT": CALLS}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "stays plain" in done.stderr
    desk.cc(compiler, "demo.o", "-o", "demo")
    assert desk.run("./demo").stdout == SAID


def test_an_object_keeps_its_permissions_and_a_link_stays_a_link(desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    (desk.folder / "real").mkdir()
    (desk.folder / "demo.o").symlink_to("real/demo.o")
    (desk.folder / "plain.o").symlink_to("real/plain.o")
    compiler = FAMILIES[0]
    desk.write("plain.c", PLAIN)
    desk.run(compiler, "-c", "plain.c", "-o", "plain.o")
    desk.cc(compiler, "-c", "demo.c", "-o", "demo.o")
    kept = (desk.folder / "plain.o").is_symlink()  # Clang puts a file in the link's place
    assert (desk.folder / "demo.o").is_symlink() == kept
    assert b"__sc_register" in desk.data("real/demo.o" if kept else "demo.o")


DYNAMIC = """\
#include <stdio.h>

int answer(int question)
{
    return question + 1;
}

int dynamic_function(const char *, int);

int main(void)
{
    printf("%d\\n", answer(41));
    return 0;
}
"""


def test_functions_made_dynamic_by_the_configuration_alone(compiler: str, desk: Desk) -> None:
    desk.write("sc-transform.toml", 'dynamic = { answer = "0" }\n')
    desk.write("sub/demo.c", DYNAMIC)
    desk.write("sub/other.c", "int answer(int);\nint other(void) { return answer(1); }\n")
    desk.cc(compiler, "-O2", "-c", "sub/demo.c", "-o", "demo.o")
    other = desk.cc(compiler, "-O2", "-c", "sub/other.c", "-o", "other.o")
    assert other.stderr == ""  # of the many units that call it there is nothing to say
    assert b"__sc_register" in desk.data("demo.o")
    assert b"__sc_register" not in desk.data("other.o")
    desk.cc(compiler, "demo.o", "other.o", "-o", "demo")
    assert desk.run("./demo").stdout == "42\n"


KERNEL = """\
/* As Linux's own macros leave it. */
extern int __SCT__my_key(int);
int first(int a) { return __SCT__my_key(a) + 1; }
int last(int a) { return __SCT__my_key(a); }
"""


def test_the_linux_profile_annotates_and_leaves_the_c_alone(compiler: str, desk: Desk) -> None:
    desk.write("k.c", KERNEL)
    desk.write("plain.c", PLAIN)
    counted, runs = desk.counted(compiler)
    flags = ["--sc-profile=linux", counted, "-O2", "-fno-pie", "-c"]
    desk.cc(*flags, "k.c")
    desk.cc(*flags, "plain.c")
    assert ".static_call_sites" in sections(desk, "k.o")
    assert ".static_call_sites" not in sections(desk, "plain.o")
    assert sum("plain.c" in row for row in runs.read_text().splitlines()) == 1


@pytest.mark.parametrize("model", ["kernel", "medany", "large"])
def test_a_code_model_that_needs_another_flag_hides_no_machine(
    model: str, compiler: str, desk: Desk
) -> None:
    """Flags that select the machine may be refused without those that they go with."""
    desk.write("k.c", KERNEL)
    flags = [compiler, f"-mcmodel={model}", "-O2", "-fno-pie", "-fno-pic", "-c", "k.c"]
    status = desk.run(*flags, status=None).returncode
    (desk.folder / "k.o").unlink(missing_ok=True)
    desk.cc("--sc-profile=linux", *flags, status=status)
    if status == 0 and HOST.name in desk.run(compiler, "-dumpmachine").stdout:
        assert (".static_call_sites" in sections(desk, "k.o")) == (model != "large")


@pytest.mark.skipif("gcc" not in FAMILIES, reason="the wheel's Clang cannot link with LTO here")
def test_lto_is_noted_once_and_works(desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    notes = [desk.cc("gcc", "-O2", "-flto", "-c", "demo.c").stderr for _ in range(3)]
    assert [n.count("[-Wsc-lto]") for n in notes] == [1, 0, 0]
    desk.cc("gcc", "-O2", "-flto", "demo.o", "-o", "demo")
    assert desk.run("./demo").stdout == SAID


@pytest.mark.skipif("gcc" not in FAMILIES, reason="names of GCC's files")
@pytest.mark.parametrize("flag", ["--coverage", "-gsplit-dwarf", "-fstack-usage", "-save-temps"])
def test_files_beside_the_object_are_where_the_compiler_puts_them(flag: str, desk: Desk) -> None:
    desk.write("src/demo.c", CALLS)
    for folder in ("alone", "build"):
        (desk.folder / folder).mkdir()
    desk.run("gcc", flag, f"-I{header_dir('plain')}", "-c", "src/demo.c", "-o", "alone/demo.o")
    alone = names(desk)
    for path in [*desk.folder.glob("alone/*"), *desk.folder.glob("demo.*")]:
        path.unlink()
    desk.cc("gcc", flag, "-c", "src/demo.c", "-o", "build/demo.o")
    assert names(desk) == {n.replace("alone/", "build/") for n in alone}
    desk.cc("gcc", flag, "build/demo.o", "-o", "demo")
    assert desk.run("./demo").stdout == SAID
    if flag == "--coverage":
        assert (desk.folder / "build" / "demo.gcda").exists()
    if flag == "-save-temps":
        assert "static_call_sites" in next(desk.folder.rglob("demo.s")).read_text()


def names(desk: Desk) -> set[str]:
    files = [p for p in desk.folder.rglob("*") if p.is_file()]
    return {str(p.relative_to(desk.folder)) for p in files} - {"src/demo.c"}


def test_what_a_compiler_did_not_tell_is_asked_again(compiler: str, desk: Desk) -> None:
    desk.write("demo.c", CALLS)
    real = shutil.which(compiler, path=desk.env["PATH"])
    moody = f'case "$*" in *-dM*) test -e {desk.bin}/good || exit 1 ;; esac\nexec {real} "$@"\n'
    words = [desk.script("moody-" + compiler, moody), "-O2", "-c", "demo.c"]
    desk.cc(*words)
    assert "static_call_sites" not in sections(desk, "demo.o")
    (desk.bin / "good").touch()
    desk.cc(*words)
    assert "static_call_sites" in sections(desk, "demo.o")


@pytest.mark.skipif(
    shutil.which("gcc") is None, reason="a target without templates needs GCC's -m32"
)
def test_a_machine_without_templates_stays_plain(desk: Desk) -> None:
    desk.write("demo.c", CALLS.replace("#include <stdio.h>", "int printf(const char *, ...);"))
    done = desk.cc("--sc-log=log", "gcc", "-m32", "-fno-pic", "-c", "demo.c")
    assert done.stderr == ""
    assert b"__sc_static_call_update" in desk.data("demo.o")
    assert "no templates" in (desk.folder / "log").read_text()
