"""Tables in memory charged on the calling thread: what one call of a batch function does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from kommres.columns.arrow import require_arrow
from kommres.columns.export import refused_schema
from kommres.columns.ingest import open_data
from kommres.columns.lines import joined, plain
from kommres.run import manifest as manifests
from kommres.run.census import Census
from kommres.run.partition import parts_of
from kommres.run.stream import Charger

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from kommres.run.batch import Counts
    from kommres.run.stream import Office


def charge_tables(office: Office, tables: Mapping[str, Any], batch_rows: int | None) -> tuple[pa.Table, pa.Table]:
    """Return charges and quarantine of whole trees.

    Parameters
    ----------
    office
        Charges them.
    tables
        Table name -> rows.
    batch_rows
        About how many rows of data are worked on at a time.

    Raises
    ------
    DataError
        Where a table or a column as a whole cannot be used.
    ReconciliationError
        Where rows in are not rows out.
    """
    pa = require_arrow()
    data = open_data(office.interpreter.plan, {name: _table(rows) for name, rows in tables.items()})
    census = Census()
    census.add(data, data.tables)
    charger = Charger.of(office, data)
    counts: Counts = Counter()
    results = [charger.part(part) for part in parts_of(data, batch_rows or office.batch_rows)]
    for result in results:
        counts.update(dict(result.counts))  # += would drop negative totals
    lines = joined([result.lines for result in results], office.terms.digits)
    refused = [result.refused for result in results]
    manifests.reconcile(census, counts, office.terms)
    manifests.recount(lines, refused, office.kinds, counts)
    charges = plain(lines, office.kinds, office.terms.digits)
    return charges.combine_chunks(), pa.Table.from_batches(refused, refused_schema()).combine_chunks()


def _table(rows: object) -> object:
    """Return a table for a record batch, which has no stream of its own; anything else as it is."""
    pa = require_arrow()
    return pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
