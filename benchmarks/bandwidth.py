"""What the memory of this machine gives (STREAM: read, write, copy, triad), and how near to it something comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

from benchmarks.contest import Contest

if TYPE_CHECKING:
    from collections.abc import Callable

#: Bytes moved for a cell of eight bytes, as STREAM counts: without what a cache reads before it writes.
MOVED: Final = {"read": 8, "write": 8, "copy": 16, "triad": 24}
#: From this share of the triad on, memory is what a kernel waits for.
ROOF: Final = 0.7
CELLS: Final = 20_000_000


@njit(nogil=True, error_model="numpy")
def _read(a: Any, b: Any, c: Any) -> Any:
    total = 0
    for i in range(a.size):
        total += a[i]
    return total


@njit(nogil=True, error_model="numpy")
def _write(a: Any, b: Any, c: Any) -> None:
    for i in range(c.size):
        c[i] = i


@njit(nogil=True, error_model="numpy")
def _copy(a: Any, b: Any, c: Any) -> None:
    for i in range(c.size):
        c[i] = a[i]


@njit(nogil=True, error_model="numpy")
def _triad(a: Any, b: Any, c: Any) -> None:
    for i in range(c.size):
        c[i] = a[i] + 3 * b[i]


def stream(cells: int, rounds: int) -> dict[str, float]:
    """Return GB/s by name and threads, such as ``triad_1t``."""
    arrays = _arrays(cells)
    contest = Contest()
    with ThreadPoolExecutor(2) as pool:
        for name, kernel in (("read", _read), ("write", _write), ("copy", _copy), ("triad", _triad)):
            contest.add(f"{name}_1t", lambda kernel=kernel: kernel(*arrays), cells)
            halves = [tuple(a[part] for a in arrays) for part in (slice(cells // 2), slice(cells // 2, None))]
            contest.add(f"{name}_2t", _both(pool, kernel, halves), cells)
        contest.run(rounds)
    return {
        name: round(MOVED[name[:-3]] * cells / median(one.spans) / 1e9, 1) for name, one in contest.contestants.items()
    }


def add_triad(contest: Contest, cells: int = CELLS) -> None:
    """Enter the triad, so that others can be held against it in the same rounds."""
    arrays = _arrays(cells)
    contest.add("triad", lambda: _triad(*arrays), cells)


def add_read(contest: Contest, cells: int = CELLS) -> None:
    """Enter a kernel that only reads."""
    arrays = _arrays(cells)
    contest.add("read", lambda: _read(*arrays), cells)


def share(contest: Contest, name: str, bytes_per_row: float, of: str = "triad") -> float:
    """Return the bytes a second that a contestant moves over those of the triad (or the read)."""
    return contest.speed_ratio(name, of) * bytes_per_row / MOVED[of]


def bound(contest: Contest, name: str, bytes_per_row: float) -> str:
    """Say what a contestant waits for."""
    part = share(contest, name, bytes_per_row)
    what = "memory" if part >= ROOF else "arithmetic"
    return f"{what}: {bytes_per_row:.0f} B a row at {part:.0%} of the triad's bandwidth"


def _arrays(cells: int) -> tuple[Any, Any, Any]:
    return np.arange(cells), np.arange(cells) * 2, np.zeros(cells, np.int64)


def _both(pool: ThreadPoolExecutor, kernel: Callable[..., Any], halves: list[tuple[Any, ...]]) -> Callable[[], object]:
    return lambda: list(pool.map(lambda arrays: kernel(*arrays), halves))
