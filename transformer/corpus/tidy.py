"""Failures as people without our folders read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from transformer.corpus.results import CaseResult, Failure, Schedule

Change = Callable[[str], str]


def tidy(result: CaseResult, place: Change) -> None:
    """Has ``place`` change each text that tells of a place."""
    result.failures = [_failure(f, place) for f in result.failures]


def _failure(failure: Failure, place: Change) -> Failure:
    schedule = failure.schedule
    return replace(
        failure,
        message=place(failure.message),
        site=place(failure.site),
        schedule=_schedule(schedule, place) if schedule is not None else None,
    )


def _schedule(schedule: Schedule, place: Change) -> Schedule:
    steps = tuple(replace(s, place=place(s.place), text=place(s.text)) for s in schedule.steps)
    return replace(
        schedule,
        update=place(schedule.update),
        reader=place(schedule.reader),
        steps=steps,
        outcome=place(schedule.outcome),
    )
