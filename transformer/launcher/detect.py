"""Which units of a command line are the launcher's to transform.

The plain headers bring a weak copy of the runtime, so the plain object says
whether its unit includes them: no depfile, no second preprocessing, and it
holds behind a compiler cache or a distributing compiler too.
"""

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from transformer.launcher.commandline import CommandLine, Source
    from transformer.launcher.settings import Settings

INCLUDES = b"__sc_static_call_update"
LOWERED = b"__sc_register"
TRAMPOLINE = b"__SCT__"


class Found:
    """A unit to transform; ``plain`` is its plain object or assembly, None where it has none."""

    __slots__ = ("output", "plain", "source")

    def __init__(self, source: "Source", output: str, plain: bytes | None) -> None:
        self.source = source
        self.output = output
        self.plain = plain


def concerned(command: "CommandLine", settings: "Settings") -> list[Found]:
    """The units whose plain output, or whose text, asks for more than the plain compiler."""
    if command.stage == "link":
        return [Found(s, "", None) for s in command.sources if _program(s.path, command, settings)]
    found = []
    for source in command.sources:
        output = command.object_of(source)
        plain = read(output)
        if plain is not None and _asks(plain, source.path, settings):
            found.append(Found(source, output, plain))
    return found


def read(path: str) -> bytes | None:
    """A regular file's content; None for what is none or cannot be read."""
    try:
        with open(path, "rb", 0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            return file.readall()
    except OSError:
        return None


def _asks(plain: bytes, source: str, settings: "Settings") -> bool:
    if settings.profile == "linux":
        return TRAMPOLINE in plain
    if INCLUDES in plain and LOWERED not in plain:
        return True
    return bool(settings.dynamic) and _names(read(source) or b"", settings)


def _program(source: str, command: "CommandLine", settings: "Settings") -> bool:
    """Compiled and linked at once there is no object to look at, but a program's symbols."""
    if settings.profile == "linux":
        return True
    text = read(source) or b""
    return b"static_" in text or b"sc/" in text or _names(text, settings)


def _names(text: bytes, settings: "Settings") -> bool:
    return any(name.encode() in text for name in settings.dynamic)
