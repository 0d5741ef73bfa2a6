"""What holds of patched calls, and of what a C programmer could use in their place.

    .venv/bin/python benchmarks/peers.py [--rounds N]

Prints a table.  Each cell but the last row's is the outcome of a small program
in benchmarks/peers, compiled by the machine's compiler (musl: by the Clang of the
``ziglang`` wheel) and run; the last row is measured as in benchmarks/native.py,
all ways in one process.

The ways: ``inline`` and ``slot`` calls of this project, as ``sc-transform cc``
builds them; a pointer; a flag that chooses between two functions that the source
names; ``ifunc``, which chooses once, when the program is loaded; and liburcu's
pointer, whose readers can be waited for (Debian: liburcu-dev; where it is not
installed, ``apt-get download`` fetches it into a temporary folder, and where that
cannot be, its column is missing).

What is not in the table: of libraries that patch calls or branches of a running
C program there is none in PyPI, npm or Debian 12 that we know of. The Rust crates
``static-keys`` and ``static-key`` are for Rust, and no registry of crates was
within reach; s-keys, a port of jump labels to C, is in no registry. LTTng-UST's
tracepoints and SystemTap's probes are flags, loaded and tested, before a list of
callbacks or a trap: they choose no function.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import native

from transformer import arch as arches
from transformer.arch import Arch
from transformer.toolchain import Compiler, compile_object, find, run, zig
from transformer.toolchain.running import cache_environment

SOURCES = Path(__file__).parent / "peers"
SC_TRANSFORM = (sys.executable, "-m", "transformer", "cc")
WORKS, WRONG, CANNOT, NOT_TESTED = 0, 10, 11, 12
WORDS = {WORKS: "yes", WRONG: "no: wrong result", CANNOT: "no", NOT_TESTED: "not tested"}
SECONDS = 60.0


@dataclass(frozen=True)
class Way:
    """A column: its header in benchmarks/peers, what runs its compiler, what it is linked with."""

    title: str
    header: str
    launcher: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    cost: str = field(default="", kw_only=True)  #: its row in native.py, where it has one


@dataclass(frozen=True)
class Point:
    """A row: the program that shows it, and how it is built and run."""

    title: str
    program: str
    flags: tuple[str, ...] = ()
    shared: str = ""  #: what is built into a shared object
    runner: str = ""  #: a program that starts it
    musl: bool = False
    choice: int = 1  #: what an ifunc is to choose


POINTS = (
    Point("changes while threads call", "threads", ("-pthread",), choice=0),
    Point("NULL: does nothing", "null"),
    Point("target beyond a branch's reach", "far", shared="far_object"),
    Point("key in a shared object", "shared", shared="shared_object"),
    Point("tail calls are jumps", "tail"),
    Point("static-PIE", "basic", ("-static-pie", "-fPIE")),
    Point("musl, static", "basic", ("-static",), musl=True),
    Point("where text must not be written", "basic", runner="no_writable_text"),
)


def _urcu(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Flags for compiling and linking with liburcu; None where it cannot be had."""
    if Path("/usr/include/urcu/urcu-memb.h").is_file():
        installed = next(Path("/usr").glob("lib*/**/liburcu-memb.a"), None)
        return ((), _archives(installed)) if installed else None
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    run(["apt-get", "download", "liburcu-dev"], cwd=folder, timeout=SECONDS)
    for package in folder.glob("liburcu-dev*.deb"):
        run(["dpkg-deb", "-x", str(package), str(folder / "urcu")])
    library = next(folder.glob("urcu/usr/lib/*/liburcu-memb.a"), None)
    if library is None:
        return None
    found = sorted(p for p in (folder / "urcu/usr/include").rglob("urcu") if p.is_dir())
    includes = dict.fromkeys(f"-I{p.parent}" for p in found)
    return tuple(includes), _archives(library)


def _archives(library: Path) -> tuple[str, ...]:
    return str(library), str(library.with_name("liburcu-common.a"))


def _sc(mode: str) -> Way:
    return Way(f"`{mode}`", "way_sc.h", (*SC_TRANSFORM, f"--sc-mode={mode}"), cost=mode)


OURS = (_sc("inline"), _sc("slot"))
OTHERS = (
    Way("pointer", "way_pointer.h", cost="pointer"),
    Way("flag", "way_flag.h"),
    Way("`ifunc`", "way_ifunc.h"),
)


def ways(folder: Path) -> list[Way]:
    urcu = _urcu(folder)
    return [*OURS, *OTHERS, *([Way("liburcu", "way_urcu.h", (), *urcu)] if urcu else [])]


def _build(command: Sequence[str], output: Path) -> str:
    """What the compiler says where it fails, in one line; nothing where it does not."""
    done = run([*command, "-o", str(output)], env=cache_environment())
    if done.ok:
        return ""
    lines = [line for line in done.stderr.splitlines() if "error" in line or "undefined" in line]
    return (lines or done.stderr.splitlines() or ["it fails"])[0]


def outcome(way: Way, point: Point, cc: Sequence[str], folder: Path) -> tuple[str, str]:
    """A cell of the table, and where it is not "yes" the reason if one is known."""
    here = folder / f"{way.title.strip('`')}-{point.title.replace(' ', '-').replace(':', '')}"
    here.mkdir()
    flags = [
        "-O2", "-Wall", "-Wextra", *point.flags, f"-DIFUNC_CHOICE={point.choice}",
        "-I", str(SOURCES), f'-DWAY_FILE="{way.header}"', *way.flags,
    ]  # fmt: skip
    command = [*way.launcher, *cc, *flags]
    libraries = list(way.libraries)
    if point.shared:
        source = str(SOURCES / f"{point.shared}.c")
        # The targets are the program's; -rdynamic lets the object find them.
        failure = _build([*command, "-fPIC", "-shared", source], here / "libpeer.so")
        if failure:
            return "no: does not build", failure
        libraries += ["-rdynamic", f"-L{here}", "-lpeer", f"-Wl,-rpath,{here}"]
    sources = [str(SOURCES / f"{point.program}.c"), str(SOURCES / "targets.c")]
    failure = _build([*command, *sources, *libraries], here / "program")
    if failure:
        return "no: does not build", failure
    start = [str(here / "program")]
    if point.runner:
        failure = _build([*cc, str(SOURCES / f"{point.runner}.c")], here / point.runner)
        assert not failure, failure
        start.insert(0, str(here / point.runner))
    try:
        status = subprocess.run(start, timeout=SECONDS, capture_output=True).returncode
    except subprocess.TimeoutExpired:
        return "no: hangs", ""
    if status < 0:
        return f"no: {signal.Signals(-status).name}", ""
    return WORDS.get(status, f"no: exit status {status}"), ""


def costs(arch: Arch, cc: Compiler, rounds: int, columns: Sequence[Way], folder: Path) -> list[str]:
    """The last row: times a direct call, in one process."""
    more, objects, libraries = [], [], []
    (folder / "define.c").write_text(
        '#include "way.h"\nWAY_DECLARE;\nWAY_DEFINE;\n'
        "__attribute__((__constructor__)) static void start(void) { WAY_THREAD_STARTS(); }\n"
    )
    (folder / "declare.h").write_text('#include "way.h"\nWAY_DECLARE;\n')
    for way in columns:
        if way.cost:
            continue
        name = way.title.strip("`")
        flags = (
            *("-O2", "-I", str(SOURCES), "-DIFUNC_CHOICE=0", f'-DWAY_FILE="{way.header}"'),
            *way.flags,
        )
        objects.append(folder / f"define-{name}.o")
        done = compile_object(cc, folder / "define.c", objects[-1], flags)
        assert done.ok, done.stderr
        flags += ("-include", str(folder / "declare.h"))
        more.append(native.Way(way.title, f"{name}_", "WAY_CALL", "trampoline", flags))
        libraries += [Path(library) for library in way.libraries]
    objects.append(folder / "targets.o")
    done = compile_object(
        cc, SOURCES / "targets.c", objects[-1], ("-O2", '-DWAY_FILE="way_pointer.h"')
    )
    assert done.ok, done.stderr
    found = {
        c.title: c
        for c in native.measure(arch, cc, rounds, more, [*objects, *libraries], ["-pthread"])
    }
    return [f"{found[way.cost or way.title].ratio:.2f}" for way in columns]


def compilers(arch: Arch) -> tuple[list[str], list[str]]:
    """The machine's own compiler, and one for musl, as their commands."""
    cc = find(arch)
    target = arch.toolchain.zig_target.replace("-gnu", "-musl")
    return [*(cc.hosted or cc.argv)], [zig.binary() or "zig", "cc", f"--target={target}"]


def show(rounds: int) -> None:
    arch = arches.host()
    cc = find(arch)
    native_cc, musl_cc = compilers(arch)
    reasons = []
    with tempfile.TemporaryDirectory(prefix="sc-peers-") as name:
        folder = Path(name)
        columns = ways(folder)
        print(f"{arch.title}, {cc.version}")
        print("| |", " | ".join(way.title for way in columns), "|")
        print("|---" * (len(columns) + 1) + "|")
        for point in POINTS:
            cells = []
            for way in columns:
                cell, reason = outcome(way, point, musl_cc if point.musl else native_cc, folder)
                cells.append(cell)
                if reason:
                    reasons.append(f"{point.title}, {way.title}: {reason}")
            print(f"| {point.title} |", " | ".join(cells), "|", flush=True)
        row = costs(arch, cc, rounds, columns, folder)
        print("| a call, times a direct one |", " | ".join(row), "|")
    for reason in reasons:
        print(reason)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21, metavar="N")
    show(parser.parse_args().rounds)
