"""Cells of Arrow columns as text, without loss: one reader decides what a cell means, however it was supplied."""

from __future__ import annotations

import datetime
import math
import struct
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from kommres.columns.arrow import is_narrow_decimal, require_arrow
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from kommres.columns.schema import Column


_SIGNIFICANT_BITS = {16: 11, 32: 24, 64: 53}


def column_texts(cells: pa.Array, column: Column) -> tuple[list[str | None], Sequence[int]]:
    """Return the different texts of a column of a table and, for each row, which of them it holds.

    Empty and blank cells are None.
    """
    declared = column.declared
    is_day = column.role in {"from", "month"} or (declared is not None and declared.type.kind == "date")
    return texts(cells, step=getattr(declared, "step", None), is_day=is_day)


def texts(
    column: pa.Array, *, step: Fraction | None = None, is_day: bool = False
) -> tuple[list[str | None], Sequence[int]]:
    """Return the different texts of a column and, for each row, which of them it holds. Empty and blank cells are None.

    Parameters
    ----------
    column
        A column whose type was found readable before.
    step
        The declared step of a number: a floating-point cell stands for the multiple of it whose nearest float it is.
    is_day
        Days are wanted: data frames hold them as midnights.
    """
    pa = require_arrow()
    # Dictionaries that were supplied may hold a value twice or many that the rows do not use.
    plain = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    if is_narrow_decimal(plain.type):
        plain = plain.cast(pa.decimal128(38, plain.type.scale))
    encoded = plain.dictionary_encode()
    words: list[str | None]
    if pa.types.is_floating(plain.type):
        words = [_float_text(value, step, plain.type.bit_width) for value in encoded.dictionary.to_pylist()]
    elif pa.types.is_timestamp(plain.type):
        words = [
            _timestamp_text(value, plain.type, is_day=is_day)
            for value in encoded.dictionary.cast(pa.int64()).to_pylist()
        ]
    elif pa.types.is_date(plain.type):
        per_day = 1 if pa.types.is_date32(plain.type) else 86_400_000
        numbers = encoded.dictionary.cast(pa.int32() if per_day == 1 else pa.int64()).to_pylist()
        words = [_day_text(number // per_day) for number in numbers]
    else:
        words = [_text(value) for value in encoded.dictionary.to_pylist()]
    absent = len(words)
    return [*words, None], encoded.indices.fill_null(
        absent
    ).to_pylist() if plain.null_count else encoded.indices.to_pylist()


def _text(value: object) -> str | None:
    match value:
        case str():
            return value if value and not value.isspace() else None
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)


def _float_text(value: float, step: Fraction | None, bits: int) -> str | None:
    if math.isnan(value):
        return None  # data frames write absent numbers so
    if step is None or math.isinf(value):
        return repr(value)
    if value and step <= Fraction(2) ** (math.frexp(value)[1] - _SIGNIFICANT_BITS[bits]):
        return f"≈{value!r}"  # so large that several multiples of the step have this nearest float
    nearest = round(Fraction(value) / step) * step
    return exact(nearest) if _as_float(nearest, bits) == value else repr(value)


def _as_float(value: Fraction, bits: int) -> float:
    """Return the float of so many bits that is nearest to a number."""
    code = {16: "e", 32: "f", 64: "d"}[bits]
    try:
        (back,) = struct.unpack(code, struct.pack(code, value.numerator / value.denominator))
    except OverflowError:
        return math.inf
    return float(back)


def _day_text(since_1970: int) -> str:
    day = datetime.date(1970, 1, 1).toordinal() + since_1970
    if not 1 <= day <= datetime.date.max.toordinal():
        return f"{since_1970} days since 1970"
    return datetime.date.fromordinal(day).isoformat()


def _timestamp_text(value: int | None, arrow: pa.DataType, *, is_day: bool) -> str | None:
    """Write a timestamp as ISO text: wall-clock time as it is, one of a time zone in UTC."""
    if value is None:
        return None
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[arrow.unit]
    seconds, rest = divmod(value, per_second)
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)  # noqa: DTZ001 - wall-clock time
    except OverflowError:
        return f"{value} {arrow.unit} since 1970"
    if is_day and not rest and arrow.tz is None and moment.time() == datetime.time():
        return moment.date().isoformat()
    text = moment.isoformat()
    if rest:
        text += f".{rest * 1_000_000_000 // per_second:09}"
    return text if arrow.tz is None else f"{text}+00:00"
