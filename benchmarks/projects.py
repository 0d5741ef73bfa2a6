"""Builds C projects that nobody here wrote through the launcher, and compares.

    python benchmarks/projects.py [NAME...] [--work DIR] [--compiler gcc] [--tests] [--time N]

For each project its Debian source (or --sources DIR) is built twice in one and
the same folder, by the compiler and by the launcher before the compiler, with
the project's own build system and no other option.  Each object must be
byte-identical.  --tests runs the project's own tests on the second build.  A
project with a row ``dynamic`` is built once more with some functions made
dynamic by ``sc-transform.toml`` alone; a program that runs is then switched
both ways.  --time N gives the median ratio of N pairs of whole builds.

Not a part of ``make test``: it needs the network and minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

POOL = "http://deb.debian.org/debian/pool/main/"
HERE = Path(__file__).resolve().parent
LAUNCHER = Path(sys.executable).parent / "sc-transform"


@dataclass(frozen=True)
class Dynamic:
    """Functions made dynamic by the configuration, and a run that switches them.

    ``shared`` is built from ``benchmarks/switches`` into a module that the
    program loads; ``run`` must print ``expected``.
    """

    functions: dict[str, str]
    module: str
    run: str
    expected: str


@dataclass(frozen=True)
class Project:
    """Where a project comes from, and how its own build system is told the compiler."""

    archive: str
    sha256: str
    build: str  # {cc} is the compiler's words, {launcher} those before it for CMake
    tests: str
    dynamic: Dynamic | None = None


PROJECTS = {
    "lua": Project(
        "l/lua5.4/lua5.4_5.4.4.orig.tar.gz",
        "164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61",
        'make -s -j{jobs} linux CC="{cc} -std=gnu99"',
        'make -s test && if [ -n "$LUA_TESTS" ]; then cd "$LUA_TESTS" && '
        "\"$OLDPWD/src/lua\" -W -e '_port=true; _soft=true' all.lua | tail -n 3; fi",
        Dynamic(
            {"lua_rawequal": "0"},
            "lua_switch.c -Isrc",
            'src/lua -e \'package.cpath="./?.so"; local s = require "switch"; '
            'local function say() io.write(tostring(rawequal("a", "a")), " ") end; '
            's("lua_rawequal", false); say(); s("lua_rawequal", true); say()\'',
            "false true",
        ),
    ),
    "redis": Project(
        "r/redis/redis_7.0.15.orig.tar.gz",
        "4b1dc4ee6d622a09fff9c6777191209750fb5e5a725ef78ea012d6eef4c22982",
        'make -s -j{jobs} CC="{cc}" BUILD_TLS=no USE_SYSTEMD=no',
        "./runtest --clients 2 ${{REDIS_TESTS:---single unit/type/list --single unit/type/hash "
        "--single unit/type/string --single unit/expire --single unit/scripting "
        "--single unit/keyspace --single integration/rdb}} | tail -n 4",
        Dynamic(
            {"slowlogPushEntryIfNeeded": ""},
            "redis_switch.c -Isrc",
            "port=7831; src/redis-server --port $port --save '' --loadmodule ./switch.so "
            "--slowlog-log-slower-than 0 --daemonize yes >/dev/null; "
            'c="src/redis-cli -p $port"; until $c ping >/dev/null 2>&1; do sleep 0.1; done; '
            "$c switch slowlogPushEntryIfNeeded 0 >/dev/null; $c slowlog reset >/dev/null; "
            "$c set a 1 >/dev/null; off=$($c slowlog len); "
            "$c switch slowlogPushEntryIfNeeded 1 >/dev/null; $c slowlog reset >/dev/null; "
            "$c set a 1 >/dev/null; on=$($c slowlog len); $c shutdown nosave; "
            'test "$on" -gt 0 && echo "off $off, on more"',
            "off 0, on more",
        ),
    ),
    "zstd": Project(
        "libz/libzstd/libzstd_1.5.4+dfsg2.orig.tar.xz",
        "8cf4bbb65e77ec348d052c8d6230eba66d435bddf64c8b5be2fcb16880c19953",
        'make -s -j{jobs} -C programs CC="{cc}" zstd && make -s -j{jobs} -C lib CC="{cc}"',
        'make -s -C tests CC="{cc}" fullbench fuzzer datagen && '
        "tests/fuzzer -T20s -q && tests/fullbench -i1 -B100000 | tail -n 3",
    ),
    "jansson": Project(
        "j/jansson/jansson_2.14.orig.tar.gz",
        "c739578bf6b764aa0752db9a2fdadcfe921c78f1228c7ec0bb47fa804c55d17b",
        "cmake -S . -B build -DCMAKE_C_COMPILER={compiler} {cmake} "
        "-DJANSSON_BUILD_DOCS=OFF >/dev/null && cmake --build build -j {jobs} >/dev/null",
        "cd build && ctest 2>&1 | tail -n 3",
    ),
}


@dataclass(frozen=True)
class Job:
    name: str
    project: Project
    work: Path
    sources: Path
    compiler: str
    jobs: int

    @property
    def folder(self) -> Path:
        """Where every build takes place: debug information names the folder."""
        return self.work / "build" / self.name

    def unpack(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        whole = self.work / "unpacked"
        shutil.rmtree(whole, ignore_errors=True)
        with tarfile.open(fetched(self.project, self.sources)) as archive:
            archive.extractall(whole, filter="tar")
        (only,) = whole.iterdir()
        only.rename(self.folder)

    def shell(self, command: str, through: bool) -> str:
        """Runs one of the table's commands in the folder, and gives its output."""
        launcher = f"{LAUNCHER} cc"
        text = command.format(
            cc=f"{launcher} {self.compiler}" if through else self.compiler,
            compiler=self.compiler,
            cmake=f'-DCMAKE_C_COMPILER_LAUNCHER="{LAUNCHER};cc"' if through else "",
            jobs=self.jobs,
        )
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        done = subprocess.run(
            ["bash", "-c", f"set -eo pipefail; {text}"],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if done.returncode:
            raise SystemExit(
                f"{self.name}: failed ({done.returncode}): {text}\n{done.stdout[-3000:]}"
            )
        return done.stdout

    def build(self, through: bool) -> float:
        """Builds anew and gives the seconds of the build alone."""
        self.unpack()
        start = time.monotonic()
        self.shell(self.project.build, through)
        return time.monotonic() - start

    def objects(self) -> dict[str, bytes]:
        """Objects by their path; zstd's folders carry a hash of the compiler's words."""
        found = sorted(self.folder.rglob("*.o")) + sorted(self.folder.rglob("*.lo"))
        return {
            re.sub(r"conf_[0-9a-f]+", "conf", str(p.relative_to(self.folder))): p.read_bytes()
            for p in found
        }


def fetched(project: Project, sources: Path) -> Path:
    """The source archive, downloaded once; SystemExit where its hash is another."""
    path = sources / project.archive.rpartition("/")[2]
    if not path.exists():
        sources.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(POOL + project.archive, timeout=60) as answer:
            path.write_bytes(answer.read())
    if hashlib.sha256(path.read_bytes()).hexdigest() != project.sha256:
        raise SystemExit(f"{path}: not the archive that was expected")
    return path


def differences(plain: dict[str, bytes], through: dict[str, bytes]) -> Iterator[str]:
    for name in sorted(plain.keys() | through.keys()):
        if name not in plain or name not in through:
            yield f"{name}: only in the {'plain' if name in plain else 'launched'} build"
        elif plain[name] != through[name]:
            yield f"{name}: differs"


def compare(job: Job) -> bool:
    job.build(False)
    plain = job.objects()
    job.build(True)
    found = list(differences(plain, job.objects()))
    print(f"{job.name}: {len(plain)} objects, {len(found)} differ", flush=True)
    for line in found[:10]:
        print("  " + line)
    return bool(plain) and not found


def switched(job: Job, dynamic: Dynamic) -> bool:
    """Functions made dynamic by the configuration alone, switched in a running program."""
    job.unpack()
    rows = "".join(f'{name} = "{value}"\n' for name, value in dynamic.functions.items())
    log = job.work / f"{job.name}.log"
    log.unlink(missing_ok=True)
    text = f'log = "{log}"\n[dynamic]\n{rows}'
    (job.folder / "sc-transform.toml").write_text(text, encoding="utf-8")
    job.shell(job.project.build, True)
    module = f"{job.compiler} -shared -fPIC -O2 -o switch.so {HERE}/switches/{dynamic.module}"
    job.shell(module, False)
    said = " ".join(job.shell(dynamic.run, False).split())
    names = ", ".join(dynamic.functions)
    print(f"{job.name}: {names} made dynamic, switched off and on: {said}", flush=True)
    return said == dynamic.expected


def ratio(job: Job, pairs: int) -> None:
    """Paired runs, in turn first and second."""
    ratios = []
    for i in range(pairs):
        times = {through: job.build(through) for through in ((False, True), (True, False))[i % 2]}
        ratios.append(times[True] / times[False])
        print(f"{job.name}: plain {times[False]:.1f} s, launched {times[True]:.1f} s", flush=True)
    print(f"{job.name}: whole build {statistics.median(ratios):.3f} of the plain one")


def at_hand(name: str, pairs: int) -> None:
    """For ``make bench``: times a project whose source was fetched before."""
    work = (HERE.parent / "build" / "projects").resolve()
    archive = work / "sources" / Path(PROJECTS[name].archive).name
    if archive.exists() and shutil.which("gcc"):
        ratio(Job(name, PROJECTS[name], work, archive.parent, "gcc", os.cpu_count() or 1), pairs)
    else:
        print(f"{name}: no source at hand ('make projects' fetches it), or no gcc")


def run(job: Job, arguments: argparse.Namespace) -> bool:
    if arguments.time:
        ratio(job, arguments.time)
        return True
    good = compare(job)
    if arguments.tests:
        print(job.shell(job.project.tests, True).rstrip(), flush=True)
    if job.project.dynamic:
        good &= switched(job, job.project.dynamic)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PROJECTS))
    parser.add_argument("--work", type=Path, default=Path("build/projects"))
    parser.add_argument("--sources", type=Path, help="where the source archives are kept")
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tests", action="store_true", help="run the project's own tests too")
    parser.add_argument("--time", type=int, default=0, metavar="PAIRS", help="time whole builds")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    good = True
    for name in arguments.names or PROJECTS:
        sources = arguments.sources or work / "sources"
        job = Job(name, PROJECTS[name], work, sources, arguments.compiler, arguments.jobs)
        good &= run(job, arguments)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
