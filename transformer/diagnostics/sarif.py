"""Diagnostics as SARIF 2.1.0 (an OASIS standard), which code hosts and editors read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from transformer.diagnostics.cells import character_column
from transformer.diagnostics.explanations import Explanation, explanations
from transformer.diagnostics.model import Diagnostic, Fixit

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
Node = dict[str, Any]


def log(found: Sequence[Diagnostic], version: str) -> Node:
    """One run, whose results are ``found``; its rules are all that the tool can say."""
    known = explanations()
    numbers = {id_: number for number, id_ in enumerate(known)}
    driver = {
        "name": "sc-transform",
        "version": version,
        "rules": [_rule(rule) for rule in known.values()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": all(d.severity != "error" for d in found)}],
        "results": [_result(d, numbers[d.id]) for d in found],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Explanation) -> Node:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.meaning},
        "help": {"text": rule.text(), "markdown": rule.markdown()},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(found: Diagnostic, number: int) -> Node:
    result: Node = {
        "ruleId": found.id,
        "ruleIndex": number,
        "level": found.severity,
        "message": {"text": found.text},
        "locations": [{"physicalLocation": _place(found)}] if found.path else [],
    }
    if related := [_related(child) for child in found.children if child.path]:
        result["relatedLocations"] = related
    if found.fixits:
        result["fixes"] = [_fix(found, fixit) for fixit in found.fixits]
    return result


def _related(child: Diagnostic) -> Node:
    return {"physicalLocation": _place(child), "message": {"text": child.text}}


def _place(found: Diagnostic) -> Node:
    place: Node = {"artifactLocation": {"uri": uri(found.path)}}
    if not found.line:
        return place
    place["region"] = _region(found.source_line, found.line, found.column, found.length)
    if found.source_line:
        place["contextRegion"] = {
            "startLine": found.line,
            "snippet": {"text": f"{found.source_line}\n"},
        }
    return place


def _region(source_line: str, line: int, column: int, length: int) -> Node:
    """The characters that stand at ``length`` bytes; the line alone where no column is known."""
    if not column:
        return {"startLine": line}
    start = character_column(source_line, column)
    end = character_column(source_line, column + length)
    region: Node = {"startLine": line, "startColumn": start, "endColumn": end}
    if source_line:
        region["snippet"] = {"text": source_line[start - 1 : end - 1]}
    return region


def _fix(found: Diagnostic, fixit: Fixit) -> Node:
    line = found.source_line if fixit.line == found.line else ""
    deleted = _region(line, fixit.line, fixit.column, fixit.length)
    replacement = {"deletedRegion": deleted, "insertedContent": {"text": fixit.text}}
    change = {"artifactLocation": {"uri": uri(found.path)}, "replacements": [replacement]}
    return {"description": {"text": f"write '{fixit.text}'"}, "artifactChanges": [change]}


def uri(path: str) -> str:
    """A path as a URI reference: relative where the path is."""
    quoted = quote(os.fsencode(path))
    return f"file://{quoted}" if path.startswith("/") else quoted
