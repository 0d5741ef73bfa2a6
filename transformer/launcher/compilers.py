"""Which of a command's words name the compiler, and of which family that compiler is.

Families go by name, as builds choose them; a link's target knows better than the link
(``cc`` is whatever it points at), unless it is a wrapper that was given a compiler's name.
"""

from transformer.launcher import light as os
from transformer.launcher.process import which

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

WRAPPERS = ("ccache", "sccache", "distcc", "icecc", "buildcache", "gomacc", "nice", "nohup", "time")
DRIVERS = {"gcc": ("gcc", False), "g++": ("gcc", True), "clang": ("clang", False)}
DRIVERS |= {"clang++": ("clang", True)}
GENERIC = ("cc", "c89", "c99")
GENERIC_CXX = ("c++",)
SUBCOMMANDS = ("cc", "clang", "c++")  # of zig, that compile
DEEPEST = 16
SCRIPT_BYTES = 2048


def compiler_words(
    words: list[str], directory: str, environment: "Mapping[str, str]"
) -> "tuple[int, str, bool]":
    """How many words name the compiler, its family or "", and whether it is a C++ driver."""
    at = 0
    while at < len(words):
        name = os.path.basename(words[at])
        if name == "env":
            at = _after_env(words, at + 1)
        elif name in WRAPPERS:
            at = _after_settings(words, at + 1)
        else:
            break
    if at >= len(words) or words[at].startswith("-"):
        return min(at, len(words)), "", False
    count, subcommand = _subcommand(words, at)
    if count:
        return at + count, "clang" if subcommand in SUBCOMMANDS else "", _cxx(subcommand)
    family, cxx = _family(words[at], directory, environment)
    return at + 1, family, cxx


def _cxx(name: str) -> bool:
    return name.endswith("++")


def _after_env(words: list[str], at: int) -> int:
    """Past ``env``'s options and assignments."""
    while at < len(words):
        word = words[at]
        if word in ("-u", "--unset", "-C", "--chdir"):
            at += 2
        elif word.startswith("-") or "=" in word:
            at += 1
        else:
            break
    return at


def _after_settings(words: list[str], at: int) -> int:
    """Past settings that wrappers take before the compiler: ``ccache key=value gcc``."""
    while at < len(words) and "=" in words[at] and not words[at].startswith(("-", "/")):
        at += 1
    return at


def _subcommand(words: list[str], at: int) -> "tuple[int, str]":
    """``zig cc``, ``python -m ziglang cc``: how many words, and the last of them."""
    name = os.path.basename(words[at])
    rest = words[at + 1 : at + 4]
    if name == "zig" and rest:
        return 2, rest[0]
    if name.startswith("python") and rest[:2] == ["-m", "ziglang"] and len(rest) > 2:
        return 4, rest[2]
    return 0, ""


def driver(name: str) -> "tuple[str, bool] | None":
    """Family and C++-ness by a program's name: ``gcc``, ``a-b-gcc-12``, ``clang++-15``."""
    known = DRIVERS.get(name)
    if known:
        return known
    bare = name.rstrip("0123456789.").removesuffix("-")
    return DRIVERS.get(bare) or DRIVERS.get(bare.rpartition("-")[2])


def _family(word: str, directory: str, environment: "Mapping[str, str]") -> "tuple[str, bool]":
    """Of the names along a chain of links, the last one that is a driver's."""
    called = os.path.basename(word)
    found = driver(called)
    path = _program(word, directory, environment)
    for _ in range(DEEPEST):
        try:
            target = os.readlink(path)
        except (OSError, ValueError):
            break
        path = os.path.join(os.path.dirname(path), target)
        found = driver(os.path.basename(path)) or found
    if found is None and called in GENERIC + GENERIC_CXX:
        found = _script(path)
    if found is None:
        return "", False
    # Clang is told by the name that it is called by what it compiles.
    return found[0], found[1] or _cxx(called.rstrip("0123456789.-"))


def _program(word: str, directory: str, environment: "Mapping[str, str]") -> str:
    found = which(word, environment.get("PATH", os.defpath))
    return os.path.join(directory, found) if found else word


def _script(path: str) -> "tuple[str, bool] | None":
    """The driver that a small shell script starts: some systems have such a ``cc``."""
    try:
        with open(path, "rb") as file:
            text = file.read(SCRIPT_BYTES)
    except OSError:
        return None
    if not text.startswith(b"#!"):
        return None
    words = [w.strip("'\"") for w in text.decode("latin-1").split()]
    for at, word in enumerate(words):
        count, subcommand = _subcommand(words, at)
        if count and subcommand in SUBCOMMANDS:
            return "clang", _cxx(subcommand)
        found = driver(word.rpartition("/")[2])
        if found:
            return found
    return None
