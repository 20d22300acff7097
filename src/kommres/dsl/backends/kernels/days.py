"""The calendar inside kernels: days as :meth:`datetime.date.toordinal` counts them, 0001-01-01 to 9999-12-31.

Years are taken from March to February, so that the leap day is the last one, and counted from 0000-03-01. Any number
may be given; what is no such day gives some number.
"""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from kommres.dsl.backends.kernels.emit import I64, INT, helper

_I32: Final = ir.IntType(32)
_BEFORE: Final = 305  # days from 0000-03-01 to 0000-12-31
_FOUR_CENTURIES: Final = 146_097
_FOUR_YEARS: Final = 1461
_FIVE_MONTHS: Final = 153  # 31 + 30 + 31 + 30 + 31, from March as from August


def _c(value: int) -> ir.Value:
    return ir.Constant(_I32, value)


def _over(build: ir.IRBuilder, a: ir.Value, d: int) -> tuple[ir.Value, ir.Value]:
    """Return quotient and rest; what fits 32 bits needs no division."""
    count = build.udiv(a, _c(d))
    return count, build.sub(a, build.mul(count, _c(d)))


def _parts(build: ir.IRBuilder, day: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    """Return the year from March, the month from March (0 to 11) and the day of the month (0 to 30)."""

    def cut(a: ir.Value, period: int) -> tuple[ir.Value, ir.Value]:
        """Cut days into quarters of a period, of which each fourth is a day longer."""
        count, rest = _over(build, build.add(build.mul(a, _c(4)), _c(3)), period)
        return count, build.udiv(rest, _c(4))

    century, rest = cut(build.add(build.trunc(day, _I32), _c(_BEFORE)), _FOUR_CENTURIES)
    year, rest = cut(rest, _FOUR_YEARS)
    month, rest = _over(build, build.add(build.mul(rest, _c(5)), _c(2)), _FIVE_MONTHS)
    return build.add(build.mul(century, _c(100)), year), month, build.udiv(rest, _c(5))


def _first(build: ir.IRBuilder, year: ir.Value, month: ir.Value) -> ir.Value:
    """Return the first day of a month from March (0 to 11)."""
    days = build.udiv(build.add(build.mul(month, _c(_FIVE_MONTHS)), _c(2)), _c(5))
    days = build.add(days, build.mul(year, _c(365)))
    days = build.add(days, build.udiv(year, _c(4)))
    days = build.sub(days, build.udiv(year, _c(100)))
    days = build.add(days, build.udiv(year, _c(400)))
    return _long(build, build.sub(days, _c(_BEFORE)))


def _long(build: ir.IRBuilder, a: ir.Value) -> ir.Value:
    return build.sext(a, I64)


def _number32(build: ir.IRBuilder, day: ir.Value) -> ir.Value:
    year, month, _ = _parts(build, day)
    return build.add(build.mul(year, _c(12)), build.add(month, _c(2)))


def _number(build: ir.IRBuilder, day: ir.Value) -> ir.Value:
    return _long(build, _number32(build, day))


def _year(build: ir.IRBuilder, day: ir.Value) -> ir.Value:
    year, month, _ = _parts(build, day)
    return _long(build, build.add(year, build.zext(build.icmp_unsigned(">=", month, _c(10)), _I32)))


def _month(build: ir.IRBuilder, day: ir.Value) -> ir.Value:
    _, month, _ = _parts(build, day)
    late = build.icmp_unsigned(">=", month, _c(10))
    return _long(build, build.add(month, build.select(late, _c(-9), _c(3))))


def _month_start(build: ir.IRBuilder, day: ir.Value) -> ir.Value:
    _, _, rest = _parts(build, day)
    return build.sub(day, _long(build, rest))


def _month_end(build: ir.IRBuilder, day: ir.Value) -> ir.Value:
    year, month, _ = _parts(build, day)
    last = build.icmp_unsigned("==", month, _c(11))
    return _first(
        build,
        build.add(year, build.zext(last, _I32)),
        build.select(last, _c(0), build.add(month, _c(1))),
    )


def _first_day(build: ir.IRBuilder, number: ir.Value) -> ir.Value:
    year, month = _over(build, build.sub(build.trunc(number, _I32), _c(2)), 12)
    return _first(build, year, month)


def _day_of_week(build: ir.IRBuilder, day: ir.Value) -> ir.Value:
    _, rest = _over(build, build.add(build.trunc(day, _I32), _c(6)), 7)
    return _long(build, build.add(rest, _c(1)))


def _months_since(build: ir.IRBuilder, day: ir.Value, start: ir.Value) -> ir.Value:
    months = build.add(build.sub(_number32(build, start), _number32(build, day)), _c(1))
    return _long(build, build.select(build.icmp_signed(">", months, _c(0)), months, _c(0)))


_I: Final = INT

year_of = helper("year_of", _I, (_I,), _year)
month_of = helper("month_of", _I, (_I,), _month)  # 1 to 12
day_of_week = helper("day_of_week", _I, (_I,), _day_of_week)  # 1 (Monday) to 7
month_start = helper("month_start", _I, (_I,), _month_start)
month_end = helper("month_end", _I, (_I,), _month_end)  # the first day of the next month
month_number = helper("month_number", _I, (_I,), _number)  # year * 12 + month - 1
first_day = helper("first_day", _I, (_I,), _first_day)  # of a month by its number
months_since = helper("months_since", _I, (_I, _I), _months_since)  # (day, start), both months counted
