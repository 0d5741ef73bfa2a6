"""Runs one command line plainly and with the launcher in front, and compares all that is left."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launching import HOST, SCRIPT, environment

from transformer.launcher.commandline import CommandLine, parse
from transformer.toolchain import available, zig

SECONDS = 120
STDIN = b"int from_stdin;\n"

# Lines that print the folders of headers or store them: there the launcher's own,
# which it offers by CPATH, are to be seen.  They are compared with a compiler that
# has the same CPATH.
SHOWING = {"-v", "--verbose", "-###", "header.h", "a.h", "-emit-ast", "-module-dependency-dir"}

# Lines whose output is times and sizes: compared without numbers, up to their tables.
MEASURING = {"-ftime-report", "-fmem-report", "-Q", "-time", "--time", "-time=times.txt"}
MEASURING |= {"-fproc-stat-report", "-fproc-stat-report=stat.txt"}
NUMBER = re.compile(rb"[ \t]*\d[\d.]*[k%M]?")
TABLE = re.compile(rb"Time variable|===-")
RECORDING = "-frecord-gcc-switches"  # Clang puts the command itself into the object
DRAWN = re.compile(r"\.[0-9a-f]{4}\.json$")  # a file's name with a part that is drawn by lot


def lines(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.strip().splitlines()]


def drivers() -> dict[str, list[str]]:
    """The words that start this machine's compiler of each family, as people give them."""
    found = {c.family: list(c.argv) for c in available(HOST, ["gcc"])}
    if binary := zig.binary():
        found["clang"] = [binary, "clang"]
    return found


@dataclass
class Outcome:
    """What a run leaves: exit code, texts, and files by name (None for a folder)."""

    status: int
    stdout: bytes
    stderr: bytes
    files: dict[str, bytes | None]


class Bench:
    """A folder that is filled anew for each run, always at the same place."""

    def __init__(self, root: Path, cache: Path, files: dict[str, str]) -> None:
        self.files = files
        self.folder = root / "here"
        self.temporary = root / "temporary"
        self.environment = environment(root, self.temporary, cache) | {"LC_ALL": "C.UTF-8"}

    def fill(self) -> None:
        for folder in (self.folder, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        for name, text in self.files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            os.utime(path, (1_000_000_000, 1_000_000_000))
            if text.startswith("#!"):
                path.chmod(0o755)

    def run(self, words: list[str], *, fill: bool = True, **environment: str) -> Outcome:
        if fill:
            self.fill()
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={**self.environment, **environment},
            input=STDIN,
            capture_output=True,
            timeout=SECONDS,
        )
        return Outcome(
            done.returncode, self._spoken(done.stdout), self._spoken(done.stderr), self._left()
        )

    def launched(self, words: list[str], *, fill: bool = True, **environment: str) -> Outcome:
        return self.run([str(SCRIPT), "cc", *words], fill=fill, **environment)

    def offered(self) -> dict[str, str]:
        """The CPATH that the launcher gives to compilers."""
        told = self.run([str(SCRIPT), "cc", "printenv", "CPATH"]).stdout.decode().strip()
        assert told
        return {"CPATH": told}

    def _spoken(self, text: bytes) -> bytes:
        """Output without the names of temporary files."""
        mark = re.escape(str(self.temporary).encode()) + rb"/[-\w]+"
        return re.sub(mark, b"TEMPORARY", text)

    def _left(self) -> dict[str, bytes | None]:
        left: dict[str, bytes | None] = {}
        for folder, start in ((self.folder, ""), (self.temporary, "TMPDIR/")):
            for path in sorted(folder.rglob("*")):
                name = DRAWN.sub(".json", start + str(path.relative_to(folder)))
                left[name] = path.read_bytes() if path.is_file() else None
        return left


def differences(bench: Bench, driver: list[str], words: list[str], **environment: str) -> list[str]:
    """What a run with the launcher leaves otherwise than one without it.

    What differs between two plain runs too (LTO's section names are drawn by lot) is
    compared by its presence alone.
    """
    command = [*driver, *words]
    plain = bench.run(command, **environment)
    launched = bench.launched(command, **environment)
    if launched == plain:
        return []
    if SHOWING.intersection(words):
        environment |= bench.offered()
        plain = bench.run(command, **environment)
    if MEASURING.intersection(words):
        for outcome in (plain, launched):
            outcome.stdout = NUMBER.sub(b"", outcome.stdout)
            outcome.stderr = NUMBER.sub(b"", TABLE.split(outcome.stderr)[0])
    return compare(plain, bench.run(command, **environment), launched)


def compare(plain: Outcome, again: Outcome, launched: Outcome) -> list[str]:
    found = []
    if plain.status != launched.status:
        found.append(f"exit code {plain.status}, with the launcher {launched.status}")
    for name in ("stdout", "stderr"):
        one, ours = getattr(plain, name), getattr(launched, name)
        if one != ours:
            found.append(f"{name}:\n{one.decode()}\nwith the launcher:\n{ours.decode()}")
    found += [f"missing: {n}" for n in sorted(plain.files.keys() - launched.files.keys())]
    found += [f"left behind: {n}" for n in sorted(launched.files.keys() - plain.files.keys())]
    for name in sorted(plain.files.keys() & launched.files.keys()):
        stable = plain.files[name] == again.files.get(name)
        if stable and plain.files[name] != launched.files[name]:
            found.append(f"content of {name}")
    return found


def compiled_again(bench: Bench, driver: list[str], words: list[str]) -> list[str]:
    """Whether what ``parse`` says gives the same objects and depfiles once more: problems."""
    plain = bench.run([*driver, *words])
    line = parse([*driver, *words], str(bench.folder), bench.environment)
    if plain.status or line.reason or line.stage not in ("object", "assembly"):
        return []
    return _depfiles(plain, line) + [
        problem for source in line.sources for problem in _object(bench, plain, line, source)
    ]


def _depfiles(plain: Outcome, line: CommandLine) -> list[str]:
    told = {os.path.normpath(d.path) for s in line.sources if (d := line.depfile_of(s))}
    if "-Wa,--MD,x.d" in line.words:
        return []  # the assembler's
    written = {name for name in plain.files if name.endswith(".d")}
    return [] if written == told - {"/dev/null"} else [f"depfiles {written}, told {told}"]


def _object(bench: Bench, plain: Outcome, line: CommandLine, source: object) -> list[str]:
    from transformer.launcher.commandline import Source

    assert isinstance(source, Source)
    name = os.path.normpath(line.object_of(source))
    first = plain.files.get(name)
    if first is None:
        return [f"no object at {name}"]
    flags = line.compile_flags(source)
    if line.family == "clang" and RECORDING in flags:
        return []
    if line.auxiliary:
        if line.family != "gcc":
            return []  # nothing gives another output the names of the first one's files
        flags += line.naming_flags(source)
    stage = "-c" if line.stage == "object" else "-S"
    again = ["-x", source.language, source.path, stage, "-o", "again.out"]
    second = bench.run([*line.compiler, *flags, *again], fill=False)
    if second.status:
        return [f"{flags} fails: {second.stderr.decode()}"]
    extra = second.files.keys() - plain.files.keys() - {"again.out"}
    found = [f"left behind by {flags}: {sorted(extra)}"] if extra else []
    if second.files["again.out"] != first and _same_twice(bench, line, name, first):
        found.append(f"another object with {flags}")
    return found


def _same_twice(bench: Bench, line: CommandLine, name: str, first: bytes) -> bool:
    return bench.run(line.words).files.get(name) == first
