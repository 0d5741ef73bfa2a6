"""Gives the static call sites of assembly that a compiler made their table.

Between the compiler's -S and the assembler: each call and jump to a trampoline
__SCT__key gets an entry, and in the profile "sc" the form and the alignment
that let one store patch it. The profile "linux" makes the table that objtool
--static-call makes, and changes nothing else. IN.s may be - for standard input.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from transformer.arch import Arch
from transformer.assembly import Annotated, annotate
from transformer.assembly.table import PROFILES
from transformer.cli.common import Usage, pick_arch, read_input, write_output
from transformer.cli.messages import add_format, messages
from transformer.diagnostics import TEXT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "sc-transform annotate IN.s [-o OUT.s] [options]"
    parser.add_argument("file", metavar="IN.s", help="assembly, or - for standard input")
    parser.add_argument(
        "-o", dest="output", metavar="OUT.s", help="write to OUT.s (default: stdout)"
    )
    parser.add_argument("--arch", metavar="A", help="the arch (default: this machine's)")
    parser.add_argument(
        "--profile", choices=PROFILES, default="sc", help="whose table is made (default: sc)"
    )
    parser.add_argument(
        "--list", action="store_true", help="tell the sites by key, and where they are, on stderr"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="tell no notes")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    arch = _pick(args.arch)
    if args.list and args.diagnostics_format != TEXT:
        raise Usage("--list and a document of diagnostics would both go to standard error")
    with messages(args.diagnostics_format) as tell:
        annotated = annotate(read_input(args.file), arch, profile=args.profile)
        write_output(args.output, annotated.text)
        if args.list:
            print(summary(annotated), end="", file=sys.stderr)
        # Linux takes its trampolines' addresses itself, at each update.
        if annotated.references and not args.quiet and args.profile == "sc":
            from transformer.assembling import notes

            tell(notes(annotated, args.file))
    return 0


def summary(annotated: Annotated) -> str:
    """The sites by key, each with its kind, section and place."""
    if annotated.already:
        return "annotated already\n"
    counted = Counter(site.key for site in annotated.sites)
    width = max((len(key) for key in counted), default=0)
    rows = []
    for key, count in sorted(counted.items()):
        rows.append(f"{key:{width}}  {count}")
        for site in annotated.sites:
            if site.key == key:
                place = site.place or f"line {site.line}"
                rows.append(f"    {site.kind:11}  {site.section}  {place}")
    ways = f", {annotated.ways} way stations" if annotated.ways else ""
    rows.append(f"{len(annotated.sites)} sites of {len(counted)} keys{ways}")
    return "\n".join(rows) + "\n"


def _pick(name: str | None) -> Arch:
    arch = pick_arch(name)
    if arch.assembly is None:
        raise Usage(f"no site can be made in the assembly of {arch.title}")
    return arch
