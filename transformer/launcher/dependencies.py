"""Dependency files: where they go, and how their options are taken out of handed-on ones.

GCC hands ``-Wp,`` and ``-Xpreprocessor`` words to the preprocessor behind its own, so
they win wherever they stand.  There ``-MD`` takes the file's name, as Kbuild uses it.
Clang's driver reads ``-Wp,-MD,file`` as ``-MD -MF file``, and hands on everything else.
"""

from transformer.launcher import roles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from transformer.launcher.commandline import CommandLine, Item, Source

# Of what is handed on: options about dependencies, with how many values.
CPP = {"-MD": 1, "-MMD": 1, "-MF": 1, "-MT": 1, "-MQ": 1, "-MP": 0, "-MG": 0, "-M": 0, "-MM": 0}
CC1 = {"-dependency-file": 1, "-MT": 1, "-MQ": 1, "-MP": 0, "-MG": 0, "-sys-header-deps": 0}
CC1 |= {"-header-include-file": 1, "-dependency-dot": 1, "-module-dependency-dir": 1}
AS = {"--MD": 1, "-MD": 1}

LISTING = "acdghlmns"  # letters of the assembler's listing option, -a…


class Depfile:
    """A dependency file; ``system``: it names system headers too."""

    __slots__ = ("path", "system")

    def __init__(self, path: str, system: bool) -> None:
        self.path = path
        self.system = system


class Handed:
    """Goes through handed-on words in their order and drops those about dependencies."""

    __slots__ = ("clang", "pending")

    def __init__(self, family: str) -> None:
        self.clang = family == "clang"
        self.pending: dict[str, int] = {}

    def without(self, item: "Item", arguments: list[str]) -> list[str]:
        """The words of an option of role cpp, as or cc1 without what must go."""
        if self.clang and item.name == "-Wp," and item.value in ("-MD", "-MMD"):
            return []  # its driver reads no further
        known = CPP if item.role == "cpp" else AS if item.role == "as" else CC1
        kept = []
        for value in item.values:
            if self.pending.get(item.role):
                self.pending[item.role] -= 1
            elif value in known:
                self.pending[item.role] = known[value]
            elif not (item.role == "as" and _is_listing(value)):
                kept.append(value)
        if self.clang and item.name.endswith(","):
            self.pending.clear()  # a list of its own: nothing flows into the next
        if len(kept) == len(item.values):
            return arguments[item.start : item.end]
        if not kept:
            return []
        return [item.name + ",".join(kept)]


def _is_listing(word: str) -> bool:
    start = word.partition("=")[0]
    return start.startswith("-a") and all(letter in LISTING for letter in start[1:])


def depfile(line: "CommandLine", source: "Source") -> "Depfile | None":
    """Where the dependencies of a source go; None for nowhere or standard output."""
    seen = _Seen()
    for item in line.items:
        seen.take(item, line.family)
    if not (seen.wanted or line.dependency_only):
        return None
    path = seen.path
    if path is None and seen.beside:
        path = _default(line, source)
    if path is None and line.dependency_only:
        path = line.output
    return Depfile(path, seen.system) if path and path != "-" else None


class _Seen:
    """What the options said so far."""

    __slots__ = ("beside", "handed", "last", "rank", "system", "wanted")

    def __init__(self) -> None:
        self.wanted = False  # something asks for dependencies
        self.beside = False  # -MD, -MMD: beside the output by default
        self.last: str | None = None
        self.handed: str | None = None
        self.system = True
        self.rank = 0

    @property
    def path(self) -> "str | None":
        return self.last if self.handed is None else self.handed

    def take(self, item: "Item", family: str) -> None:
        action = TAKES.get(item.role)
        if action:
            action(self, item, family)

    def style(self, system: bool, rank: int) -> None:
        """Of several styles the one of the highest rank, of equals the last."""
        if rank >= self.rank:
            self.system, self.rank = system, rank


def _beside(seen: _Seen, item: "Item", family: str) -> None:
    seen.wanted = seen.beside = True
    # GCC gives its preprocessor -MMD behind -MD, and -M and -MM count more than both.
    user = item.role == "depend-user"
    seen.style(not user, 2 if user and family == "gcc" else 1)


def _only(seen: _Seen, item: "Item", family: str) -> None:
    seen.style(item.role == "only-system", 4 if family == "gcc" else 1)


def _file(seen: _Seen, item: "Item", family: str) -> None:
    seen.last = item.value


def _cpp(seen: _Seen, item: "Item", family: str) -> None:
    if family == "clang":
        _clang_cpp(seen, item)
        return
    for value in item.values:
        if seen.handed == "":  # an option before this word waits for its file
            seen.handed = value
        elif value in ("-MD", "-MMD"):
            seen.wanted = True
            seen.handed = ""
            seen.style(value == "-MD", 3)
        elif value == "-MF":
            seen.handed = ""


def _clang_cpp(seen: _Seen, item: "Item") -> None:
    if item.name != "-Wp," or item.value not in ("-MD", "-MMD"):
        return
    seen.wanted = seen.beside = True
    seen.style(item.value == "-MD", 1)
    if len(item.values) == 2:
        seen.last = item.values[1]


def _cc1(seen: _Seen, item: "Item", family: str) -> None:
    if seen.handed == "":
        seen.handed = item.value
    elif item.value == "-dependency-file":
        seen.wanted = True
        seen.handed = ""


TAKES = {
    "depend-system": _beside,
    "depend-user": _beside,
    "depend-file": _file,
    "only-system": _only,
    "only-user": _only,
    "cpp": _cpp,
    "cc1": _cc1,
}


def _default(line: "CommandLine", source: "Source") -> str:
    """The name that -MD chooses."""
    if line.output is not None:
        return roles.without_suffix(line.output) + ".d"
    if line.family == "clang":
        return line.stem_of(source) + ".d"
    folder, base, extension = line.auxiliary_names(source)
    return folder + (base.removesuffix(extension) if extension else base) + ".d"
