"""What a program and its author can see: keys, sites, the log, counters."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from native_program import Program
from test_seen_unwinder import Names

from transformer import arch as arches
from transformer.runtime import header_dir, runtime_source
from transformer.toolchain import compile_object, find, link

HERE = Path(__file__).parent / "seen"
HOST = arches.host()
MODES = [m for m in HOST.modes if m != "generic"]


def told(folder: Path, mode: str, **environment: str) -> tuple[list[str], str, Path]:
    """The lines of the program that looks at itself, what it said on its second output, itself."""
    flags = {"cflags": ("-fno-pie",), "ldflags": ("-no-pie",)}
    program = Program(folder, mode, **flags).build(HERE / "walked.c", HERE / "live.c")
    done = subprocess.run(
        [program], capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr, program


def named(lines: list[str], names: Names) -> list[tuple[str, str, str]]:
    """Each site as what it is of which key, the function that it lies in, and where it goes."""
    sites = []
    for line in lines:
        kind, key, code, target = line.split()
        goes = int(target, 16)
        sites.append((f"{kind} {key}", names(int(code, 16)), names(goes) if goes else "on"))
    return sorted(sites)


@pytest.mark.parametrize("mode", MODES)
def test_keys_and_sites_are_as_they_stand(mode: str, tmp_path: Path) -> None:
    lines, said, program = told(tmp_path, mode)
    names = Names(program)
    guarded = mode != "slot"
    half = lines.index("changed")
    sites = [s for s in lines if s.split()[0].split("-")[0] in ("call", "guard", "trampoline")]
    sites = [s for s in sites if len(s.split()) == 4]
    for target, lines_now, count in (("one", lines[:half], 0), ("two", lines[half:], 1)):
        assert lines_now.count(f"call key {target}") == 1
        assert lines_now.count(f"key flag {count}") == guarded
        found = named([s for s in lines_now if s in sites], names)
        tramp = ("trampoline key", "__SCT__key", "on" if mode == "slot" else target)
        assert found.count(tramp) == 1
        guard = [("guard flag", "tester", "tester" if count else "on")]
        assert [f for f in found if f[0].startswith("guard")] == guard * guarded
        calls = [f for f in found if f[0].startswith("call")]
        jumper = "call key" if mode == "inline-asm" else "call-tail key"
        inline = [("call key", "caller", target), (jumper, "jumper", target)]
        assert calls == (sorted(inline) if mode.startswith("inline") else [])
    assert ("ended 33" in lines) == mode.startswith("inline")  # others have no third site
    assert "ended 0" in lines
    assert f"gives {(1 + 1 + 3) + (1 + 1) + 7}" in lines
    assert said == ""


def test_a_key_of_two_objects_is_seen_once(tmp_path: Path) -> None:
    """And the sites of both."""
    other = Program(tmp_path, "inline-asm", cflags=("-fPIC",)).shared(HERE / "other.c")
    flags = ("-rdynamic", "-pie", "-Wl,--no-as-needed", str(other), f"-Wl,-rpath,{tmp_path}")
    build = Program(tmp_path, "inline-asm", cflags=("-fPIE",), ldflags=flags)
    program = build.build(HERE / "walked.c", HERE / "live.c")
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    now = lines[lines.index("changed") : lines.index("ended 33")]
    assert [line for line in now if len(line.split()) == 3] == ["call key two", "key flag 1"]
    kinds = [" ".join(line.split()[:2]) for line in now if len(line.split()) == 4]
    assert kinds.count("trampoline key") == 2
    assert kinds.count("guard flag") == 2
    assert kinds.count("call key") == 3


LOGGING = """
#include "sc_runtime.c"
#include <stdio.h>
#include <string.h>

static void logged(int error, const char *text, const void *at)
{
	printf("%d %s %lx\\n", error, text, (unsigned long)at);
}

int main(void)
{
	static char endless[1000];

	memset(endless, 'x', sizeof(endless) - 1);
	errno = 7;
	sc_log(-22, "bytes", (void *)0x401136);
	sc_log(0, "said", 0);
	sc_log(0, endless, 0);
	sc_set_log(logged);
	sc_log(-22, "bytes", (void *)0x401136);
	sc_set_log(0);
	sc_log(0, "again", 0);
	return errno != 7;
}
"""


def logging(folder: Path, word: str | None) -> tuple[str, str]:
    """What a program's log says on both outputs with that word in SC_LOG."""
    folder.joinpath("logging.c").write_text(LOGGING)
    own = HOST.toolchain.cflags
    flags = ("-w", "-I", str(header_dir("lowered", HOST, "slot")), *own)
    flags += ("-I", str(runtime_source(HOST).parent))
    cc = find(HOST)
    done = compile_object(cc, folder / "logging.c", folder / "logging.o", flags)
    assert done.ok, done.stderr
    done = link(cc, [folder / "logging.o"], folder / "logging", (*own, "-pthread"))
    assert done.ok, done.stderr
    environment = {k: v for k, v in os.environ.items() if k != "SC_LOG"}
    environment |= {"SC_LOG": word} if word is not None else {}
    ran = subprocess.run([folder / "logging"], capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, "errno was changed"
    return ran.stdout, ran.stderr


@pytest.mark.parametrize("word", [None, "", "0", "10"])
def test_nothing_is_written_uninvited(word: str | None, tmp_path: Path) -> None:
    assert logging(tmp_path, word) == ("-22 bytes 401136\n", "")


def test_the_environment_asks_for_lines(tmp_path: Path) -> None:
    out, error = logging(tmp_path, "1")
    first, second, long, last = error.splitlines()
    assert first == "sc: bytes, errno 22, at 0x401136"
    assert (second, last) == ("sc: said", "sc: again")
    assert long == "sc: " + "x" * 195
    assert out == "-22 bytes 401136\n"
