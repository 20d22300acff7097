from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommres.dsl.quantity import decimals, exact, fixed, money, plain

HALF_DAY = 43_200


@given(st.fractions())
def test_exact_text_reads_back_as_the_same_number(value):
    assert Fraction(exact(value)) == value


@given(st.fractions(max_denominator=10**6), st.integers(0, 8))
def test_fixed_is_within_half_a_last_digit(value, digits):
    assert abs(Fraction(fixed(value, digits)) - value) * 10**digits * 2 <= 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1274, 2), "637"),
        (Fraction(63706, 100), "637.06"),
        (Fraction(37, 3), "37/3"),
        (Fraction(-1, 8), "-0.125"),
        (0, "0"),
    ],
)
def test_exact(value, text):
    assert exact(value) == text


def test_decimals_of_what_never_ends():
    assert decimals(Fraction(1, 3)) is None


def test_half_goes_away_from_zero():
    assert fixed(Fraction(-5, 1000), 2) == "-0.01"
    assert fixed(Fraction(-4, 1000), 2) == "0.00"


def test_plain_values():
    assert plain(None, "number") is None
    assert plain(True, "yes_no") is True
    assert plain(737_425, "date") == "2020-01-01"
    assert plain(HALF_DAY, "instant") == "1970-01-01T12:00:00Z"
    assert plain(Fraction(1, 2), "number") == "0.5"


def test_numbers_longer_than_python_writes():
    assert exact(10**5000) == "1" + "0" * 5000
    assert exact(Fraction(1, 3**10000)).startswith("1/")
    assert money(10**5000) == "1" + "0" * 5000 + ".00"
