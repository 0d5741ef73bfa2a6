"""Renders the headers in their three flavours, and the runtime of an arch.

Files on disk live in a cache folder whose name is a hash of their content:
``$SC_CACHE``, else ``$XDG_CACHE_HOME/sc-transform``, else a folder of the user
in the system's temporary one where the home cannot be written.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformer.places import templates_dir

if TYPE_CHECKING:
    import jinja2

    from transformer.arch import Arch

FLAVOURS = ("plain", "lowered", "analysis")
#: those that stand before Linux's own headers; the second are for rewritten units
LINUX_FLAVOURS = ("linux-analysis", "linux")
_COMMON_HEADERS = ("types", "runtime", "static_call", "static_key", "dynamic_function", "sc")
#: Folders by what they were made of; the arch is held so that its number stays its own.
_MADE: dict[tuple[object, ...], tuple[Arch | None, Path]] = {}
_PLACES = ("trampoline", "guard", "call_site", "tail_site", "conditional_site", "kept_site")
_LINUX_HEADERS = ("static_call_types", "static_call", "jump_label", "jump_label_ratelimit")
_POINTER = {4: ".long", 8: ".quad"}


def render_headers(
    flavour: str, arch: Arch | None = None, mode: str | None = None
) -> dict[str, str]:
    """The headers by the path that follows ``-I``, such as ``sc/static_call.h``.

    ``arch`` and ``mode`` are for the flavour "lowered"; with an arch the flavour
    "linux" has its guards in place of the kernel's.  ``ValueError``
    for a flavour that is in neither list of flavours or a mode that the arch has not.
    """
    if flavour in LINUX_FLAVOURS:
        return _linux_headers(flavour, arch)
    context = _context(flavour, arch, mode)
    names = list(_COMMON_HEADERS)
    if flavour == "plain":
        names.append("plain")
    if context["trampolines"]:
        names += ["object", "trampoline"]
    if context["guards"]:
        names.append("guard")
    if context["inline_asm"]:
        names.append("inline_asm")
    return {
        f"sc/{n}.h": render_template(f"common/include/sc/{n}.h.j2", context)
        for n in dict.fromkeys(names)
    }


def _linux_headers(flavour: str, arch: Arch | None) -> dict[str, str]:
    """What stands before the kernel's headers, and brings them."""
    banner = _banner("templates/common/include", flavour)
    context: dict[str, Any] = {"flavour": flavour, "banner": banner, "linux": True, "guard": ""}
    names = [f"linux/{n}.h" for n in _LINUX_HEADERS]
    names += [] if flavour == "linux-analysis" else ["sc/linux.h"]
    if arch is not None:
        context |= _guard(arch, context) | {"align": arch.pointer_size}
        names.append("sc/linux_guard.h")
    return {n: render_template(f"common/include/{n}.j2", context) for n in names}


def _guard(arch: Arch, context: Mapping[str, Any]) -> dict[str, Any]:
    """How an arch writes a guard and its entry."""
    return {
        "pointer": _POINTER[arch.pointer_size],
        "guard_size": arch.instruction("nop").size,
        "guard": render_template(f"{arch.name}/guard.h.j2", context).rstrip(),
    }


def render_runtime(arch: Arch) -> dict[str, str]:
    """The runtime's files by name: ``sc_runtime.c``, and the parts that it includes."""
    insns = _insns(arch)
    context: dict[str, Any] = {
        "arch": arch,
        "insns": insns,
        "most_fields": max(len(i["fields"]) for i in insns),
        "places": {p: arch.forms[p].states if p in arch.forms else () for p in _PLACES},
        "said": _said(arch),
        "property": arch.text_property,
        "breakpoint": arch.breakpoint and int.from_bytes(arch.breakpoint.code, arch.byteorder),
    }
    context["banner"] = _banner(f"templates/common/runtime and templates/{arch.name}", arch.name)
    context["hook"] = render_template(f"{arch.name}/hook.h.j2", context)
    traps = f"{arch.name}/breakpoint.h.j2"  # where instructions lie across units
    context["breakpoint_hook"] = (
        render_template(traps, context).rstrip() if (templates_dir() / traps).is_file() else ""
    )
    templates = sorted((templates_dir() / "common" / "runtime").glob("*.j2"))
    return {t.stem: render_template(f"common/runtime/{t.name}", context) for t in templates}


def _insns(arch: Arch) -> list[dict[str, Any]]:
    """The rows that the runtime writes or meets, as numbers; a call's among them always."""
    named = dict.fromkeys(s for p in _PLACES if p in arch.forms for s in arch.forms[p].states)
    found = []
    for name in dict.fromkeys((*named, "call")):
        branch, fixed = arch.branches.get(name), arch.instructions.get(name)
        if branch is not None:
            keys = ("base", "size", "mask", "ignored", "bias", "bits", "step", "fields")
            found.append({"name": name, **{k: getattr(branch, k) for k in keys}})
        elif fixed is not None:
            base = int.from_bytes(fixed.code, arch.byteorder)
            found.append({"name": name, "base": base, "size": fixed.size, "fields": ()})
    return found


def _said(arch: Arch) -> dict[str, str]:
    """What stands at a call and a tail site for "do nothing", and at a call for "return 0"."""
    words = {"CALL_NULL": ("call_site", "nop"), "CALL_ZERO": ("call_site", "return0")}
    words["TAIL_NULL"] = ("tail_site", "ret")
    forms = {p: f.states for p, f in arch.forms.items()}
    return {w: state if state in forms.get(p, ()) else "" for w, (p, state) in words.items()}


def header_dir(flavour: str, arch: Arch | None = None, mode: str | None = None) -> Path:
    """A folder that holds the headers, to follow ``-I``; written once."""

    def make() -> Path:
        return _materialise("include", render_headers(flavour, arch, mode))

    return _once(("include", flavour, mode), arch, make)


def runtime_source(arch: Arch) -> Path:
    """``sc_runtime.c``, with its parts beside it; compile it with lowered headers."""
    folder = _once(("runtime",), arch, lambda: _materialise("runtime", render_runtime(arch)))
    return folder / "sc_runtime.c"


def _once(what: tuple[str | None, ...], arch: Arch | None, make: Callable[[], Path]) -> Path:
    """The folder that ``make`` gives, while the templates, the arch and the folder are there."""
    stamps = _stamps(arch)
    key = (*what, id(arch), *stamps)
    held = _MADE.get(key)
    if held is None or not held[1].is_dir():
        held = _MADE[key] = (arch, _remembered((*what, arch, *stamps), make))
    return held[1]


def _remembered(key: tuple[object, ...], make: Callable[[], Path]) -> Path:
    """The folder that an earlier process made of the same templates: a file names it.

    The file holds what the folder was made of, so that its own name may be any hash.
    """
    mine = Path(__file__).stat().st_mtime_ns  # what is made of them may change, too
    said = repr((mine, key))
    note = cache_dir() / f"made-{zlib.crc32(said.encode()):08x}"
    with suppress(OSError, ValueError):
        name, of = note.read_text(encoding="utf-8").split("\n", 1)
        folder = note.with_name(name)
        if of == said and folder.is_dir():
            return folder
    folder = make()
    fresh = note.with_name(f".{note.name}-{os.getpid()}")
    with suppress(OSError):  # the next process will make it anew
        fresh.write_text(f"{folder.name}\n{said}", encoding="utf-8")
        fresh.replace(note)
    return folder


def _stamps(arch: Arch | None) -> tuple[object, ...]:
    """What tells that a template was changed: names, times and sizes."""
    folders = ["common/include/linux", "common/include/sc", "common/runtime"]
    found: list[object] = [cache_dir()]
    for name in (*folders, arch.name) if arch is not None else folders:
        with os.scandir(templates_dir() / name) as entries:
            for entry in entries:
                seen = entry.stat()
                found += [entry.path, seen.st_mtime_ns, seen.st_size]
    return tuple(found)


def _context(flavour: str, arch: Arch | None, mode: str | None) -> dict[str, Any]:
    from transformer.arch.modes import INLINE_ASM, PATCHED_MODES, TRAMPOLINE_MODES

    if flavour not in FLAVOURS:
        raise ValueError(f"no flavour of headers is called {flavour!r}")
    lowered = flavour == "lowered"
    if lowered and (arch is None or mode not in arch.modes):
        raise ValueError(f"{arch.title if arch else 'no arch'} has no mode {mode!r}")
    context: dict[str, Any] = {
        "flavour": flavour,
        "mode": mode,
        "linux": False,
        "trampolines": lowered and mode in TRAMPOLINE_MODES,
        "patched": lowered and mode in PATCHED_MODES,
        "guards": lowered and mode in PATCHED_MODES,
        "inline_asm": lowered and mode == INLINE_ASM,
        "banner": _banner("templates/common/include", flavour),
    }
    if lowered and arch is not None:
        context["banner"] = _banner(
            f"templates/common/include and templates/{arch.name}", f"{flavour}, {arch.name}, {mode}"
        )
        context |= _guard(arch, context)
        context["trampoline"] = render_template(f"{arch.name}/trampoline.h.j2", context).rstrip()
        if context["inline_asm"]:
            context["arch"] = arch
            context["call"] = render_template(f"{arch.name}/call.h.j2", context).rstrip()
    return context


def _banner(sources: str, what: str) -> str:
    return (
        "/* SPDX-License-Identifier: MIT */\n"
        f"/* Made by sc-transform from {sources} ({what}). Do not edit. */"
    )


def render_template(name: str, context: Mapping[str, Any]) -> str:
    """A template by its path under ``templates/``; a name that it misses is an error."""
    return _environment(templates_dir()).get_template(name).render(context)


@cache
def _environment(folder: Path) -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def _materialise(kind: str, files: Mapping[str, str]) -> Path:
    """Writes ``files`` into a folder of the cache, whole or not at all."""
    import hashlib
    import shutil
    import tempfile

    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:16]
    folder = cache_dir() / f"{kind}-{digest}"
    if folder.is_dir():
        return folder
    fresh = Path(tempfile.mkdtemp(prefix=f".{kind}-", dir=folder.parent))
    try:
        for name, text in files.items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).write_text(text, encoding="utf-8")
        fresh.chmod(0o755)
        fresh.rename(folder)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not folder.is_dir():  # else another process was faster
            raise
    return folder


def cache_dir() -> Path:
    """Where rendered files are kept: the first of the candidates that can be written."""
    for folder in _candidates():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise OSError(f"no folder for rendered headers can be written: {next(_candidates())}")


def _candidates() -> Iterator[Path]:
    named = os.environ.get("SC_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    yield Path(named) if named else Path(home) / "sc-transform"
    from tempfile import gettempdir  # it tries several

    yield Path(gettempdir()) / f"sc-transform-{os.getuid()}"
