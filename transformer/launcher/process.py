"""Runs the compiler: its streams and its end are its own, and signals reach it."""

import _signal as signal  # type: ignore[import-not-found]  # the builtin half: no enum
import errno
import sys

from transformer.launcher import light as os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

NOT_FOUND, NOT_RUN = 127, 126  # a shell's
FORWARDED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
DEFAULTED = (signal.SIGPIPE, signal.SIGXFSZ)  # which Python ignores
CORE = (signal.SIGQUIT, signal.SIGILL, signal.SIGABRT, signal.SIGFPE, signal.SIGSEGV)

_child = 0  # -1: about to start
_pending = 0


class Interrupted(BaseException):
    """A signal that ends the launcher came while no compiler was running."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def watch(blocked: bool = False) -> None:
    """From here on such signals reach the compiler, or end the launcher's own work.

    ``blocked`` if the front has blocked them: those that came since arrive now.
    """
    for number in FORWARDED:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _arrived)
    if blocked:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)


def _arrived(number: int, frame: "FrameType | None") -> None:
    global _pending
    if not _child:
        raise Interrupted(number)
    _pending = number
    _forward(number)


def _forward(number: int) -> None:
    if _child > 0:
        try:
            os.kill(_child, number)
        except ProcessLookupError:
            pass


def replace(words: list[str]) -> "NoReturn":
    """The compiler takes this process over."""
    for number in DEFAULTED:
        signal.signal(number, signal.SIG_DFL)
    path = which(words[0])
    if path is None:
        leave(_failed(words[0], FileNotFoundError(errno.ENOENT, "")))
    try:
        os.execve(path, words, os.environ)
    except OSError as e:
        if e.errno == errno.ENOEXEC:
            os.execve("/bin/sh", ["sh", path, *words[1:]], os.environ)
        leave(_failed(words[0], e))


def run(words: list[str]) -> int:
    """Runs the compiler to its end and gives its exit status.

    Where a signal ended it, or came meanwhile for the launcher, that signal is
    raised as ``Interrupted``.
    """
    global _child, _pending
    _child = -1  # a signal that comes now waits for it
    try:
        _child = _spawn(words)
        _forward(_pending)  # 0 is no signal
        _, status = os.waitpid(_child, 0)
    except OSError as e:
        return _failed(words[0], e)
    finally:
        _child = 0
    if _pending:
        number, _pending = _pending, 0
        raise Interrupted(number)
    if os.WIFSIGNALED(status):
        raise Interrupted(os.WTERMSIG(status))
    return os.waitstatus_to_exitcode(status)


def _spawn(words: list[str]) -> int:
    path = which(words[0])
    if path is None:
        raise FileNotFoundError(errno.ENOENT, "")
    try:
        return os.posix_spawn(path, words, os.environ, setsigdef=DEFAULTED)
    except OSError as e:
        if e.errno != errno.ENOEXEC:
            raise
    return os.posix_spawn("/bin/sh", ["sh", path, *words[1:]], os.environ, setsigdef=DEFAULTED)


def _failed(program: str, error: OSError) -> int:
    found = error.errno not in (errno.ENOENT, errno.ENOTDIR)
    why = (error.strerror or "cannot be run") if found else "command not found"
    say(f"{program}: {why}")
    return NOT_RUN if found else NOT_FOUND


def which(name: str, path: str | None = None) -> str | None:
    """The program that a shell would start under this name."""
    if "/" in name:
        return name
    for folder in (os.environ.get("PATH", os.defpath) if path is None else path).split(":"):
        candidate = f"{folder or '.'}/{name}"
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    return None


def say(text: str) -> None:
    """A line on standard error; nobody may be there to read it."""
    data = f"sc-transform: {text}\n".encode(sys.getfilesystemencoding(), "surrogateescape")
    try:
        os.write(2, data)
    except OSError:
        pass


def leave(status: int) -> "NoReturn":
    """Ends the process at once: there is nothing to flush, and a build cannot wait."""
    os._exit(status)


def die(number: int) -> "NoReturn":
    """Ends the process by a signal, as the compiler did, without a second core file."""
    if number in CORE:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    leave(128 + number)  # where the signal is blocked
