"""Exact numbers of many rows as decimal columns: 128-bit words made from whole numbers, no Python object a row."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kommres.columns.arrow import require_arrow
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

Wholes: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.int64]  # of shape (rows, 2): low, high
Flags: TypeAlias = NDArray[np.bool_]
Number: TypeAlias = int | Fraction

PRECISION: Final = 38  # of 128-bit decimals
TOO_MUCH: Final = 10**PRECISION
_MOST: Final = (1 << 63) - 1
_WORD: Final = (1 << 64) - 1
_HALF: Final = (1 << 32) - 1
_FLOAT_MOST: Final = 1 << 53
_PART_BITS: Final = 26
_PART: Final = (1 << _PART_BITS) - 1


def scaled(value: Number, digits: int) -> int | None:
    """Return a value counted in its last digit, ``digits`` after the point; None where it cannot be written so.

    >>> scaled(Fraction(5, 4), 2), scaled(Fraction(1, 3), 2)
    (125, None)
    """
    whole, rest = divmod(10**digits, value.denominator)
    if rest:
        return None
    number = value.numerator * whole
    return number if -TOO_MUCH < number < TOO_MUCH else None


def rounded(value: Number, digits: int) -> int | None:
    """Return a value counted in its last digit, half away from zero; None where it is too large for a decimal."""
    above = 2 * abs(value.numerator) * 10**digits + value.denominator
    half_up: int = above // (2 * value.denominator)
    if half_up >= TOO_MUCH:
        return None
    return half_up if value > 0 else -half_up


def rescaled(values: Wholes, scale: int, digits: int) -> tuple[Wholes, Flags | None]:
    """Return ``values / scale`` counted in the last of ``digits`` digits, and where that is exact and fits 64 bits.

    None: everywhere.
    """
    common = gcd(scale, 10**digits)
    below, times = scale // common, 10**digits // common
    if below == times == 1:
        return values, None
    good = np.ones(len(values), np.bool_)
    if below != 1:
        if below > _MOST:
            return np.zeros_like(values), values == 0
        whole = values // below
        good, values = whole * below == values, whole
    if times > _MOST:
        return np.zeros_like(values), good & (values == 0)
    if times != 1:
        most = _MOST // times
        good &= (values <= most) & (values >= -most)
        values = np.where(good, values, 0) * times
    return values, None if good.all() else good


class DecimalColumn:
    """A decimal column and the exact text beside it, filled place by place; places never filled are empty.

    ``digits``: after the point.
    """

    def __init__(self, rows: int, digits: int) -> None:
        self._rows = rows
        self._digits = digits
        self._texts: list[tuple[Wholes, pa.Array]] = []

    def __len__(self) -> int:
        return self._rows

    @cached_property
    def _words(self) -> Words:
        return np.zeros((self._rows, 2), np.int64)

    @cached_property
    def _given(self) -> Flags:
        return np.zeros(self._rows, np.bool_)

    def put(self, places: Wholes | slice, values: Wholes) -> None:
        """Fill places with values counted in the last digit."""
        self._words[places, 0] = values
        if len(values) and values.min() < 0:  # of all others the high word is 0, as it is
            self._words[places, 1] = values >> 63
        self._given[places] = True

    def put_scaled(self, place: int, number: int) -> None:
        """Fill a place with a number of at most 38 digits, counted in the last one."""
        low = number & _WORD
        self._words[place] = (low - (1 << 64) if low > _MOST else low, number >> 64)
        self._given[place] = True

    def put_number(self, place: int, value: Number) -> None:
        """Fill a place with any number."""
        number = scaled(value, self._digits)
        text = None if number is not None else exact(value)
        if number is None:
            number = rounded(value, self._digits)
        if number is not None:
            self.put_scaled(place, number)
        if text is not None:
            self._texts.append((np.array([place]), require_arrow().array([text])))

    def put_ratios(self, places: Wholes, above: Wholes, below: Wholes | int) -> None:
        """Fill places with ``above / below``, rounded half away from zero where the column has too few digits."""
        scale = 10**self._digits
        if not isinstance(below, np.ndarray):
            values, good = rescaled(above, int(below), self._digits)
            if good is None:
                self.put(places, values)
                return
            below = np.full(len(above), below, np.int64)
        small = np.abs(above) <= _MOST // scale if scale <= _MOST else np.zeros(len(above), np.bool_)
        small &= above != -_MOST - 1
        for at in np.flatnonzero(~small).tolist():
            self.put_number(int(places[at]), Fraction(int(above[at]), int(below[at])))
        places, above, below = places[small], above[small], below[small]
        sizes = np.abs(above) * scale
        whole = sizes // below
        rest = sizes - whole * below
        whole += rest >= below - rest
        self.put(places, np.where(above < 0, -whole, whole))
        inexact = np.flatnonzero(rest)
        if len(inexact):
            self._texts.append((places[inexact], _fractions(above[inexact], below[inexact])))  # type: ignore[index]

    def arrays(self) -> tuple[pa.Array, pa.Array]:
        """Return the decimals and the exact texts."""
        pa = require_arrow()
        rows = self._rows
        kind = pa.decimal128(PRECISION, self._digits)
        if "_given" not in self.__dict__ and not self._texts:
            return _nothing(rows, kind), _nothing(rows, pa.string())
        valid = None if self._given.all() else pa.py_buffer(np.packbits(self._given, bitorder="little"))
        numbers = pa.Array.from_buffers(kind, rows, [valid, pa.py_buffer(self._words)])
        if not self._texts:
            return numbers, _nothing(rows, pa.string())
        places = np.concatenate([at for at, _ in self._texts])
        order = np.argsort(places)
        texts = pa.concat_arrays([words for _, words in self._texts]).take(pa.array(order))
        source = np.full(rows, -1, np.int64)
        source[places[order]] = np.arange(len(order))
        return numbers, texts.take(pa.array(source, mask=source < 0))


#: empty places by type, shared by all columns
_NOTHING: Final[dict[pa.DataType, pa.Array]] = {}


def _nothing(rows: int, kind: pa.DataType) -> pa.Array:
    found = _NOTHING.get(kind)
    if found is None or len(found) < rows:
        found = _NOTHING[kind] = require_arrow().nulls(rows, kind)
    return found.slice(0, rows)


def words_of(column: pa.Array) -> Words:
    """Return the low and the high word of each decimal of a column without empty places."""
    data = column.buffers()[1]
    if data is None or not len(column):
        return np.zeros((0, 2), np.int64)
    return np.frombuffer(data, np.int64, 2 * len(column), 16 * column.offset).reshape(-1, 2)


def sums_by_code(codes: NDArray[np.int32], words: Words) -> dict[int, tuple[int, int]]:
    """Return, for each code, how many numbers have it and their exact sum."""
    counts = np.bincount(codes)
    # Whole numbers below 2**53 are summed as floats exactly.
    low, high = words[:, 0], words[:, 1]
    narrow = bool((high == low >> 63).all())
    if narrow and len(low) and max(int(low.max()), -int(low.min())) * len(low) < _FLOAT_MOST:
        found = np.bincount(codes, low).tolist()
        return {
            code: (count, int(total))
            for code, (count, total) in enumerate(zip(counts.tolist(), found, strict=True))
            if count
        }
    # Parts of 26 bits are summed as floats, which is exact for less than 2**27 of them; only the highest has a sign.
    if narrow:
        parts = [(low & _PART, 0), (low >> _PART_BITS & _PART, 26), (low >> 2 * _PART_BITS, 52)]
    else:
        quarters = ((low & _HALF, 0), (low >> 32 & _HALF, 32), (high & _HALF, 64), (high >> 32, 96))
        parts = [(part, shift + at) for half, shift in quarters for part, at in ((half & 0xFFFF, 0), (half >> 16, 16))]
    sums = [0] * len(counts)
    for part, shift in parts:
        if part.any():
            for code, number in enumerate(np.bincount(codes, part.astype(np.float64)).tolist()):
                sums[code] += int(number) << shift
    return {code: (count, sums[code]) for code, count in enumerate(counts.tolist()) if count}


def _fractions(above: Wholes, below: Wholes) -> pa.Array:
    """Write ratios that have no end within the column's digits: ``1/3``, or a longer decimal."""
    pa = require_arrow()
    common = np.gcd(above, below)
    above, below = above // common, below // common
    texts = pa.compute.binary_join_element_wise(
        pa.array(above).cast(pa.string()), pa.array(below).cast(pa.string()), "/"
    )
    ends = np.flatnonzero(_only_twos_and_fives(below))
    if not len(ends):
        return texts
    longer: Sequence[str] = [exact(Fraction(int(above[at]), int(below[at]))) for at in ends]
    chosen = np.arange(len(above))
    chosen[ends] = len(above) + np.arange(len(ends))
    return pa.concat_arrays([texts, pa.array(longer, pa.string())]).take(pa.array(chosen))


def _only_twos_and_fives(values: Wholes) -> Flags:
    rest = values.copy()
    for prime in (2, 5):
        while len(even := np.flatnonzero(rest % prime == 0)):
            rest[even] //= prime
    divides: Flags = rest == 1
    return divides
