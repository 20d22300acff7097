"""What the memory of this machine gives (STREAM: read, write, copy, triad), and how near to it something comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
from benchmarks.contest import Contest

from kommres.dsl.backends.kernels.cache import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.workloads import Cells

#: Bytes moved for a cell of eight bytes, as STREAM counts: without what a cache reads before it writes.
MOVED: Final = {"read": 8, "write": 8, "copy": 16, "triad": 24}
#: From this share of the triad on, memory is what a kernel waits for.
ROOF: Final = 0.7
CELLS: Final = 8_000_000


#: name -> the arrays that are read and written, and what is done in each cell; by the same compiler as our kernels
KERNELS: Final = {
    "read": ("a", "total = total + a[i]"),
    "write": ("c", "c[i] = i"),
    "copy": ("ac", "c[i] = a[i]"),
    "triad": ("abc", "c[i] = a[i] + 3 * b[i]"),
}


def stream(cells: int, rounds: int) -> dict[str, float]:
    """Return GB/s by name and threads, such as ``triad_1t``."""
    contest = Contest()
    with ThreadPoolExecutor(2) as pool:
        for name in KERNELS:
            kernel, arrays = _prepared(name, cells)
            contest.add(f"{name}_1t", partial(kernel, *arrays), cells)
            halves = [[array[part] for array in arrays] for part in (slice(cells // 2), slice(cells // 2, None))]
            contest.add(f"{name}_2t", partial(_both, pool, kernel, halves), cells)
        contest.run(rounds)
    return {
        name: round(MOVED[name[:-3]] * cells / median(one.spans) / 1e9, 1) for name, one in contest.contestants.items()
    }


def add(contest: Contest, name: str, cells: int = CELLS) -> None:
    """Enter a kernel of STREAM, so that others can be held against it in the same rounds."""
    kernel, arrays = _prepared(name, cells)
    contest.add(name, partial(kernel, *arrays), cells)


def share(contest: Contest, name: str, bytes_per_row: float, of: str = "triad") -> float:
    """Return the bytes a second that a contestant moves over those of the triad (or the read)."""
    return contest.speed_ratio(name, of) * bytes_per_row / MOVED[of]


def bound(contest: Contest, name: str, bytes_per_row: float) -> str:
    """Say what a contestant waits for."""
    part = share(contest, name, bytes_per_row)
    what = "memory" if part >= ROOF else "arithmetic"
    return f"{what}: {bytes_per_row:.0f} B a row at {part:.0%} of the triad's bandwidth"


@cache
def _prepared(name: str, cells: int) -> tuple[Callable[..., object], list[Cells]]:
    takes, step = KERNELS[name]
    lines = ["total = int64(0)", f"for i in range({takes[0]}.size):", f"    {step}", "return total"]
    body = "\n".join(f"    {line}" for line in lines)
    text = f"from numba import int64\n\n\ndef {name}({', '.join(takes)}):\n{body}\n"
    return compiled(text, name), [np.arange(cells) for _ in takes]


def _both(pool: ThreadPoolExecutor, kernel: Callable[..., object], halves: list[list[Cells]]) -> None:
    for _ in pool.map(lambda arrays: kernel(*arrays), halves):
        pass
