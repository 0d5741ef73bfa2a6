"""What the launcher remembers from run to run: one small file, read with marshal.

It holds nothing that cannot be made anew: where the plain headers lie, parsed
configurations, answers of compilers.  Each entry carries the stamp of what it
was made from.
"""

import marshal
import sys

from transformer.launcher import light as os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VERSION = 1
PACKAGE = os.path.dirname(os.path.dirname(os.path.join(os.getcwd(), __file__)))
FILE = PACKAGE.replace("/", "%")[-100:] + ".state"  # each installation has its own
_whole = not sys.flags.no_site


class State:
    """The remembered entries by kind; ``keep`` writes the file anew, whole or not at all."""

    __slots__ = ("data", "folders")

    def __init__(self, environment: "Mapping[str, str]") -> None:
        self.folders = cache_folders(environment)
        self.data: dict[str, dict[Any, Any]] = {}
        for folder in self.folders:
            if (data := _load(folder + "/" + FILE)) is not None:
                self.data = data
                break

    def get(self, kind: str, key: "Any", stamp: "Any") -> "Any":
        """The value kept for ``key``, or None if it was made from anything but ``stamp``."""
        known = self.data.get(kind, {}).get(key)
        return known[1] if known is not None and known[0] == stamp else None

    def keep(self, kind: str, key: "Any", stamp: "Any", value: "Any") -> None:
        self.data.setdefault(kind, {})[key] = (stamp, value)
        from os import makedirs

        for folder in self.folders:
            try:
                makedirs(folder, 0o700, exist_ok=True)
                write_whole(folder + "/" + FILE, marshal.dumps((VERSION, PACKAGE, self.data)))
            except OSError:
                continue
            return


def _load(path: str) -> "dict[str, dict[Any, Any]] | None":
    try:
        with open(path, "rb", 0) as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            version, package, data = marshal.loads(file.read())
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return data if version == VERSION and package == PACKAGE and isinstance(data, dict) else None


def cache_folders(environment: "Mapping[str, str]") -> list[str]:
    """Where files may be kept, the best first: as ``transformer.runtime`` has it."""
    named = environment.get("SC_CACHE")
    home = environment.get("XDG_CACHE_HOME")
    if not home and environment.get("HOME"):
        home = environment["HOME"] + "/.cache"
    folders = [named] if named else [home + "/sc-transform"] if home else []
    temporary = environment.get("TMPDIR") or "/tmp"
    return [*folders, f"{temporary}/sc-transform-{os.getuid()}"]


def write_whole(path: str, data: bytes, mode: int = 0o666, kept: "int | None" = None) -> None:
    """Replaces a file in one step; a failure leaves nothing behind.

    The umask is taken from ``mode``, but not from ``kept``.
    """
    fresh = f"{path}.{os.getpid()}.tmp"
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            if kept is not None:
                os.fchmod(handle, kept)
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
        finally:
            os.close(handle)
        os.replace(fresh, path)
    except BaseException:
        try:
            os.unlink(fresh)
        except OSError:
            pass
        raise


def templates(environment: "Mapping[str, str]") -> str:
    """``transformer.arch.templates_dir()`` without its imports."""
    bundled = PACKAGE + "/templates"
    other = os.path.dirname(PACKAGE) + "/templates"
    return environment.get("SC_TEMPLATES") or (bundled if os.path.isdir(bundled) else other)


def plain_headers(state: State, environment: "Mapping[str, str]") -> str:
    """The folder of the plain headers; rendered where the templates are newer."""
    source = templates(environment)
    stamp = _stamp(source)
    folder = state.get("headers", source, stamp)
    if folder is None or not os.path.exists(folder + "/sc/types.h"):
        whole_python()
        from transformer.runtime import header_dir

        folder = str(header_dir("plain"))
        state.keep("headers", source, stamp, folder)
    return str(folder)


def made_from(source: str) -> "list[tuple[str, int, int]]":
    """What the front is made from: the launcher's own files, and the plain headers' templates.

    Each with its size in bytes and the time of its last change in nanoseconds.
    """
    folders = [PACKAGE + "/launcher", PACKAGE + "/launcher/tables", source + "/common/include/sc"]
    files = [PACKAGE + f"/{name}.py" for name in ("runtime/render", "quick", "cli/quick_rewrite")]
    for folder in folders:
        with os.scandir(folder) as entries:
            files += [entry.path for entry in entries if entry.is_file()]
    found = []
    for path in sorted(files):
        status = os.stat(path)
        found.append((path, status.st_size, status.st_mtime_ns))
    return found


def _stamp(source: str) -> "tuple[Any, ...]":
    """Size and time of all that the plain headers are made from."""
    made_from = []
    with os.scandir(source + "/common/include/sc") as entries:
        for entry in entries:
            status = entry.stat()
            made_from.append((entry.name, status.st_mtime_ns, status.st_size))
    status = os.stat(PACKAGE + "/runtime/render.py")
    return (status.st_mtime_ns, *sorted(made_from))


def whole_python() -> None:
    """What ``-I -S`` left out, before anything is imported that pip installed."""
    global _whole
    if _whole:
        return
    _whole = True
    import site

    if not os.environ.get("PYTHONNOUSERSITE"):
        site.ENABLE_USER_SITE = True  # a venv that is closed takes it back
    site.main()
    sys.path[:0] = [p for p in os.environ.get("PYTHONPATH", "").split(":") if p]
