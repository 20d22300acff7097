"""Numbers, days and words as the text of CSV cells, whole columns at a time. Null is an empty cell."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kommres.columns.arrow import require_arrow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from kommres.synth.dice import Marks, Numbers

#: stand for what a writer of plain cells refuses
_MARKS: Final = {b"\0": b",", b"\1": b'"', b"\2": b","}

_EPOCH: Final = 719_163  # the ordinal of 1970-01-01


def whole(numbers: Numbers, known: Marks | None = None) -> pa.Array:
    """Return whole numbers."""
    return _some(require_arrow().array(numbers).cast("string"), known)


def thousandths(numbers: Numbers, known: Marks | None = None) -> pa.Array:
    """Return numbers with three decimals."""
    return _some(_fixed(numbers, 3), known)


def tenths(numbers: Numbers) -> pa.Array:
    """Return numbers with one decimal."""
    return _fixed(numbers, 1)


def days(numbers: Numbers, known: Marks | None = None) -> pa.Array:
    """Return days as ``2026-01-31``."""
    pa = require_arrow()
    return _some(pa.array((numbers - _EPOCH).astype(np.int32)).cast(pa.date32()).cast("string"), known)


def yes(marks: Marks) -> pa.Array:
    """Return ``yes`` and ``no``."""
    return words(("no", "yes"), marks.astype(np.int64))


def words(values: Sequence[Any], places: Numbers, known: Marks | None = None) -> pa.Array:
    """Return values by their places in a list."""
    pa = require_arrow()
    texts = pa.array([shown(value) for value in values], "string")
    return _some(texts.take(pa.array(places)), known)


def shown(value: object) -> str | None:
    """Return the text of a value of a profile."""
    if value is None or value == "":
        return None
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def csv_of(columns: Mapping[str, pa.Array]) -> bytes:
    """Return lines of CSV; a cell with :data:`~kommres.synth.dirt.TEAR` falls into two fields."""
    pa = require_arrow()
    from pyarrow import csv

    quoted = {name: _quoted(cells) for name, cells in columns.items()}
    sink = pa.BufferOutputStream()
    csv.write_csv(pa.table(quoted), sink, csv.WriteOptions(include_header=False, quoting_style="none"))
    text: bytes = sink.getvalue().to_pybytes()
    for mark, sign in _MARKS.items():
        text = text.replace(mark, sign)
    return text


def _quoted(cells: pa.Array) -> pa.Array:
    compute = require_arrow().compute
    held = cells.buffers()[-1]
    text = b"" if held is None else held.to_pybytes()
    if not any(sign in text for sign in (b",", b'"', b"\n", b"\r")):  # a tenth of the time of a pattern
        return cells
    odd = compute.match_substring_regex(cells, '[,"\n\r]')
    marked = compute.replace_substring(compute.replace_substring(cells, '"', "\1\1"), ",", "\2")
    return compute.if_else(odd, compute.binary_join_element_wise("\1", marked, "\1", ""), cells)


def _fixed(numbers: Numbers, digits: int) -> pa.Array:
    pa = require_arrow()
    left, right = pa.array(numbers // 10**digits).cast("string"), _rests(digits).take(pa.array(numbers % 10**digits))
    return pa.compute.binary_join_element_wise(left, right, ".")


@cache
def _rests(digits: int) -> pa.Array:
    """Return what may stand behind the point."""
    return require_arrow().array([f"{number:0{digits}}" for number in range(10**digits)])


def _some(texts: pa.Array, known: Marks | None) -> pa.Array:
    if known is None or known.all():
        return texts
    pa = require_arrow()
    return pa.compute.if_else(pa.array(known), texts, pa.scalar(None, texts.type))
