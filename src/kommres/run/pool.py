"""Work in several threads whose results come in the order in which it was given out."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")


class Pool:
    """Calls functions in threads; with none, at the moment when a result is wanted."""

    def __init__(self, executor: ThreadPoolExecutor | None, threads: int) -> None:
        self._executor = executor
        self._ahead = threads + 1

    def ordered(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield the results for items; a few of them are computed ahead, while items are still being read."""
        if self._executor is None:
            yield from map(function, items)
            return
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(self._executor.submit(function, item))
            if len(waiting) > self._ahead or waiting[0].done():
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def pool(threads: int) -> Iterator[Pool]:
    """Open a pool; work that was not begun is dropped at the end."""
    if threads <= 1:
        yield Pool(None, 0)
        return
    executor = ThreadPoolExecutor(threads, thread_name_prefix="kommres")
    try:
        yield Pool(executor, threads)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
