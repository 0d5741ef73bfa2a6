"""Tells what a diagnostic means, with an example that gives it, and how to mend it.

ID is what messages end with, such as sc-unknown-key or -Wsc-unknown-key.
Without one, all are listed.
"""

from __future__ import annotations

import argparse
import textwrap

from transformer.configuration import Usage
from transformer.diagnostics.explanations import Explanation, explanations
from transformer.frontend.spelling import nearest

WIDTH = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "sc-transform explain [ID...]"
    parser.add_argument("ids", nargs="*", metavar="ID", help="which ones (default: list all)")
    parser.add_argument(
        "-W", dest="options", action="append", default=[], metavar="ID",
        help="the same, as messages spell it: -Wsc-unknown-key",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    wanted = [_found(word) for word in (*args.ids, *args.options)]
    print("\n\n".join(map(_wrapped, wanted)) if wanted else _list())
    return 0


def _list() -> str:
    known = explanations()
    width = max(map(len, known))
    return "\n".join(f"{id_:{width}}  {rule.title}" for id_, rule in known.items())


def _found(id_: str) -> Explanation:
    known = explanations()
    if id_ not in known:
        near = nearest(id_, known)
        meant = f"; did you mean '{near}'?" if near else ""
        raise Usage(f"there is no diagnostic '{id_}'{meant} ('sc-transform explain' lists all)")
    return known[id_]


def _wrapped(rule: Explanation) -> str:
    """Paragraphs as lines of a terminal; what is indented stays as it is."""
    parts = rule.text().split("\n\n")
    return "\n\n".join(p if p.startswith(" ") else textwrap.fill(p, WIDTH) for p in parts)
