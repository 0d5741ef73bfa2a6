"""``inspect``: C, objects and programs, on every arch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from transformer import arch as arches
from transformer.arch import Arch
from transformer.cli.main import main
from transformer.runtime import header_dir
from transformer.toolchain import compile_object, find

ALL = [arches.load(name) for name in arches.names()]
each_arch = pytest.mark.parametrize("arch", ALL, ids=lambda a: a.name)

UNIT = """\
#include <sc/sc.h>
int add(int, int);
int elsewhere(int);
static int twice(int a, int b) { return a + a + b; }
DEFINE_STATIC_CALL(combine, add);
DEFINE_STATIC_CALL(inner, twice);
DEFINE_STATIC_CALL_NULL(nothing, add);
DEFINE_STATIC_CALL_RET0(zero, add);
DEFINE_STATIC_KEY_FALSE(verbose);
DEFINE_STATIC_KEY_TRUE(fast);
int work(int a)
{
	if (static_branch_unlikely(&verbose))
		a = elsewhere(a);
	if (static_branch_likely(&fast))
		a = static_call(combine)(a, 2) + 1;
	return a;
}
int last(int a) { return static_call(inner)(a, 3); }
"""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    path = tmp_path / "unit.c"
    path.write_text(UNIT)
    return path


def inspect(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    assert main(["inspect", "--json", *map(str, words)]) == 0
    (facts,) = json.loads(capsys.readouterr().out)
    return dict(facts)


def compiled(unit: Path, arch: Arch, *flags: str) -> Path:
    output = unit.with_suffix(".o")
    include = header_dir("lowered", arch, "trampoline")
    done = compile_object(find(arch), unit, output, ["-O2", "-g", f"-I{include}", *flags])
    assert done.ok, done.stderr
    return output


def by_key(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in rows}


@each_arch
def test_keys_targets_and_sites_of_a_c_file(
    arch: Arch, unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = inspect(capsys, unit, "--arch", arch.name)
    assert (facts["file"], facts["kind"], facts["arch"]) == (str(unit), "C", arch.name)
    calls = by_key(facts["static_calls"])
    assert {k: c["target"] for k, c in calls.items()} == {
        "combine": "add",
        "inner": "twice",
        "nothing": "NULL",
        "zero": "RET0",
    }
    site = calls["combine"]["sites"][0]
    assert site["kind"] == "call"
    assert "work" in site["where"]
    assert "unit.c:16" in site["where"]
    assert "last" in calls["inner"]["sites"][0]["where"]


@each_arch
def test_each_state_of_a_trampoline_is_shown_and_the_present_one_marked(
    arch: Arch, unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = inspect(capsys, unit, "--arch", arch.name, "--mode", "trampoline")
    for call in facts["static_calls"]:
        (trampoline,) = call["trampolines"]
        states = {s["state"]: s for s in trampoline["states"]}
        assert set(states) == set(arch.forms["trampoline"].states)
        assert states["nop"]["bytes"] == arch.instruction("nop").code.hex(" ")
        assert [s["state"] for s in trampoline["states"] if s["present"]] == ["nop"]
        jump = arch.branch("jump")
        code = bytes.fromhex(states["jump"]["bytes"])
        assert jump.decode(trampoline["instruction"], code) is not None


@each_arch
def test_guards_are_shown_in_their_first_state(
    arch: Arch, unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = by_key(inspect(capsys, unit, "--arch", arch.name)["static_keys"])
    assert {k: v["enabled"] for k, v in keys.items()} == {"verbose": False, "fast": True}
    guards = [(key, guard) for key in keys.values() for guard in key["guards"]]
    assert len(guards) >= len(keys)  # a compiler may copy a guard
    for key, guard in guards:
        (present,) = [s["state"] for s in guard["states"] if s["present"]]
        assert present == ("jump" if key["enabled"] ^ guard["branch"] else "nop")
        assert "work" in guard["where"]


@each_arch
def test_an_object_needs_no_linking_and_no_arch(
    arch: Arch, unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = inspect(capsys, compiled(unit, arch))
    assert (facts["kind"], facts["arch"]) == ("object", arch.name)
    assert by_key(facts["static_calls"])["combine"]["target"] == "add"
    assert len(facts["static_keys"]) == 2


@each_arch
@pytest.mark.parametrize("flags", [["-fno-pie"], ["-fPIE"], ["-fPIC"]], ids=" ".join)
def test_the_code_model_does_not_matter(
    arch: Arch, unit: Path, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    facts = inspect(capsys, compiled(unit, arch, *flags))
    assert {c["target"] for c in facts["static_calls"]} == {"add", "twice", "NULL", "RET0"}


@each_arch
@pytest.mark.parametrize("mode", ["generic", "slot"])
def test_modes_that_never_write_code_have_nothing_to_patch(
    arch: Arch, mode: str, unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = inspect(capsys, unit, "--arch", arch.name, "--mode", mode)
    assert set(by_key(facts["static_calls"])) == {"combine", "inner", "nothing", "zero"}
    assert facts["static_keys"] == []
    for call in facts["static_calls"]:
        assert not any(t["patched"] for t in call["trampolines"])


@each_arch
def test_the_text_shows_all_of_it(
    arch: Arch, unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(unit), "--arch", arch.name, "--", "-DUNUSED=1", "-O1"]) == 0
    text = capsys.readouterr().out
    for part in (
        f"{unit}: C for {arch.title} ({arch.name})",
        "static call combine, now add",
        "static call nothing, now NULL",
        "  trampoline __SCT__combine",
        f"    > nop   {arch.instruction('nop').code.hex(' ')}",
        "      jump  ",
        "static key fast, now on",
        "static key verbose, now off",
        "  guard work+",
    ):
        assert part in text
    assert ("  call site " in text) or ("  tail site " in text)


def test_rewritten_c_is_inspected_as_it_is(
    unit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arch = ALL[0].name
    rewritten = tmp_path / "unit.sc.c"
    assert main(["rewrite", str(unit), "-o", str(rewritten), "--arch", arch]) == 0
    capsys.readouterr()
    facts = inspect(capsys, rewritten, "--arch", arch)
    assert {c["target"] for c in facts["static_calls"]} == {"add", "twice", "NULL", "RET0"}


def test_flags_reach_the_compiler(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.h").write_text("int f(void);\n")
    unit = tmp_path / "u.c"
    unit.write_text(
        "#include <sc/sc.h>\n#include <own.h>\n#if A + B != 3\n#error\n#endif\n"
        "DEFINE_STATIC_CALL(k, f);\n"
    )
    facts = inspect(capsys, unit, "-I", tmp_path / "own", "-DA=1", "--", "-DB=2")
    assert facts["static_calls"][0]["target"] == "f"


def test_a_file_without_keys_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unit = tmp_path / "none.c"
    unit.write_text("int x;\n")
    assert main(["inspect", str(unit)]) == 0
    assert "no static calls and no guards" in capsys.readouterr().out


def test_what_cannot_be_inspected_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text"
    text.write_text("just words")
    assert main(["inspect", str(text)]) == 1
    assert "neither C nor an ELF file" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path / "nothing.o")]) == 1
    assert "No such file" in capsys.readouterr().err
    bad = tmp_path / "bad.c"
    bad.write_text("int x = ;\n")
    assert main(["inspect", str(bad)]) == 1
    assert "bad.c:1:9: error" in capsys.readouterr().err


def test_an_object_for_another_arch_than_asked_for_is_refused(
    unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = compiled(unit, ALL[0])
    assert main(["inspect", str(path), "--arch", ALL[1].name]) == 1
    assert ALL[0].elf_machine in capsys.readouterr().err


# --- inline sites ---


@each_arch
def test_inline_sites_show_kind_line_and_states(
    arch: Arch, unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = inspect(capsys, unit, "--arch", arch.name, "--mode", "inline")
    calls = by_key(facts["static_calls"])
    (site,) = [s for s in calls["combine"]["sites"] if s["kind"] == "call"]
    assert site["patched"]
    assert site["line"].endswith("unit.c:16")
    assert [s["state"] for s in site["states"]] == list(arch.forms["call_site"].states)
    assert not any(s["present"] for s in site["states"]), "it goes to its trampoline at first"
    (tail,) = [s for s in calls["inner"]["sites"] if s["kind"] == "tail"]
    assert tail["line"].endswith("unit.c:19")
    ways = [s for s in calls["inner"]["sites"] if s["kind"] == "way"]
    assert len(ways) == (1 if arch.pairs else 0)
    assert not any(w["patched"] or w["states"] for w in ways)


@each_arch
def test_inline_sites_are_told_to_people(
    arch: Arch, unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(unit), "--arch", arch.name, "--mode", "inline"]) == 0
    text = capsys.readouterr().out
    assert "  call site work" in text and "unit.c:16), patched: " in text
    assert ("  way station " in text) == bool(arch.pairs)


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_what_is_wrong_as_a_document(
    form: str, unit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the facts, which go to standard output."""
    unit.with_name("bad.c").write_text("#include <sc/sc.h>\nint f(void) { return nowhere; }\n")
    counts = []
    for name, status in (("unit.c", 0), ("bad.c", 1), ("none.o", 1)):
        words = ["inspect", "--json", str(unit.with_name(name)), f"--diagnostics-format={form}"]
        assert main(words) == status
        out, err = capsys.readouterr()
        assert bool(out) == (status == 0)
        whole = json.loads(err)
        counts.append(len(whole if form == "json" else whole["runs"][0]["results"]))
    assert counts == [0, 1, 1]
