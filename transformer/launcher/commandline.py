"""A compiler's command line, understood well enough to compile one source of it again.

What is not known is a single word that stays where it is.  Where the families differ,
each has its way: facts by experiment with GCC 12 and Clang 22, and from GCC's manual
("Overall Options", "Preprocessor Options").  This module is on the launcher's fast
path: it imports next to nothing.
"""

from transformer.launcher import dependencies, roles, tables
from transformer.launcher.compilers import compiler_words
from transformer.launcher.responsefile import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NEXT_WORDS = {"separate": 1, "either": 1, "equals": 1, "two": 2, "three": 3}
INPUT = "input"
UNKNOWN = "unknown"
REST = "rest"  # "--", behind which there are inputs alone
OVERRIDES = "CCC_OVERRIDE_OPTIONS"  # with which Clang edits its own command line


class Source:
    """An input that is compiled from C: its path, its language, its place in ``arguments``."""

    __slots__ = ("language", "path", "position")

    def __init__(self, path: str, language: str, position: int) -> None:
        self.path = path
        self.language = language
        self.position = position


class Item:
    """An option with its values, or an input: ``arguments[start:end]``."""

    __slots__ = ("end", "name", "role", "start", "values")

    def __init__(self, role: str, name: str, values: list[str], start: int, end: int) -> None:
        self.role = role
        self.name = name
        self.values = values
        self.start = start
        self.end = end

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""


class CommandLine:
    """What a command line asks for; the names of files are as given, relative to its folder."""

    __slots__ = (
        "archs",
        "arguments",
        "auxiliary",
        "compiler",
        "cxx",
        "debug",
        "dependency_only",
        "family",
        "items",
        "lto",
        "naming",
        "others",
        "output",
        "pipe",
        "preprocessed",
        "reason",
        "save_temps",
        "sources",
        "stage",
        "targets",
        "words",
    )

    def __init__(self, words: list[str], compiler: list[str], family: str, cxx: bool) -> None:
        self.words = words
        self.compiler = compiler
        self.family = family
        self.cxx = cxx
        self.arguments: list[str] = []
        self.items: list[Item] = []
        self.sources: list[Source] = []
        self.others: list[str] = []
        self.output: str | None = None
        self.stage = "link"
        self.dependency_only = False
        self.lto = False
        self.pipe = False
        self.save_temps = ""  # "", "cwd" or "obj"
        self.debug = False
        self.auxiliary = False  # names of files beside the object are written into it
        self.preprocessed = False
        self.archs: list[str] = []
        self.targets: list[str] = []
        self.naming: dict[str, str] = {}
        self.reason = ""

    def refuse(self, reason: str) -> None:
        """Keep the first reason to pass everything through."""
        if not self.reason:
            self.reason = reason

    def go_no_further(self, stage: str) -> None:
        """The earliest of several stages wins."""
        if roles.STAGES.index(stage) > roles.STAGES.index(self.stage):
            self.stage = stage

    def object_of(self, source: Source) -> str:
        """Where a source's object or assembly goes; "" where none stays: linking, preprocessing."""
        if self.stage not in ("object", "assembly"):
            return ""
        if self.output is not None:
            return self.output
        return self.stem_of(source) + (".o" if self.stage == "object" else ".s")

    def stem_of(self, source: Source) -> str:
        return roles.without_suffix(source.path.rpartition("/")[2])

    @property
    def depfile(self) -> "dependencies.Depfile | None":
        """The first source's depfile; several sources of one command can share its name."""
        return self.depfile_of(self.sources[0]) if self.sources else None

    def depfile_of(self, source: Source) -> "dependencies.Depfile | None":
        return dependencies.depfile(self, source)

    @property
    def link_flags(self) -> list[str]:
        """What an object needs to be compiled with to be linked to those of this command."""
        return self.targets

    def compile_flags(self, source: Source) -> list[str]:
        """The arguments with which this source is compiled, without inputs, output, stage,
        language, dependency files, files beside the object, and the linker's options."""
        handed = dependencies.Handed(self.family)
        kept: list[str] = []
        for item in self.items:
            if item.role in ("cpp", "as", "cc1"):
                kept += handed.without(item, self.arguments)
            elif item.role in (INPUT, REST) or item.role in roles.DROPPED:
                continue
            else:
                kept += self.arguments[item.start : item.end]
        return kept

    def naming_flags(self, source: Source) -> list[str]:
        """For GCC since 11: flags that keep the names of files beside the object (and in it)
        when the source is compiled to another place.  To follow ``compile_flags``."""
        folder, base, extension = self.auxiliary_names(source)
        return ["-dumpdir", folder, "-dumpbase", base, "-dumpbase-ext", extension]

    def auxiliary_names(self, source: Source) -> "tuple[str, str, str]":
        """GCC's -dumpdir, -dumpbase and -dumpbase-ext for a source, given or by default."""
        name = source.path.rpartition("/")[2]
        extension = name[len(roles.without_suffix(name)) :]
        folder = self.naming.get("folder")
        base = self.naming.get("base")
        if self.stage == "link" or (base and len(self.sources) > 1):
            if folder is None or base:
                folder = (folder or "") + self._prefix(name, base)
            return folder, name, extension
        place, slash, stem = roles.without_suffix(self.output or "").rpartition("/")
        if base:
            folder = "" if "/" in base else folder or ""
            return folder, base, self.naming.get("extension", "")
        return (
            place + slash if folder is None else folder,
            (stem + extension if stem else name),
            extension,
        )

    def _prefix(self, name: str, base: "str | None") -> str:
        """What stands before a source's name where several can share an output."""
        if base:
            return base.removesuffix(self.naming.get("extension", "")) + "-"
        output = self.output or "a.out"
        place, slash, last = output.rpartition("/")
        last = "a" if last == "a.out" else last.removesuffix(".exe")
        return place + slash + ("" if last == roles.without_suffix(name) else last + "-")

    def with_objects(self, objects: "Mapping[str, str]") -> list[str]:
        """The arguments with sources replaced by objects, for the link after them.

        ``objects`` maps a source's path to its object.  Languages are given anew, since
        an object between ``-x c`` and ``-x none`` would be taken for C.
        """
        words: list[str] = []
        wanted = language = ""
        for item in self.items:
            if item.role == "language":
                wanted = "" if item.value == "none" else item.value
            elif item.role == INPUT:
                replaced = objects.get(item.name)
                now = wanted if replaced is None else ""
                if now != language:
                    words += ["-x", now or "none"]
                    language = now
                words.append(item.name if replaced is None else replaced)
            elif item.role != REST:
                words += self.arguments[item.start : item.end]
        return words


def parse(words: list[str], directory: str, environment: "Mapping[str, str]") -> CommandLine:
    """Understand a command: the compiler's words and its arguments.  Raises nothing."""
    count, family, cxx = compiler_words(words, directory, environment)
    line = CommandLine(words, words[:count], family, cxx)
    line.arguments, ended = expand(words[count:], directory)
    if not family:
        line.stage = "print"
        line.refuse("unknown compiler")
        return line
    if not ended:
        line.refuse("response files without end")
    if family == "clang" and environment.get(OVERRIDES):
        line.refuse(OVERRIDES)
    line.items = _items(line.arguments, tables.Table(tables.rows(family)), family)
    language = ""
    for item in line.items:
        if item.role == INPUT:
            _input(line, item, language)
        elif item.role == "language":
            language = "" if item.value == "none" else item.value
        elif action := roles.ACTIONS.get(item.role):
            action(line, item)
    _conclude(line)
    return line


def _items(arguments: list[str], table: tables.Table, family: str) -> list[Item]:
    """The arguments as options with their values and inputs."""
    items: list[Item] = []
    at = 0
    only_inputs = False
    while at < len(arguments):
        word = arguments[at]
        if only_inputs or len(word) < 2 or word[0] != "-":
            item = Item(INPUT, word, [], at, at + 1)
        elif word == "--" and family == "clang":
            only_inputs = True
            item = Item(REST, word, [], at, at + 1)
        else:
            item = _option(arguments, at, word, table)
        items.append(item)
        at = item.end
    return items


def _option(arguments: list[str], at: int, word: str, table: tables.Table) -> Item:
    row = table.row(word)
    if row is None:
        return Item(UNKNOWN, word, [], at, at + 1)
    name, form, role = row
    rest = word[len(name) :]
    if form == "flag":
        values, end = [], at + 1
    elif form == "comma":
        values, end = rest.split(","), at + 1
    elif form == "prefix":
        values, end = [rest, *arguments[at + 1 : at + 2]], at + 2
    elif form == "joined" or rest or (form == "equals" and name.endswith("=")):
        values, end = [rest], at + 1
    else:
        end = at + 1 + NEXT_WORDS[form]
        values = arguments[at + 1 : end]
    return Item(role, name, values, at, min(end, len(arguments)))


def _input(line: CommandLine, item: Item, language: str) -> None:
    path = item.name
    if path == "-":
        line.refuse("stdin")
    language = language or roles.language_of(path)
    if line.cxx and language in ("c", "cpp-output", "c-header"):
        language = "c++"
    if language in roles.C_LANGUAGES:
        line.sources.append(Source(path, language, item.start))
    else:
        line.others.append(path)
        if language in roles.HEADERS:
            line.refuse("precompiled header")


def _conclude(line: CommandLine) -> None:
    """What follows from all options and inputs together."""
    if line.sources and all(s.language == "cpp-output" for s in line.sources):
        line.preprocessed = True
    if len(line.archs) > 1:
        line.refuse("several -arch")
    if not line.sources and not line.others:
        line.stage = "print"
    if line.stage == "print":
        return
    if line.output is not None and (line.output == "-" or line.output.startswith("/dev/")):
        line.refuse(f"output to {line.output}")
    if not line.sources and line.stage != "link":
        line.refuse("c++" if line.cxx else "no C source")
