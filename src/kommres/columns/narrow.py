"""Decimals of Parquet files as they are stored: whole numbers of 32 or 64 bits, not widened to 128.

The reader of Arrow widens what a file calls a decimal. It is given a copy of the footer in which such columns are plain
whole numbers, and what it reads is called a decimal again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from kommres.columns import footer
from kommres.columns.arrow import require_arrow

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

    from kommres.columns.footer import Struct

#: Numbers of fields of a column in parquet.thrift: its name, and what makes a number a decimal.
_NAME: Final = 4
_DECIMAL: Final = frozenset({6, 7, 8, 10})
#: Where Arrow keeps its own description of columns, which would widen them again.
_ARROW: Final = b"ARROW:schema"
_BITS: Final = {"INT32": 32, "INT64": 64}


@frozen(kw_only=True)
class Narrow:
    """How a file is read.

    ``schema``: its columns as they come. ``decimals``: those that are narrow. ``metadata``: its footer, changed;
    None where it is as it was.
    """

    schema: pa.Schema
    decimals: Mapping[str, pa.DataType] = field(factory=dict)
    metadata: pa.parquet.FileMetaData | None = None

    @classmethod
    def of(cls, path: Path, file: pa.parquet.ParquetFile) -> Narrow:
        """Look which columns of a file can be read so."""
        pa = require_arrow()
        found = {}
        columns = [file.schema.column(number) for number in range(len(file.schema))]
        for column in columns:
            bits = _BITS.get(column.physical_type, 0)
            if column.path == column.name and bits and column.converted_type == "DECIMAL" and hasattr(pa, "decimal32"):
                kind = pa.decimal32 if bits == 32 else pa.decimal64
                found[column.name] = kind(column.precision, column.scale)
        if not found:
            return cls(schema=file.schema_arrow)
        with path.open("rb") as stream:
            text = footer.footer_of(stream)
        if text is None:
            return cls(schema=file.schema_arrow)

        def plain(element: Struct) -> Struct:
            names = {value.decode() for number, _, value in element if number == _NAME and isinstance(value, bytes)}
            return [part for part in element if part[0] not in _DECIMAL] if names & found.keys() else element

        changed = footer.with_schema(text, plain).replace(_ARROW, b"-" * len(_ARROW))
        whole = footer.MAGIC + changed + len(changed).to_bytes(4, "little") + footer.MAGIC
        metadata = pa.parquet.read_metadata(pa.BufferReader(whole))
        schema = metadata.schema.to_arrow_schema()
        for name, kind in found.items():
            place = schema.get_field_index(name)
            schema = schema.set(place, schema.field(place).with_type(kind))
        return cls(schema=schema, decimals=found, metadata=metadata)

    def batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Call whole numbers decimals again."""
        pa = require_arrow()
        schema = pa.schema([self.schema.field(name) for name in batch.schema.names])
        cells = [
            pa.Array.from_buffers(self.decimals[name], len(column), column.buffers(), column.null_count, column.offset)
            if name in self.decimals
            else column
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        return pa.record_batch(cells, schema=schema)
