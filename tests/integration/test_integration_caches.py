"""ccache, distcc and icecream, the real ones, on either side of the launcher.

A unit without idioms must give the very object that the compiler alone gives,
a unit with idioms the one that the launcher alone gives; the second build must
come out of the cache.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from integration_tools import EXAMPLES, environment, needs, run

HOT, COLD = "filter.c", "main.c"  # with idioms and without
LAUNCH = ("sc-transform", "cc")


@pytest.fixture
def desk() -> Iterator[Path]:
    """A folder with one unit of each kind, and a cache of its own.

    Servers are another user where the test is root, and must get at it.
    """
    needs("gcc")
    with tempfile.TemporaryDirectory(prefix="sc-desk-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for unit in ("filter.c", "filter.h", "main.c"):
            shutil.copy(EXAMPLES / "make-filter" / unit, folder / unit)
        yield folder


def ccache_environment(folder: Path, **more: str) -> dict[str, str]:
    needs("ccache")
    own = {"CCACHE_DIR": str(folder / "cache"), "CCACHE_CONFIGPATH": "/dev/null"}
    return environment(folder, **own, **more)


def build(
    folder: Path,
    env: dict[str, str],
    command: tuple[str, ...],
    *flags: str,
    names: tuple[str, ...] = (HOT, COLD),
) -> dict[str, bytes]:
    """The objects, both unless told otherwise, built by ``command``."""
    objects = {}
    for name in names:
        output = folder / "out.o"
        output.unlink(missing_ok=True)
        run(*command, *(flags or ("-O2", "-g")), "-c", name, "-o", "out.o", cwd=folder, env=env)
        objects[name] = output.read_bytes()
    return objects


def stats(folder: Path, env: dict[str, str]) -> dict[str, int]:
    """ccache's counters, and back to zero."""
    told = run("ccache", "--print-stats", cwd=folder, env=env).stdout
    run("ccache", "--zero-stats", cwd=folder, env=env)
    rows = (row.split("\t") for row in told.splitlines())
    return {name: int(value) for name, value in rows}


def hits(counters: dict[str, int]) -> int:
    return counters["direct_cache_hit"] + counters["preprocessed_cache_hit"]


def reference(folder: Path, *flags: str) -> dict[str, bytes]:
    """Without any cache: the launcher's object of the one, the compiler's of the other."""
    env = environment(folder)
    launched = build(folder, env, (*LAUNCH, "gcc"), *flags)
    include = run("sc-transform", "config", "--include", cwd=folder, env=env).stdout.strip()
    plain = build(folder, {**env, "CPATH": include}, ("gcc",), *flags)
    assert launched[COLD] == plain[COLD]
    assert launched[HOT] != plain[HOT]
    return launched


def test_ccache_behind_the_launcher(desk: Path) -> None:
    """``sc-transform cc ccache gcc``: every step of the compiler comes from the cache."""
    env = ccache_environment(desk)
    command = (*LAUNCH, "ccache", "gcc")
    wanted = reference(desk)
    assert build(desk, env, command) == wanted
    first = stats(desk, env)
    assert first["cache_miss"] == 4  # three steps of the one, and the other
    assert build(desk, env, command) == wanted
    second = stats(desk, env)
    assert (second["cache_miss"], hits(second)) == (0, 4)


def test_ccache_in_front_of_the_launcher(desk: Path) -> None:
    """``ccache sc-transform cc gcc``: a hit does not even start the launcher."""
    env = ccache_environment(desk, CCACHE_COMPILERTYPE="gcc")
    command = ("ccache", *LAUNCH, "gcc")
    wanted = reference(desk)
    assert build(desk, env, command) == wanted
    first = stats(desk, env)
    assert (first["cache_miss"], hits(first)) == (2, 0)
    assert build(desk, env, command) == wanted
    second = stats(desk, env)
    assert (second["cache_miss"], hits(second)) == (0, 2)


def test_ccache_in_front_of_a_link_of_the_compilers_name(desk: Path) -> None:
    """The masquerade: ccache sees a compiler called gcc and needs to be told nothing."""
    env = ccache_environment(desk)
    links = desk / "links"
    links.mkdir()
    program = shutil.which("sc-transform", path=env["PATH"])
    assert program
    (links / "gcc").symlink_to(program)
    command = ("ccache", str(links / "gcc"))
    wanted = reference(desk)
    for missed in (2, 0):
        assert build(desk, env, command) == wanted
        assert stats(desk, env)["cache_miss"] == missed


def test_settings_in_the_arguments_are_part_of_what_ccache_knows(desk: Path) -> None:
    env = ccache_environment(desk)
    objects = {}
    for mode in ("slot", "trampoline"):
        command = ("ccache", *LAUNCH, f"--sc-mode={mode}", "gcc")
        objects[mode] = build(desk, env, command, names=(HOT,))[HOT]
        assert objects[mode] == build(desk, environment(desk), command[1:], names=(HOT,))[HOT]
    assert objects["slot"] != objects["trampoline"]


def test_ccache_in_front_must_be_told_of_the_configuration(desk: Path) -> None:
    """As the README has it; and what happens without, which is why it has it."""
    config = desk / "sc-transform.toml"
    command = ("ccache", *LAUNCH, "gcc")

    def build_with(mode: str, env: dict[str, str]) -> bytes:
        config.write_text(f'mode = "{mode}"\n')
        return build(desk, env, command, names=(HOT,))[HOT]

    env = ccache_environment(desk)
    stamp = run("sc-transform", "config", "--stamp", cwd=desk, env=env).stdout.strip()
    told = {**env, "CCACHE_EXTRAFILES": f"{stamp}:{shutil.which('gcc')}:{config}"}
    assert build_with("slot", told) != build_with("trampoline", told)
    assert build_with("slot", env) == build_with("trampoline", env)


# --- distcc ---


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextmanager
def distcc_servers(folder: Path, count: int) -> Iterator[list[tuple[int, Path]]]:
    """Servers on loopback: their ports and logs."""
    needs("distcc")
    program = shutil.which("distccd", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if not program:
        pytest.skip("'distccd' is not installed (Debian: apt-get install distcc)")
    servers, running = [], []
    try:
        for _ in range(count):
            port = free_port()
            log = folder / f"distccd-{port}.log"
            words = [program, "--no-detach", "--daemon", "--port", str(port), "--jobs", "1"]
            words += ["--allow", "127.0.0.1", "--listen", "127.0.0.1", "--log-stderr"]
            with log.open("wb") as told:
                child = subprocess.Popen(words, stderr=told, cwd="/", process_group=0)
            running.append(child)
            servers.append((port, log))
        for port, log in servers:
            await_port(port, log)
        yield servers
    finally:
        for child in running:
            child.terminate()
        for child in running:
            child.wait()


def await_port(port: int, log: Path) -> None:
    for _ in range(100):
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def distcc_environment(folder: Path, servers: list[tuple[int, Path]]) -> dict[str, str]:
    """Nothing is compiled here: what cannot be sent fails."""
    state = folder / "distcc"
    state.mkdir(exist_ok=True)
    hosts = " ".join(f"127.0.0.1:{port}/1" for port, _ in servers)
    return {"DISTCC_HOSTS": hosts, "DISTCC_DIR": str(state), "DISTCC_FALLBACK": "0"}


def compiled(log: Path) -> int:
    return log.read_text().count("COMPILE_OK")


def test_distcc_behind_the_launcher_over_two_servers(desk: Path) -> None:
    """``sc-transform cc distcc gcc``: the plain run and the one to assembly are both sent."""
    wanted = reference(desk, "-O2")
    with distcc_servers(desk, 2) as servers:
        env = environment(desk, **distcc_environment(desk, servers))
        command = (*LAUNCH, "distcc", "gcc")
        assert build(desk, env, command, "-O2") == wanted
        jobs = [
            subprocess.Popen([*command, "-O2", "-c", HOT, "-o", f"{n}.o"], cwd=desk, env=env)
            for n in range(4)
        ]
        assert [job.wait() for job in jobs] == [0] * 4
        assert {(desk / f"{n}.o").read_bytes() for n in range(4)} == {wanted[HOT]}
    counts = [compiled(log) for _, log in servers]
    assert sum(counts) == 3 + 2 * 4
    assert min(counts) > 0


def test_ccache_with_distcc_as_its_prefix_behind_the_launcher(desk: Path) -> None:
    """``CCACHE_PREFIX=distcc sc-transform cc ccache gcc``: a miss is sent, a hit is not."""
    wanted = reference(desk, "-O2")
    command = (*LAUNCH, "ccache", "gcc")
    with distcc_servers(desk, 1) as servers:
        more = distcc_environment(desk, servers)
        env = ccache_environment(desk, CCACHE_PREFIX="distcc", **more)
        assert build(desk, env, command, "-O2") == wanted
        ((_, log),) = servers
        sent = compiled(log)
        assert 1 <= sent <= 3  # a server that is busy lets the client compile
        stats(desk, env)
        assert build(desk, env, command, "-O2") == wanted
        second = stats(desk, env)
        assert (second["cache_miss"], hits(second), compiled(log)) == (0, 4, sent)


# --- icecream ---


def test_icecream_without_a_daemon_compiles_here(desk: Path) -> None:
    """What a machine outside of the cluster sees; the same objects."""
    needs("icecc")
    env = environment(desk)
    assert build(desk, env, (*LAUNCH, "icecc", "gcc")) == reference(desk)


@pytest.mark.full
def test_icecream_with_a_scheduler_on_loopback(desk: Path) -> None:
    """One host in the cluster: the daemon packs the compiler, the scheduler gives the job."""
    needs("icecc")
    sbin = "/usr/sbin:/usr/bin:/usr/local/sbin"
    scheduler, daemon = (shutil.which(n, path=sbin) for n in ("icecc-scheduler", "iceccd"))
    if not scheduler or not daemon:
        pytest.skip("'iceccd' is not installed (Debian: apt-get install icecc)")
    desk.chmod(0o777)
    port, name = free_port(), f"sc-{free_port()}"
    words = [
        [scheduler, "-p", str(port), "-n", name],
        [daemon, "-s", f"127.0.0.1:{port}", "-n", name, "-m", "1", "-p", str(free_port()),
         "-b", str(desk / "environments")],
    ]  # fmt: skip
    running: list[subprocess.Popen[bytes]] = []
    log = desk / "daemon.log"
    with log.open("wb") as told:
        running += [subprocess.Popen([*w, "-vv"], stderr=told, cwd="/") for w in words]
    try:
        for _ in range(200):
            if "Connected to scheduler" in log.read_text(errors="replace"):
                break
            time.sleep(0.1)
        env = environment(desk, ICECC_DEBUG="debug", ICECC_LOGFILE=str(desk / "icecc.log"))
        assert build(desk, env, (*LAUNCH, "icecc", "gcc")) == reference(desk)
        assert "asking for host to use" in (desk / "icecc.log").read_text()
    finally:
        for child in reversed(running):
            child.terminate()
            child.wait()
