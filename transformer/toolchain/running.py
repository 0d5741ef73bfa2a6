"""Runs a compiler: never through a shell, never for ever, whole process groups.

The flags that a caller gives come after the compiler's own, so they win.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from transformer.toolchain.model import Compiler, Completed

TIMEOUT_SECONDS = 300.0
TIMED_OUT = 124  # the exit status of timeout(1)
CANNOT_RUN = 127  # the shell's, for a command that it does not find
NO_LIBRARY = ("-nostdlib", "-r")
GCC_NAMES_DUMPS = 11  # since then -dumpdir and -dumpbase are the driver's own options
# Flags by which GCC writes other outputs, or reads some, that are named after the object.
BY_NAME = ("-d", "--dump", "-fdump-", "-gsplit-dwarf", "-save-temps", "--save-temps", "-fprofile",
           "-fbranch-probabilities", "-ftest-coverage", "-coverage", "--coverage",
           "-fstack-usage", "-fcallgraph-info")  # fmt: skip
COVERAGE = {"--coverage", "-coverage", "-fprofile-arcs", "-ftest-coverage"}

OBJECTS = (".o", ".a", "")  # an input without a suffix is an option
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
COLLECT = "collect2"  # GCC's own program, which runs the linker by the same words

# With -static: a position-independent program that needs no dynamic linker. (-static-pie
# is not known to every GCC driver: RISC-V's of version 12 links for a dynamic linker then.)
STATIC_PIE = ("-Wl,-pie,--no-dynamic-linker,-Bsymbolic,-z,text",)


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    timeout: float = TIMEOUT_SECONDS,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Runs ``argv`` to its end; what cannot start or does not end is a failure.

    The child gets a process group of its own, since a compiler driver's
    children would outlive it when only the driver is killed.
    """
    argv = tuple(argv)
    environment = {**os.environ, "LC_ALL": "C", **(env or {})}
    held = _Held()
    try:
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
    except (OSError, ValueError) as e:
        held.release()
        return Completed(argv, CANNOT_RUN, b"", f"{argv[0]}: {e}\n")
    except BaseException:
        held.release()
        raise
    try:
        held.release()
        out, err = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill(child)
        return Completed(argv, TIMED_OUT, b"", f"{argv[0]}: cut off after {timeout:g} s\n")
    except BaseException:
        _kill(child)
        raise
    return Completed(argv, child.returncode, out, err.decode(errors="replace"))


def which(name: str, path: str) -> str | None:
    """A program in the folders of ``path``, as ``shutil.which`` finds it."""
    import shutil  # where it is needed: it imports what compresses

    return shutil.which(name, path=path)


class _Held:
    """Signals that end this process wait while a child starts, until it is known whom to kill.

    Python runs their handlers, which raise, in the main thread only.
    """

    def __init__(self) -> None:
        self.arrived: list[int] = []
        self.before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            found = {number: signal.getsignal(number) for number in ENDING}
            self.before = {number: how for number, how in found.items() if callable(how)}
        for number in self.before:
            signal.signal(number, lambda number, frame: self.arrived.append(number))

    def release(self) -> None:
        """Raises what the handler of a signal that arrived raises."""
        for number, how in self.before.items():
            signal.signal(number, how)
        for number in self.arrived:
            signal.raise_signal(number)


def _kill(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate()


def preprocess(
    cc: Compiler,
    source: Path,
    flags: Sequence[str] = (),
    *,
    cwd: Path | None = None,
    through: Path | None = None,
) -> Completed:
    """``stdout`` is the preprocessed text, with its line markers.

    It goes ``through`` a file, where one is named: megabytes come faster than by a pipe.
    """
    words = [*cc.command, *flags, "-E", str(source)]
    if through is None:
        return run(words, cwd=cwd)
    done = run([*words, "-o", str(through)], cwd=cwd)
    if not done.ok:
        return done
    try:
        return done._replace(stdout=through.read_bytes())
    except FileNotFoundError:  # that was no compiler
        return done._replace(returncode=CANNOT_RUN, stderr=f"{words[0]}: preprocessed nothing\n")


def compile_object(
    cc: Compiler, source: Path, output: Path, flags: Sequence[str] = (), *, cwd: Path | None = None
) -> Completed:
    """Compiles one unit (C, preprocessed C or assembly) to an object."""
    return run([*cc.command, *flags, "-c", str(source), "-o", str(output)], cwd=cwd)


def compile_assembly(
    cc: Compiler,
    source: Path,
    output: Path,
    flags: Sequence[str] = (),
    *,
    cwd: Path | None = None,
    named: Path | None = None,
) -> Completed:
    """Compiles one unit to assembly; ``named`` is the object that it is for.

    The compiler names its other outputs, and what the object says of them,
    after ``named`` (profiles, stack usage, split debug information).
    """
    words = [
        *_quiet(cc),
        *_named(cc, source.suffix, named, flags, cwd),
        "-S",
        str(source),
        "-o",
        str(output),
    ]
    return run([*cc.command, *flags, *words], cwd=cwd)


def assemble(
    cc: Compiler,
    source: Path,
    output: Path,
    flags: Sequence[str] = (),
    *,
    cwd: Path | None = None,
    named: Path | None = None,
) -> Completed:
    """Assembles what ``compile_assembly`` gave, by the same flags.

    All of them are passed, so that the driver hands its assembler what it
    would when it compiles: the version of the debug information and its
    compression, for Clang the target's features.  GCC's assembler makes no
    line table where a file has its own; Clang's would for the instructions of
    top-level asm, by lines of the assembly, hence -g0, which leaves the rest.
    The object is that of a direct compilation; with Clang but for the names
    of local labels and the forms of NOPs that pad.
    """
    last = ["-g0"] if cc.family == "clang" else []
    words = [*_quiet(cc), *_named(cc, ".c", named, flags, cwd), *last, "-x", "assembler"]
    return run([*cc.command, *flags, *words, "-c", str(source), "-o", str(output)], cwd=cwd)


def _quiet(cc: Compiler) -> list[str]:
    """Each of the two steps leaves some of the flags unused; Clang would say so."""
    return ["-Wno-unused-command-line-argument"] if cc.family == "clang" else []


def _named(
    cc: Compiler, suffix: str, named: Path | None, flags: Sequence[str], cwd: Path | None
) -> list[str]:
    """What makes the compiler name its other outputs after an object.

    Nothing where it has none: distcc takes these words for inputs, and keeps the job.
    Clang's split debug information has no such option, and stays by the assembly.
    """
    if named is None:
        return []
    if cc.family == "gcc":
        writes = any(flag.startswith(BY_NAME) for flag in flags)
        if not writes or (cc.major or 0) < GCC_NAMES_DUMPS:
            return []
        folder = str(named)[: len(str(named)) - len(named.name)]
        base = ["-dumpbase", named.stem + suffix, "-dumpbase-ext", suffix]
        return ["-dumpdir", folder, *base]
    if not COVERAGE & set(flags):
        return []
    whole = Path.cwd() / (cwd or "") / named
    files = {"notes": whole.with_suffix(".gcno"), "data": whole.with_suffix(".gcda")}
    return [w for n, path in files.items() for w in ("-Xclang", f"-coverage-{n}-file={path}")]


def check_syntax(
    cc: Compiler, source: Path, flags: Sequence[str] = (), *, cwd: Path | None = None
) -> Completed:
    """All of the compiler's diagnostics that need no code generation."""
    return run([*cc.command, *flags, "-fsyntax-only", str(source)], cwd=cwd)


def link(
    cc: Compiler,
    inputs: Sequence[Path],
    output: Path,
    flags: Sequence[str] = (),
    *,
    cwd: Path | None = None,
) -> Completed:
    """Links objects.  Without ``-nostdlib`` the C library of the target is linked in."""
    files = (str(output), *map(str, inputs))
    rest = [*flags, *files[1:], "-o", files[0]]
    if not any(flag in NO_LIBRARY for flag in flags):
        hosted, env = (cc.hosted, cache_environment()) if cc.linker else (cc.command, None)
        return run([*hosted, *rest], cwd=cwd, env=env)
    if cc.linker:
        return _link_apart(
            (*cc.command, f"--ld-path={cc.linker[0]}", *flags), files, cc.linker, cwd
        )
    objects = all(Path(f).suffix in OBJECTS for f in files[1:])
    if cc.family == "gcc" and objects and (linker := _linker_of(cc.argv)):
        done = _link_apart((*cc.command, *flags), files, linker, cwd)
        if done.ok:
            return done
    return run([*cc.command, *rest], cwd=cwd)


@cache
def _linker_of(gcc: tuple[str, ...]) -> tuple[str, ...]:
    """The linker that this GCC's collect2 would run."""
    named = run([*gcc, "-print-prog-name=ld"]).stdout.decode(errors="replace").strip()
    path = which(named, os.environ.get("PATH", os.defpath)) if named else None
    return (path,) if path else ()


#: What drivers said: their files' names, and the command lines that have these.
_STEPS: dict[object, tuple[tuple[str, ...], list[list[str]]]] = {}
_MOST_STEPS = 500
_COMMAND = re.compile(r' "?/')


def _link_apart(
    driver: tuple[str, ...], files: tuple[str, ...], linker: Sequence[str], cwd: Path | None
) -> Completed:
    """Asks the driver for its linker's command line, and runs that linker.

    It is asked once for files of the same kinds: it tells their names as they are.
    """
    key = (driver, tuple((Path(f).suffix, files.index(f)) for f in files))
    if key not in _STEPS:
        asked = run([*driver, *files[1:], "-o", files[0], "-###"], cwd=cwd)
        rows = [shlex.split(row) for row in asked.stderr.splitlines() if _COMMAND.match(row)]
        if not asked.ok or not rows:
            return asked
        if len(_STEPS) >= _MOST_STEPS:
            _STEPS.clear()
        _STEPS[key] = files, rows
    known, steps = _STEPS[key]
    names = dict(zip(known, files, strict=True))
    for step in steps:
        words = [names.get(word, word) for word in step]
        links = step[0] == linker[0] or Path(step[0]).name == COLLECT
        done = run([*linker, *words[1:]] if links else words, cwd=cwd)
        if not done.ok:
            break
    return done


def cache_environment() -> dict[str, str]:
    """Where zig keeps its libraries, if its own choice (the home) is not writable."""
    if "ZIG_GLOBAL_CACHE_DIR" in os.environ or os.access(_zig_default_cache(), os.W_OK):
        return {}
    folder = private_temporary("zig")
    return {"ZIG_GLOBAL_CACHE_DIR": folder, "ZIG_LOCAL_CACHE_DIR": folder}


def _zig_default_cache() -> Path:
    """The nearest folder that exists on the way to zig's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("HOME")
    if not home:
        return Path("/nowhere")
    return next(p for p in [Path(home), *Path(home).resolve().parents] if p.exists())


def private_temporary(name: str) -> str:
    """A folder under the temporary one that no other user can write to."""
    import tempfile

    folder = Path(tempfile.gettempdir()) / f"sc-transform-{os.getuid()}" / name
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    if folder.parent.stat().st_uid != os.getuid():
        return tempfile.mkdtemp(prefix=f"sc-transform-{name}-")
    folder.mkdir(mode=0o700, exist_ok=True)
    return str(folder)
