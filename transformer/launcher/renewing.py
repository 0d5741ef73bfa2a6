"""When the front is made anew: a part of the fast path, for where it cannot be made at all."""

import sys

from transformer.launcher import light as os
from transformer.launcher.state import PACKAGE, State, plain_headers, templates, whole_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FRONT = "SC_TRANSFORM_FRONT"  # "no": every command line is Python's
_PLACE = PACKAGE + "/launcher/__pycache__"


def renew(state: State, environment: "Mapping[str, str]") -> None:
    """Makes it, unless the user wants none or it was in vain before.  Raises nothing."""
    if environment.get(FRONT) == "no" or not os.access(_PLACE, os.W_OK):
        return
    if state.get("front", _PLACE, _stamp()):
        return
    try:
        headers = plain_headers(state, environment)
    except Exception:  # templates that do not render are told of where they are needed
        return
    whole_python()
    from transformer.launcher.front import make

    make(headers, state, templates(environment))


def in_vain(state: State) -> None:
    """Not again for this PATH."""
    state.keep("front", _PLACE, _stamp(), True)


def _stamp() -> "tuple[str, str | None]":
    return sys.version, os.environ.get("PATH")
