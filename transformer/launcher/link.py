"""Links: the runtime goes with objects that bring tables, and with no others."""

from transformer.launcher import light as os
from transformer.launcher.detect import LOWERED, PLAIN, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from transformer.launcher.commandline import CommandLine
    from transformer.launcher.settings import Settings
    from transformer.launcher.state import State

CALLED = (
    b"__sc_static_call_",
    b"__static_call_",
    b"static_key_",
    b"__sc_dynamic_",
    b"static_update_",
    b"static_call_synchronize",
)

# A thin archive's first word, and the head of its table of names but for the size.
THIN, NAMES = b"!<thin>\n", b"//" + b" " * 46

# Links that make no program, or one without the C library that the runtime needs.
WITHOUT = {"-r", "-nostdlib", "-nodefaultlibs", "-nolibc", "-Wl,-r", "-Wl,--relocatable"}


def with_runtime(command: "CommandLine", settings: "Settings", state: "State") -> list[str]:
    """The words of a link, with the runtime where an input asks for it."""
    if settings.profile != "sc" or WITHOUT.intersection(command.arguments):
        return command.words
    if not any(_asks(data) for path in _inputs(command) for data in _contents(path)):
        return command.words
    return [*command.words, *runtime(command, settings, state)]


def _contents(path: str) -> list[bytes]:
    """A file's bytes; those of its members for a thin archive, which has but their names."""
    data = read(path) or b""
    head = data.find(NAMES) if data.startswith(THIN) else -1
    if head < 0:
        return [data]
    start = head + len(NAMES) + 12
    names = data[start : start + int(data[start - 12 : start - 2])].split(b"/\n")
    folder = os.path.dirname(path)
    return [
        read(os.path.join(folder, name.decode(errors="surrogateescape"))) or b""
        for name in names[:-1]
    ]


def _asks(data: bytes) -> bool:
    """Whether an object leaves something to the runtime; plain ones bring a weak copy."""
    return LOWERED in data or (PLAIN not in data and any(name in data for name in CALLED))


def _inputs(command: "CommandLine") -> list[str]:
    """Objects and archives, and libraries that lie in a folder that -L names."""
    folders: list[str] = []
    names: list[str] = []
    waiting = ""
    for word in command.arguments:
        if waiting:
            (folders if waiting == "-L" else names).append(word)
            waiting = ""
        elif word in ("-L", "-l"):
            waiting = word
        elif word.startswith("-L"):
            folders.append(word[2:])
        elif word.startswith("-l"):
            names.append(word[2:])
    found = list(command.others)
    for name in names:
        file = name[1:] if name.startswith(":") else f"lib{name}.a"
        found += [p for f in folders if os.path.isfile(p := os.path.join(f, file))][:1]
    return found


def runtime(command: "CommandLine", settings: "Settings", state: "State") -> list[str]:
    """The words that add the runtime.

    It is an archive, after all else: a program that has the runtime from
    elsewhere takes nothing from it.
    """
    from transformer.launcher.state import whole_python

    whole_python()
    from transformer.launcher.runtime import archive

    path = archive(command, settings, state)
    if path is None:
        return []
    languages = any(word.startswith("-x") for word in command.arguments)
    return ["-x", "none", path] if languages else [path]
