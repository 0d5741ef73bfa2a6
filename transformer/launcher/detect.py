"""Which units of a command line are the launcher's to transform.

The plain headers bring a weak copy of the runtime, so the plain object says
whether its unit includes them: no depfile, no second preprocessing, and it
holds behind a compiler cache or a distributing compiler too.
"""

from transformer.launcher import light as os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from transformer.launcher.commandline import CommandLine, Source
    from transformer.launcher.settings import Settings

INCLUDES = b"__sc_static_call_update"
NO_IDIOM = "no idiom"  # in the log
REGULAR = 0o100000  # S_IFREG
PLAIN = b"sc_plain_dynamic"  # only the plain headers define it
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
        program = read(command.output or "a.out") or b""
        if _silent(program, command):
            return [Found(s, "", None) for s in command.sources]
        return [Found(s, "", None) for s in command.sources if _in_program(program, s, settings)]
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
            if os.fstat(file.fileno()).st_mode & 0o170000 != REGULAR:
                return None
            return file.readall()
    except OSError:
        return None


def _asks(plain: bytes, source: str, settings: "Settings") -> bool:
    if settings.profile == "linux":
        return TRAMPOLINE in plain
    if _plain(plain):
        return True
    return bool(settings.dynamic) and _names(read(source) or b"", settings)


def _plain(data: bytes) -> bool:
    return INCLUDES in data and LOWERED not in data


def holds_idioms(path: str) -> bool:
    """Whether a file was compiled with the plain headers."""
    return _plain(read(path) or b"")


def _silent(program: bytes, command: "CommandLine") -> bool:
    """Whether a program may have lost the symbols that would tell."""
    options = command.arguments
    return INCLUDES not in program and any(
        o == "-s" or "gc-sections" in o or o in ("-Wl,-s", "-Wl,--strip-all") for o in options
    )


def _in_program(program: bytes, source: "Source", settings: "Settings") -> bool:
    """Compiled and linked at once, there is no object to look at but the program."""
    if settings.profile == "linux":
        return TRAMPOLINE in program
    return INCLUDES in program or _names(read(source.path) or b"", settings)


def _names(text: bytes, settings: "Settings") -> bool:
    return any(name.encode() in text for name in settings.dynamic)
