"""Tables of files read piece by piece, from the front."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from kommres.columns.arrow import require_arrow
from kommres.columns.files import file_digest, refuse_twins, unreadable
from kommres.columns.narrow import Narrow
from kommres.columns.schema import weight_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

    from kommres.columns.schema import TableSchema

#: files that can be read piece by piece
STREAMED: Final = frozenset({".parquet", ".arrow", ".feather"})
_PARQUET: Final = ".parquet"
#: columns whose texts are read as a dictionary where they repeat
_REPEATED: Final = frozenset({"input", "field", "value"})
#: rows that are read at a time
ROWS = 131_072
#: a batch of an Arrow file with more rows is not read as a whole
_MOST_ROWS: Final = 1 << 20


@frozen(kw_only=True)
class TableFile:
    """A file of a table. ``narrow``: how its decimals are read."""

    name: str
    path: Path
    schema: pa.Schema
    rows: int
    narrow: Narrow = field(repr=False)
    _digest: Future[str] = field(repr=False, eq=False)

    @classmethod
    def of(cls, name: str, path: Path) -> TableFile:
        """Look at a file. Raises :class:`DataError` where it as a whole cannot be read."""
        pa = require_arrow()
        # It is read as a whole beside all that makes the run ready.
        aside = ThreadPoolExecutor(1, thread_name_prefix="kommres-digest")
        digest = aside.submit(file_digest, path)
        aside.shutdown(wait=False)
        try:
            if path.suffix.lower() == _PARQUET:
                with pa.parquet.ParquetFile(path) as file:
                    schema, rows, narrow = file.schema_arrow, file.metadata.num_rows, Narrow.of(path, file)
            else:
                from pyarrow.dataset import dataset

                # Counts without unpacking.
                schema, rows = pa.ipc.open_file(str(path)).schema, dataset(path, format="ipc").count_rows()
                narrow = Narrow(schema=schema)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise unreadable(path, error) from error
        refuse_twins(schema.names, path.name)
        return cls(name=name, path=path, schema=schema, rows=rows, narrow=narrow, digest=digest)

    @property
    def digest(self) -> str:
        """SHA-256 of the file. Raises :class:`DataError` where it cannot be read."""
        try:
            return self._digest.result()
        except OSError as error:
            raise unreadable(self.path, error) from error

    def columns(self, schema: TableSchema) -> pa.Schema:
        """Return the columns that the rules know, as they are read."""
        pa = require_arrow()
        names = {column.name for column in schema.columns if column.role in _REPEATED} & self.narrow.repeated
        coded = pa.dictionary(pa.int32(), pa.string())
        return pa.schema(
            [
                item.with_type(coded) if item.name in names else item
                for item in self.narrow.schema
                if item.name in schema.names
            ]
        )

    def batches(self, columns: pa.Schema | Sequence[str], rows: int = ROWS) -> Iterator[pa.RecordBatch]:
        """Yield the rows of some columns, as they are or from :meth:`columns`, about so many at a time.

        Raises :class:`DataError` where they cannot be read.
        """
        pa = require_arrow()
        schema = (
            columns if isinstance(columns, pa.Schema) else pa.schema([self.narrow.schema.field(n) for n in columns])
        )
        try:
            yield from (
                self._parquet(schema, rows) if self.path.suffix.lower() == _PARQUET else self._arrow(schema.names, rows)
            )
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise unreadable(self.path, error) from error

    def _parquet(self, schema: pa.Schema, rows: int) -> Iterator[pa.RecordBatch]:
        coded = [item.name for item in schema if require_arrow().types.is_dictionary(item.type)]
        with require_arrow().parquet.ParquetFile(
            self.path,
            metadata=self.narrow.metadata,
            read_dictionary=[name for name in coded if name in self.narrow.repeated],
            pre_buffer=False,  # what is buffered is held until the end
        ) as file:
            # Parts are charged and written in the meantime: threads for columns would only take turns with them.
            for batch in file.iter_batches(rows, columns=schema.names, use_threads=False):
                yield self.narrow.batch(batch) if self.narrow.decimals else batch

    def _arrow(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        pa = require_arrow()
        options = pa.ipc.IpcReadOptions(included_fields=[self.schema.get_field_index(name) for name in columns])
        with pa.OSFile(str(self.path)) as stream, pa.memory_map(str(self.path)) as mapped:
            reader = pa.ipc.open_file(stream, options=options)
            if self.rows > _MOST_ROWS * reader.num_record_batches:
                reader = pa.ipc.open_file(mapped, options=options)
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                for start in range(0, batch.num_rows, rows):
                    yield batch.slice(start, rows)


class Feed:
    """Rows of a file that were read and not yet used.

    ``columns``: names of those that are read. ``watch``: is shown all rows as they are read.
    """

    def __init__(self, file: TableFile, schema: TableSchema, watch: Callable[[pa.RecordBatch], None] | None) -> None:
        self._schema = file.columns(schema)
        self._batches = file.batches(self._schema, max(1, ROWS // weight_of(schema, self._schema.names)))
        self._watch = watch
        self._held: list[pa.RecordBatch] = []
        self.rows = 0
        self.ended = False

    def fill(self, rows: int) -> None:
        """Read until so many rows are held, or the file ends."""
        while self.rows < rows and not self.ended:
            batch = next(self._batches, None)
            if batch is None:
                self.ended = True
            elif batch.num_rows:
                if self._watch is not None:
                    self._watch(batch)
                self._held.append(batch)
                self.rows += batch.num_rows

    def table(self, rows: int | None = None) -> pa.Table:
        """Return the first rows that are held; all of them by default."""
        table = require_arrow().Table.from_batches(self._held, self._schema)
        return table if rows is None else table.slice(0, rows)

    def replace(self, rows: int, table: pa.Table) -> None:
        """Put other rows in the place of the first ones."""
        rest = require_arrow().concat_tables([table, self.table().slice(rows)])
        self._held = rest.to_batches()
        self.rows = rest.num_rows
