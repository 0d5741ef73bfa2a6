"""Shows what each arch has: modes, patched unit, reach, landing pads, compilers."""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from transformer.arch import Arch, load, names
from transformer.toolchain import available

SUFFIXES = (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    with ThreadPoolExecutor() as pool:  # most of the time is spent asking compilers
        facts = list(pool.map(describe, map(load, names())))
    if args.json:
        print(json.dumps(facts, indent=2))
    else:
        print("\n\n".join(map(_text, facts)))
    return 0


def describe(arch: Arch) -> dict[str, Any]:
    """The facts of one arch, in the shape of the JSON; sizes are in bytes."""
    return {
        "arch": arch.name,
        "title": arch.title,
        "modes": list(arch.modes),
        "default_mode": arch.default_mode,
        "dynamic_lowering": arch.dynamic_lowering,
        "unit": arch.unit,
        "reach": 1 << (arch.branch("jump").bits - 1),
        "landing_pads": [pad.hex(" ") for pad in arch.landing_pads],
        "variants": [
            {"name": v.name, "cflags": list(v.cflags), "pie": v.pie, "pads": v.pads}
            for v in arch.variants
        ],
        "compilers": [
            {"family": c.family, "version": c.version, "argv": list(c.argv)}
            for c in available(arch)
        ],
    }


def size(count: int) -> str:
    """128 MB for 1 << 27."""
    for suffix, unit in SUFFIXES:
        if count >= unit:
            return f"{count // unit} {suffix}"
    return f"{count} bytes"


def _text(facts: dict[str, Any]) -> str:
    modes = [f"{m} (default)" if m == facts["default_mode"] else m for m in facts["modes"]]
    compilers = [f"{c['family']}: {c['version']}" for c in facts["compilers"]]
    rows = [
        ("modes", ", ".join(modes)),
        ("dynamic", f"{facts['dynamic_lowering']} lowering"),
        ("unit", f"{facts['unit']} bytes, patched by one store"),
        ("jump reaches", f"\N{PLUS-MINUS SIGN}{size(facts['reach'])}"),
        ("landing pads", ", ".join(facts["landing_pads"]) or "none"),
        *(("variant", _variant(v)) for v in facts["variants"]),
        *(("compiler", c) for c in compilers or ["none found"]),
    ]
    head = f"{facts['arch']}: {facts['title']}"
    return "\n".join([head, *_aligned(rows)])


def _variant(variant: dict[str, Any]) -> str:
    return f"{variant['name']}: {' '.join(variant['cflags'])}"


def _aligned(rows: list[tuple[str, str]]) -> list[str]:
    """Rows with their first words in a column; a repeated one is left blank."""
    width = max(len(name) for name, _ in rows)
    lines, last = [], ""
    for name, text in rows:
        lines.append(f"  {name if name != last else '':{width}}  {text}")
        last = name
    return lines
