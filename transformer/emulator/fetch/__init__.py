"""Relaxed instruction fetch (DESIGN §7.3): what other CPUs see while one updates.

``record`` and ``Recorder`` watch update code and give its ``WriteLog``;
``explore`` runs the places that it touches on other CPUs, in every schedule.
"""

from transformer.emulator.fetch.explore import Bound, Exploration, explore
from transformer.emulator.fetch.legal import Wrong, check_legal, state_of
from transformer.emulator.fetch.log import Event, WriteLog
from transformer.emulator.fetch.order import check_order
from transformer.emulator.fetch.places import Place, Places, find_places
from transformer.emulator.fetch.record import Recorder, record
from transformer.emulator.fetch.schedule import Schedule, Step

__all__ = [
    "Bound",
    "Event",
    "Exploration",
    "Place",
    "Places",
    "Recorder",
    "Schedule",
    "Step",
    "WriteLog",
    "Wrong",
    "check_legal",
    "check_order",
    "explore",
    "find_places",
    "record",
    "state_of",
]
