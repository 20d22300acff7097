"""Chunks of work on several threads: kernels let other threads run while they work."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from kommres.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Chunk = TypeVar("_Chunk")
_Result = TypeVar("_Result")


def available_threads() -> int:
    """Return how many threads this process may run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(
    work: Callable[[_Chunk], _Result], chunks: Iterable[_Chunk], *, threads: int | None = None
) -> list[_Result]:
    """Work on each chunk and return the results in the order of the chunks, whatever the number of threads.

    Parameters
    ----------
    work
        Called once for each chunk, by several threads at once.
    chunks
        What to work on; all of them are taken before the work begins.
    threads
        How many threads; 1 for none but the caller's; by default :func:`available_threads`.

    Raises
    ------
    UsageError
        ``threads`` is less than 1.
    Exception
        What ``work`` raises for the first chunk that it fails on. Chunks that were not begun are dropped, those at work
        come to their end first; the same holds for Ctrl-C. Nothing is left running.
    """
    if threads is not None and threads < 1:
        raise UsageError(f"threads={threads}", why="work needs a thread", todo="give 1 or more")
    parts = list(chunks)
    count = min(threads or available_threads(), len(parts))
    if count <= 1:
        return [work(part) for part in parts]
    last = len(parts)
    lock = Lock()

    def worked(place: int) -> list[_Result]:
        nonlocal last
        if place > last:
            return []
        try:
            return [work(parts[place])]
        except BaseException:
            # Chunks before this one still run: which failure is reported must not depend on who was faster.
            with lock:
                last = min(last, place)
            raise

    with ThreadPoolExecutor(count, thread_name_prefix="kommres") as pool:
        futures = [pool.submit(worked, place) for place in range(len(parts))]
        try:
            wait(futures)
        except BaseException:
            last = -1
            raise
    return [result for future in futures for result in future.result()]
