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
    """How a file is read. ``metadata``: its footer, changed; None as it is. ``decimals``: columns that are narrow."""

    metadata: pa.parquet.FileMetaData | None = None
    decimals: Mapping[str, pa.DataType] = field(factory=dict)

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
            return cls()
        with path.open("rb") as stream:
            text = footer.footer_of(stream)
        if text is None:
            return cls()

        def plain(element: Struct) -> Struct:
            names = {value.decode() for number, _, value in element if number == _NAME and isinstance(value, bytes)}
            return [part for part in element if part[0] not in _DECIMAL] if names & found.keys() else element

        changed = footer.with_schema(text, plain).replace(_ARROW, b"-" * len(_ARROW))
        whole = footer.MAGIC + changed + len(changed).to_bytes(4, "little") + footer.MAGIC
        return cls(metadata=pa.parquet.read_metadata(pa.BufferReader(whole)), decimals=found)

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the columns as they are read."""
        for name, kind in self.decimals.items():
            place = schema.get_field_index(name)
            if place >= 0:
                schema = schema.set(place, schema.field(place).with_type(kind))
        return schema

    def batch(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        """Call whole numbers decimals again."""
        pa = require_arrow()
        cells = [
            pa.Array.from_buffers(self.decimals[name], len(column), column.buffers(), column.null_count, column.offset)
            if name in self.decimals
            else column
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        return pa.record_batch(cells, schema=schema)
