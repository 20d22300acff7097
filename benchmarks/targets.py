"""What is measured, in the words of the table, and what it has to reach."""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen(kw_only=True)
class Line:
    """A line of the table.

    ``most`` and ``least`` are what the target allows; ``unit`` is empty for ratios. ``bound``: what limits the figure,
    where it is not measured.
    """

    key: str
    what: str
    unit: str = ""
    most: float | None = None
    least: float | None = None
    bound: str = ""

    @property
    def target(self) -> str:
        """The target as people write it."""
        parts = [f"<= {self.most:g}"] if self.most is not None else []
        parts += [f">= {self.least:g}"] if self.least is not None else []
        return " and ".join(f"{part} {self.unit}".rstrip() for part in parts)

    def met(self, value: float) -> bool | None:
        """Say whether a value meets the target; None where there is none."""
        if self.most is None and self.least is None:
            return None
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)


LINES: Final = (
    Line(key="charge.time_vs_touch", what="household charge and penalty line, int64 columns: time / touch", most=1.25),
    Line(key="charge.vs_decimal", what="speed / Python Decimal", least=200, bound="theirs: Python objects"),
    Line(key="charge.vs_openfisca", what="speed / openfisca-core", least=10, bound="theirs: temporaries in memory"),
    Line(
        key="charge.vs_polars_int64",
        what="speed / polars int64, both on two threads",
        bound="theirs: temporaries in memory",
    ),
    Line(
        key="charge.vs_duckdb_decimal",
        what="speed / DuckDB DECIMAL, both on two threads",
        bound="theirs: 128-bit decimals",
    ),
    Line(key="charge.vs_numba_float", what="speed / hand-written numba float64", bound="memory, both"),
    Line(key="charge.vs_numpy_float", what="speed / numpy float64 in chunks", bound="theirs: temporaries in the cache"),
    Line(key="charge.vs_numpy_int64", what="speed / numpy int64 in chunks", bound="theirs: division of whole numbers"),
    Line(
        key="charge_narrow.time_vs_touch", what="the charge in 23 bytes a row, grouped by tariff: time / touch", most=2
    ),
    Line(key="house_heat.time_vs_touch", what="heat of a building by share of area, buildings and flats: time / touch"),
    Line(key="penalty.time_vs_touch", what="penalty, 12 debts x 11 rates, rounded once a debt: time / touch", most=2),
    Line(key="penalty.vs_decimal", what="speed / Python Decimal", least=1000, bound="theirs: Python objects"),
    Line(
        key="penalty.vs_numba_float", what="speed / hand-written numba float64", bound="theirs: the loop over periods"
    ),
    Line(key="penalty_by_row.time_vs_touch", what="the same, rounded once a row of the calculation: time / touch"),
    Line(key="penalty_by_row.vs_decimal", what="speed / Python Decimal", bound="theirs: Python objects"),
    Line(
        key="hourly.vs_pysam",
        what="a year of hours, zones, tiers, demand: speed / PySAM utilityrate5",
        least=100,
        bound="theirs: set-up of each account",
    ),
    Line(
        key="hourly.vs_numpy",
        what="speed / numpy over all accounts at once",
        least=2,
        bound="theirs: temporaries in memory",
    ),
    Line(
        key="hourly.vs_numpy_chunked",
        what="speed / numpy over chunks of accounts",
        bound="theirs: temporaries in the cache",
    ),
    Line(key="hourly.read_bandwidth_share", what="bytes of the series a second / bytes that memory gives", least=0.4),
    Line(key="stream.vs_codec", what="Parquet to Parquet: speed / decoding and encoding alone", least=0.85),
    Line(key="stream.peak_rss_mib", what="peak memory of that", unit="MiB", most=600, bound="row groups in flight"),
    Line(key="stream.rows_per_s", what="accounts a second of that", unit="1/s", bound="Parquet, see above"),
    Line(
        key="compile.cold_s",
        what="first charge of a process, about 200 steps, nothing cached",
        unit="s",
        most=0.9,
        bound="imports, proofs, LLVM",
    ),
    Line(key="compile.cached_s", what="the same from the cache", unit="s", most=0.35, bound="imports and proofs"),
    Line(key="import.kommres_ms", what="import kommres", unit="ms", most=60, bound="Python's import"),
    Line(key="check.all_rules_s", what="kommres check of all installed rules", unit="s", most=2, bound="parsing"),
    Line(
        key="interpreter.charges_per_s",
        what="charges a second of the interpreter",
        unit="1/s",
        least=20_000,
        bound="Python's calls",
    ),
    Line(
        key="scaling.threads_2_vs_1",
        what="speed of two threads / one, household charge",
        bound="memory shared by the cores: STREAM on one and two threads below",
    ),
    Line(key="mismatches", what="amounts that differ from the interpreter's, all lines together", unit="", most=0),
)
