import datetime
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pytest

from kommres.columns.cells import texts

THOUSANDTH = Fraction(1, 1000)


def cells(array, **how):
    words, codes = texts(array, **how)
    return [words[code] for code in codes]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["a", None, "", "  ", "a"]), ["a", None, None, None, "a"]),
        (pa.array([1, None, -(2**62)]), ["1", None, "-4611686018427387904"]),
        (pa.array([Decimal("1.10"), Decimal("0.00")]), ["1.10", "0.00"]),
        (pa.array([Decimal("0.0000001")]), ["0.0000001"]),
        (pa.array([True, False, None]), ["yes", "no", None]),
        (pa.array(["x", "y", None]).dictionary_encode(), ["x", "y", None]),
        (pa.DictionaryArray.from_arrays([1, 1, 0], ["q", "q"]), ["q", "q", "q"]),
        (pa.array([datetime.date(2026, 1, 31)]), ["2026-01-31"]),
        (pa.array([20_484 * 86_400 + 37_800], pa.timestamp("s")), ["2026-01-31T10:30:00"]),
        (pa.array([0], pa.timestamp("ns", "Asia/Irkutsk")), ["1970-01-01T00:00:00+00:00"]),
        (pa.array([1_500], pa.timestamp("ms")), ["1970-01-01T00:00:01.500000000"]),
        (pa.array([2**62], pa.timestamp("s")), ["4611686018427387904 s since 1970"]),
        (pa.nulls(2), [None, None]),
        (pa.array([], pa.string()), []),
    ],
)
def test_nothing_is_lost(array, expected):
    assert cells(array) == expected


def test_days_as_midnights():
    midnight = 20_484 * 86_400
    assert cells(pa.array([midnight, midnight + 3600], pa.timestamp("s")), is_day=True) == [
        "2026-01-31",
        "2026-01-31T01:00:00",
    ]


def test_floats_stand_for_multiples_of_the_step():
    array = pa.array([0.1, 4.123, 1e5, float("nan"), None])
    assert cells(array, step=THOUSANDTH) == ["0.1", "4.123", "100000", None, None]
    assert cells(pa.array([0.1, 4.123], pa.float32()), step=THOUSANDTH) == ["0.1", "4.123"]


def test_floats_beside_the_step_stay_beside_it():
    assert cells(pa.array([0.1 + 0.2, 0.0005, float("inf")]), step=THOUSANDTH) == [
        "0.30000000000000004",
        "0.0005",
        "inf",
    ]


def test_days_that_python_does_not_have():
    days = pa.array([2**31 - 1, -719_163, -719_162]).cast(pa.int32()).cast(pa.date32())
    assert cells(days, is_day=True) == ["2147483647 days since 1970", "-719163 days since 1970", "0001-01-01"]
    assert cells(pa.array([0, -86_400_000], pa.date64()), is_day=True) == ["1970-01-01", "1969-12-31"]


@pytest.mark.parametrize(
    ("value", "kind", "step", "expected"),
    [
        (4.1, pa.float64(), THOUSANDTH, "4.1"),
        (4.1, pa.float32(), THOUSANDTH, "4.1"),
        (8191.999, pa.float32(), THOUSANDTH, "8191.999"),
        (0.0, pa.float16(), THOUSANDTH, "0"),
        (16_777_217.0, pa.float64(), Fraction(1), "16777217"),
    ],
)
def test_a_float_stands_for_a_multiple_of_the_step(value, kind, step, expected):
    assert cells(pa.array([value], kind), step=step) == [expected]


@pytest.mark.parametrize(
    ("value", "kind", "step"),
    [
        (16_777.216, pa.float32(), THOUSANDTH),  # the nearest float of 16777.217, too
        (33_554_432.0, pa.float32(), Fraction(1)),
        (9_007_199_254_740_992.0, pa.float64(), Fraction(1)),
    ],
)
def test_a_float_that_stands_for_several_multiples_is_no_number(value, kind, step):
    (text,) = cells(pa.array([value], kind), step=step)
    assert text.startswith("≈")
