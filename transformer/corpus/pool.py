"""Runs tasks in several processes, and leaves nothing behind when it is interrupted."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_COLLECT = (100_000, 20, 50)  # a task makes many small objects, and few circles of them
_CONTEXT = multiprocessing.get_context("spawn")


class _Worker:
    """What a process of the pool knows of itself."""

    stopped = False


def each(
    tasks: Sequence[T],
    run: Callable[[T], R],
    died: Callable[[T], R],
    jobs: int,
    temporary: Path,
) -> Iterator[tuple[int, R]]:
    """The results of the tasks by their numbers, in any order.

    A process that dies takes its pool with it: what was left then gets a
    process of its own for each task, so that only one task is the worse for
    it: ``died`` tells its result.  Temporary files go to ``temporary``.
    """
    left = dict(enumerate(tasks))
    with _pool(jobs, temporary) as pool:
        futures = {pool.submit(_guarded, run, t): i for i, t in left.items()}
        for future in as_completed(futures):
            if not isinstance(future.exception(), BrokenProcessPool):
                del left[futures[future]]
                yield futures[future], future.result()
    for index, task in left.items():
        with _pool(1, temporary) as pool:
            try:
                yield index, pool.submit(_guarded, run, task).result()
            except BrokenProcessPool:
                yield index, died(task)


@contextmanager
def _pool(jobs: int, temporary: Path) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes stop what they do when the caller is interrupted."""
    pool = ProcessPoolExecutor(jobs, _CONTEXT, initializer=_begin, initargs=(str(temporary),))
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(temporary: str) -> None:
    """In a process of the pool: the caller alone is interrupted, and then stops this one."""
    _use_temporary(temporary)
    gc.set_threshold(*_COLLECT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)


def _stop(number: int, frame: object) -> None:
    _Worker.stopped = True
    raise SystemExit(128 + number)


def _guarded(run: Callable[[T], R], task: T) -> R:
    if _Worker.stopped:
        raise SystemExit(128 + signal.SIGTERM)
    return run(task)


@contextmanager
def temporary_in(folder: Path) -> Iterator[None]:
    """Temporary files of this process and of its compilers go to ``folder`` meanwhile.

    An interrupt between the making of a temporary file and the record of it
    would leave that file; who removes ``folder`` removes it too.
    """
    before = os.environ.get("TMPDIR"), tempfile.tempdir
    _use_temporary(str(folder))
    try:
        yield
    finally:
        os.environ.pop("TMPDIR", None)
        if before[0] is not None:
            os.environ["TMPDIR"] = before[0]
        tempfile.tempdir = before[1]


def _use_temporary(folder: str) -> None:
    os.environ["TMPDIR"] = folder
    tempfile.tempdir = folder
