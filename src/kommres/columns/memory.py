"""Tables from memory: anything with ``__arrow_c_stream__``, or columns of Python values.

No value is converted on the way.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kommres.columns.arrow import require_arrow
from kommres.columns.files import SourceTable, refuse_twins
from kommres.dsl.quantity import decimals, exact
from kommres.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_BITS: Final = 1000  # of a number that is written as a decimal
_HASHED: Final = 1 << 20  # rows at a time

_LISTS: Final = frozenset({list, tuple})
_AS_THEY_ARE: Final = frozenset({str, bool, datetime.date})


def read_object(name: str, data: object) -> SourceTable:
    """Take a table from memory. Raises :class:`DataError` for what is no table."""
    pa = require_arrow()
    if hasattr(data, "__arrow_c_stream__"):
        table = _without_views(pa.table(data))
    elif isinstance(data, Mapping):
        table = _from_columns(name, data)
    else:
        raise DataError(
            f"the table {name} is a {type(data).__name__}",
            why="it has no __arrow_c_stream__ and is no mapping of columns",
            todo="pass a pyarrow, polars or pandas table, or a mapping of column name -> list of values",
        )
    refuse_twins(table.column_names, name)
    return SourceTable(name=name, source="memory", digest=_digest(table), table=table)


def _without_views(table: pa.Table) -> pa.Table:
    """Copy text that polars hands over as views (its categories, too): pyarrow cannot pick rows of such columns."""
    pa = require_arrow()
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if pa.types.is_string_view(field.type):
            plain = column.cast(pa.large_string())
        elif pa.types.is_dictionary(field.type) and pa.types.is_string_view(field.type.value_type):
            words = [chunk.dictionary.cast(pa.large_string()) for chunk in column.chunks]
            plain = pa.chunked_array(
                [
                    pa.DictionaryArray.from_arrays(chunk.indices, of, ordered=field.type.ordered)
                    for chunk, of in zip(column.chunks, words, strict=True)
                ],
                pa.dictionary(field.type.index_type, pa.large_string(), field.type.ordered),
            )
        else:
            continue
        table = table.set_column(place, field.name, plain)
    return table


def _from_columns(name: str, columns: Mapping[Any, Any]) -> pa.Table:
    pa = require_arrow()
    arrays = {str(column): _array(f"the column {column} of {name}", values) for column, values in columns.items()}
    if len({len(array) for array in arrays.values()}) > 1:
        lengths = ", ".join(f"{column} {len(array)}" for column, array in arrays.items())
        raise DataError(f"the columns of {name} have different lengths: {lengths}", todo="pass one value a row")
    return pa.table(arrays)


def _array(what: str, values: object) -> pa.Array:
    pa = require_arrow()
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__array__"):
        return pa.array(values)
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise DataError(f"{what} is no list of values", todo="pass a list")
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) == 1 and kinds <= _AS_THEY_ARE:
        return pa.array(values)
    if kinds and kinds <= _LISTS:
        return _lists(what, values)
    if any(issubclass(kind, float) for kind in kinds):
        if not all(value is None or isinstance(value, float) or _is_float(value) for value in values):
            raise DataError(f"{what} mixes floats with other values", todo="pass decimals or text")
        # Kept as a float column, so that the check of float columns sees it.
        return pa.array([None if value is None else float(value) for value in values])
    return pa.array([None if value is None else _text(what, value) for value in values], pa.string())


def _lists(what: str, values: Sequence[Any]) -> pa.Array:
    """Take a list of values for each row."""
    pa = require_arrow()
    inner = _array(what, [cell for cells in values if cells is not None for cell in cells])
    offsets: list[int | None] = []
    at = 0
    for cells in values:
        offsets.append(None if cells is None else at)
        at += 0 if cells is None else len(cells)
    return pa.ListArray.from_arrays(pa.array([*offsets, at], pa.int32()), inner)


def _is_float(value: object) -> bool:
    """Whether a whole number is the same as a float."""
    try:
        return isinstance(value, Integral) and int(float(value)) == value
    except OverflowError:
        return False


def _text(what: str, value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "yes" if value else "no"
        case Integral():
            number = int(value)
            # Of a number that is much too long no decimal text can be made; it is refused as what it is.
            return str(number) if number.bit_length() <= _MOST_BITS else hex(number)
        case Fraction() if decimals(value) is None:
            raise DataError(f"{what} holds {value}, which no decimal writes exactly", todo="pass finitely many digits")
        case Fraction():
            return exact(value)
        case Decimal():
            return f"{value:f}"
        case datetime.date():
            return value.isoformat()
        case _:
            raise DataError(
                f"{what} holds a {type(value).__name__}",
                why="it is no text, number, yes/no, date or time",
                todo="pass such values",
            )


def _digest(table: pa.Table) -> str:
    """SHA-256 of names, types and cells; how the table is cut into chunks does not matter."""
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(f"{name}\0{column.type}\0{len(column)}\0".encode())
        for start in range(0, len(column), _HASHED):
            for data in _content(column.slice(start, _HASHED)):
                digest.update(data)
    return digest.hexdigest()


def _content(column: pa.ChunkedArray) -> Iterator[Any]:
    """Yield bytes that two columns of one type share only if their cells are equal."""
    pa = require_arrow()
    types = pa.types
    plain = column.cast(column.type.value_type) if types.is_dictionary(column.type) else column
    missing = plain.is_null().to_numpy()
    cells = plain.drop_null().combine_chunks()
    if isinstance(cells, pa.ChunkedArray):
        cells = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], cells.type)
    yield np.packbits(missing).data
    if types.is_boolean(cells.type):
        yield np.packbits(cells.to_numpy(zero_copy_only=False)).data
    elif types.is_string(cells.type) or types.is_large_string(cells.type):
        _, offsets, letters = cells.cast(pa.large_string()).buffers()
        ends = np.frombuffer(offsets, np.int64, len(cells) + 1, 8 * cells.offset)
        yield np.diff(ends).data
        if letters is not None:
            yield letters[int(ends[0]) : int(ends[-1])]
    elif types.is_primitive(cells.type) or types.is_decimal(cells.type):
        width = cells.type.bit_width // 8
        data = cells.buffers()[1]
        if data is not None:
            yield data[width * cells.offset : width * (cells.offset + len(cells))]
    else:
        yield repr(cells.to_pylist()).encode("utf-8", "surrogatepass")
