"""Diagnostics as JSON and as SARIF 2.1.0.

No small package carries SARIF's official schema.  What it demands of the
objects that are written here stands below: which properties each may have,
which it must have, and of what type.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from transformer.diagnostics import Diagnostic, Fixit
from transformer.diagnostics.documents import document
from transformer.diagnostics.explanations import explanations
from transformer.diagnostics.sarif import uri

NOTE = Diagnostic("note", "", "declared here", "a folder/k.h", 3)
LINE = '\treturn "é\udce9" + static_call(kye)();'
FOUND = Diagnostic(
    "error", "sc-unknown-key", "no 'kye'", "src/t.c", 7, 17, LINE, 11,
    (NOTE,), (Fixit(7, 29, 3, "key"),),
)  # fmt: skip
NOWHERE = Diagnostic("warning", "sc-launcher", "text")
INPUT = Diagnostic("error", "sc-input", "cannot read this file", "/no such/file.c")

TEXT = {"text!": str}
ARTIFACT = {"uri": str}
REGION = {
    "startLine!": int, "startColumn": int, "endColumn": int, "snippet": TEXT,
}  # fmt: skip
PLACE = {"artifactLocation!": ARTIFACT, "region": REGION, "contextRegion": REGION}
RULE = {
    "id!": str, "shortDescription": TEXT, "fullDescription": TEXT,
    "help": {"text!": str, "markdown": str},
    "defaultConfiguration": {"level": {"none", "note", "warning", "error"}},
}  # fmt: skip
CHANGE = {
    "artifactLocation!": ARTIFACT,
    "replacements!": [{"deletedRegion!": REGION, "insertedContent": {"text": str}}],
}
RESULT = {
    "ruleId": str, "ruleIndex": int, "level": {"none", "note", "warning", "error"},
    "message!": TEXT, "locations": [{"physicalLocation": PLACE}],
    "relatedLocations": [{"physicalLocation": PLACE, "message": TEXT}],
    "fixes": [{"description": TEXT, "artifactChanges!": [CHANGE]}],
}  # fmt: skip
RUN = {
    "tool!": {"driver!": {"name!": str, "version": str, "rules": [RULE]}},
    "columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
    "invocations": [{"executionSuccessful!": bool}],
    "results": [RESULT],
}
LOG = {"$schema": str, "version!": {"2.1.0"}, "runs!": [RUN]}


def wrong(value: Any, shape: Any, where: str = "log") -> list[str]:
    """Where a value has not the shape that the schema gives it: a '!' is for what must be."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [where]
        return [w for n, item in enumerate(value) for w in wrong(item, shape[0], f"{where}[{n}]")]
    if isinstance(shape, set):
        return [] if value in shape else [where]
    if not isinstance(shape, dict):
        positive = shape is not int or value >= (0 if where.endswith("Index") else 1)
        return [] if type(value) is shape and positive else [where]
    known = {name.rstrip("!"): inner for name, inner in shape.items()}
    missing = [f"{where}.{n[:-1]}" for n in shape if n.endswith("!") and n[:-1] not in value]
    unknown = [f"{where}.{n}" for n in value if n not in known]
    inner = [w for n in value if n in known for w in wrong(value[n], known[n], f"{where}.{n}")]
    return missing + unknown + inner


def sarif(*found: Diagnostic) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(document(found, "sarif", "1.2"))
    return whole


@pytest.mark.parametrize("found", [[], [FOUND], [FOUND, NOWHERE, INPUT]])
def test_a_log_has_the_shape_of_the_schema(found: list[Diagnostic]) -> None:
    log = sarif(*found)
    assert wrong(log, LOG) == []
    (run,) = log["runs"]
    assert [r["ruleId"] for r in run["results"]] == [d.id for d in found]
    errors = any(d.severity == "error" for d in found)
    assert run["invocations"] == [{"executionSuccessful": not errors}]


def test_the_check_of_the_shape_sees_what_is_wrong() -> None:
    """The negative control."""
    log = sarif(FOUND)
    result = log["runs"][0]["results"][0]
    del result["message"]
    result["level"] = "fatal"
    result["extra"] = 1
    result["locations"][0]["physicalLocation"]["region"]["startColumn"] = 0
    where = "log.runs[0].results[0]"
    assert sorted(wrong(log, LOG)) == [
        f"{where}.extra",
        f"{where}.level",
        f"{where}.locations[0].physicalLocation.region.startColumn",
        f"{where}.message",
    ]


def test_the_rules_are_all_that_can_be_said() -> None:
    rules = sarif()["runs"][0]["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == list(explanations())
    (result,) = sarif(FOUND)["runs"][0]["results"]
    assert rules[result["ruleIndex"]]["id"] == "sc-unknown-key"
    for rule in rules:
        known = explanations()[rule["id"]]
        assert known.remedy in rule["help"]["text"] and known.remedy in rule["help"]["markdown"]


def test_columns_are_characters() -> None:
    """A message's are bytes: two for the é, one for the byte that is no text."""
    (result,) = sarif(FOUND)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/t.c"}
    assert place["region"] == {
        "startLine": 7, "startColumn": 16, "endColumn": 27, "snippet": {"text": "static_call"},
    }  # fmt: skip
    assert place["contextRegion"]["snippet"]["text"] == LINE.replace("\udce9", "\ufffd") + "\n"


def test_notes_and_suggestions_go_with_their_result() -> None:
    (result,) = sarif(FOUND)["runs"][0]["results"]
    (related,) = result["relatedLocations"]
    assert related["message"] == {"text": "declared here"}
    assert related["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20folder/k.h"}, "region": {"startLine": 3},
    }  # fmt: skip
    (fix,) = result["fixes"]
    (change,) = fix["artifactChanges"]
    (replacement,) = change["replacements"]
    assert replacement["deletedRegion"]["snippet"] == {"text": "kye"}
    assert replacement["insertedContent"] == {"text": "key"}


def test_what_has_no_place_has_no_location() -> None:
    nowhere, whole_file = sarif(NOWHERE, INPUT)["runs"][0]["results"]
    assert nowhere["locations"] == []
    (location,) = whole_file["locations"]
    assert location == {
        "physicalLocation": {"artifactLocation": {"uri": "file:///no%20such/file.c"}}
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("t.c", "t.c"),
        ("../a b/t.c", "../a%20b/t.c"),
        ("a:b.c", "a%3Ab.c"),
        ("100%.c", "100%25.c"),
        ("é.c", "%C3%A9.c"),
        ("\udce9.c", "%E9.c"),
        ("<stdin>", "%3Cstdin%3E"),
        ("/tmp/x#1.c", "file:///tmp/x%231.c"),
    ],
)
def test_paths_are_uris(path: str, expected: str) -> None:
    assert uri(path) == expected


def test_json_is_an_array_of_all_fields() -> None:
    assert json.loads(document([], "json", "1.2")) == []
    (found,) = json.loads(document([FOUND], "json", "1.2"))
    assert list(found) == [
        "severity", "id", "text", "path", "line", "column", "source_line", "length", "children",
        "fixits",
    ]  # fmt: skip
    assert found["children"][0]["text"] == "declared here"
    assert found["fixits"] == [{"line": 7, "column": 29, "length": 3, "text": "key"}]
    assert "\ufffd" in found["source_line"]
