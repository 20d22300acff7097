"""Ranges of what is read: inputs, fields of events, rows of tables, the period."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from attrs import evolve

from kommres.dsl.plan.ranges import Range, exactly, hull, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kommres.dsl.bound.nodes import EventField, Function, Grid, Input, Override, Param, ParamRow, Series, Value
    from kommres.dsl.plan.proofs import Assumptions

LAST_DAY = 3_652_059  # 9999-12-31
DATE = whole(1, LAST_DAY)
_DAY_SECONDS = 86_400
#: Years 1 to 9999, with a day more for offsets from UTC.
INSTANT = whole(-62_135_596_800 - _DAY_SECONDS, 253_402_300_800 + _DAY_SECONDS)
#: A month of 31 days whose zone is moved across the date line meanwhile.
MONTH_SECONDS = 32 * _DAY_SECONDS
#: A leap year whose zone is moved across the date line meanwhile.
_YEAR_SECONDS = 367 * _DAY_SECONDS
#: All lengths of months at once: days over days of a month lie on this grid.
MONTHS_GRID = lcm(28, 29, 30, 31)


def declared(source: Input | EventField | Series | Function, assumed: Assumptions, name: str) -> tuple[Range, str]:
    """Return the range of what declares one, with its id, and whether it is ``declared`` or in part ``assumed``."""
    match source.type.kind:
        case "date":
            return DATE, "declared"
        case "instant":
            return INSTANT, "declared"
    lo = None if source.low is None else Fraction(source.low)
    hi = None if source.high is None else Fraction(source.high)
    given = assumed.inputs.get(name)
    if given is not None:
        grid = given.grid if source.step is None else source.step.denominator
        return Range(lo, hi, grid).within(given), "assumed"
    most = Fraction(assumed.number)
    grid = assumed.grid if source.step is None else source.step.denominator
    kind = "assumed" if lo is None or hi is None or source.step is None else "declared"
    lo = min(-most, hi or -most) if lo is None else lo
    return Range(lo, max(most, lo) if hi is None else hi, grid), kind


def intervals(grid: Grid, *, day: bool = False) -> Range:
    """Return how many intervals a grid has, or how many of them begin on one day."""
    longest = 2 * _DAY_SECONDS if day else MONTH_SECONDS if grid.over == "month" else _YEAR_SECONDS
    return whole(0, longest // grid.every)


def supplied(assumed: Assumptions) -> Range:
    """Return the range of a closed result of a charge, which declares nothing."""
    return Range(Fraction(-assumed.number), Fraction(assumed.number), assumed.grid)


def table(
    param: Param,
    fits: Sequence[Callable[[object], bool]],
    overrides: Iterable[Override],
) -> list[Fraction]:
    """Return the values that a look-up may give; ``fits`` tests each key, of a bracket the pair of its ends."""
    rows: list[ParamRow] = [row for row in param.rows if all(f(k) for f, k in zip(fits, row.keys, strict=False))]
    given = [value for other, _, value in overrides if _same(other, param)]
    values = [value for value in (*(row.value for row in rows), *given) if isinstance(value, int | Fraction)]
    return [Fraction(value) for value in values]


def hours(series: Series, overrides: Iterable[Override]) -> list[Fraction]:
    """Return the values that a series of the program may have."""
    given = [
        value for other, _, parts in overrides if _same(other, series) for _, values, _ in parts for value in values
    ]
    values: list[Value] = [*(row.value for row in series.rows), *given]
    return [Fraction(value) for value in values if isinstance(value, int | Fraction)]


def _same(one: Param | Series, other: Param | Series) -> bool:
    return one is other or one.id == other.id


def hull_of(values: Iterable[Fraction]) -> Range | None:
    """Return the range of some constants."""
    return hull(exactly(value) for value in values)


def period(member: str, *, past: bool) -> Range:
    """Return the range of a member of the period; ``past``: of a month before the evaluation's."""
    match member:
        case "days":
            return whole(28, 31)
        case "months":
            return whole(1, 1)
        case "start":
            return DATE if past else evolve(DATE, since=(0, 0))
        case "end":
            return DATE if past else evolve(DATE, since=(28, 31))
        case _:
            return DATE


def calls(function: str, args: Sequence[Range], first_of_month: tuple[int | None, int | None]) -> Range | None:
    """Return the range of a function of dates, None for other functions.

    ``first_of_month``: what is known of the first argument's distance from the first day of the month.
    """
    low, high = first_of_month
    match function:
        case "month_start":
            first = None if low is None else 0 if low >= 0 else low - 30
            last = high if high is None or high > 27 else 0 if high >= 0 else min(high, -28)
            return evolve(DATE, since=(first, last))
        case "month_end":
            first = None if low is None else low + 1 if low < 0 else max(low + 1, 28)
            last = None if high is None else high + 31 if high > 27 else 31 if high >= 0 else 0
            return evolve(DATE, since=(first, last))
        case "next_working_day":
            return evolve(DATE, since=(low, None), lo=args[0].lo)
        case "day_of_week":
            return whole(1, 7)
        case "year":
            return whole(1, 9999)
        case "month":
            return whole(1, 12)
        case "date_of":
            return DATE
        case "hour_of_day":
            return whole(0, 23)
        case "months_since":
            return whole(0, 12 * 9999 if low is None or args[1].since != (0, 0) else max(0, -low // 28 + 2))
        case _:
            return None


def difference(later: Range, earlier: Range) -> Range:
    """Return the days from one date to another."""
    found = later + -earlier
    high = _gap(later.since[1], earlier.since[0])
    low = _gap(later.since[0], earlier.since[1])
    return Range(found.lo, found.hi, 1).within(whole(low, high))


def _gap(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a - b
