"""``sc-transform rewrite``: a unit of Linux without idioms is copied before more is imported."""

import _signal as signal  # type: ignore[import-not-found]  # the builtin half: no enum
import sys

from transformer.launcher import light as os
from transformer.launcher.detect import read
from transformer.launcher.settings import Wrong, settle
from transformer.launcher.state import State, whole_python, write_whole
from transformer.quick import may_hold_idioms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

IDLE = ("--no-check", "--left")  # of no meaning where there is no idiom
VALUED = ("-o", "--profile", "--cc", "-I", "-D")


def main(program: str, words: list[str], front: str) -> "NoReturn":
    """Runs one command line; the process ends here."""
    copied = _copied(words[1:])
    if front == "new":
        from transformer.launcher.renewing import renew

        renew(State(os.environ), os.environ)
    if copied:
        os._exit(0)
    whole_python()
    from transformer.cli.main import INTERRUPTED, main

    try:
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = main(words)
    except KeyboardInterrupt:
        status = INTERRUPTED
    try:
        if sys.stderr:
            sys.stderr.flush()
    except OSError:  # nobody can be told of that
        pass
    os._exit(status)  # main has flushed its output, and taking Python down takes time


def _copied(words: list[str]) -> bool:
    """Whether this was such a unit, in the plainest of command lines, and is written."""
    said = _said(words)
    if said is None or said["--profile"] != "linux":
        return False
    if not said["file"].endswith(".c") or not said["-o"]:
        return False
    data = read(said["file"])
    if data is None or may_hold_idioms(data):
        return False
    folder = os.path.join(os.getcwd(), os.path.dirname(said["file"]))
    try:
        if ".." not in folder:
            settle({}, os.environ, folder, State(os.environ))  # else it is told what is wrong
            return _written(said["-o"], data)
    except (Wrong, OSError):
        pass
    return False


def _said(words: list[str]) -> dict[str, str] | None:
    """The options and the file; None where there is more to a command line."""
    said = dict.fromkeys((*VALUED, "file"), "")
    rest = iter(words)
    for word in rest:
        if word == "--":
            break
        name, value = word, ""
        if word.startswith("-"):
            if word in IDLE:
                continue
            value = next(rest, "")
        else:
            name, value = "file", word
        if name not in said or (said[name] and name not in ("-I", "-D")) or value[:1] in ("", "-"):
            return None
        said[name] = value
    return said


def _written(path: str, data: bytes) -> bool:
    """Only a file that is new, or is a regular one and no link."""
    try:
        os.readlink(path)
        return False
    except FileNotFoundError:
        mode = None
    except OSError:  # it is there, and is no link
        kind, mode = divmod(os.stat(path).st_mode, 0o10000)
        if kind != 0o10:
            return False
    write_whole(path, data, kept=mode)
    return True
