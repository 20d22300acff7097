from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommres.columns.decimals import DecimalColumn, rescaled, rounded, scaled, sums_by_code, words_of
from kommres.dsl.quantity import exact

MOST = (1 << 63) - 1
wholes = st.one_of(st.integers(-MOST, MOST), st.integers(-20, 20), st.sampled_from([MOST, -MOST, 10**9, 5]))
belows = st.one_of(st.integers(1, MOST), st.integers(1, 40), st.sampled_from([1, 10**9, 10**18, 3, MOST]))


def expected(value):
    number = scaled(value, 9)
    if number is not None:
        return Decimal(f"{number}E-9"), None
    half_up = rounded(value, 9)
    return None if half_up is None else Decimal(f"{half_up}E-9"), exact(value)


@settings(max_examples=200, deadline=None)
@given(pairs=st.lists(st.tuples(wholes, belows), max_size=20), one=belows)
def test_ratios_are_what_one_by_one_gives(pairs, one):
    above = np.array([a for a, _ in pairs], np.int64)
    for below in (np.array([b for _, b in pairs], np.int64), one):
        column = DecimalColumn(len(pairs), 9)
        column.put_ratios(np.arange(len(pairs)), above, below)
        numbers, texts = column.arrays()
        by_row = below.tolist() if isinstance(below, np.ndarray) else [below] * len(pairs)
        assert list(zip(numbers.to_pylist(), texts.to_pylist(), strict=True)) == [
            expected(Fraction(a, b)) for a, b in zip(above.tolist(), by_row, strict=True)
        ]


@pytest.mark.parametrize("number", [0, 1, -1, MOST, -MOST - 1, 10**38 - 1, 1 - 10**38, 1 << 64, -(1 << 64)])
def test_words_of_any_size(number):
    column = DecimalColumn(2, 2)
    column.put_scaled(1, number)
    assert column.arrays()[0].to_pylist() == [None, Decimal(f"{number}E-2")]


@settings(max_examples=100, deadline=None)
@given(values=st.lists(wholes, max_size=10), scale=st.sampled_from([1, 2, 3, 100, 1000, 10**12, 10**18]))
def test_rescaling_says_where_it_is_exact(values, scale):
    found, good = rescaled(np.array(values, np.int64), scale, 2)
    for value, number, is_good in zip(
        values, found.tolist(), [True] * len(values) if good is None else good, strict=True
    ):
        exactly = Fraction(value, scale) * 100
        assert bool(is_good) == (exactly.denominator == 1 and abs(exactly) <= MOST)
        if is_good:
            assert number == exactly


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 5), st.integers(1 - 10**38, 10**38 - 1) | wholes), max_size=30))
def test_sums_are_exact(rows):
    column = DecimalColumn(len(rows), 2)
    for place, (_, number) in enumerate(rows):
        column.put_scaled(place, number)
    amounts = column.arrays()[0] if rows else pa.array([], pa.decimal128(38, 2))
    codes = np.array([code for code, _ in rows], np.int32)
    assert sums_by_code(codes, words_of(amounts)) == {
        code: (sum(c == code for c, _ in rows), sum(n for c, n in rows if c == code)) for code, _ in rows
    }
