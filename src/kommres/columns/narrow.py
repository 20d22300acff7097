"""Decimals of Parquet files as they are stored: whole numbers of 32 or 64 bits, not widened to 128.

The reader of Arrow widens what a file calls a decimal. It is given a copy of the footer in which such columns are plain
whole numbers, or bytes, and what it reads is called a decimal again. Decimals are also stored as a fixed number of
bytes, the highest first; four or eight of them are read as a whole number and turned round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from attrs import field, frozen

from kommres.columns import footer
from kommres.columns.arrow import require_arrow

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

#: Where Arrow keeps its own description of columns, which would widen them again.
_ARROW: Final = b"ARROW:schema"
_FIXED: Final = "FIXED_LEN_BYTE_ARRAY"
_BYTES: Final = {"INT32": 4, "INT64": 8}
_WHOLE: Final = {4: footer.INT32, 8: footer.INT64}
#: Encodings in which bytes and whole numbers of the same length are stored alike.
_ALIKE: Final = frozenset({"PLAIN", "RLE", "BIT_PACKED", "RLE_DICTIONARY", "PLAIN_DICTIONARY"})
_WORD: Final = 8
#: bytes of a text, with its length, that is no number of a dictionary
SHORT = 4


@frozen(kw_only=True)
class _Stored:
    """How decimals are read. ``kind``: what they are; ``turned``: of how many bytes each is, the highest first."""

    kind: pa.DataType
    type: int
    turned: int = 0

    def cells(self, column: pa.Array) -> pa.Array:
        """Return what was read as decimals."""
        pa = require_arrow()
        valid, data = column.buffers()
        if self.turned and data is not None:
            data = pa.py_buffer(_turned(data, column.offset + len(column), self.turned, self.kind.bit_width // 8))
        return pa.Array.from_buffers(self.kind, len(column), [valid, data], column.null_count, column.offset)


@frozen(kw_only=True)
class Narrow:
    """How a file is read.

    ``schema``: its columns as they come. ``decimals``: those that are narrow. ``repeated``: those of few different
    texts, which can be read as dictionaries. ``metadata``: its footer, changed; None where it is as it was.
    """

    schema: pa.Schema
    repeated: frozenset[str] = frozenset()
    decimals: Mapping[str, _Stored] = field(factory=dict)
    metadata: pa.parquet.FileMetaData | None = None

    @classmethod
    def of(cls, path: Path, file: pa.parquet.ParquetFile) -> Narrow:
        """Look which columns of a file can be read so."""
        pa = require_arrow()
        repeated = _repeated(file)
        found: dict[str, _Stored] = {}
        types: dict[int, int] = {}
        for number in range(len(file.schema)):
            column = file.schema.column(number)
            stored = _stored(column, file.metadata, number)
            if stored is not None:
                found[column.name], types[number] = stored, stored.type
        if not found:
            return cls(schema=file.schema_arrow, repeated=repeated)
        with path.open("rb") as stream:
            text = footer.footer_of(stream)
        if text is None:
            return cls(schema=file.schema_arrow, repeated=repeated)
        changed = footer.with_types(text.replace(_ARROW, b"-" * len(_ARROW)), types)
        metadata = pa.parquet.read_metadata(pa.BufferReader(footer.MAGIC + footer.closed(changed)))
        schema = metadata.schema.to_arrow_schema()
        for name, stored in found.items():
            place = schema.get_field_index(name)
            schema = schema.set(place, schema.field(place).with_type(stored.kind))
        return cls(schema=schema, repeated=repeated, decimals=found, metadata=metadata)

    def batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Call what was read decimals again."""
        pa = require_arrow()
        fields = [self.schema.field(item.name) if item.name in self.decimals else item for item in batch.schema]
        cells = [
            self.decimals[item.name].cells(column) if item.name in self.decimals else column
            for item, column in zip(batch.schema, batch.columns, strict=True)
        ]
        return pa.record_batch(cells, schema=pa.schema(fields))


def _repeated(file: pa.parquet.ParquetFile) -> frozenset[str]:
    """Return the columns of texts whose cells, as they are stored, are shorter than texts would be."""
    types = require_arrow().types
    found = set()
    if file.metadata.num_row_groups:
        group = file.metadata.row_group(0)
        for number in range(group.num_columns):
            column = group.column(number)
            name = column.path_in_schema
            place = file.schema_arrow.get_field_index(name)
            is_text = place >= 0 and types.is_string(file.schema_arrow.field(place).type)
            short = column.total_uncompressed_size <= SHORT * column.num_values
            if is_text and short and column.has_dictionary_page:
                found.add(name)
    return frozenset(found)


def _stored(column: Any, metadata: pa.parquet.FileMetaData, number: int) -> _Stored | None:  # noqa: ANN401 - of Arrow
    """Say how a column is read, if it is of narrow decimals."""
    pa = require_arrow()
    if column.path != column.name or column.converted_type != "DECIMAL" or not hasattr(pa, "decimal32"):
        return None
    fixed = column.physical_type == _FIXED
    size = column.length if fixed else _BYTES.get(column.physical_type, 0)
    if not 0 < size <= _WORD:
        return None
    kind = (pa.decimal32 if size <= _WORD // 2 else pa.decimal64)(column.precision, column.scale)
    if not fixed:
        return _Stored(kind=kind, type=_WHOLE[size])
    whole = size in _WHOLE and all(
        _ALIKE.issuperset(metadata.row_group(group).column(number).encodings)
        for group in range(metadata.num_row_groups)
    )
    return _Stored(kind=kind, type=_WHOLE[size] if whole else footer.FIXED, turned=size)


def _turned(data: pa.Buffer, count: int, size: int, width: int) -> np.ndarray[Any, Any]:
    """Return numbers of so many bytes, the highest first, as whole numbers of ``width`` bytes."""
    if size == width:
        return np.frombuffer(data, f">i{width}", count).astype(f"<i{width}")
    found = np.empty(count, f"<i{width}")
    # Read with the bytes of the next ones, which are shifted out; the last ones have none behind them.
    whole = max(min(count, (data.size - width) // size + 1), 0)
    found[:whole] = np.ndarray(whole, f">i{width}", data, strides=(size,))
    found >>= 8 * (width - size)
    for at in range(whole, count):
        found[at] = int.from_bytes(memoryview(data)[at * size : (at + 1) * size], "big", signed=True)
    return found
