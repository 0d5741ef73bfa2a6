"""What the roles of the option tables mean: for a command line as a whole, and for
compiling one source of it once more."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from transformer.launcher.commandline import CommandLine, Item

# For which nothing of the option goes to a second compilation.
DROPPED = frozenset(
    (
        "object",  # stages: how far the compiler goes
        "assembly",
        "preprocess",
        "syntax",
        "only-system",
        "only-user",
        "print",
        "output",
        "depend-system",
        "depend-user",
        "depend-file",
        "depend",
        "language",  # a rewritten copy bears a suffix that tells its language
        "link",
        "save-temps",  # the plain run has written these, and the second must not replace them
        "side",
    )
)

# The rest stays: code, include, define, target, arch, plugin, wrapper, link-mode (the
# compiler's defaults can depend on these), report, pipe, profile, debug, lto and so on.
KEPT = frozenset(
    (
        "arch",
        "as",
        "cc1",
        "code",
        "cpp",
        "debug",
        "define",
        "driver",
        "folder",
        "foreign",
        "include",
        "link-mode",
        "lto",
        "naming-base",
        "naming-extension",
        "naming-folder",
        "no-debug",
        "no-lto",
        "not-preprocessed",
        "pch",
        "pipe",
        "plugin",
        "preprocessed",
        "profile",
        "report",
        "split-debug",
        "target",
        "wrapper",
    )
)

# Which stage wins if several are asked for: the earliest.  "print" beats them all.
STAGES = ("link", "object", "assembly", "syntax", "preprocess", "print")

# The language of an input by its suffix; what is not here is the linker's.
SUFFIXES = {
    "c": "c",
    "i": "cpp-output",
    "h": "c-header",
    "s": "assembler",
    "S": "assembler-with-cpp",
    "sx": "assembler-with-cpp",
    "m": "objective-c",
    "mi": "objective-c-cpp-output",
    "mm": "objective-c++",
    "M": "objective-c++",
    "mii": "objective-c++-cpp-output",
    "ii": "c++-cpp-output",
    "d": "d",
    "dd": "d",
    "di": "d",
    "go": "go",
    "ads": "ada",
    "adb": "ada",
    "cu": "cuda",
    "cl": "cl",
    "bc": "ir",
    "ll": "ir",
}
SUFFIXES.update(dict.fromkeys(("cc", "cp", "cxx", "cpp", "c++", "C", "CPP", "cppm", "ixx"), "c++"))
SUFFIXES.update(dict.fromkeys(("hh", "H", "hp", "hxx", "hpp", "HPP", "h++", "tcc"), "c++-header"))
SUFFIXES.update(
    dict.fromkeys(
        ("f", "for", "ftn", "F", "FOR", "fpp", "FPP", "FTN", "f90", "f95", "f03", "f08"), "fortran"
    )
)
SUFFIXES.update(dict.fromkeys(("F90", "F95", "F03", "F08"), "fortran"))

C_LANGUAGES = ("c", "cpp-output")
HEADERS = ("c-header", "c++-header", "objective-c-header", "objective-c++-header")


def language_of(path: str) -> str:
    """What the compilers take a file for by its name; "" for the linker's inputs."""
    name = path.rpartition("/")[2]
    stem, _, suffix = name.rpartition(".")
    return SUFFIXES.get(suffix, "") if stem else ""


def without_suffix(path: str) -> str:
    """A path up to the last full stop of its last part."""
    folder, slash, name = path.rpartition("/")
    stem, dot, _ = name.rpartition(".")
    return folder + slash + (stem if dot else name)


# --- what the roles do to a command line ---

# What makes the compiler proper do something else than the driver asked for.
CC1_ACTIONS = ("-o", "-E", "-S", "-Eonly", "-fsyntax-only", "-analyze", "-plugin", "-verify")
CC1_ACTION_STARTS = ("-emit-", "-ast-", "-dump-", "-print-", "-rewrite-")


def _stage(line: "CommandLine", item: "Item") -> None:
    line.go_no_further(item.role)


def _only_dependencies(line: "CommandLine", item: "Item") -> None:
    line.dependency_only = True
    line.go_no_further("preprocess")


def _output(line: "CommandLine", item: "Item") -> None:
    line.output = item.value


def _target(line: "CommandLine", item: "Item") -> None:
    line.targets += line.arguments[item.start : item.end]


def _arch(line: "CommandLine", item: "Item") -> None:
    if item.value not in line.archs:
        line.archs.append(item.value)
    _target(line, item)


def _lto(line: "CommandLine", item: "Item") -> None:
    line.lto = True


def _no_lto(line: "CommandLine", item: "Item") -> None:
    line.lto = False


def _debug(line: "CommandLine", item: "Item") -> None:
    line.debug = True


def _no_debug(line: "CommandLine", item: "Item") -> None:
    line.debug = False


def _split_debug(line: "CommandLine", item: "Item") -> None:
    line.debug = line.auxiliary = True


def _profile(line: "CommandLine", item: "Item") -> None:
    line.auxiliary = True


def _pipe(line: "CommandLine", item: "Item") -> None:
    line.pipe = True


def _preprocessed(line: "CommandLine", item: "Item") -> None:
    line.preprocessed = item.role == "preprocessed"


def _save_temps(line: "CommandLine", item: "Item") -> None:
    line.save_temps = "obj" if item.value == "obj" else "cwd"


def _naming(line: "CommandLine", item: "Item") -> None:
    line.naming[item.role.removeprefix("naming-")] = item.value


def _precompiled(line: "CommandLine", item: "Item") -> None:
    line.refuse("precompiled header")


def _foreign(line: "CommandLine", item: "Item") -> None:
    line.refuse(item.name + item.value)


def _driver(line: "CommandLine", item: "Item") -> None:
    if item.value == "g++":
        line.cxx = True
    elif item.value != "gcc":
        _foreign(line, item)


def _cc1(line: "CommandLine", item: "Item") -> None:
    """Actions of the compiler proper replace the driver's."""
    for value in item.values:
        if value in CC1_ACTIONS or value.startswith(CC1_ACTION_STARTS):
            line.refuse(f"-Xclang {value}")


ACTIONS = {
    "object": _stage,
    "assembly": _stage,
    "preprocess": _stage,
    "syntax": _stage,
    "print": _stage,
    "only-system": _only_dependencies,
    "only-user": _only_dependencies,
    "output": _output,
    "target": _target,
    "arch": _arch,
    "lto": _lto,
    "no-lto": _no_lto,
    "debug": _debug,
    "no-debug": _no_debug,
    "split-debug": _split_debug,
    "profile": _profile,
    "pipe": _pipe,
    "preprocessed": _preprocessed,
    "not-preprocessed": _preprocessed,
    "save-temps": _save_temps,
    "naming-folder": _naming,
    "naming-base": _naming,
    "naming-extension": _naming,
    "pch": _precompiled,
    "foreign": _foreign,
    "folder": _foreign,
    "driver": _driver,
    "cc1": _cc1,
}
