"""The profile linux: a unit of a kernel, behind headers that stand before the kernel's."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import small_kernel
from elftools.elf.elffile import ELFFile
from rewrite_builds import BUILDS
from small_kernel import ALL_FORMS, INCLUDES

import transformer
from transformer.arch import load
from transformer.cli.main import main
from transformer.frontend import linux as reasons
from transformer.frontend.words import LINUX_WORDS
from transformer.runtime import header_dir, render_headers
from transformer.toolchain import Compiler, compile_object, preprocess

ARCH, CC = BUILDS[0]


class Kernel:
    """A folder with headers, and the flags that a build would give."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.flags = ["-O2", f"-I{small_kernel.write(folder)}"]

    def rewrite(self, text: str, **options: object) -> transformer.RewriteResult:
        path = self.folder / "unit.c"
        path.write_text(text)
        options = {"cflags": self.flags, "arch": ARCH, "cc": CC} | options
        return transformer.rewrite(text, path=str(path), profile="linux", **options)  # type: ignore[arg-type]

    def object(self, text: str | bytes, overlay: Path | None = None) -> bytes:
        """What a compiler makes of a text, by the one name that both texts have."""
        path, made = self.folder / "same.c", self.folder / "same.o"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        before = [f"-I{overlay}"] if overlay else []
        done = compile_object(CC, path, made, [*before, *self.flags])
        assert done.ok, done.stderr
        return made.read_bytes()


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def left(result: transformer.RewriteResult) -> list[tuple[int, str]]:
    return [(d.line, d.text.split(" stays: ")[1]) for d in result.left]


# --- every form ---


def test_every_form_is_rewritten_and_compiles_to_the_same_object(kernel: Kernel) -> None:
    result = kernel.rewrite(ALL_FORMS)
    assert result.ok, result.diagnostics
    spelled = re.findall(r"\b\w*(?:static_|STATIC_)\w+(?=\()", ALL_FORMS)
    assert set(spelled) == set(LINUX_WORDS)
    assert len(result.edits) == len(result.sites) == len(spelled)
    assert not result.left
    assert kernel.object(result.text, header_dir("linux")) == kernel.object(ALL_FORMS)


def test_the_control_a_word_with_another_meaning_gives_another_object(
    kernel: Kernel, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    for name, text in render_headers("linux").items():
        (damaged / name).parent.mkdir(parents=True, exist_ok=True)
        swapped = text.replace(
            "__sc_key_inc(key) static_branch_inc", "__sc_key_inc(key) static_branch_dec"
        )
        (damaged / name).write_text(swapped)
    result = kernel.rewrite(ALL_FORMS)
    assert kernel.object(result.text, damaged) != kernel.object(ALL_FORMS)


def test_lines_and_columns_stay(kernel: Kernel) -> None:
    result = kernel.rewrite(ALL_FORMS)
    old, new = ALL_FORMS.splitlines(), result.text.decode().splitlines()
    assert len(old) == len(new)
    line = next(i for i, text in enumerate(old) if "static_call_mod" in text)
    assert new[line] == "\t\tx += __sc_call  (one)(x) + __sc_call_mod  (four)("


def test_headers_define_each_word_once_and_keep_each_idiom() -> None:
    after = render_headers("linux")["sc/linux.h"]
    defined = re.findall(r"#define (__sc_\w+)\((.*)\) (\w+)\((.*)\)", after)
    assert {spelled: word for word, _, spelled, _ in defined} == {
        spelled: word.internal for spelled, word in LINUX_WORDS.items()
    }
    assert all(taken == given for _, taken, _, given in defined)
    assert len({word for word, *_ in defined}) == len(defined)
    before = "".join(render_headers("linux-analysis").values())
    assert sorted(re.findall(r"# define (\w+) \1\n", before)) == sorted(LINUX_WORDS)


def test_what_is_rewritten_is_not_rewritten_again(kernel: Kernel) -> None:
    once = kernel.rewrite(ALL_FORMS).text.decode()
    again = kernel.rewrite(once)
    assert again.ok and not again.edits and again.text.decode() == once


# --- what stays, and why ---


def test_what_stays_is_named_with_its_reason(kernel: Kernel) -> None:
    text = (
        INCLUDES
        + """
int f(int a);
DECLARE_STATIC_CALL(k, f);
#define CALL(name) static_call(name)
#define WARN(x) ((x) ? #x : "")
#ifdef NOT_HERE
int gone(void) { return static_call(k)(1); }
#endif
#ifdef static_call /* which it is */
const char *said(void) { return WARN(static_call(k)(2)); }
#endif
int use(void) { return CALL(k)(3) + static_call(k)(4); /* static_call(k) */ }
const char *text = "static_call(k)";
"""
    )
    result = kernel.rewrite(text)
    assert result.ok
    assert left(result) == [
        (7, reasons.IN_MACRO), (10, reasons.NOT_COMPILED),
        (12, reasons.IN_MACRO), (13, reasons.IN_STRING),
    ]  # fmt: skip
    assert [(s.line, s.key) for s in result.sites] == [(6, "k"), (15, "k")]
    assert b'"static_call(k)"' in result.text and b"/* static_call(k) */" in result.text
    assert kernel.object(result.text, header_dir("linux")) == kernel.object(text)


def test_lookalikes_stay(kernel: Kernel) -> None:
    text = """\
struct ops { int (*static_call)(int); int static_key_enabled; };
int f(struct ops *o, struct ops p)
{
	return o->static_call(1) + p.static_call(2) + p.static_key_enabled;
}
#define static_branch_inc(x) ((x) + 1)
int g(int x) { return static_branch_inc(x); }
"""
    result = kernel.rewrite(text)
    assert result.ok and result.text.decode() == text
    assert [reason for _, reason in left(result)] == [
        reasons.NO_CALL, reasons.NO_CALL, reasons.MEMBER, reasons.MEMBER, reasons.MEMBER,
        reasons.IN_MACRO, reasons.OWN_MACRO,
    ]  # fmt: skip


def test_what_no_parenthesis_closes_is_told_as_that(kernel: Kernel) -> None:
    text = "int k;\nint f(void) { if (static_branch_likely(&k { return 1; }\n"
    assert left(kernel.rewrite(text)) == [(2, reasons.UNCLOSED)]


def test_an_idiom_of_a_header_expands_there(kernel: Kernel) -> None:
    (kernel.folder / "own.h").write_text(
        "int f(int a);\nDECLARE_STATIC_CALL(k, f);\n"
        "static inline int through(int x) { return static_call(k)(x); }\n"
    )
    text = INCLUDES + '#include "own.h"\nint use(void) { return through(1) + static_call(k)(2); }\n'
    result = kernel.rewrite(text)
    assert len(result.edits) == 1
    assert kernel.object(result.text, header_dir("linux")) == kernel.object(text)


def test_a_file_without_idioms_needs_no_compiler(kernel: Kernel) -> None:
    result = kernel.rewrite("#include <nowhere.h>\nint x;\n")
    assert result.ok and not result.edits and not result.sites


# --- how it is asked for ---


def test_kept_idioms_survive_preprocessing(kernel: Kernel) -> None:
    path = kernel.folder / "unit.c"
    path.write_text(ALL_FORMS)
    plain = preprocess(CC, path, kernel.flags).stdout.decode()
    kept = preprocess(CC, path, [f"-I{header_dir('linux-analysis')}", *kernel.flags])
    words = re.compile(rf"\b(?:{'|'.join(LINUX_WORDS)})\b(?=\()")
    assert set(words.findall(kept.stdout.decode())) == set(LINUX_WORDS)
    assert not words.findall(plain)


def test_the_builds_dependency_file_is_left_alone(kernel: Kernel) -> None:
    depends = kernel.folder / ".unit.o.d"
    result = kernel.rewrite(ALL_FORMS, cflags=[f"-Wp,-MMD,{depends}", *kernel.flags])
    assert result.ok and result.edits and not depends.exists()


def test_errors_are_told_at_the_file_s_own_lines(kernel: Kernel) -> None:
    wrong = INCLUDES + "int use(void)\n{\n\treturn static_call(none)(1);\n}\n"
    result = kernel.rewrite(wrong)
    assert [(d.id, d.line) for d in result.diagnostics] == [("sc-compile", 6)]
    assert result.text.decode() == wrong
    assert kernel.rewrite(wrong, check=False).edits


def test_unknown_profiles_are_refused() -> None:
    with pytest.raises(ValueError, match="no profile 'plan9'; there are: sc, linux"):
        transformer.rewrite("int x;", profile="plan9")


def test_the_command_rewrites_and_tells_what_stays(
    kernel: Kernel, capfd: pytest.CaptureFixture[str]
) -> None:
    unit, out = kernel.folder / "unit.c", kernel.folder / "out.c"
    unit.write_text(
        ALL_FORMS.replace("int use", "#if 0\nint z = static_call(one)(1);\n#endif\nint use")
    )
    words = ["rewrite", "--profile", "linux", "--left", "--arch", ARCH, str(unit), "-o", str(out)]
    cc = shlex.join(CC.argv)
    assert main([*words, "--cc", cc, "--", *kernel.flags]) == 0
    assert "note: this static_call stays: the preprocessor drops" in capfd.readouterr().err
    assert b"__sc_update" in out.read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--profile", "linux", "unit.i"], "takes a file as it is written"),
        (["--profile", "linux", "--mode", "slot", "unit.c"], "--mode has no meaning"),
        (["--profile", "linux", "--dynamic", "f=0", "unit.c"], "--dynamic has no meaning"),
        (["--left", "unit.c"], "--left is for the profile linux"),
    ],
)
def test_what_the_profile_does_not_take_is_wrong_usage(
    words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["rewrite", *words]) == 2
    assert said in capfd.readouterr().err


def test_the_headers_are_given_as_a_folder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["headers", "--linux"]) == 0
    assert capfd.readouterr().out == f"{header_dir('linux-analysis')}\n"
    assert main(["headers", "--linux", "--rewritten", "--output", str(tmp_path / "h")]) == 0
    assert (tmp_path / "h/sc/linux.h").read_text() == render_headers("linux")["sc/linux.h"]
    (tmp_path / "h/linux/jump_label.h").write_text("changed")
    assert main(["headers", "--linux", "--output", str(tmp_path / "h")]) == 1
    assert main(["headers"]) == 2
    assert main(["headers", "--linux", "--arch", ARCH]) == 2


# --- this project's guards in Linux's table ---

GUARDED = """\
#define CONFIG_JUMP_LABEL 1
#ifndef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#endif
#include <linux/jump_label.h>
DEFINE_STATIC_KEY_TRUE(on);
DEFINE_STATIC_KEY_ARRAY_FALSE(off, 3);
#define QUIET(x) (!static_branch_unlikely(x))
int one(void); int two(void); int three(void); int four(void);
static __always_inline int through(struct static_key_true *key)
{
	return static_branch_unlikely(key) ? three() : four();
}
int use(void)
{
	if (static_branch_likely(&on) && QUIET(&off[2]))
		return one();
	return static_branch_likely(off) ? two() : through(&on);
}
"""
ENTRY = 16


def table(path: Path) -> tuple[int, list[tuple[str, int]]]:
    """The size of ``__jump_table``, and the keys that it names, with offset and flag."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        section = elf.get_section_by_name("__jump_table")
        if section is None:
            return 0, []
        rows = elf.get_section_by_name(".rela__jump_table")
        symbols = elf.get_section(rows["sh_link"])
        named = [(symbols.get_symbol(r["r_info_sym"]).name, r["r_addend"])
                 for r in rows.iter_relocations()]  # fmt: skip
        return section["sh_size"], sorted(k for k in named if k[0] in ("on", "off"))


def test_guards_stand_in_linux_s_table(tmp_path: Path, build: tuple[str, Compiler]) -> None:
    arch, cc = build
    kernel, made = Kernel(tmp_path), tmp_path / "unit.o"
    result = kernel.rewrite(GUARDED, arch=arch, cc=cc)
    assert result.ok, result.diagnostics
    assert len(result.edits) == 5
    (tmp_path / "unit.c").write_bytes(result.text)
    flags = [f"-I{header_dir('linux', load(arch))}", *kernel.flags, "-fno-pic", "-fno-pie"]
    done = compile_object(cc, tmp_path / "unit.c", made, flags)
    assert done.ok, done.stderr
    size, keys = table(made)
    assert size == 4 * ENTRY
    assert keys == [("off", 1), ("off", 8), ("on", 0), ("on", 1)]


def test_the_control_guards_of_the_kernel_s_own_kind_are_not_ours(kernel: Kernel) -> None:
    kernel.object(kernel.rewrite(GUARDED).text, header_dir("linux"))
    assert table(kernel.folder / "same.o") == (0, [])


def test_a_key_of_no_type_that_has_guards_is_refused(
    tmp_path: Path, build: tuple[str, Compiler]
) -> None:
    arch, cc = build
    kernel = Kernel(tmp_path)
    text = GUARDED.replace("(&on)", "(&on.key)")
    (tmp_path / "unit.c").write_bytes(kernel.rewrite(text, arch=arch, cc=cc, check=False).text)
    flags = [f"-I{header_dir('linux', load(arch))}", *kernel.flags]
    assert not compile_object(cc, tmp_path / "unit.c", tmp_path / "unit.o", flags).ok


def test_assembly_may_include_the_headers(kernel: Kernel) -> None:
    """Linux's own header is nothing but macros there, and an assembler reads the rest."""
    path = kernel.folder / "entry.c"
    path.write_text(
        "#define CONFIG_JUMP_LABEL 1\n#include <sc/linux.h>\n#include <sc/linux_guard.h>\n"
    )
    flags = [f"-I{header_dir('linux', load(ARCH))}", "-P"]
    assert preprocess(CC, path, [*flags, "-D__ASSEMBLY__"]).stdout.strip() == b""
    assert b"__sc_guard_nop" in preprocess(CC, path, flags).stdout  # the control


# --- what a build waits for ---

HEAVY = {"argparse", "dataclasses", "inspect", "jinja2", "pycparser", "random", "tempfile"}


def imported(kernel: Kernel, *words: str) -> set[str]:
    """The modules of a process that rewrites ``unit.c``, all its words told."""
    (kernel.folder / "unit.c").write_text(ALL_FORMS)
    code = (
        "import sys; from transformer.cli.main import main\n"
        "status = main(sys.argv[1:]); print(*sys.modules, file=sys.stderr); sys.exit(status)"
    )
    command = ["rewrite", "--profile", "linux", *words, "--cc", shlex.join(CC.command)]
    command += ["-o", str(kernel.folder / "out.c"), str(kernel.folder / "unit.c"), "--"]
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, *command, *kernel.flags],
        cwd=Path(transformer.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "_sc_" in (kernel.folder / "out.c").read_text()
    return set(done.stderr.split())


def test_a_unit_with_idioms_needs_few_imports(kernel: Kernel) -> None:
    header_dir("linux-analysis")  # rendered once, as a build's first unit does it
    assert not imported(kernel, "--no-check") & HEAVY


def test_the_control_whoever_asks_for_more_gets_more(kernel: Kernel) -> None:
    assert "argparse" in imported(kernel, "--no-check", "--diagnostics-format=json")


def test_a_command_that_is_no_compiler(kernel: Kernel, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not asked before what it is: that takes time."""
    (kernel.folder / "unit.c").write_text(ALL_FORMS)
    for command, said in (
        ("sh -c :", "neither GCC nor Clang"),
        ("sh -c 'echo clang'", "sh: preprocessed nothing"),
        ("no-such-gcc -x", "the compiler 'no-such-gcc' is not found"),
    ):
        words = ["--profile", "linux", "--no-check", "--cc", command, "-o", "-"]
        assert main(["rewrite", *words, str(kernel.folder / "unit.c")]) == 1
        told = capsys.readouterr()
        assert said in told.err and told.out == ""
