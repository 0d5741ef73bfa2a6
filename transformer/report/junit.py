"""The report as JUnit XML: a suite for each arch, mode, compiler and variant.

The form is that of the Jenkins schema (junit-10.xsd): a test case holds at
most one failure or error, whose text lists all that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from transformer.corpus.results import CaseResult, VerifyReport

SELF_TEST = "emulator self-test"
SKIPPED = ("unverified", "unfit")

# What XML 1.0 cannot hold, not even as a character reference (section 2.2).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_text(report: VerifyReport) -> str:
    """A whole document with its declaration and a final newline."""
    every = [*report.selftests, *report.results]
    root = ET.Element("testsuites", {"name": "sc-transform verify", **_counts(every)})
    root.set("time", f"{report.seconds:.3f}")
    if report.selftests:
        root.append(_suite(SELF_TEST, report.selftests))
    for name in dict.fromkeys(map(_suite_name, report.results)):
        root.append(_suite(name, [r for r in report.results if _suite_name(r) == name]))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suite_name(result: CaseResult) -> str:
    return ".".join((result.arch, result.mode, result.compiler, result.variant))


def _counts(results: Iterable[CaseResult]) -> dict[str, str]:
    statuses = [r.status for r in results]
    return {
        "tests": str(len(statuses)),
        "failures": str(statuses.count("fail")),
        "errors": str(statuses.count("error")),
    }


def _suite(name: str, results: list[CaseResult]) -> ET.Element:
    skipped = sum(r.status in SKIPPED for r in results)
    suite = ET.Element("testsuite", {"name": _clean(name), **_counts(results)})
    suite.set("skipped", str(skipped))
    suite.set("time", f"{sum(r.seconds for r in results):.3f}")
    suite.extend(_case(name, result) for result in results)
    return suite


def _case(suite: str, result: CaseResult) -> ET.Element:
    name = result.arch if suite == SELF_TEST else result.case
    attributes = {"classname": suite, "name": name, "time": f"{result.seconds:.3f}"}
    case = ET.Element("testcase", {k: _clean(v) for k, v in attributes.items()})
    if result.status == "fail":
        case.append(_failure(result))
    elif result.status == "error":
        error = ET.SubElement(case, "error", {"message": _clean(result.message), "type": "error"})
        error.text = _clean(result.message)
    elif result.status in SKIPPED:
        ET.SubElement(case, "skipped", {"message": _clean(result.message or "not verified")})
    ET.SubElement(case, "system-out").text = _clean(_output(result))
    return case


def _failure(result: CaseResult) -> ET.Element:
    first = result.failures[0] if result.failures else None
    attributes = {
        "message": _clean(first.message if first else result.message),
        "type": first.check if first else "fail",
    }
    failure = ET.Element("failure", attributes)
    texts = [f.render() for f in result.failures] or [result.message]
    failure.text = _clean("\n\n".join(texts))
    return failure


def _output(result: CaseResult) -> str:
    checks = ", ".join(f"{count} {name}" for name, count in result.checks.items())
    lines = [f"checks: {checks or 'none'}"]
    lines.append(f"sites executed: {result.sites_executed} of {result.sites_total}")
    lines += [f"not executed: {site}" for site in result.unexecuted]
    return "\n".join(lines)


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
