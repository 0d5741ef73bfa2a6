"""What is a site, how it is written, and what stays byte for byte: assembly in, assembly out."""

from __future__ import annotations

import time

import pytest

from transformer.arch import load, names
from transformer.assembly import Annotated, annotate

SYNTAX = {name: syntax for name in names() if (syntax := load(name).assembly)}
PADDING = SYNTAX["x86_64"].branches[0].align[0]


def annotated(text: str, arch: str = "x86_64", profile: str = "sc") -> Annotated:
    return annotate(text.encode(), load(arch), profile=profile)


def sites(text: str, arch: str = "x86_64", profile: str = "sc") -> list[tuple[str, str]]:
    return [(s.key, s.kind) for s in annotated(text, arch, profile).sites]


def reasons(text: str, arch: str = "x86_64") -> list[tuple[str, str]]:
    return [(r.key, r.why) for r in annotated(text, arch).references]


# --- what is a site ---

SITES = [
    ("x86_64", "\tcall\t__SCT__k\n", [("k", "call")]),
    ("x86_64", "\tcallq\t__SCT__k@PLT\t# TAILCALL\n", [("k", "call")]),
    ("x86_64", "\tjmp\t__SCT__k                     # TAILCALL\n", [("k", "tail")]),
    ("x86_64", "\tjne\t__SCT__k\n", [("k", "conditional")]),
    ("x86_64", '\tcall\t"__SCT__sch\\303\\274n"@PLT\n', [("sch\\303\\274n", "call")]),
    ("x86_64", "\tbnd jmp\t__SCT__k\n", [("k", "tail")]),
    ("x86_64", "\tCALL __SCT__k\n", [("k", "call")]),
    ("x86_64", "1: call __SCT__a; 2: jmp __SCT__b\n", [("a", "call"), ("b", "tail")]),
    ("x86_64", "\tcall /* why */ __SCT__k /* not */\n", [("k", "call")]),
    ("x86_64", "\tcall __SCT__k", [("k", "call")]),
    ("x86_64", "\tcall __SCT__k\r\n", [("k", "call")]),
    ("x86_64", "\t.intel_syntax noprefix\n\tcall\t__SCT__k\n\tje\t__SCT__k\n",
     [("k", "call"), ("k", "conditional")]),
    ("arm64", "\tbl\t__SCT__k\n\tb\t__SCT__k\n", [("k", "call"), ("k", "tail")]),
    ("arm64", "\tb.eq\t__SCT__k\n\tcbz\tx0, __SCT__k\n\ttbnz\tw1, #3, __SCT__k\n",
     [("k", "conditional")] * 3),
    ("arm64", "\tbl __SCT__k // why\n# bl __SCT__k\n", [("k", "call")]),
    ("riscv64", "\tcall\t__SCT__k@plt\n\ttail\t__SCT__k\n", [("k", "call"), ("k", "tail")]),
    ("riscv64", "\tjal\tra, __SCT__k\n\tj\t__SCT__k\n\tjump\t__SCT__k, t0\n\tjal zero, __SCT__k\n",
     [("k", "call"), ("k", "tail"), ("k", "tail"), ("k", "tail")]),
]  # fmt: skip


@pytest.mark.parametrize(("arch", "text", "wanted"), SITES)
@pytest.mark.parametrize("profile", ["sc", "linux"])
def test_branches_to_trampolines_are_sites(
    arch: str, text: str, wanted: list[tuple[str, str]], profile: str
) -> None:
    assert sites(text, arch, profile) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "__SCT__k:\n\tnop\n",
        "\t.ifndef __SCP__k\n\t.weak __SCT__k\n\t.hidden __SCT__k\n\t.type __SCT__k, %function\n"
        "__SCT__k:\n770:\n\tnop\n\t.size __SCT__k, . - 770b\n\t.endif\n",
        '\t.pushsection .static_call.text,"axG",%progbits,__SCT__k,comdat\n\t.popsection\n',
        "\t.addrsig\n\t.addrsig_sym __SCT__k\n",
        "\t# call __SCT__k\n",
        "/*\n\tcall __SCT__k\n*/\n",
        '\t.string "a; call __SCT__k"\n',
        "\tcall\tno__SCT__k\n",
        "\t.set other, __SCT__k\nalias = __SCT__k\n",
        '\t.section .discard.addressable,"aw"\n\t.quad __SCT__k\n',
        '\t.section .debug_info,"",@progbits\n\t.quad __SCT__k\n',
    ],
)
@pytest.mark.parametrize("profile", ["sc", "linux"])
def test_what_only_speaks_of_a_trampoline_changes_nothing(text: str, profile: str) -> None:
    done = annotated(text, profile=profile)
    assert (done.text, done.sites, done.references) == (text.encode(), (), ())


REFERENCES = [
    ("x86_64", "\tleaq\t__SCT__k(%rip), %rax\n", "address"),
    ("x86_64", "\tmovq\t$__SCT__k, %rsi\n", "address"),
    ("x86_64", "\tmovabsq\t$__SCT__k@GOTOFF, %rax\n", "address"),
    ("x86_64", "\t.data\n\t.quad\t__SCT__k\n", "address"),
    ("x86_64", "\tcall\t*__SCT__k@GOTPCREL(%rip)\n", "indirect"),
    ("x86_64", "\tcall\t[QWORD PTR __SCT__k@GOTPCREL[rip]]\n", "indirect"),
    ("x86_64", "\tcall\t__SCT__k+4\n", "indirect"),
    ("x86_64", ".macro m\n\tcall __SCT__k\n.endm\n", "macro"),
    ("x86_64", ".rept 2\n\tcall __SCT__k\n.endr\n", "macro"),
    ("arm64", "\tadrp\tx0, __SCT__k\n\tadd\tx0, x0, :lo12:__SCT__k\n", "address"),
    ("riscv64", "\tlla\ta0,__SCT__k\n", "address"),
    ("riscv64", "\tbnez\ta0, __SCT__k\n", "fixed"),
    ("riscv64", "\tcall\tt0, __SCT__k\n", "indirect"),
]


@pytest.mark.parametrize(("arch", "text", "why"), REFERENCES)
def test_other_uses_stay_and_are_reported(arch: str, text: str, why: str) -> None:
    done = annotated(text, arch)
    assert done.text == text.encode()
    assert reasons(text, arch) == [("k", why)]


def test_a_macro_that_makes_the_name_is_reported() -> None:
    text = ".macro m k\n\tcall __SCT__\\k\n.endm\n\tm one\n"
    assert annotated(text).text == text.encode()
    assert reasons(text) == [("", "macro")]


def test_code_behind_a_macro_is_code_again() -> None:
    text = ".macro m\n\t.text\n.endm\n\tcall __SCT__k\n\t.rept 1\n\tnop\n\t.endr\n\tjmp __SCT__k\n"
    assert sites(text) == [("k", "call"), ("k", "tail")]


# --- how a site is written ---


def test_a_call_of_x86_keeps_within_a_quadword() -> None:
    assert annotated("f:\n\tcall\t__SCT__k@PLT\n\tret\n").text.decode() == (
        "f:\n"
        f"\t{PADDING}\n"
        "\tcall\t__SCT__k@PLT\n"
        ".Lsc_site0:\n"
        '\t.pushsection static_call_sites,"awR?",%progbits\n'
        "\t.p2align 2\n"
        "\t.long .Lsc_site0 - 5 - .\n"
        "\t.long __SCP__k - .\n"
        "\t.popsection\n"
        "\tret\n"
    )


def test_conditional_tails_are_six_bytes_and_tails() -> None:
    text = annotated("\tjs\t__SCT__k\n").text.decode()
    assert f"\t{PADDING[:-1]}5\n\tjs\t__SCT__k\n" in text
    assert ".long .Lsc_site0 - 6 - .\n\t.long __SCP__k - . + 1\n" in text


def test_prefixes_are_kept_with_their_branch() -> None:
    text = annotated("\tbnd jmp __SCT__k\n").text.decode()
    assert text.startswith(f"\t{PADDING[:-1]}5\n\tbnd jmp __SCT__k\n.Lsc_site0:\n")
    assert ".Lsc_site0 - 5 - ." in text
    linux = annotated("\tbnd jmp __SCT__k\n", profile="linux").text.decode()
    assert ".Lsc_site0 - 5 - ." in linux  # where Linux looks for a call


def test_arm64_needs_no_padding() -> None:
    text = annotated("\tb\t__SCT__k\n", "arm64").text.decode()
    assert text.startswith("\tb\t__SCT__k\n.Lsc_site0:\n")
    assert ".long .Lsc_site0 - 4 - .\n\t.long __SCP__k - . + 1\n" in text


def test_riscv_goes_by_a_way_station_at_the_end_of_the_section() -> None:
    text = '\t.section\t.text.f,"axG",@progbits,f,comdat\nf:\n\tcall\t__SCT__k@plt\n\t.data\n'
    done = annotated(text, "riscv64")
    body, _, stations = done.text.decode().partition("\t.data\n")
    assert (
        "\t.p2align 2\n\t.option push\n\t.option norelax\n\t.option norvc\n.Lsc_site0:\n"
        "\tjal\tra, .Lsc_way0\n\t.option pop\n"
    ) in body
    assert stations.startswith(
        '\t.pushsection .text.f,"axG",@progbits,f,comdat\n.Lsc_way0:\n\ttail\t__SCT__k\n'
    )
    assert ".long .Lsc_way0 - .\n\t.long __SCP__k - . + 4\n" in stations
    assert done.ways == 1


def test_one_way_station_serves_a_key_in_a_section() -> None:
    text = (
        "\tcall __SCT__a\n\ttail __SCT__a\n\tcall __SCT__b\n\t.section .text.x\n\tcall __SCT__a\n"
    )
    assert annotated(text, "riscv64").ways == 3


@pytest.mark.parametrize("kind", ["call", "tail"])
def test_long_sections_get_way_stations_in_between(kind: str) -> None:
    limit = SYNTAX["riscv64"].way_lines
    filler = "\tnop\n" * (limit + 1)
    text = f"\t{kind} __SCT__k\n{filler}\tcall __SCT__k\n\tcall __SCT__k\n\tret\n"
    done = annotated(text, "riscv64")
    assert done.ways == 2
    lines = done.text.decode().splitlines()
    ways = [n for n, line in enumerate(lines) if line.startswith(".Lsc_way")]
    for n, line in enumerate(lines):
        if "jal" in line and ".Lsc_way" in line:
            label = line.split()[-1]
            assert min(abs(n - w) for w in ways if lines[w] == f"{label}:") <= limit + 40
    # What comes from the call before must not run into the stations.
    assert ("jal\tzero, .Lsc_over" in done.text.decode()) == (kind == "call")


def test_linux_moves_and_changes_nothing() -> None:
    for name in names():
        branch = SYNTAX[name].branches[0].mnemonics[0]
        text = f"f:\n\t{branch}\t__SCT__k\n\tnop\n"
        done = annotated(text, name, "linux").text.decode()
        outside = done.split("\t.pushsection")[0] + done.split("\t.popsection\n")[1]
        assert [r for r in outside.splitlines() if ".Lsc_site" not in r] == text.splitlines()
        assert "p2align 3" not in done
        assert '.pushsection .static_call_sites,"a?",%progbits' in done


def test_linux_names_the_key_where_the_unit_does() -> None:
    call = "\tcall __SCT__k\n"
    assert ".long __SCT__k - ." in annotated(call, profile="linux").text.decode()
    named = call + "\t.quad __SCK__k\n"
    assert ".long __SCK__k - ." in annotated(named, profile="linux").text.decode()
    other = call + '\t.quad __SCK__key\n\t.string "__SCK__k"\n\t.quad not__SCK__k\n'
    assert ".long __SCT__k - ." in annotated(other, profile="linux").text.decode()


def test_quoted_names_stay_quoted() -> None:
    text = annotated('\tcall "__SCT__a b"\n').text.decode()
    assert '.long "__SCP__a b" - .' in text


# --- what stays ---


def test_what_follows_in_the_line_follows_the_site() -> None:
    text = annotated("\tmov %eax, %ebx; call __SCT__k; ret # done\n").text.decode()
    assert text.startswith(f"\tmov %eax, %ebx; {PADDING}\n\tcall __SCT__k\n.Lsc_site0:\n")
    assert text.endswith("\t.popsection\n; ret # done\n")


def test_a_comment_stays_with_its_statement() -> None:
    assert (
        "\tjmp __SCT__k # TAILCALL\n.Lsc_site0:"
        in annotated("\tjmp __SCT__k # TAILCALL\n").text.decode()
    )


def test_all_but_the_sites_is_as_it_was() -> None:
    before, after = '\t.loc 1 2 3\n1:\tnop # "\n' * 50, '\tjmp 1b\n#NO_APP\n\t.ident "x"\n'
    done = annotated(f"{before}\tcall __SCT__k\n{after}").text.decode()
    assert done.startswith(before)
    assert done.endswith(after)


@pytest.mark.parametrize("profile", ["sc", "linux"])
@pytest.mark.parametrize("arch", names())
def test_annotating_twice_is_annotating_once(arch: str, profile: str) -> None:
    branch = SYNTAX[arch].branches[0].mnemonics[0]
    once = annotate(f"\t{branch} __SCT__k\n".encode(), load(arch), profile=profile)
    twice = annotate(once.text, load(arch), profile=profile)
    assert once.sites
    assert (twice.text, twice.already) == (once.text, True)


def test_a_profile_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="profile"):
        annotated("\tcall __SCT__k\n", profile="bsd")


# --- sections and places ---


def test_sections_are_followed() -> None:
    text = (
        "\tcall __SCT__a\n"
        '\t.section\t.text.unlikely,"ax",@progbits\n\tcall __SCT__b\n'
        "\t.previous\n\tcall __SCT__c\n"
        '\t.pushsection .x, "a"; .long 1; .popsection\n\tcall __SCT__d\n'
        '\t.pushsection .init.text,"ax"\n\t.pushsection .y,"a"\n\t.popsection\n\tcall __SCT__e\n'
        "\t.popsection\n\tcall __SCT__f\n"
        "\t.subsection 1\n\tcall __SCT__g\n\t.previous\n"
        "/*\n\t.section .no\n*/\n\tcall __SCT__h\n"
        '\t.section\t".text.q;x","ax"\n\tcall __SCT__i\n'
    )
    found = {s.key: s.section for s in annotated(text).sites}
    assert found == {
        "a": ".text", "b": ".text.unlikely", "c": ".text", "d": ".text", "e": ".init.text",
        "f": ".text", "g": ".text", "h": ".text", "i": ".text.q;x",
    }  # fmt: skip


def test_a_section_that_joins_a_group_is_entered_by_its_name() -> None:
    text = (
        '\t.section .text.f,"axG",@progbits,f,comdat\n'
        '\t.pushsection .text.cold,"ax?",@progbits\n\tcall __SCT__k\n\t.popsection\n'
    )
    done = annotated(text, "riscv64").text.decode()
    assert '\t.pushsection .text.cold,"axG",@progbits,f,comdat\n.Lsc_way0:' in done


def test_places_come_from_the_line_table() -> None:
    text = (
        '\t.file 1 "src" "a.c"\n\t.file 2 "/inc/b.h"\n'
        "\t.loc 1 7 3\n\tcall __SCT__a\n\t.loc 2 9 1 is_stmt 0\n\tcall __SCT__b\n"
        "\tleaq __SCT__c(%rip), %rax\n\t.data\n\t.quad __SCT__d\n"
        '\t.text\n#APP\n# 12 "c.c" 1\n\tcall __SCT__e\n# 0 "" 2\n#NO_APP\n'
    )
    done = annotated(text)
    assert [(s.key, s.place) for s in done.sites] == [
        ("a", "src/a.c:7"), ("b", "/inc/b.h:9"), ("e", "c.c:12")
    ]  # fmt: skip
    assert [(r.key, str(r.place)) for r in done.references] == [("c", "/inc/b.h:9"), ("d", "None")]
    assert [s.line for s in done.sites] == [4, 6, 13]


# --- time ---


def test_large_units_cost_little() -> None:
    function = "\t.section .discard.x\n\t.text\nf:\n" + "\tmovq 8(%rax), %rbx\n" * 40
    big = (function * 5_000 + "\tcall __SCT__k\n").encode()
    none = big.replace(b"__SCT__", b"__sct__")
    begin = time.process_time()
    assert annotate(none, load("x86_64")).text is none
    assert time.process_time() - begin < 0.05
    begin = time.process_time()
    assert len(annotate(big, load("x86_64")).sites) == 1
    assert time.process_time() - begin < 0.5  # 4 MB; 30 ms on a quiet machine
