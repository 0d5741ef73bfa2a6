"""Programs on a real CPU, or on one that qemu-user emulates: a second machine.

A small program, ``templates/common/harness/native.c.j2``, does there what the
emulator's machine does: it maps an image's sections where the emulator has
them, and calls its functions.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import signal
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from transformer import runtime
from transformer.arch import Arch, load, templates_dir
from transformer.emulator import Image, Outcome
from transformer.emulator.memory import page_permissions, regions
from transformer.toolchain import Compiler, Completed, available, link

_CODE = "native.c.j2"
_PLACE = 0x7000_0000  # of the program that runs others: neither theirs nor far from any
_STACK = 1 << 20
_FRAME = 1 << 12  # of the program that calls, above the stack's end that it tells


class NoNative(Exception):
    """Nothing here runs programs of this arch; the text says what is missing."""


def native_command(arch: Arch) -> tuple[str, ...]:
    """What runs programs of the arch, to be followed by the program; ``NoNative``."""
    if platform.machine() in arch.machines:
        return ()
    for machine in arch.machines:
        for name in (f"qemu-{machine}", f"qemu-{machine}-static"):
            if found := shutil.which(name):
                return (found,)
    raise NoNative(f"nothing here runs programs for {arch.title}: install qemu-user")


def missing(arches: Iterable[str]) -> list[str]:
    """Why there is no second opinion on some of these."""
    found = []
    for name in arches:
        try:
            native_command(load(name))
            runner(load(name))
        except NoNative as e:
            found.append(str(e))
    return found


def native_name(arch: Arch) -> str:
    """What ``native_command`` is called in reports."""
    command = native_command(arch)
    return Path(command[0]).name if command else "this CPU"


def runner(arch: Arch) -> Path:
    """The program that runs others, compiled once; ``NoNative`` where no compiler can."""
    return _runner(arch.name)


@cache
def _runner(name: str) -> Path:
    arch, said = load(name), []
    text = _source(arch)
    for compiler in available(arch):
        what = (text, compiler.command, compiler.version, _flags(compiler, arch))
        digest = hashlib.sha256(repr(what).encode()).hexdigest()[:16]
        output = runtime.header_dir("plain").parent / f"native-{arch.name}-{digest}"
        if output.is_file():
            return output
        with tempfile.TemporaryDirectory(prefix="sc-native-", dir=output.parent) as folder:
            done = _build(compiler, arch, text, Path(folder))
            if done.ok:
                (Path(folder) / "native").rename(output)
                return output
            said += done.stderr.strip().splitlines()[-1:]
    raise NoNative(f"no compiler links a static program for {arch.title}: {'; '.join(said)}")


def _build(compiler: Compiler, arch: Arch, text: str, folder: Path) -> Completed:
    source, output = folder / "native.c", folder / "native"
    source.write_text(text, encoding="utf-8")
    return link(compiler, [source], output, _flags(compiler, arch))


def _flags(compiler: Compiler, arch: Arch) -> list[str]:
    flags = [*arch.toolchain.cflags, "-O1", "-w", "-static"]
    if compiler.family == "clang":
        # The C library that the wheel links statically, with its own headers.
        target = f"--target={arch.toolchain.zig_target.removesuffix('-gnu')}-musl"
        flags += [target, f"-Wl,--image-base={_PLACE:#x}"]
    else:
        # Once relaxed it would count on a register that the programs it runs change.
        flags += ["-Wl,--no-relax", f"-Wl,-Ttext-segment={_PLACE:#x}"]
    return flags


def _source(arch: Arch) -> str:
    own = f"{arch.name}/native.h.j2"
    hook = runtime.render_template(f"{arch.name}/hook.h.j2", {})
    if (templates_dir() / own).is_file():
        hook += runtime.render_template(own, {})
    context = {"arch": arch, "hook": hook.rstrip()}
    return runtime.render_template(f"common/harness/{_CODE}", context)


class NativeMachine:
    """Images in the memory of a process, and calls of their functions.

    It stands in for a ``Machine`` where values are decoded.  ``UcError`` has
    its equal in ``OSError``: the process has ended.
    """

    def __init__(self, arch: Arch, images: Sequence[Image]) -> None:
        self.arch, self.images = arch, list(images)
        command = [*native_command(arch), str(runner(arch))]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._kept: dict[tuple[int, int], bytes] = {}
        self._base = self._global_pointer()
        self.sentinel = 0  # the end of the stack, known after the first call
        try:
            self._map()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> NativeMachine:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        with suppress(OSError):
            self._process.communicate()

    # --- memory ---

    def read(self, address: int, size: int) -> bytes:
        """Memory as it is now: whole sections are asked for, and kept until the next call."""
        if self.sentinel - _STACK <= address < self.sentinel:
            return self._ask(address, size)
        section = next((s for i in self.images if (s := i.section_at(address))), None)
        if section is None or address + size > section.end:
            return self._ask(address, size)
        place = (section.address, section.size)
        if place not in self._kept:
            changes = section.writable or section.executable
            self._kept[place] = self._ask(*place) if changes else section.data
        at = address - section.address
        return self._kept[place][at : at + size]

    def write(self, address: int, data: bytes) -> None:
        """Data or code."""
        self._kept.clear()
        self._send("w", address, len(data), data)

    def pointer(self, address: int) -> int:
        data = self.read(address, self.arch.pointer_size)
        return int.from_bytes(data, self.arch.byteorder)

    # --- running ---

    def run(self, function: int) -> Outcome:
        """Calls a ``void(void)`` function; a signal is a fault, with where it was."""
        self._kept.clear()
        self._send("c", function, self._base)
        try:
            number, pc, stack = struct.unpack("=QQQ", self._receive(24))
        except OSError:
            return Outcome("fault", function, "the process died", 0)
        self.sentinel = (stack + _FRAME) & -_FRAME
        if not number:
            return Outcome("returned", pc, "", 0)
        what = signal.Signals(number).name
        status = "hang" if number == signal.SIGALRM else "fault"
        return Outcome(status, pc, f"{what} at {self.describe(pc)}", 0)

    def trap_at(self, address: int) -> Callable[[Outcome], bool]:
        """Puts a trap there; what tells whether a run has ended in it."""
        self.write(address, self.arch.emulation.snippets["trap"].code)
        behind = self.arch.breakpoint.behind if self.arch.breakpoint else 0
        return lambda o: o.detail.startswith("SIGTRAP") and o.pc - behind == address

    def describe(self, address: int) -> str:
        """``symbol+0x10``: without the line, since most runs end in a trap that is meant."""
        found = next((s for i in self.images if (s := i.symbol_at(address))), None)
        return f"{found[0].name}+{found[1]:#x}" if found else f"{address:#x}"

    # --- inside ---

    def _map(self) -> None:
        for address, size, _ in regions(page_permissions(self.images)):
            self._send("m", address, size)
            if error := struct.unpack("=Q", self._receive(8))[0]:
                raise OSError(error, f"{os.strerror(error)}: {size:#x} bytes at {address:#x}")
        for image in self.images:
            for section in image.entry_sections:
                if section.holds:
                    self.write(section.address, section.data)

    def _global_pointer(self) -> int:
        """What the emulator sets a register to before it runs: at most one so far."""
        names = [symbol for _, symbol in self.arch.emulation.setup_symbols]
        found = [i.symbols[n].address for n in names for i in self.images if n in i.symbols]
        return found[0] if found else 0

    def _ask(self, address: int, size: int) -> bytes:
        self._send("r", address, size)
        return self._receive(size)

    def _send(self, what: str, address: int, size: int, data: bytes = b"") -> None:
        assert self._process.stdin
        with suppress(BrokenPipeError):  # the next answer does not come
            self._process.stdin.write(struct.pack("=QQQ", ord(what), address, size) + data)
            self._process.stdin.flush()

    def _receive(self, size: int) -> bytes:
        assert self._process.stdout
        data = self._process.stdout.read(size)
        if len(data) != size:
            raise OSError("the process that ran the program has died")
        return data
