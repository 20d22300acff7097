"""Numbers, days and instants that Arrow holds as such, as codes: the same codes that reading their texts gives.

Each function returns the code of every cell, and True for the cells of which it could not prove that (None: it could
for all). Codes of empty cells mean nothing.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, ldexp
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from kommres.columns.arrow import require_arrow

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from kommres.dsl.backends.kernels.batch import Cells, Coding

Taken: TypeAlias = "tuple[Cells, NDArray[np.bool_] | None]"

_MOST: Final = (1 << 63) - 1
#: Whole numbers up to it are floats.
_FLOAT_MOST: Final = 1 << 53
_EPOCH_DAY: Final = 719_163  # 1970-01-01
_DAY_SECONDS: Final = 86_400
_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
#: Years 1 to 9999, in seconds since 1970.
_FIRST_SECOND: Final = -62_135_596_800
_END_SECOND: Final = 253_402_300_800


def integers(cells: pa.Array, coding: Coding, step: Fraction | None) -> Taken:
    """Code whole numbers."""
    return _scaled(_buffer(cells, cells.type.to_pandas_dtype()), 1, coding, step), None


def decimals(cells: pa.Array, coding: Coding, step: Fraction | None) -> Taken:
    """Code 128-bit decimals; in doubt about those that do not fit 64 bits."""
    halves = _buffer(cells, np.dtype((np.int64, 2)))
    low, high = halves[:, 0], halves[:, 1]
    if not len(cells) or (int(low.min()) >= 0 and not int(high.min()) and not int(high.max())):
        return _scaled(low, 10**cells.type.scale, coding, step), None
    wide = high != low >> 63
    return _scaled(low, 10**cells.type.scale, coding, step), wide if wide.any() else None


def narrow_decimals(cells: pa.Array, coding: Coding, step: Fraction | None) -> Taken:
    """Code decimals of 32 or 64 bits."""
    values = _buffer(cells, np.dtype(f"i{cells.type.bit_width // 8}"))
    return _scaled(values, 10**cells.type.scale, coding, step), None


def float_types() -> tuple[pa.DataType, ...]:
    """Return the types that :func:`floats` takes."""
    pa = require_arrow()
    return pa.float32(), pa.float64()


def floats(cells: pa.Array, coding: Coding, step: Fraction) -> Taken:
    """Code floating point numbers of a declared step.

    A number stands for the multiple of the step whose nearest float it is: the multiple is guessed and written as a
    float again. The guess is right where floats lie closer together than the steps, so that no other multiple has the
    same float.
    """
    values = _buffer(cells, cells.type.to_pandas_dtype())
    above, below = step.numerator, step.denominator
    if max(above, below) >= _FLOAT_MOST:
        return np.zeros(len(cells), coding.dtype), np.ones(len(cells), np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):
        products = np.rint(values.astype(np.float64) * (below / above)) * above
        # Below 2**53 products are exact, and so is the rounding of the quotient.
        sure = (np.abs(products) < _FLOAT_MOST) & (np.abs(values) < _dense_below(step, values.dtype))
        sure &= (products / below).astype(values.dtype) == values
    if sure.all():
        return _scaled(products.astype(np.int64), below, coding, step), None
    products[~sure] = 0
    return _scaled(products.astype(np.int64), below, coding, step), ~sure


def days(cells: pa.Array, coding: Coding) -> Taken:
    """Code dates, and timestamps without a time zone at midnight."""
    types = require_arrow().types
    if types.is_date32(cells.type):
        found = _buffer(cells, np.int32).astype(np.int64)
        whole = None
    else:
        counts = _buffer(cells, np.int64)
        per_day = 1_000 if types.is_date64(cells.type) else _PER_SECOND[cells.type.unit]
        per_day *= _DAY_SECONDS
        found = counts // per_day
        whole = None if types.is_date64(cells.type) else found * per_day == counts
        if types.is_timestamp(cells.type) and cells.type.tz is not None:
            whole = np.zeros(len(cells), np.bool_)
    return _within(found, _EPOCH_DAY, coding, whole), None


def instants(cells: pa.Array, coding: Coding) -> Taken:
    """Code timestamps that count from 1970 in UTC; in doubt about those outside the years 1 to 9999."""
    counts = _buffer(cells, np.int64)
    per_second = _PER_SECOND[cells.type.unit]
    found = counts // per_second
    outside = (found < _FIRST_SECOND) | (found >= _END_SECOND)
    codes = _within(found, 0, coding, found * per_second == counts)
    return codes, outside if outside.any() else None


def _buffer(cells: pa.Array, dtype: Any) -> NDArray[Any]:  # noqa: ANN401 - what numpy takes
    """Return the values of an array without copying; those of empty cells mean nothing."""
    size = np.dtype(dtype).itemsize
    data = cells.buffers()[1]
    if data is None:
        return np.zeros(len(cells), dtype)
    return np.frombuffer(data, dtype, count=len(cells), offset=cells.offset * size)


def _within(found: NDArray[np.int64], shift: int, coding: Coding, sure: NDArray[np.bool_] | None) -> Cells:
    """Return ``found + shift`` where it lies in the range and is sure, else the code of an unusable cell."""
    inside = (found >= coding.low - shift) & (found <= coding.high - shift)
    if sure is not None:
        inside &= sure
    codes: Cells = np.where(inside, found + shift, coding.unusable).astype(coding.dtype)
    return codes


def _dense_below(step: Fraction, dtype: np.dtype[Any]) -> float:
    """Return a power of two below which neighbouring floats are closer together than the steps."""
    bits = np.finfo(dtype).nmant + 1
    power = bits
    while step > Fraction(2) ** (power + 1 - bits):
        power += 1
    while step <= Fraction(2) ** (power - bits):
        power -= 1
    return ldexp(1, power)


def _scaled(values: NDArray[Any], per: int, coding: Coding, step: Fraction | None) -> Cells:
    """Return the codes of ``values / per``; unusable where one is out of range, off the grid or off the step."""
    shared = gcd(coding.scale, per)
    times, by = coding.scale // shared, per // shared
    inside: NDArray[np.bool_] | None = None
    if by > _MOST:
        inside = values == 0
        values = np.zeros_like(values)
    elif by > 1:
        found = values // by
        inside = found * by == values
        values = found
    least, most = -(-coding.low // times), coding.high // times
    if len(values) and (int(values.min()) < least or int(values.max()) > most):
        inside = _both(inside, (values >= least) & (values <= most))
    if inside is not None:
        values = np.where(inside, values, np.zeros((), values.dtype))
    codes: Cells = values.astype(coding.dtype) if times == 1 else (values.astype(np.int64) * times).astype(coding.dtype)
    every = _modulus(coding, step)
    if every > 1:
        counted = codes.astype(np.int64)
        inside = _both(inside, counted // every * every == counted if every <= _MOST else counted == 0)
    if inside is not None:
        codes[~inside] = coding.unusable
    return codes


def _both(one: NDArray[np.bool_] | None, other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return other if one is None else one & other


def _modulus(coding: Coding, step: Fraction | None) -> int:
    """Return what the codes of multiples of a step are multiples of."""
    if step is None:
        return 1
    whole = step.numerator * coding.scale
    return whole // gcd(whole, step.denominator)
