"""The benchmark rule as polars expressions on int64 columns, with all the threads that polars takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from benchmarks.peers.peer import Amounts, Peer

if TYPE_CHECKING:
    from benchmarks.workloads import Cells


def prepare(columns: dict[str, Cells]) -> Peer:
    """Return the engine over all rows. Nothing tells it when a product does not fit."""
    frame = pl.DataFrame(columns)
    energy, penalty = _energy().alias("energy"), _penalty().alias("penalty")
    kept: dict[str, Any] = {}

    def work() -> None:
        kept["frame"] = frame.lazy().select(energy, penalty).collect()

    def amounts() -> Amounts:
        return [kept["frame"][name].to_numpy() for name in ("energy", "penalty")]

    return Peer(name="polars_int64", rows=frame.height, work=work, amounts=amounts)


def _energy() -> pl.Expr:
    used, days = pl.col("volume"), pl.col("days")
    first = pl.col("first_tier") * pl.col("residents") * 1000
    second = pl.col("second_tier") * pl.col("residents") * 1000
    zero = pl.lit(0, pl.Int64)
    amount = (
        pl.min_horizontal(used, first) * pl.col("first_price")
        + pl.min_horizontal(pl.max_horizontal(used - first, zero), second) * pl.col("second_price")
        + pl.max_horizontal(used - first - second, zero) * pl.col("third_price")
    )
    above = amount * (10_000 - 15 * pl.col("bad_hours")) * (days - pl.col("absent_days"))
    below = days * 10_000_000_000
    return (above + below // 2) // below


def _penalty() -> pl.Expr:
    late, zero = pl.col("days_late"), pl.lit(0, pl.Int64)
    part = 13 * (late - 30).clip(0, 60) + 30 * pl.max_horizontal(late - 90, zero)
    return (pl.col("debt") * (4 * part) + 48_750) // 97_500
