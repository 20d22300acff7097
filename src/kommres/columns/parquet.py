"""Result files: row groups written one by one, in any order and by any thread, and put together as they are.

Every setting on which bytes depend is said here, so that a new default of the library changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kommres.columns import footer
from kommres.columns.arrow import require_arrow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import pyarrow as pa

#: at most so many rows in a row group of a result file
ROW_GROUP: Final = 131_072


def encoded(table: pa.Table, *, plain: Collection[str] = (), statistics: Collection[str] = ()) -> memoryview:
    """Return a table as a Parquet file of row groups of about equal size.

    Parameters
    ----------
    table
        Columns of dictionaries become columns of their values.
    plain
        Columns that are written without a dictionary: their values seldom repeat.
    statistics
        Columns whose least and greatest value a row group names.
    """
    pa = require_arrow()
    sink = pa.BufferOutputStream()
    with pa.parquet.ParquetWriter(
        sink,
        table.schema,
        version="2.6",
        compression="zstd",
        compression_level=3,
        use_dictionary=[name for name in table.column_names if name not in plain],
        write_statistics=list(statistics),
        data_page_version="1.0",
        data_page_size=1 << 20,
        write_batch_size=1024,
        # Without the schema of Arrow beside that of Parquet, columns of dictionaries are read as what they hold.
        store_schema=False,
    ) as writer:
        if rows := table.num_rows:
            groups = -(-rows // ROW_GROUP)
            writer.write_table(table, row_group_size=-(-rows // groups))
    return memoryview(sink.getvalue())


class Stitching:
    """Where the row groups of several files come to stand in one.

    ``groups``: descriptions of the row groups so far. ``size``: bytes of the file so far.
    """

    def __init__(self, groups: Iterable[bytes] = (), size: int = len(footer.MAGIC)) -> None:
        self.groups = list(groups)
        self.size = size

    def take(self, file: memoryview) -> memoryview:
        """Return the bytes that a file adds."""
        body, groups = footer.body_and_groups(file, self.size - len(footer.MAGIC), len(self.groups))
        self.groups.extend(groups)
        self.size += len(body)
        return body

    def ending(self, empty: memoryview) -> bytes:
        """Return the end of the file. ``empty``: a file of the same columns without rows."""
        return footer.ending(empty, self.groups)
