"""A sample of the headers that the wheel's Clang brings; ``headers.py`` reads all of them."""

import random
from pathlib import Path

import pytest
from headers import Family, Headers, of_wheel
from real_reading import Reader

FAMILIES = {f.name: f for f in of_wheel()}
BIG = {
    "clang-x86": ["immintrin.h", "stdatomic.h", "tgmath.h"],
    "clang-arm64": ["arm_neon.h", "arm_sve.h"],
    "clang-power": ["altivec.h"],
    "clang-z": ["vecintrin.h"],
}
DECLARATIONS = 60  # of each header, by chance: some have tens of thousands


@pytest.mark.parametrize("family", ["musl", "glibc", "uapi", *BIG])
def test_a_sample_of_headers_is_read(family: str, tmp_path: Path) -> None:
    names = FAMILIES[family].headers()
    chosen = BIG.get(family) or random.Random(family).sample(names, 8)
    assert set(chosen) <= set(names)
    tally = Headers(Reader(most=DECLARATIONS), tmp_path).read(FAMILIES[family], chosen)
    assert [str(r) for r in tally.refused] == []
    assert tally.counts["read"] > len(chosen) // 2


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    """A compiler may take what nobody else reads."""
    (tmp_path / "odd.h").write_text("int fine;\n@interface Odd\n- (int)name;\n@end\nint f(void);\n")
    (tmp_path / "wrong.h").write_text("int f(void) { return }\n")
    command = (*FAMILIES["musl"].command, "-xobjective-c", f"-I{tmp_path}")
    odd = Family("odd", command, (tmp_path,))
    tally = Headers(Reader(), tmp_path).read(odd, odd.headers())
    assert tally.counts == {"refused": 1, "not taken by the compiler": 1}
    assert [(Path(r.path).name, r.line) for r in tally.refused] == [("odd.h", 2), ("odd.h", 4)]
