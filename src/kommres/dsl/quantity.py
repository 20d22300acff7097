"""Exact values as text: numbers as decimals where they end, else as fractions; days and instants in ISO form."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

#: Digits after the point of volumes and prices that are shown, in cases and in the tables of a run.
SHOWN_DIGITS: Final = 9

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def exact(value: int | Fraction) -> str:
    """Write a number exactly: ``12.5``, or ``37/3`` where no decimal ends.

    >>> exact(Fraction(5, 4)), exact(Fraction(-37, 3)), exact(Fraction(3, 100))
    ('1.25', '-37/3', '0.03')
    """
    digits = decimals(value)
    if digits is None:
        return _ratio(value)
    return fixed(value, digits)


def decimals(value: int | Fraction) -> int | None:
    """Return how many digits after the point write the number exactly; None where no number of them does."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def fixed(value: int | Fraction, digits: int) -> str:
    """Write a number with so many digits after the point, half away from zero."""
    scaled = (abs(value.numerator) * 10**digits * 2 + value.denominator) // (2 * value.denominator)
    sign = "-" if value < 0 and scaled else ""
    text = _whole(scaled).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else sign + text


def money(value: int | Fraction) -> str:
    """Write an amount exactly, with at least two digits after the point."""
    digits = decimals(value)
    return _ratio(value) if digits is None else fixed(value, max(digits, 2))


def _ratio(value: int | Fraction) -> str:
    return f"{_whole(value.numerator)}/{_whole(value.denominator)}"


def _whole(number: int) -> str:
    # Python refuses to write an int of more than 4300 digits; an author's formula may come to one.
    return f"{Decimal(number):f}"


def day(number: int) -> str:
    """Write a day number as an ISO date."""
    return datetime.date.fromordinal(number).isoformat()


def instant(seconds: int | Fraction) -> str:
    """Write seconds since 1970 as an ISO instant in UTC."""
    return (_EPOCH + datetime.timedelta(seconds=int(seconds))).isoformat().replace("+00:00", "Z")


def plain(value: object, kind: str) -> object:
    """Return a value as JSON takes it: numbers and dates as text, yes/no as true/false, absent as null."""
    match value:
        case None | bool() | str():
            return value
        case int() | Fraction() if kind == "date":
            return day(int(value))
        case int() | Fraction() if kind == "instant":
            return instant(value)
        case int() | Fraction():
            return exact(value)
        case _:
            return str(value)
