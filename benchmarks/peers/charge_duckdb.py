"""The benchmark rule in SQL on DECIMAL columns of DuckDB, with all its threads. Quotients are DOUBLE there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
from benchmarks.peers.peer import Amounts, Peer

if TYPE_CHECKING:
    from benchmarks.workloads import Cells

#: column -> type, and the power of ten of its steps
TYPES = {
    "volume": ("DECIMAL(9, 3)", 3),
    "first_price": ("DECIMAL(9, 5)", 5),
    "second_price": ("DECIMAL(9, 5)", 5),
    "third_price": ("DECIMAL(9, 5)", 5),
    "debt": ("DECIMAL(10, 2)", 2),
}
QUERY = """
WITH tiers AS (
    SELECT
        *,
        (first_tier * residents)::DECIMAL(9, 3) AS first_kwh,
        (second_tier * residents)::DECIMAL(9, 3) AS second_kwh
    FROM accounts
)
SELECT
    round(
        (
            least(volume, first_kwh) * first_price
            + least(greatest(volume - first_kwh, 0), second_kwh) * second_price
            + greatest(volume - first_kwh - second_kwh, 0) * third_price
        )::DECIMAL(38, 8)
        * (1 - 0.0015 * bad_hours)::DECIMAL(5, 4) * (days - absent_days) / days,
        2
    ) AS energy,
    round(
        debt * 0.16 * (13 * greatest(least(days_late - 30, 60), 0) + 30 * greatest(days_late - 90, 0))::DECIMAL(9, 0)
        / 3900,
        2
    ) AS penalty
FROM tiers
"""


def prepare(columns: dict[str, Cells]) -> Peer:
    """Return the engine over all rows; the table is in memory, in the engine's own format."""
    connection = duckdb.connect()
    connection.register("raw", pa.table(columns))
    chosen = ", ".join(
        f"({name}::DECIMAL(18, 0) / {10 ** TYPES[name][1]})::{TYPES[name][0]} AS {name}"
        if name in TYPES
        else f"{name}::INTEGER AS {name}"
        for name in columns
    )
    connection.execute(f"CREATE TABLE accounts AS SELECT {chosen} FROM raw")
    connection.unregister("raw")
    kept: dict[str, Any] = {}

    def work() -> None:
        kept["table"] = connection.sql(QUERY).to_arrow_table()

    def amounts() -> Amounts:
        return [
            np.round(kept["table"][name].to_numpy().astype(float) * 100).astype(np.int64)
            for name in ("energy", "penalty")
        ]

    return Peer(name="duckdb_decimal", rows=columns["volume"].size, work=work, amounts=amounts)
