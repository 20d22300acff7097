"""A clean synthetic city as rows in memory, and the installed rules that charge it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kommres.columns.ingest import open_data
from kommres.columns.rows import Rows
from kommres.period import Month
from kommres.synth import synthesize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kommres import Program
    from kommres.dsl.backends.rows import Row

MONTH = "2022-12"


def buildings(program: Program, accounts: int, month: str = MONTH, seed: int = 1) -> list[Row]:
    """Return the city's buildings with everything below them."""
    with tempfile.TemporaryDirectory() as folder:
        city = synthesize(Path(folder) / "city", accounts=accounts, seed=seed, months=[month])
        data = open_data(program.plan, city.month(month))
        return Rows(data, Month.parse(month)).trees("building", 0, len(data.entities["building"].order))


def flats(roots: list[Row]) -> list[Row]:
    """Return the accounts."""
    return [flat for root in roots for flat in root.descendants("premises")]


def forget(roots: list[Row]) -> None:
    """Remove what an interpreter remembered on the rows."""
    for row in _everything(roots):
        row.memo.clear()


def _everything(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield row
        for below in row.children.values():
            yield from _everything(below)
