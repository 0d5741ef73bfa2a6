"""Shows the keys, targets, sites, guards and trampolines of what was built.

FILE is a program, a shared object or an object file; or C, rewritten or not,
which is compiled with the lowered headers first.  Undefined symbols are no
obstacle.  For each place that is patched, the bytes of each of its states are
shown, a '>' before the one that is in the file.  Compiler flags for C files
follow '--'.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from transformer.cli.messages import add_format, messages
from transformer.extras import need_verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--arch", metavar="A", help="of C files (default: the host's)")
    parser.add_argument("--mode", metavar="M", help="of C files (default: the arch's)")
    parser.add_argument("--cc", metavar="CC", help="compiler command for C files")
    parser.add_argument("-I", dest="includes", action="append", default=[], metavar="DIR")
    parser.add_argument("-D", dest="defines", action="append", default=[], metavar="NAME")
    add_format(parser)
    parser.usage = "%(prog)s [options] FILE... [-- CFLAGS...]"


def run(args: argparse.Namespace) -> int:
    with messages(args.diagnostics_format):
        facts = _facts(args)
    if args.json:
        print(json.dumps(facts, indent=2))
    else:
        print("\n\n".join("\n".join(_text(f)) for f in facts))
    return 0


def _facts(args: argparse.Namespace) -> list[dict[str, Any]]:
    need_verify("inspect")
    from transformer.cli.inspection import inspect_image
    from transformer.cli.linking import Request, loaded

    flags = [*(f"-I{d}" for d in args.includes), *(f"-D{d}" for d in args.defines)]
    request = Request(args.arch, args.mode, args.cc, (*flags, *args.cflags))
    facts = []
    for name in args.files:
        with loaded(Path(name), request) as (image, kind):
            facts.append({"file": name, "kind": kind, **inspect_image(image)})
    return facts


def _text(facts: dict[str, Any]) -> list[str]:
    lines = [f"{facts['file']}: {facts['kind']} for {facts['title']} ({facts['arch']})"]
    for key in facts["static_calls"]:
        lines += ["", f"static call {key['key']}, now {key['target']}"]
        for trampoline in key["trampolines"]:
            lines += _trampoline(trampoline)
        for site in key["sites"]:
            lines += _site(site)
    for key in facts["static_keys"]:
        what = "dynamic function" if key["dynamic"] else "static key"
        lines += ["", f"{what} {key['key']}, now {'on' if key['enabled'] else 'off'}"]
        for guard in key["guards"]:
            lines += _guard(guard)
    if len(lines) == 1:
        lines.append("  no static calls and no guards")
    return lines


def _trampoline(trampoline: dict[str, Any]) -> list[str]:
    patched = "" if trampoline["patched"] else ", never patched"
    lines = [f"  trampoline {trampoline['where']}{patched}"]
    lines += [f"    {row}" for row in trampoline["disassembly"]]
    return lines + _states(trampoline)


def _guard(guard: dict[str, Any]) -> list[str]:
    return [f"  guard {guard['where']}, jumps to {guard['target']}", *_states(guard)]


def _states(place: dict[str, Any]) -> list[str]:
    width = max((len(s["state"]) for s in place["states"]), default=0)
    return [
        f"    {'>' if s['present'] else ' '} {s['state']:{width}}  {s['bytes'] or s['why']}"
        for s in place["states"]
    ]


def _site(site: dict[str, Any]) -> list[str]:
    word = "way station" if site["kind"] == "way" else f"{site['kind']} site"
    patched = ", patched" if site["patched"] else ""
    line = f"  {word} {site['where']}{patched}: {site['bytes']}  {site['text']}"
    return [line, *_states(site)]
