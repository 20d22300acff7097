"""The penalty rule by hand: a loop over the periods of the key rate, in Python's Decimal and in numba float64.

Both round once a debt, or once a row: days of one rate and one part.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.peers.peer import Amounts, Peer
from numba import njit

if TYPE_CHECKING:
    from benchmarks.workloads import Cells, Grouped

#: the key rate in 1/100 %, from a day on
RATES = {
    date(2023, 1, 1): 750,
    date(2023, 7, 24): 850,
    date(2023, 8, 15): 1200,
    date(2023, 9, 18): 1300,
    date(2023, 10, 30): 1500,
    date(2023, 12, 18): 1600,
    date(2024, 7, 29): 1800,
    date(2024, 9, 16): 1900,
    date(2024, 10, 28): 2100,
    date(2025, 6, 9): 2000,
    date(2025, 7, 28): 1800,
}
STARTS = [day.toordinal() for day in RATES]
ENDS = [*STARTS[1:], date(2100, 1, 1).toordinal()]
KOPECK = Decimal("0.01")


def prepare_decimal(data: Grouped, rows: int, *, by_row: bool) -> Peer:
    """Return the loop in Decimal over the debts of the first debtors; what it converts is outside the clock."""
    rates = [Decimal(rate) / 10_000 for rate in RATES.values()]
    bounds = data.offsets[: rows + 1].tolist()
    due, paid_on, amount = (cells[: bounds[-1]].tolist() for cells in data.rows.values())
    debts = list(zip(due, paid_on, [Decimal(cell).scaleb(-2) for cell in amount], strict=True))
    debtors = [debts[start:stop] for start, stop in pairwise(bounds)]
    found: list[Decimal] = []

    def work() -> None:
        found[:] = [_charge(debts, rates, by_row=by_row) for debts in debtors]

    def amounts() -> Amounts:
        return [np.array([int(amount * 100) for amount in found], np.int64)]

    return Peer(name="decimal", rows=rows, work=work, amounts=amounts)


def _charge(debts: list[tuple[int, int, Decimal]], rates: list[Decimal], *, by_row: bool) -> Decimal:
    charged = Decimal(0)
    for due, paid_on, amount in debts:
        total = Decimal(0)
        for start, end, rate in zip(STARTS, ENDS, rates, strict=True):
            late = min(paid_on, due + 91, end) - max(due + 31, start)
            very_late = min(paid_on, end) - max(due + 91, start)
            for days, below in ((late, 300), (very_late, 130)):
                if days > 0:
                    row = amount * rate * days / below
                    total += row.quantize(KOPECK, ROUND_HALF_UP) if by_row else row
        charged += total.quantize(KOPECK, ROUND_HALF_UP)
    return charged


@njit(nogil=True, error_model="numpy")
def _kernel(
    due: Cells,
    paid_on: Cells,
    amount: Cells,
    offsets: Cells,
    starts: Cells,
    ends: Cells,
    rates: Cells,
    by_row: bool,
    charged: Cells,
) -> None:
    for i in range(charged.size):
        kopecks = 0.0
        for j in range(offsets[i], offsets[i + 1]):
            total = 0.0
            for k in range(starts.size):
                late = min(paid_on[j], due[j] + 91, ends[k]) - max(due[j] + 31, starts[k])
                very_late = min(paid_on[j], ends[k]) - max(due[j] + 91, starts[k])
                if late > 0:
                    row = amount[j] / 100.0 * rates[k] * late / 300.0
                    total += math.floor(row * 100.0 + 0.5) / 100.0 if by_row else row
                if very_late > 0:
                    row = amount[j] / 100.0 * rates[k] * very_late / 130.0
                    total += math.floor(row * 100.0 + 0.5) / 100.0 if by_row else row
            kopecks += math.floor(total * 100.0 + 0.5)
        charged[i] = int(kopecks)


def prepare_float(data: Grouped, rows: int, *, by_row: bool) -> Peer:
    """Return the loop in float64 over the debts of the first debtors, on one thread."""
    charged = np.zeros(rows, np.int64)
    rates = np.array(list(RATES.values())) / 10_000
    days = np.array(STARTS), np.array(ENDS)

    def work() -> None:
        _kernel(*data.rows.values(), data.offsets, *days, rates, by_row, charged)

    return Peer(name="numba_float", rows=rows, work=work, amounts=lambda: [charged])
