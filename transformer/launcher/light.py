"""What the fast path needs of ``os``, under the names that it has there.

Importing ``os`` costs a tenth of Python's bare start, for abstract classes that
nobody here uses; what it wraps is builtin.  Where ``os`` is there already its
environment is used, and one that is imported later sees what was set here.
"""

import posix
import sys
from posix import (
    O_APPEND,
    O_CREAT,
    O_TRUNC,
    O_WRONLY,
    W_OK,
    WIFSIGNALED,
    WTERMSIG,
    X_OK,
    _exit,
    access,
    close,
    execve,
    fchmod,
    fstat,
    getcwd,
    getpid,
    getuid,
    kill,
    open,
    posix_spawn,
    readlink,
    replace,
    scandir,
    stat,
    unlink,
    waitpid,
    waitstatus_to_exitcode,
    write,
)

__all__ = [
    "O_APPEND",
    "O_CREAT",
    "O_TRUNC",
    "O_WRONLY",
    "WIFSIGNALED",
    "WTERMSIG",
    "W_OK",
    "X_OK",
    "_exit",
    "access",
    "close",
    "defpath",
    "environ",
    "execve",
    "fchmod",
    "fstat",
    "getcwd",
    "getpid",
    "getuid",
    "kill",
    "open",
    "path",
    "posix_spawn",
    "readlink",
    "replace",
    "scandir",
    "setenv",
    "stat",
    "unlink",
    "waitpid",
    "waitstatus_to_exitcode",
    "write",
]

_ENCODING, _ERRORS = sys.getfilesystemencoding(), "surrogateescape"
defpath = "/bin:/usr/bin"


class path:
    """Of ``os.path``."""

    @staticmethod
    def basename(name: str) -> str:
        return name.rpartition("/")[2]

    @staticmethod
    def dirname(name: str) -> str:
        head = name[: name.rfind("/") + 1]
        return head.rstrip("/") or head

    @staticmethod
    def join(*names: str) -> str:
        joined = ""
        for name in names:
            if name.startswith("/") or not joined:
                joined = name
            else:
                joined += name if joined.endswith("/") else "/" + name
        return joined

    @staticmethod
    def exists(name: str) -> bool:
        return _kind(name) != 0

    @staticmethod
    def isfile(name: str) -> bool:
        return _kind(name) == 0o100000

    @staticmethod
    def isdir(name: str) -> bool:
        return _kind(name) == 0o040000


def _kind(name: str) -> int:
    """The file's type as the bits of its mode have it, 0 where there is none."""
    try:
        return stat(name).st_mode & 0o170000
    except (OSError, ValueError):
        return 0


def _environment() -> dict[str, str]:
    """As text; whatever is no text in it comes back as it was."""
    return {
        k.decode(_ENCODING, _ERRORS): v.decode(_ENCODING, _ERRORS) for k, v in posix.environ.items()
    }


environ = dict(sys.modules["os"].environ) if "os" in sys.modules else _environment()


def setenv(name: str, value: str) -> None:
    """For this process and for all that it starts, by whatever module."""
    environ[name] = value
    if "os" in sys.modules:
        sys.modules["os"].environ[name] = value
    else:
        posix.environ[name.encode(_ENCODING, _ERRORS)] = value.encode(_ENCODING, _ERRORS)
        posix.putenv(name, value)
