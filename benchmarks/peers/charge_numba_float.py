"""The benchmark rule as a programmer writes it by hand for numba: float64, units of daily life, one loop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.peers.peer import Peer
from numba import njit

if TYPE_CHECKING:
    from benchmarks.workloads import Cells


@njit(nogil=True, error_model="numpy")
def _kernel(
    volume: Cells,
    residents: Cells,
    first_tier: Cells,
    second_tier: Cells,
    first_price: Cells,
    second_price: Cells,
    third_price: Cells,
    bad_hours: Cells,
    absent_days: Cells,
    days: Cells,
    debt: Cells,
    days_late: Cells,
    energy: Cells,
    penalty: Cells,
) -> None:
    for i in range(energy.size):
        used = volume[i] / 1000.0
        first = float(first_tier[i] * residents[i])
        second = float(second_tier[i] * residents[i])
        amount = min(used, first) * (first_price[i] / 100000.0)
        amount += min(max(used - first, 0.0), second) * (second_price[i] / 100000.0)
        amount += max(used - first - second, 0.0) * (third_price[i] / 100000.0)
        amount *= (1.0 - 0.0015 * bad_hours[i]) * ((days[i] - absent_days[i]) / days[i])
        energy[i] = math.floor(amount * 100.0 + 0.5)
        late = days_late[i]
        part = min(max(late - 30, 0), 60) / 300.0 + max(late - 90, 0) / 130.0
        penalty[i] = math.floor(debt[i] / 100.0 * 0.16 * part * 100.0 + 0.5)


def prepare(columns: dict[str, Cells]) -> Peer:
    """Return the engine over all rows, on one thread."""
    rows = columns["volume"].size
    amounts = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    return Peer(
        name="numba_float",
        rows=rows,
        work=lambda: _kernel(*columns.values(), *amounts),
        amounts=lambda: amounts,
    )
