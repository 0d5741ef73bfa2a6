"""Wrong templates, as the history of such code has them: `verify` says what is wrong with each.

tests/damage has a damage for each line; here are the mistakes that people make, and what is said.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import transformer
from transformer import arch as arches
from transformer.toolchain import available

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
CASE = Path(__file__).resolve().parent / "case"
ALL = tuple(arches.names())
IN_FLIGHT = ("arm64", "riscv64")  # a slot path holds the target in a register


@dataclass(frozen=True)
class Wrong:
    """``edits`` are (file, text, what becomes of it); a file is the arch's, or starts with common/.

    ``check`` is the one that must tell it, ``told`` a regular expression for what it says.
    """

    what: str
    edits: tuple[tuple[str, str, str], ...]
    check: str
    told: str
    arches: tuple[str, ...] = ALL
    mode: str = "trampoline"
    compiler: str = "clang"
    quick: bool = False  # tried, on its first arch, by every run of the tests

    def apply(self, templates: Path, name: str) -> None:
        for file, old, new in self.edits:
            path = templates / (file if file.startswith("common/") else f"{name}/{file}")
            text = path.read_text()
            assert old in text, f"{file} has no such text: {old}"
            path.write_text(text.replace(old, new, 1))


RUNTIME = "common/runtime/sc_runtime.c.j2"
WRONG = (
    Wrong(
        "a site straddles its unit",
        (
            (
                "call.h.j2",
                '".p2align 3, 0x2e, 4\\n\\t"',
                '".p2align 3, 0x90\\n\\t.skip 6, 0x90\\n\\t"',
            ),
        ),
        "static",
        r"its 5 bytes at 0x[0-9a-f]+ straddle a unit of 8 bytes: no one store changes them",
        ("x86_64",),
        "inline-asm",
        quick=True,
    ),
    Wrong(
        "a site is aligned where the linker may not relax",
        (
            ("call.h.j2", '\t".p2align 2\\n\\t"								\\\n', ""),
            ("call.h.j2", '".option norelax\\n\\t"', '".option norelax\\n\\t.p2align 2\\n\\t"'),
        ),
        "static",
        r"its 4 bytes at 0x[0-9a-f]+ straddle a unit of 4 bytes",
        ("riscv64",),
        "inline-asm",
        compiler="gcc",  # lld keeps the alignment
    ),
    Wrong(
        "a displacement is truncated to what is left of it",
        (("common/runtime/sc_insn.h.j2", "if (!sc_reaches(kind, at, target))", "if (!target)"),),
        "reach",
        r"does not reach a target beyond a branch's reach",
    ),
    Wrong(
        "text is stored before the slot",
        (
            (RUNTIME, "\tsc_publish_keys();\n\tif (!units)", "\tif (!units)"),
            (
                RUNTIME,
                "\t\terror = sc_walk(update);\n\t}\n\tif (!error)\n\t\terror = sc_read_back",
                "\t\terror = sc_walk(update);\n\t\tsc_publish_keys();\n\t}\n"
                "\tif (!error)\n\t\terror = sc_read_back",
            ),
            (
                RUNTIME,
                "update->pass == SC_CHECK ? call->wanted\n",
                "update->pass != SC_UNDO ? call->wanted\n",
            ),
        ),
        "sync",
        r"is stored before the target that it loads",
    ),
    Wrong(
        "nothing orders slot and text",
        ((RUNTIME, "error = sc_publish();\n\tif (!error) {", "error = 0;\n\tif (!error) {"),),
        "sync",
        r"is not published before the code at",
    ),
    Wrong(
        "nobody is told to fetch anew",
        ((RUNTIME, "\t\tsc_undo(update);\n\tsc_sync_cores();", "\t\tsc_undo(update);"),),
        "sync",
        r"never synchronised behind the store to code",
    ),
    Wrong(
        "the instruction cache is not invalidated",
        (("hook.h.j2", '\t__asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");\n', ""),),
        "sync",
        r"is not followed by ic ivau",
        ("arm64",),
    ),
    Wrong(
        "the caches are maintained in the wrong order",
        (
            ("hook.h.j2", '"dc cvau, %0"', '"dc-cvau, %0"'),
            ("hook.h.j2", '"ic ivau, %0"', '"dc cvau, %0"'),
            ("hook.h.j2", '"dc-cvau, %0"', '"ic ivau, %0"'),
        ),
        "sync",
        r"is not followed by (dc cvau|dsb ish|ic ivau)",
        ("arm64",),
    ),
    Wrong(
        "old targets are freed as soon as all CPUs fetch anew",
        (
            (
                "common/runtime/sc_grace.h.j2",
                "if (SC_ARCH_IN_FLIGHT && SC_HOOK_CPU_FLAG)",
                "if (0)",
            ),
        ),
        "interrupts",
        r"freed since static_call_synchronize\(\) had returned 0",
        IN_FLIGHT,
        quick=True,
    ),
    Wrong(
        "the flag is not put back behind a nested interrupt",
        (
            (
                "common/runtime/sc_window.h.j2",
                "SC_HOOK_CPU_FLAG = state->in_trampoline;",
                "SC_HOOK_CPU_FLAG = 0;",
            ),
        ),
        "interrupts",
        r"the handlers have interrupted .*, where a target may be loaded",
        ("riscv64", "arm64", "x86_64"),
        quick=True,
    ),
)


def verified(name: str, templates: Path, wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SC_TEMPLATES", str(templates))
    compilers, modes = [wrong.compiler], [wrong.mode]
    return transformer.verify(
        [CASE], arches=[name], compilers=compilers, modes=modes, levels=["-O2"]
    )


def copied(name: str, folder: Path) -> Path:
    for part in ("common", name):
        shutil.copytree(TEMPLATES / part, folder / "templates" / part)
    return folder / "templates"


CELLS = [
    pytest.param(
        name,
        wrong,
        id=f"{name}: {wrong.what}",
        marks=() if wrong.quick and name == wrong.arches[0] else pytest.mark.full,
    )
    for wrong in WRONG
    for name in wrong.arches
    if available(arches.load(name), (wrong.compiler,))
]


@pytest.mark.parametrize(("name", "wrong"), CELLS)
def test_a_wrong_template_is_caught_with_a_message_for_a_porter(
    name: str, wrong: Wrong, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates = copied(name, tmp_path)
    wrong.apply(templates, name)
    report = verified(name, templates, wrong, monkeypatch)
    said = [(f.check, f.message) for r in report.results for f in r.failures]
    assert not [r.message for r in report.results if r.status == "error"]
    assert any(c == wrong.check and re.search(wrong.told, m) for c, m in said), said


RIGHT = {(name, w.mode, w.compiler): w for w in WRONG for name in w.arches}


@pytest.mark.full
@pytest.mark.parametrize(("name", "mode", "compiler"), RIGHT)
def test_the_case_passes_with_the_right_templates(
    name: str, mode: str, compiler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if available(arches.load(name), (compiler,)):
        report = verified(name, TEMPLATES, RIGHT[name, mode, compiler], monkeypatch)
        assert {r.status for r in report.results} == {"pass"}
