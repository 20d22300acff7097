"""The benchmark rule in numpy, a chunk that fits the cache at a time: float64, and int64 without a proof."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.workloads import Cells

CHUNK = 1 << 15


def prepare_float(columns: dict[str, Cells]) -> Peer:
    """Return the engine in float64, units of daily life."""
    return _peer("numpy_float", _float, columns)


def prepare_int(columns: dict[str, Cells]) -> Peer:
    """Return the engine in int64. Nothing tells it when a product does not fit."""
    return _peer("numpy_int64", _int, columns)


def _peer(name: str, compute: Callable[[dict[str, Cells]], tuple[Cells, Cells]], columns: dict[str, Cells]) -> Peer:
    rows = columns["volume"].size
    amounts = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    return Peer(name=name, rows=rows, work=partial(_run, compute, columns, amounts), amounts=lambda: amounts)


def _run(
    compute: Callable[[dict[str, Cells]], tuple[Cells, Cells]], columns: dict[str, Cells], amounts: tuple[Cells, Cells]
) -> None:
    for start in range(0, amounts[0].size, CHUNK):
        part = slice(start, start + CHUNK)
        amounts[0][part], amounts[1][part] = compute({name: column[part] for name, column in columns.items()})


def _float(c: dict[str, Cells]) -> tuple[Cells, Cells]:
    used = c["volume"] / 1000
    first = c["first_tier"] * c["residents"]
    second = c["second_tier"] * c["residents"]
    amount = np.minimum(used, first) * (c["first_price"] / 100_000)
    amount += np.clip(used - first, 0, second) * (c["second_price"] / 100_000)
    amount += np.maximum(used - first - second, 0) * (c["third_price"] / 100_000)
    amount *= (1 - 0.0015 * c["bad_hours"]) * ((c["days"] - c["absent_days"]) / c["days"])
    late = c["days_late"]
    part = np.clip(late - 30, 0, 60) / 300 + np.maximum(late - 90, 0) / 130
    penalty = c["debt"] / 100 * 0.16 * part
    return np.floor(amount * 100 + 0.5), np.floor(penalty * 100 + 0.5)


def _int(c: dict[str, Cells]) -> tuple[Cells, Cells]:
    used = c["volume"]
    first = c["first_tier"] * c["residents"] * 1000
    second = c["second_tier"] * c["residents"] * 1000
    amount = np.minimum(used, first) * c["first_price"]
    amount += np.clip(used - first, 0, second) * c["second_price"]
    amount += np.maximum(used - first - second, 0) * c["third_price"]
    # in 1/100_000_000 roubles; bad quality in 1/10_000, so kopecks are 10_000_000_000 x days of these
    amount *= (10_000 - 15 * c["bad_hours"]) * (c["days"] - c["absent_days"])
    below = c["days"] * 10_000_000_000
    late = c["days_late"]
    owed = c["debt"] * (4 * (13 * np.clip(late - 30, 0, 60) + 30 * np.maximum(late - 90, 0)))
    return (amount + below // 2) // below, (owed + 48_750) // 97_500
