"""The benchmark rule in Python's Decimal, row by row, on the first rows. What it converts is outside the clock."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.peers.peer import Peer

if TYPE_CHECKING:
    from benchmarks.workloads import Cells

KOPECK = Decimal("0.01")
ZERO = Decimal(0)
STEPS = {"volume": 3, "first_price": 5, "second_price": 5, "third_price": 5, "debt": 2}


def prepare(columns: dict[str, Cells], rows: int) -> Peer:
    """Return the engine over the first rows."""
    cells = [
        [Decimal(int(cell)).scaleb(-STEPS.get(name, 0)) for cell in column[:rows]] for name, column in columns.items()
    ]
    lines = list(zip(*cells, strict=True))
    found: list[tuple[Decimal, Decimal]] = []

    def work() -> None:
        found[:] = [_charge(*line) for line in lines]

    def amounts() -> list[np.ndarray]:
        return [np.array([int(pair[i] * 100) for pair in found], np.int64) for i in range(2)]

    return Peer(name="decimal", rows=rows, work=work, amounts=amounts)


def _charge(
    volume: Decimal,
    residents: Decimal,
    first_tier: Decimal,
    second_tier: Decimal,
    first_price: Decimal,
    second_price: Decimal,
    third_price: Decimal,
    bad_hours: Decimal,
    absent_days: Decimal,
    days: Decimal,
    debt: Decimal,
    days_late: Decimal,
) -> tuple[Decimal, Decimal]:
    first = first_tier * residents
    second = second_tier * residents
    amount = min(volume, first) * first_price
    amount += min(max(volume - first, ZERO), second) * second_price
    amount += max(volume - first - second, ZERO) * third_price
    amount *= 1 - Decimal("0.0015") * bad_hours
    amount *= days - absent_days
    part = min(max(days_late - 30, ZERO), Decimal(60)) / 300 + max(days_late - 90, ZERO) / 130
    penalty = debt * Decimal("0.16") * part
    return (amount / days).quantize(KOPECK, ROUND_HALF_UP), penalty.quantize(KOPECK, ROUND_HALF_UP)
