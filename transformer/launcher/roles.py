"""What the roles of the option tables mean for compiling a source once more."""

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
