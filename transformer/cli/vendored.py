"""The runtime as a folder of C source for a project to keep: its files, as texts.

The source serves several arches at once, and with the plain headers every
other machine.  A file that is the same for all stands once; of one that is not,
each arch's (and the plain one's) lies in a folder of its name, and the file
itself chooses by what the compiler defines (``sc/machine.h``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from transformer import __version__
from transformer.arch import Arch
from transformer.runtime import render_headers, render_runtime, render_template

PLAIN = "plain"
UNIT = "src/sc_runtime.c"
TEMPLATES = "common/package"
BUILD_FILES = {
    "CMakeLists.txt": "CMakeLists.txt",
    "LICENSE": "LICENSE",
    "Makefile": "Makefile",
    "README.md": "README.md",
    "cmake/sc-runtime-config.cmake": "sc-runtime-config.cmake",
    "meson.build": "meson.build",
    "meson_options.txt": "meson_options.txt",
    "sc-runtime.pc.in": "sc-runtime.pc.in",
}

Files = dict[str, str]


def package(arches: Sequence[Arch], mode: str | None) -> Files:
    """All files by their paths in the folder; ``mode`` None is each arch's default."""
    modes = {a.name: mode or a.default_mode for a in arches}
    headers = {a.name: _below_sc(render_headers("lowered", a, modes[a.name])) for a in arches}
    headers[PLAIN] = _below_sc(render_headers("plain"))
    source = {a.name: render_runtime(a) for a in arches}
    used = ", ".join(dict.fromkeys(modes.values()))
    files = {f"include/sc/{n}": t for n, t in _chosen(headers, f"; {used}").items()}
    files["include/sc/machine.h"] = _machine(arches)
    files |= {f"src/{n}": t for n, t in _chosen(source).items()}
    files[UNIT] = _nothing_where_plain(files[UNIT])
    context = {
        "version": __version__,
        "series": ".".join(__version__.split(".")[:2]),
        "titles": _listed([a.title for a in arches]),
        "mode": _listed(list(dict.fromkeys(modes.values()))),
        "command": _command(modes),
        "options": _options(modes),
        "sources": sorted(n for n in files if n.startswith("src/")),
        "headers": sorted(n for n in files if n.startswith("include/")),
    }
    return files | {
        name: render_template(f"{TEMPLATES}/{template}.j2", context)
        for name, template in BUILD_FILES.items()
    }


def _below_sc(headers: Mapping[str, str]) -> Files:
    return {name.removeprefix("sc/"): text for name, text in headers.items()}


def _chosen(variants: Mapping[str, Mapping[str, str]], used: str = "") -> Files:
    """The files of all variants (arches and plain): once where all agree, else each one's."""
    files: Files = {}
    names = list(dict.fromkeys(name for texts in variants.values() for name in texts))
    bodies = {n: {v: _body(t[n]) for v, t in variants.items() if n in t} for n in names}
    shared = {n for n, texts in bodies.items() if len(set(texts.values())) == 1}
    for name, texts in bodies.items():
        banner = _banner(texts, used)
        if name in shared:
            files[name] = f"{banner}\n{next(iter(texts.values()))}"
            continue
        choices = [(_macro(v), v) for v in sorted(texts, key=lambda v: v != PLAIN)]
        context = {"banner": banner, "name": name, "choices": choices}
        files[name] = render_template(f"{TEMPLATES}/choice.h.j2", context)
        for variant, text in texts.items():
            own = _includes_above(text, shared)
            files[f"{variant}/{name}"] = f"{_banner([variant], used)}\n{own}"
    return files


def _body(text: str) -> str:
    """Without the banner: two lines, which name the arch."""
    return text.split("\n", 2)[2]


def _includes_above(text: str, shared: set[str]) -> str:
    """``text`` for one folder further down than the files of ``shared``."""
    return re.sub(
        r'^(#\s*include ")([^"]+)(")',
        lambda m: f"{m[1]}../{m[2]}{m[3]}" if m[2] in shared else m[0],
        text,
        flags=re.MULTILINE,
    )


def _nothing_where_plain(text: str) -> str:
    banner, body = text[: -len(_body(text))], _body(text)
    return (
        f"{banner}#include <sc/machine.h>\n\n"
        "#ifdef SC_PLAIN\n"
        "typedef int sc_nothing;	/* the plain headers are all that is needed */\n"
        f"#else\n\n{body}\n#endif /* SC_PLAIN */\n"
    )


def _machine(arches: Sequence[Arch]) -> str:
    rows = [{"condition": a.toolchain.condition, "macro": _macro(a.name)} for a in arches]
    context: dict[str, Any] = {"banner": _banner([a.name for a in arches]), "arches": rows}
    return render_template(f"{TEMPLATES}/machine.h.j2", context)


def _macro(variant: str) -> str:
    """What ``sc/machine.h`` defines for it."""
    if variant == PLAIN:
        return "SC_PLAIN"
    return "SC_MACHINE_" + re.sub(r"\W", "_", variant).upper()


def _banner(variants: Iterable[str], used: str = "") -> str:
    """Names what a file is for; ``used`` the headers' modes."""
    return (
        "/* SPDX-License-Identifier: MIT */\n"
        f"/* Made by sc-transform {__version__} ({', '.join(variants)}{used}). Do not edit. */"
    )


def _options(modes: Mapping[str, str]) -> str:
    used = set(modes.values())
    return f" --mode {used.pop()}" if len(used) == 1 else ""


def _command(modes: Mapping[str, str]) -> str:
    arches = "".join(f" --arch {name}" for name in modes)
    return f"sc-transform runtime{arches}{_options(modes)} -o DIR"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
