"""Before a site of an arch with short instructions nothing is short: no padding is executed."""

from __future__ import annotations

import pytest

from transformer.arch import load
from transformer.assembly import annotate

ARCH = "riscv64"
OPEN = "\t.p2align 2\n\t.option push\n\t.option norvc\n"
CLOSE = "\t.option pop\n\t.p2align 2\n"
CALL = "\tcall\t__SCT__k\n"
FUNCTION = "\t.globl\tf\n\t.type\tf, @function\nf:\n\taddi\tsp,sp,-16\n"


def annotated(text: str, profile: str = "sc") -> str:
    return annotate(text.encode(), load(ARCH), profile=profile).text.decode()


def opened_at(text: str) -> list[str]:
    """The line after each place from which on all is wide."""
    return [part.split("\n")[0].strip() for part in annotated(text).split(OPEN)[1:]]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (FUNCTION + CALL, ["f:"]),
        (FUNCTION.replace(", @", ",@") + CALL, ["f:"]),
        (FUNCTION + "\tj\t.L2\n.L3:\n\tli\ta0,1\n" + CALL, [".L3:"]),
        (FUNCTION + "\tret\n\tli\ta0,1\n" + CALL, ["li\ta0,1"]),
        (FUNCTION + CALL + "\tli\ta0,1\n" + CALL, ["f:", "li\ta0,1"]),
        (FUNCTION + CALL + "\tret\n\tli\ta0,1\n" + CALL, ["f:", "li\ta0,1"]),
        (FUNCTION + "\t.loc 1 2 3\n\t.cfi_def_cfa_offset 16\n" + CALL, ["f:"]),
        # Where that cannot be told, or something there must be short, there is padding.
        ("\tli\ta0,1\n" + CALL, []),
        (FUNCTION + "\tc.nop\n" + CALL, []),
        (FUNCTION + "\t.align\t3\n" + CALL, []),
        (FUNCTION + "\t.option rvc\n" + CALL, []),
        (FUNCTION + "\t.section .rodata\n\t.word 1\n\t.text\n" + CALL, []),
        (FUNCTION + "\tnop; j .L2\n" + CALL, []),
        (FUNCTION + "\t.option rvc\n\tj\t.L2\n" + CALL, [".option pop"]),
    ],
)
def test_all_is_wide_from_where_nothing_falls_into(text: str, lines: list[str]) -> None:
    assert opened_at(text) == lines


def test_it_ends_before_the_site_and_its_alignment() -> None:
    made = annotated(FUNCTION + CALL)
    assert f"f:\n\taddi\tsp,sp,-16\n{CLOSE}\t.option push\n\t.option norelax\n" in made
    assert made.count(".option push") == made.count(".option pop")


def test_linux_moves_nothing() -> None:
    assert ".option" not in annotated(FUNCTION + CALL, "linux")
