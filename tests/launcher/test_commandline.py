"""Command lines as they are in the world, and what is understood of them."""

from __future__ import annotations

import random
import shlex
from pathlib import Path

import commandlines
import pytest
from differential import Bench, drivers, lines

from transformer.launcher.commandline import CommandLine, parse

DRIVERS = drivers()


def understood(text: str, family: str = "gcc", **environment: str) -> CommandLine:
    return parse([family, *shlex.split(text)], "/nowhere", environment)


# --- which words are the compiler, and of which family ---

COMPILERS = {
    "gcc": ("gcc", 1),
    "x86_64-linux-gnu-gcc-12": ("gcc", 1),
    "/opt/cross/bin/riscv64-unknown-elf-gcc": ("gcc", 1),
    "gcc-13.2": ("gcc", 1),
    "gcc12": ("gcc", 1),
    "musl-gcc": ("gcc", 1),
    "c99-gcc": ("gcc", 1),
    "afl-clang": ("clang", 1),
    "clang": ("clang", 1),
    "clang-15": ("clang", 1),
    "aarch64-linux-gnu-clang-18": ("clang", 1),
    "zig cc": ("clang", 2),
    "/x/zig clang": ("clang", 2),
    "python3 -m ziglang cc": ("clang", 4),
    "python3.11 -m ziglang clang": ("clang", 4),
    "ccache gcc": ("gcc", 2),
    "/usr/bin/ccache compiler_check=none gcc-9": ("gcc", 3),
    "sccache clang": ("clang", 2),
    "distcc gcc": ("gcc", 2),
    "icecc gcc": ("gcc", 2),
    "ccache distcc gcc": ("gcc", 3),
    "env A=1 B= gcc": ("gcc", 4),
    "env -u CPATH -i LC_ALL=C ccache gcc": ("gcc", 7),
    "tcc": ("", 1),
    "icx": ("", 1),
    "pgcc": ("", 1),
    "clang-cl": ("", 1),
    "gcc-ar": ("", 1),
    "gcc-ar-12": ("", 1),
    "ccache": ("", 1),
    "ccache -s": ("", 1),
    "distcc -c": ("", 1),
    "zig build": ("", 2),
    "python3 -m other cc": ("", 1),
    "env": ("", 1),
    "no-such-cc": ("", 1),
}


@pytest.mark.parametrize("text", COMPILERS)
def test_the_words_that_name_the_compiler(text: str) -> None:
    words = text.split()
    line = parse([*words, *(["-c", "a.c"] if COMPILERS[text][0] else [])], "/", {"PATH": "/none"})
    assert (line.family, len(line.compiler)) == COMPILERS[text]
    assert line.words[: len(words)] == words
    if not line.family:
        assert (line.reason, line.stage) == ("unknown compiler", "print")


def link(folder: Path, name: str, target: str) -> None:
    (folder / name).symlink_to(target)


def executable(path: Path, text: str = "") -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_cc_is_what_it_points_at(tmp_path: Path) -> None:
    for name in ("gcc-12", "clang-15", "ccache"):
        executable(tmp_path / name)
    link(tmp_path, "gcc", "gcc-12")
    (tmp_path / "alternatives").mkdir()
    link(tmp_path, "alternatives/cc", str(tmp_path / "gcc"))
    link(tmp_path, "cc", "alternatives/cc")
    link(tmp_path, "c99", "clang-15")
    link(tmp_path, "c++", "clang-15")
    link(tmp_path, "clang", "ccache")
    executable(tmp_path / "c89", '#!/bin/sh\nexec gcc -std=c89 "$@"\n')
    executable(tmp_path / "other-cc", "#!/bin/sh\nexec gcc\n")
    for folder, start in (("zig", "'/opt/my/zig'"), ("wheel", "python3 -m ziglang")):
        (tmp_path / folder).mkdir()
        executable(tmp_path / folder / "cc", f'#!/bin/sh\nexec {start} cc "$@"\n')
        executable(tmp_path / folder / "c++", f'#!/bin/sh\nexec {start} c++ "$@"\n')

    def family(name: str, **environment: str) -> tuple[str, bool]:
        line = parse([name, "-c", "a.c"], "/", environment)
        return line.family, line.cxx

    path = str(tmp_path)
    assert family("cc", PATH=f"/none:{path}") == ("gcc", False)
    assert family(f"{path}/cc") == ("gcc", False)
    assert family("c99", PATH=path) == ("clang", False)
    assert family("c++", PATH=path) == ("clang", True)
    assert family("c89", PATH=path) == ("gcc", False)
    assert family("clang", PATH=path) == ("clang", False)  # a wrapper under a compiler's name
    assert family("other-cc", PATH=path) == ("", False)
    for folder in ("zig", "wheel"):
        assert family("cc", PATH=f"{path}/{folder}") == ("clang", False)
        assert family("c++", PATH=f"{path}/{folder}") == ("clang", True)
    link(tmp_path, "loop", "loop")
    assert family(f"{path}/loop") == ("", False)


# --- stages, sources, outputs ---

UNDERSTOOD = [
    # line, stage, sources, others, output of the first source
    ("-c a.c", "object", ["a.c"], [], "a.o"),
    ("-c d/a.b.c", "object", ["d/a.b.c"], [], "a.b.o"),
    ("-c a.c -o x", "object", ["a.c"], [], "x"),
    ("-c a.c -ox", "object", ["a.c"], [], "x"),
    ("-c a.c -o x -o y", "object", ["a.c"], [], "y"),
    ("--output=x --compile a.c", "object", ["a.c"], [], "x"),
    ("-c a.c --output x", "object", ["a.c"], [], "x"),
    ("-S a.c", "assembly", ["a.c"], [], "a.s"),
    ("-c -S a.c", "assembly", ["a.c"], [], "a.s"),
    ("-E -S -c a.c", "preprocess", ["a.c"], [], ""),
    ("-S -fsyntax-only a.c", "syntax", ["a.c"], [], ""),
    ("-M a.c", "preprocess", ["a.c"], [], ""),
    ("-MM -c a.c", "preprocess", ["a.c"], [], ""),
    ("a.c b.o -lm", "link", ["a.c"], ["b.o"], ""),
    ("a.o -o prog", "link", [], ["a.o"], ""),
    ("-### -c a.c", "print", ["a.c"], [], ""),
    ("--version -c a.c", "print", ["a.c"], [], ""),
    ("-print-file-name a.c", "print", [], [], ""),
    ("-c", "print", [], [], ""),
    ("", "print", [], [], ""),
    ("-c a.c b.c d/c.i", "object", ["a.c", "b.c", "d/c.i"], [], "a.o"),
    ("-x c a.txt -x none b.s c.c -c", "object", ["a.txt", "c.c"], ["b.s"], "a.o"),
    ("-xc++ a.c -xnone b.c -c", "object", ["b.c"], ["a.c"], "b.o"),
    ("-c a.C", "object", [], ["a.C"], ""),
    ("-c a.c a.S b.cc f.f90 lib.a", "object", ["a.c"], ["a.S", "b.cc", "f.f90", "lib.a"], "a.o"),
    ("-o -c -c a.c", "object", ["a.c"], [], "-c"),
    ("-include -c a.c", "link", ["a.c"], [], ""),
    ("-I -c -c a.c", "object", ["a.c"], [], "a.o"),
    ("-Xlinker -c a.c", "link", ["a.c"], [], ""),
    ("-D -c a.c", "link", ["a.c"], [], ""),
    ("-MF -c -MD a.c", "link", ["a.c"], [], ""),
    ("--param -c a.c", "link", ["a.c"], [], ""),
    ("-T -c -u -S -z -E a.c", "link", ["a.c"], [], ""),
    ("-Tlink.ld -c a.c", "object", ["a.c"], [], "a.o"),
    ("-wrapper -E,x -c a.c", "object", ["a.c"], [], "a.o"),
    ("-aux-info -E -c a.c", "object", ["a.c"], [], "a.o"),
]


@pytest.mark.parametrize(("text", "stage", "sources", "others", "output"), UNDERSTOOD)
def test_stage_sources_and_output(
    text: str, stage: str, sources: list[str], others: list[str], output: str
) -> None:
    line = understood(text)
    assert line.stage == stage
    assert [s.path for s in line.sources] == sources
    assert line.others == others
    assert [line.arguments[s.position] for s in line.sources] == sources
    assert (line.object_of(line.sources[0]) if line.sources else "") == output


def test_clangs_end_of_options() -> None:
    line = understood("-c -- a.c -x", "clang")
    assert ([s.path for s in line.sources], line.others) == (["a.c"], ["-x"])
    assert line.compile_flags(line.sources[0]) == []


REASONS = [
    ("-c -x c -", "gcc", "stdin"),
    ("-c a.c", "g++", "c++"),
    ("-c a.cc", "gcc", "no C source"),
    ("-c a.S", "gcc", "no C source"),
    ("-x ada -c a.c", "gcc", "no C source"),
    ("-c a.h", "gcc", "precompiled header"),
    ("-x c-header a.c", "gcc", "precompiled header"),
    ("-include-pch x -c a.c", "clang", "precompiled header"),
    ("-arch x -arch y -c a.c", "clang", "several -arch"),
    ("-arch x -arch x -c a.c", "clang", ""),
    ("-c a.c -o /dev/null", "gcc", "output to /dev/null"),
    ("-S a.c -o -", "gcc", "output to -"),
    ("-emit-llvm -c a.c", "clang", "-emit-llvm"),
    ("-Xclang -emit-pch -c a.c", "clang", "-Xclang -emit-pch"),
    ("-Xclang -load -Xclang -o.so -c a.c", "clang", ""),
    ("--driver-mode=cl -c a.c", "clang", "--driver-mode=cl"),
    ("--driver-mode=gcc -c a.c", "clang", ""),
    ("-working-directory d -c a.c", "clang", "-working-directoryd"),
    ("a.o b.a -o prog", "g++", ""),
    ("a.c asm.S", "gcc", ""),
    ("-c a.c", "gcc", ""),
]


@pytest.mark.parametrize(("text", "family", "reason"), REASONS)
def test_reasons_to_pass_through(text: str, family: str, reason: str) -> None:
    assert understood(text, family).reason == reason


def test_an_edited_clang_command_line_is_passed_through() -> None:
    assert understood("-c a.c", "clang", CCC_OVERRIDE_OPTIONS="+-g").reason
    assert not understood("-c a.c", "gcc", CCC_OVERRIDE_OPTIONS="+-g").reason


def test_what_the_options_say() -> None:
    line = understood("-pipe -flto=auto -g -save-temps=obj -m32 -march=x --sysroot /r -c a.c")
    assert (line.pipe, line.lto, line.debug, line.save_temps) == (True, True, True, "obj")
    assert line.targets == ["-m32", "-march=x", "--sysroot", "/r"] == line.link_flags
    line = understood("-flto -fno-lto -g -g0 -save-temps -c a.c")
    assert (line.pipe, line.lto, line.debug, line.save_temps) == (False, False, False, "cwd")
    assert understood("-fno-lto -flto -c a.c").lto
    assert understood("-c a.i").preprocessed and understood("-fpreprocessed -c a.c").preprocessed
    assert not understood("-c a.i b.c").preprocessed
    assert understood("--coverage -c a.c").auxiliary and understood("-gsplit-dwarf a.c").auxiliary
    assert not understood("-g -O2 -c a.c").auxiliary
    assert understood("-M a.c").dependency_only and not understood("-MD -c a.c").dependency_only
    assert understood("-arch x -c a.c", "clang").archs == ["x"]


# --- dependency files ---

DEPFILES = [
    ("-c a.c", "gcc", None),
    ("-MF x.d -c a.c", "gcc", None),
    ("-MD -c a.c", "gcc", ("a.d", True)),
    ("-MMD -c d/a.c -o o/x.o", "gcc", ("o/x.d", False)),
    ("-MMD -MF x.d -MFy.d -c a.c", "gcc", ("y.d", False)),
    ("-MD -MF - -c a.c", "gcc", None),
    ("-Wp,-MD -c a.c", "gcc", None),
    ("-MD -c a.c -MF", "gcc", None),
    ("-MD -MMD -c a.c", "gcc", ("a.d", False)),
    ("-MMD -MD -c a.c", "gcc", ("a.d", False)),
    ("-MMD -MD -c a.c", "clang", ("a.d", True)),
    ("-M a.c", "gcc", None),
    ("-M a.c -o x.d", "gcc", ("x.d", True)),
    ("-MM -MF x.d a.c", "clang", ("x.d", False)),
    ("-MM -MD -o x.o a.c", "gcc", ("x.d", False)),
    ("-Wp,-MD,x.d -c a.c", "gcc", ("x.d", True)),
    ("-Wp,-MMD,o/.x.o.d -c a.c", "clang", ("o/.x.o.d", False)),
    ("-Wp,-MMD,x.d,-MT,t -c a.c", "gcc", ("x.d", False)),
    ("-Wp,-MMD,x.d,-MT,t -c a.c", "clang", ("a.d", False)),
    ("-Wp,-MMD,x.d -MD -MF y.d -c a.c", "gcc", ("x.d", False)),
    ("-Wp,-MMD,x.d -MMD -MF y.d -c a.c", "clang", ("y.d", False)),
    ("-Wp,-MD -Wp,x.d -c a.c", "gcc", ("x.d", True)),
    ("-Xpreprocessor -MD -Xpreprocessor x.d -c a.c", "gcc", ("x.d", True)),
    ("-MMD a.c -o prog.exe", "gcc", ("prog.d", False)),
    ("-MMD a.c", "gcc", ("a.d", False)),
    ("-MMD b.c", "gcc", ("a-b.d", False)),
    ("-MMD b.c", "clang", ("b.d", False)),
    ("-MD -c a.c -dumpbase k.z -dumpbase-ext .z -dumpdir o/", "gcc", ("o/k.d", True)),
]


@pytest.mark.parametrize(("text", "family", "expected"), DEPFILES)
def test_where_dependencies_go(text: str, family: str, expected: tuple[str, bool] | None) -> None:
    depfile = understood(text, family).depfile
    assert (depfile and (depfile.path, depfile.system)) == expected


NAMES = """
-MD -c a.c
-MD -c d/b.b.c -o o/x.y.z
-MD -c a.c -o o/noext
-MD -c a.c b.c
-MD -S a.c
-MMD -x c -c noext
-Wp,-MMD,o/.x.d -c a.c -o o/x.o
-Wp,-MMD,x.d,-MT,t -c a.c
-Wp,-MMD,x.d -MD -MF y.d -c a.c
-MD -MF y.d -Wp,-MMD,x.d -c a.c
-MMD main.c -o o/prog
-MMD main.c
-MMD d/b.b.c
-MM -MD a.c
-M -MF x.d a.c
"""


@pytest.mark.parametrize("words", lines(NAMES), ids=" ".join)
@pytest.mark.parametrize("family", DRIVERS)
def test_files_are_where_the_compiler_writes_them(
    family: str, words: list[str], tmp_path: Path, cache: Path
) -> None:
    bench = Bench(tmp_path, cache, commandlines.FILES)
    line = parse([*DRIVERS[family], *words], str(bench.folder), bench.environment)
    done = bench.run(line.words)
    told = {line.object_of(s) for s in line.sources} - {""}
    told |= {d.path for s in line.sources if (d := line.depfile_of(s))}
    written = done.files.keys() - commandlines.FILES.keys() - {"o", "d", "inc"}
    assert written - {"a.out", "o/prog", "TMPDIR"} == told


# --- compiling one source again ---

AGAIN = [
    ("-O2 -c a.c -Wall -o x.o -g", "gcc", "-O2 -Wall -g"),
    ("-I a -Ib -isystem c -D X -DY=1 -U Z -include h -c a.c", "gcc",
     "-I a -Ib -isystem c -D X -DY=1 -U Z -include h"),
    ("-MD -MP -MF x.d -MT t -MQq -MG -c a.c", "gcc", ""),
    ("-Wp,-MMD,x.d -Wp,-DX -c a.c", "gcc", "-Wp,-DX"),
    ("-Wp,-MMD,x.d,-MT,t,-DX,-UY -c a.c", "gcc", "-Wp,-DX,-UY"),
    ("-Wp,-MD -Wp,x.d,-DX -c a.c", "gcc", "-Wp,-DX"),
    ("-Wp,-MD,x.d,-DX -c a.c", "clang", ""),
    ("-Xpreprocessor -MF -Xpreprocessor x.d -Xpreprocessor -DX -c a.c", "gcc",
     "-Xpreprocessor -DX"),
    ("-Xclang -MT -Xclang t -Xclang -load -Xclang p -c a.c", "clang",
     "-Xclang -load -Xclang p"),
    ("-Wa,-al=x.lst,--noexecstack -Wa,-ahls -Wa,--MD,x.d -c a.c", "gcc", "-Wa,--noexecstack"),
    ("-Wl,-z,now -Xlinker x -L d -Ld -lm -l m -T x -u f -z y -r -s -rdynamic a.c", "gcc", ""),
    ("-static -shared -pie -nostdlib -pthread a.c", "gcc",
     "-static -shared -pie -nostdlib -pthread"),
    ("-save-temps -fdump-tree-all -aux-info x -fstack-usage -v -pipe -c a.c", "gcc", "-v -pipe"),
    ("-MJ x.json -serialize-diagnostics x -ftime-trace=x -c a.c", "clang", ""),
    ("-x c a.c -x none b.o -c", "gcc", ""),
    ("-m32 --sysroot x -B y -specs z -march=k -c a.c", "gcc",
     "-m32 --sysroot x -B y -specs z -march=k"),
    ("-target t -arch a -Xarch_a -O2 -mllvm x -c a.c", "clang",
     "-target t -arch a -Xarch_a -O2 -mllvm x"),
    ("-Werror -fplugin=p -fplugin-arg-p-x -std=c11 -ansi --unknown -qunknown -c a.c", "gcc",
     "-Werror -fplugin=p -fplugin-arg-p-x -std=c11 -ansi --unknown -qunknown"),
    ("-D'X=\"a b\"' -DY=\\\"z\\\" -I '' -c a.c", "gcc", "-D'X=\"a b\"' -DY=\\\"z\\\" -I ''"),
    ("-c a.c -D", "gcc", "-D"),
    ("-sectcreate a b c -framework x -O1 -c a.c", "clang", "-O1"),
    ("-E a.c -P -dM", "gcc", "-P -dM"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "family", "flags"), AGAIN)
def test_flags_for_one_source(text: str, family: str, flags: str) -> None:
    line = understood(text, family)
    assert line.compile_flags(line.sources[0]) == shlex.split(flags)


LINKS = [
    ("a.c b.c -o p -lm", "1 2 -o p -lm"),
    ("a.c x.o -O2 b.c lib.a", "1 x.o -O2 2 lib.a"),
    ("-x c a.c b.c -x none x.o", "1 2 x.o"),
    ("-x c a.c other.txt -x none x.o b.c", "1 -x c other.txt -x none x.o 2"),
    ("-xassembler s.txt -xc a.c", "-x assembler s.txt -x none 1"),
]


@pytest.mark.parametrize(("text", "linked"), LINKS)
def test_a_link_with_objects_in_place_of_sources(text: str, linked: str) -> None:
    assert understood(text).with_objects({"a.c": "1", "b.c": "2"}) == linked.split()


NAMING = [
    ("-c a.c -o o/x.o", "o/ x.c .c"),
    ("-c d/a.b.c", " a.b.c .c"),
    ("a.c -o o/prog", "o/prog- a.c .c"),
    ("b.c", "a- b.c .c"),
    ("a.c -o a", " a.c .c"),
    ("-c a.c -dumpdir k/ -o o/x.o", "k/ x.c .c"),
    ("-c a.c -dumpbase y.q -dumpbase-ext .q -o o/x.o", " y.q .q"),
]


@pytest.mark.parametrize(("text", "names"), NAMING)
def test_names_of_files_beside_the_object(text: str, names: str) -> None:
    line = understood(text)
    assert line.auxiliary_names(line.sources[0]) == tuple(names.split(" "))


# --- as build systems write them ---

BUILDS = {
    "Kbuild": (
        "-Wp,-MMD,kernel/sched/.core.o.d -nostdinc -I./arch/a/include -I./include"
        " -include ./include/linux/kconfig.h -D__KERNEL__ -Wall -std=gnu11 -mcmodel=kernel"
        " -Wa,-mx86-used-note=no -O2 --param=allow-store-data-races=0 -g"
        """ -DKBUILD_MODFILE='"kernel/sched/core"' -DKBUILD_BASENAME='"core"'"""
        " -D__KBUILD_MODNAME=kmod_core -c -o kernel/sched/core.o kernel/sched/core.c",
        ("kernel/sched/core.c", "kernel/sched/core.o", "kernel/sched/.core.o.d", False),
    ),
    "CMake": (
        "-DA_EXPORTS -I/s/include -isystem /s/sys -O3 -DNDEBUG -std=gnu11 -fPIC -MD"
        " -MT CMakeFiles/a.dir/src/x.c.o -MF CMakeFiles/a.dir/src/x.c.o.d"
        " -o CMakeFiles/a.dir/src/x.c.o -c /s/src/x.c",
        ("/s/src/x.c", "CMakeFiles/a.dir/src/x.c.o", "CMakeFiles/a.dir/src/x.c.o.d", True),
    ),
    "Meson": (
        "-Iprog.p -I. -I.. -fdiagnostics-color=always -D_FILE_OFFSET_BITS=64 -Wall -Winvalid-pch"
        " -O0 -g -MD -MQ prog.p/main.c.o -MF prog.p/main.c.o.d -o prog.p/main.c.o -c ../main.c",
        ("../main.c", "prog.p/main.c.o", "prog.p/main.c.o.d", True),
    ),
    "Automake": (
        """-DHAVE_CONFIG_H -I. -I.. '-DLOCALEDIR="/usr/share/locale"' -g -O2 -MT lib/x.o -MD -MP"""
        " -MF lib/.deps/x.Tpo -c -o lib/x.o lib/x.c",
        ("lib/x.c", "lib/x.o", "lib/.deps/x.Tpo", True),
    ),
    "libtool": (
        '-DPACKAGE=\\"p\\" -I. -MT x.lo -MD -MP -MF .deps/x.Tpo -c x.c -fPIC -DPIC -o .libs/x.o',
        ("x.c", ".libs/x.o", ".deps/x.Tpo", True),
    ),
    "SCons": ("-o build/x.os -c -Wall -fPIC x.c", ("x.c", "build/x.os", None, None)),
}


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("family", ["gcc", "clang"])
def test_command_lines_of_build_systems(name: str, family: str) -> None:
    text, (source, output, depfile, system) = BUILDS[name]
    line = understood(text, family)
    assert ([s.path for s in line.sources], line.others, line.reason) == ([source], [], "")
    assert line.object_of(line.sources[0]) == output
    told = line.depfile
    assert (told and told.path, told and told.system) == (depfile, system)
    flags = line.compile_flags(line.sources[0])
    dropped = ("-M", "-o", "-c", "-Wp,", "x.lo", output, source, depfile or "-o")
    assert flags == [w for w in shlex.split(text) if not w.startswith(dropped)]


# --- whatever comes ---

PIECES = lines(commandlines.COMMON + commandlines.GCC + commandlines.CLANG + commandlines.HARD)


def shuffled(seed: int) -> list[str]:
    pick = random.Random(seed)
    words = [w for line in pick.sample(PIECES, 6) for w in line if not w.startswith("@")]
    pick.shuffle(words)
    return words + ["--", "-", "", "-x", "-Wp,", "-Wp,-MD", "-o"][: pick.randrange(8)]


@pytest.mark.parametrize("family", ["gcc", "clang", "g++"])
def test_words_in_any_order_are_understood_and_none_gets_lost(family: str) -> None:
    for seed in range(400):
        words = shuffled(seed)
        line = parse([family, *words], "/nowhere", {})
        assert line.arguments == words and line.words == [family, *words]
        spans = [(item.start, item.end) for item in line.items]
        assert [s for s, _ in spans] == [0, *(e for _, e in spans)][: len(spans)]
        assert not spans or spans[-1][1] == len(words)
        for source in line.sources:
            flags = iter(words)
            kept = [
                w for w in line.compile_flags(source) if not w.startswith(("-W", "--for", "-X"))
            ]
            assert all(word in flags for word in kept), (words, kept)  # the order stays
            assert line.arguments[source.position] == source.path
            line.object_of(source), line.depfile_of(source), line.naming_flags(source)


def test_options_that_nobody_knows_stay_single_words() -> None:
    line = understood("-qux --quux=1 -_ -c -9 a.c --zzz b.c -Ё")
    assert [s.path for s in line.sources] == ["a.c", "b.c"]
    assert line.compile_flags(line.sources[0]) == ["-qux", "--quux=1", "-_", "-9", "--zzz", "-Ё"]


def test_long_command_lines_take_linear_time() -> None:
    import time

    def seconds(count: int) -> float:
        words = ["gcc", *(f"-Wno-x{n}" for n in range(count)), "-c", "a.c"]
        start = time.process_time()
        parse(words, "/", {})
        return time.process_time() - start

    seconds(100)
    assert min(seconds(20_000) for _ in range(3)) < 20 * min(seconds(2_000) for _ in range(3))
