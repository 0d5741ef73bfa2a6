"""The report as JSON: one object, its shape numbered by ``version``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from transformer.corpus.results import VerifyReport
from transformer.report.totals import totals

VERSION = 1


def json_text(report: VerifyReport) -> str:
    """All results with their failures, the sums first, a final newline."""
    document: dict[str, Any] = {
        "version": VERSION,
        "ok": report.ok,
        "totals": asdict(totals(report)),
        "bounds": report.bounds,
        "selftests": [asdict(r) for r in report.selftests],
        "results": [asdict(r) for r in report.results],
    }
    return json.dumps(document, indent=2) + "\n"
