"""Which failures tell the same but for names, places and numbers."""

from __future__ import annotations

import re

from transformer.corpus.results import Failure

_STAGE = re.compile(r"^(?:step \d+: .*?|constructors|far and near targets): ")
_RIGHT = re.compile(r"; right would be.*", re.DOTALL)
_PLACE = re.compile(
    r"""[\w.$]+(?:\+0x[0-9a-f]+)?\ \([^()\s]*:\d+\)   # function+0x10 (file.c:12)
    | \b__SC[TK]__\w+(?:\+0x[0-9a-f]+)? | \b[\w.$]+\+0x[0-9a-f]+
    | '[^']*'""",
    re.VERBOSE,
)
_BYTES = re.compile(r"\b[0-9a-f]{2}(?: [0-9a-f]{2})+\b")
_NUMBER = re.compile(r"\b0x[0-9a-f]+|\+0x[0-9a-f]+|\b\d+\b")


def without_numbers(text: str) -> str:
    """The text; addresses and offsets, which are others in each build, are all one."""
    return _NUMBER.sub("#", text)


def skeleton(failure: Failure) -> tuple[str, str]:
    """What is wrong, and nothing of where or in which step."""
    schedule = failure.schedule
    told = schedule.outcome if schedule is not None else failure.message
    told = _RIGHT.sub("", _STAGE.sub("", told))
    return failure.check, without_numbers(_BYTES.sub("#", _PLACE.sub("@", told)))
