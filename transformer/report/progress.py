"""What is shown on a terminal while ``verify`` runs, and gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from transformer.corpus.results import CaseResult, Tick


@contextmanager
def live(stream: TextIO, *, enabled: bool) -> Iterator[Tick | None]:
    """Gives what to call with (result, results so far, results in all), or None.

    ``enabled`` is whether ``stream`` is a terminal; else nothing is written.
    """
    if not enabled:
        yield None
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("", total=None)
        wrong = 0

        def tick(result: CaseResult, done: int, total: int) -> None:
            nonlocal wrong
            wrong += result.status in ("fail", "error")
            description = f"[red]{wrong} wrong[/] " if wrong else ""
            name = result.name.replace("[", "\\[")
            bar.update(task, completed=done, total=total, description=description + name)

        yield tick
