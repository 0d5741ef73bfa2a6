"""When the front is made anew: a part of the fast path, for where it cannot be made at all."""

import sys

from transformer.launcher import light as os
from transformer.launcher.process import FORWARDED, Interrupted, die
from transformer.launcher.state import PACKAGE, State, plain_headers, templates, whole_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FRONT = "SC_TRANSFORM_FRONT"  # "no": every command line is Python's
PLACE = PACKAGE + "/launcher/__pycache__"


def renew(state: State, environment: "Mapping[str, str]") -> None:
    """Makes it, unless the user wants none or it was in vain before.  Raises nothing.

    A signal that comes meanwhile ends the process, and nothing is left of the attempt.
    """
    if environment.get(FRONT) == "no" or not os.access(PLACE, os.W_OK):
        return
    if state.get("front", PLACE, _stamp()):
        return
    try:
        headers = plain_headers(state, environment)
    except Exception:  # templates that do not render are told of where they are needed
        return
    whole_python()
    import signal

    from transformer.launcher.front import make

    def stop(number: int, frame: object) -> None:
        raise Interrupted(number)

    ending = [n for n in FORWARDED if signal.getsignal(n) == signal.SIG_DFL]
    for number in ending:
        signal.signal(number, stop)
    try:
        make(headers, state, templates(environment))
    except Interrupted as e:
        die(e.number)
    for number in ending:
        signal.signal(number, signal.SIG_DFL)


def in_vain(state: State) -> None:
    """Not again for this PATH."""
    state.keep("front", PLACE, _stamp(), True)


def _stamp() -> "tuple[str, str | None]":
    return sys.version, os.environ.get("PATH")
