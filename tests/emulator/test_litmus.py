"""``sc-transform litmus``: the patch protocol as herd7 tests.

herd7 itself is not needed. The tests without instruction fetch are decided here, by every order of
their accesses; those with it have the shapes of published ones, whose outcomes are in a table.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from litmus_tests import RELAXED, TSO, Parsed, ends, holds, parse

from transformer import arch as arches
from transformer.cli.litmus import Litmus, after_store, columns, litmus_tests
from transformer.cli.main import main

TESTS = [(name, t) for name in arches.names() for t in litmus_tests(arches.load(name))]
FETCHING = "arm64"
ORDERS = {"x86_64": TSO, "riscv64": RELAXED}


def ids(value: object) -> str:
    return value.name if isinstance(value, Litmus) else str(value)


@pytest.mark.parametrize("name", arches.names())
def test_each_arch_has_the_protocol_two_updates_and_a_control(name: str) -> None:
    tests = {t.name: t for t in litmus_tests(arches.load(name))}
    assert {"sc-slot", "sc-two-updates", "sc-slot-unordered"} <= set(tests)
    assert tests["sc-slot-unordered"].kind == "exists"
    assert all(t.title.startswith("Control") == (t.kind == "exists") for t in tests.values())


@pytest.mark.parametrize(("name", "litmus"), TESTS, ids=ids)
def test_it_has_the_shape_of_a_litmus_test(name: str, litmus: Litmus) -> None:
    test = parse(litmus.text)
    word, own = test.head.split()
    assert own == litmus.name
    assert {t.head.split()[0] for t in map(parse, (t.text for n, t in TESTS if n == name))} == {
        word
    }
    assert litmus.kind and litmus.title
    assert all(line == line.rstrip() and len(line) < 120 for line in litmus.text.splitlines())
    assert "herd7" in litmus.text and "templates/" in litmus.text
    for cpu, register in re.findall(r"\b(\d):(\w+)=\d", test.condition):
        spelled = register.replace("X", "[XW]")
        assert any(re.search(rf"\b{spelled}\b", i) for i in test.programs[int(cpu)]), register


@pytest.mark.parametrize(("name", "litmus"), [(n, t) for n, t in TESTS if n in ORDERS], ids=ids)
def test_what_it_claims_holds_under_every_order_of_accesses(name: str, litmus: Litmus) -> None:
    test = parse(litmus.text)
    found = any(holds(test, registers) for registers in ends(test, ORDERS[name]))
    assert found == (litmus.kind == "exists")


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("drop", ["the request", "the order behind the answer", "the slot first"])
def test_the_protocol_without_one_of_its_steps_is_seen_to_fail(name: str, drop: str) -> None:
    """Negative controls: of the tests, and of what decides them here."""
    (litmus,) = (t for t in litmus_tests(arches.load(name)) if t.name == "sc-slot")
    test = parse(litmus.text)
    writer, reader = map(list, test.programs)
    if drop == "the request":  # the other CPU answers without having been asked
        text = re.sub(r" 1:\w+=1 /\\\n", "\n", test.condition)
        text = re.sub(r"/\\ 1:(x14|rsi)=1 ", "", text)
        test = Parsed(test.head, test.init, test.programs, text)
    elif drop == "the order behind the answer":
        at = next(i for i, t in enumerate(writer) if re.match(r"lw x10|movq \(answer", t))
        writer.append(writer.pop(at))
        test = Parsed(test.head, test.init, (tuple(writer), tuple(reader)), test.condition)
    else:
        slot = next(i for i, t in enumerate(writer) if re.search(r"0\(x5\)|\(slot\)", t))
        writer.append(writer.pop(slot))
        test = Parsed(test.head, test.init, (tuple(writer), tuple(reader)), test.condition)
    assert any(holds(test, registers) for registers in ends(test, ORDERS[name]))


@pytest.mark.parametrize(("name", "litmus"), [(n, t) for n, t in TESTS if n == FETCHING], ids=ids)
def test_branches_that_are_stored_lead_to_their_label(name: str, litmus: Litmus) -> None:
    """``instr:"B .+20"`` is at the distance of the label that the comment names."""
    test = parse(litmus.text)
    places = {}
    for program in test.programs:
        for index, text in enumerate(program):
            if ":" in text:
                places[text.split(":")[0]] = 4 * index
    for distance, to, at in re.findall(
        r'instr:"B \.\+(\d+)"; \(\* to `(\w+)`, from `(\w+)`', litmus.text
    ):
        assert places[to] - places[at] == int(distance)
    for program in test.programs:
        for label in re.findall(
            r"\b(?:BL?|CBNZ \w+,) ?([a-z]+)$", "\n".join(program), re.MULTILINE
        ):
            assert label in places, label


@pytest.mark.parametrize(("name", "litmus"), [(n, t) for n, t in TESTS if n == FETCHING], ids=ids)
def test_what_follows_a_store_to_code_is_what_the_arch_says(name: str, litmus: Litmus) -> None:
    """All of it, but what ends an update that has a second place; nothing in one control."""
    arch, program = arches.load(name), parse(litmus.text).programs[0]
    stores = [i for i, text in enumerate(program) if re.fullmatch(r"STR W\d,\[X[12]\]", text)]
    assert stores
    for last, at in [(i == stores[-1], i) for i in stores]:
        wanted = [t.upper() for t in after_store(arch, program[at][-3:-1])]
        found = list(program[at + 1 : at + 1 + len(wanted)])
        if litmus.name == "sc-returned-uncleaned":
            assert not set(found) & set(wanted)
        elif litmus.name == "sc-two-units" and not last:
            assert found[:-1] == wanted[:-1]
        else:
            assert found == wanted


def test_columns_are_side_by_side_and_of_one_height() -> None:
    assert columns(["a", "bb"], ["ccc"]) == " P0 | P1  ;\n a  | ccc ;\n bb |     ;"


def test_an_address_stands_where_the_arch_takes_one() -> None:
    arch = arches.load(FETCHING)
    assert after_store(arch, "X1")[:2] == ["dc cvau,X1", "dsb ish"]


# --- the command ---


@pytest.mark.parametrize("name", arches.names())
def test_a_folder_is_written_with_a_list_for_herd(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert main(["litmus", "--arch", name, "-o", str(folder)]) == 0
    listed = (folder / "@all").read_text().split()
    assert sorted([*listed, "@all"]) == sorted(p.name for p in folder.iterdir())
    for test in litmus_tests(arches.load(name)):
        assert (folder / test.file).read_text() == test.text


def test_tests_are_printed_listed_and_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["litmus", "--arch", FETCHING, "sc-slot"]) == 0
    assert capsys.readouterr().out.startswith("AArch64 sc-slot\n")
    assert main(["litmus", "--arch", FETCHING, "--list"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [r.split()[0] for r in rows] == [t.name for t in litmus_tests(arches.load(FETCHING))]


def test_wrong_names_and_folders_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["litmus", "--arch", FETCHING, "nothing"]) == 2
    assert "it has: sc-" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["litmus", "--arch", FETCHING, "-o", str(tmp_path / "file")]) == 1
    assert "cannot write the tests here" in capsys.readouterr().err
