"""``rewrite --out-dir``: units and copies of their headers, below one folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from transformer.arch import Arch
from transformer.cli.common import Usage, read_input, write_output
from transformer.cli.messages import messages
from transformer.cli.rewrite import difference, options
from transformer.configuration import configuration
from transformer.diagnostics import Diagnostic
from transformer.rewriting import defined
from transformer.rewriting.decisions import applied, decided, joined
from transformer.rewriting.headers import Header, WithHeaders, rewrite_with_headers
from transformer.rewriting.store import Store
from transformer.rewriting.tree import Layout, response, rules
from transformer.runtime import header_dir


def rewrite_all(args: argparse.Namespace) -> int:
    """Each file by itself: what is wrong with one does not keep back another."""
    for wrong, why in (
        (args.output and not args.diff, "-o names one result, and --out-dir the folder of all"),
        (args.profile == "linux", "--out-dir is not for the profile linux"),
        (args.left, "--left is for the profile linux"),
        ("-" in args.files, "--out-dir is for files that have a name"),
    ):
        if wrong:
            raise Usage(why)
    layout = Layout(args.root or ".")
    ok = True
    shown: list[tuple[WithHeaders, bytes]] = []
    told: dict[Diagnostic, None] = {}
    with messages(args.diagnostics_format) as tell:
        for name in dict.fromkeys(args.files):
            data = read_input(name)
            done, store, flags = _rewritten(args, layout, name, data)
            tell([d for d in done.unit.diagnostics if d not in told])
            told.update(dict.fromkeys(done.unit.diagnostics))
            if not done.unit.ok:
                ok = False
            elif args.diff:
                shown.append((done, data))
            else:
                _put(store, done, flags)
        if args.diff:
            write_output(args.output, _differences(args, shown))
    return 0 if ok else 1


def _rewritten(
    args: argparse.Namespace, layout: Layout, name: str, data: bytes
) -> tuple[WithHeaders, Store, list[str]]:
    """What comes of a file, where it is put, and the flags to compile it with."""
    settings = configuration(Path(name).parent)
    chosen = options(args, settings)
    chosen["dynamic"] = {**defined(settings.dynamic, data), **chosen["dynamic"]}
    done = rewrite_with_headers(data, name, layout, **chosen)
    arch, mode = chosen["arch"], chosen["mode"]
    assert isinstance(arch, Arch)
    chosen_words = f"{arch.name} {mode} {chosen['dynamic_lowering'] or ''}"
    store = Store(Path(args.out_dir), layout.root, chosen_words)
    lowered = f"-I{header_dir('lowered', arch, mode)}"
    flags = [lowered, *layout.result_flags(args.out_dir, chosen["cflags"])]
    if done.preprocessed:
        flags += ["-x", "cpp-output", "-Wno-unused-command-line-argument"]
    return done, store, flags


def _put(store: Store, done: WithHeaders, flags: list[str]) -> None:
    read = [done.own.path, *(header.path for header in done.headers)]
    target = str(store.folder / done.own.place)
    store.put(done, {".cflags": response(flags), ".d": rules(target, read)})


def _differences(args: argparse.Namespace, shown: list[tuple[WithHeaders, bytes]]) -> bytes:
    """Of all units and of the headers, in which all units have a say."""
    headers: dict[str, list[Header]] = {}
    for done, _ in shown:
        for header in done.headers:
            headers.setdefault(header.place, []).append(header)
    found = [difference(args, done.own.path, old, done.unit.text) for done, old in shown]
    for same in headers.values():
        text = same[0].text
        new = applied(text, joined([decided(header.edits) for header in same]))
        old = text.encode("latin-1")
        found.append(difference(args, same[0].path, old, new.encode("latin-1")))
    return b"".join(found)
