"""Charges of data that live in a Spark cluster: each building is charged where its rows are.

A row of the data frame holds a whole tree: a column for each table, its rows as an array of structures. Spark brings
batches of such rows to Python as Arrow; the rest is a batch function, whose rules and kernels each worker reads once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommres.columns.arrow import require_arrow
from kommres.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame

    from kommres.run.function import BatchFunction

#: of the two results: which one a row belongs to
KIND = "result"


def charged(frame: DataFrame, function: BatchFunction) -> tuple[DataFrame, DataFrame]:
    """Return charges and quarantine of a data frame.

    Parameters
    ----------
    frame
        A row for each tree: columns named as tables, of type array of struct. Other columns are not read.
    function
        From :func:`kommres.run.batch_function`; its rules must lie at the same paths on all workers.

    Returns
    -------
    Two data frames over one computation; ``persist`` the first one's source, or write both, as with any lazy frame.

    Raises
    ------
    UsageError
        U0316 where no column of the frame is an array of structures.
    """
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import ArrayType, StructType

    tables = [
        item.name
        for item in frame.schema.fields
        if isinstance(item.dataType, ArrayType) and isinstance(item.dataType.elementType, StructType)
    ]
    if not tables:
        raise UsageError(
            "no column of the data frame is an array of structures",
            code="U0316",
            why="a row has to hold a whole tree, one column for each table",
            todo="group the rows of each table by their root: collect_list(struct(...))",
        )
    schema = from_arrow_schema(_both(function))
    rows = frame.select(*tables).mapInArrow(_mapper(function, tables), schema)
    charges, quarantine = function.schemas
    return (
        rows.where(rows[KIND] == 0).select(*charges.names),
        rows.where(rows[KIND] == 1).select(*(rows[f"q_{name}"].alias(name) for name in quarantine.names)),
    )


def _mapper(
    function: BatchFunction, tables: list[str]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def mapped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from _rows_of(function, batch, tables)

    return mapped


def _rows_of(function: BatchFunction, batch: pa.RecordBatch, tables: list[str]) -> Iterator[pa.RecordBatch]:
    """Charge the trees of a batch; both results come as rows of one table."""
    pa = require_arrow()
    found = function({name: pa.RecordBatch.from_struct_array(batch.column(name).flatten()) for name in tables})
    schema = _both(function)
    for number, (table, prefix) in enumerate(zip(found, ("", "q_"), strict=True)):
        cells: dict[str, Any] = {f"{prefix}{name}": table.column(name) for name in table.column_names}
        cells[KIND] = pa.array([number] * table.num_rows, pa.int8())
        columns = [cells.get(item.name, pa.nulls(table.num_rows, item.type)) for item in schema]
        yield from pa.table(columns, schema=schema).to_batches()


def _both(function: BatchFunction) -> pa.Schema:
    """Return the columns of charges and of quarantine side by side, all of which may be empty."""
    pa = require_arrow()
    charges, quarantine = function.schemas
    return pa.schema(
        [
            pa.field(KIND, pa.int8()),
            *(pa.field(item.name, item.type) for item in charges),
            *(pa.field(f"q_{item.name}", item.type) for item in quarantine),
        ]
    )
