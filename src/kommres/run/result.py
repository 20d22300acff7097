"""What a run returns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from kommres.columns.arrow import require_arrow

if TYPE_CHECKING:
    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

ALL_CHARGED: Final = 0
WITH_QUARANTINE: Final = 3


@frozen(kw_only=True, eq=False)
class RunResult:
    """Result of a run: in memory, or in the folder ``out``.

    ``manifest`` says what the run was made of and what came out; ``charges`` and ``quarantine`` are Arrow tables (they
    have ``__arrow_c_stream__``, so polars, pandas and others take them as they are).
    """

    manifest: Mapping[str, Any]
    out: Path | None = None
    tables: Mapping[str, pa.Table] = field(factory=dict, repr=False)

    @property
    def charges(self) -> pa.Table:
        """One row per account, service and line."""
        return self._table("charges")

    @property
    def quarantine(self) -> pa.Table:
        """One row per account and service that was not charged, and per row of a table that could not be used."""
        return self._table("quarantine")

    @property
    def exit_code(self) -> int:
        """0 if all was charged, 3 if there is quarantine."""
        return WITH_QUARANTINE if self.manifest["results"]["rows"]["quarantine"] else ALL_CHARGED

    def _table(self, name: str) -> pa.Table:
        if self.out is None:
            return self.tables[name]
        return require_arrow().parquet.read_table(self.out / f"{name}.parquet")
