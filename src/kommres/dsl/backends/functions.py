"""The functions of the language: rounding, choice of numbers, dates, lengths of intervals, tiers."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kommres.dsl.backends.arithmetic import MODES, quotient, round_to, steps_of
from kommres.dsl.backends.closures import Compiler, Scope, absent, payload
from kommres.dsl.backends.tables import Miss, Table
from kommres.dsl.plan.nodes import Op, Step
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day
from kommres.dsl.quantity import exact
from kommres.period import Month, month_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommres.dsl.backends.frame import Datum, Evaluate, Frame, Number
    from kommres.dsl.bound.nodes import Calendar

_SATURDAY = 5


def _clamp(x: Number, low: Number, high: Number) -> Number:
    return min(max(x, low), high)


def _share(part: Number, whole: Number) -> Number:
    if not 0 <= part <= whole:
        raise DataProblem("D0402", f"{exact(part)} is not between 0 and the whole {exact(whole)}")
    if whole == 0:
        raise Miss("D0204", "the whole of a share is zero")
    return quotient(part, whole)


def _full_days(a: int, b: int) -> int:
    return max(0, b - a - 1)


def _months_since(day: int, start: int) -> int:
    return max(0, month_of(start).number - month_of(day).number + 1)


def _month_end(day: int) -> int:
    return Month(month_of(day).number).end


def next_working_day(day: int, calendar: Calendar) -> int:
    """Return the day itself if it is a working day, else the next one. Raises :class:`Miss` (D0205)."""
    first = day
    while calendar.start <= day < calendar.until:
        working = calendar.days.get(day)
        if working is None:
            working = dt.date.fromordinal(day).weekday() < _SATURDAY
        if working:
            return day
        day += 1
    bounds = f"from {show_day(calendar.start)} until {show_day(calendar.until)}"
    raise Miss(
        "D0205",
        f"the calendar {calendar.name} is complete {bounds} only; {show_day(first)} needs more",
        field=calendar.name,
    )


def _least(*values: Datum) -> Datum:
    return min(values)


def _greatest(*values: Datum) -> Datum:
    return max(values)


_SIMPLE: dict[str, Callable[..., Any]] = {
    "floor": lambda x, step=1: round_to(x, step, MODES["floor"]),
    "ceil": lambda x, step=1: round_to(x, step, MODES["ceiling"]),
    "whole": lambda x, step=1: round_to(x, step, MODES["down"]),
    "steps": lambda x, step=1: steps_of(x, step, MODES["down"]),
    "min": _least,
    "max": _greatest,
    "clamp": _clamp,
    "abs": abs,
    "share": _share,
    "days_between": lambda a, b: b - a,
    "full_days_between": _full_days,
    "months_since": _months_since,
    "month_start": lambda day: month_of(day).start,
    "month_end": _month_end,
    "day_of_week": lambda day: dt.date.fromordinal(day).isoweekday(),
    "year": lambda day: dt.date.fromordinal(day).year,
    "month": lambda day: dt.date.fromordinal(day).month,
}


def _call(scope: Scope, step: Step) -> Evaluate:
    function, mode, calendar = payload(step)
    args = scope.args(step)
    match function:
        case "round":
            return _round(scope, step, args, mode)
        case "next_working_day":
            return _spread(step, args, lambda day: next_working_day(day, calendar))
    return _spread(step, args, _SIMPLE[function])


def _spread(step: Step, args: list[Evaluate], function: Callable[..., Any]) -> Evaluate:
    if len(args) == 1:
        only = args[0]

        def one(f: Frame) -> Datum:
            x = only(f)
            return absent(step) if x is None else function(x)

        return one

    def several(f: Frame) -> Datum:
        values = [a(f) for a in args]
        return absent(step) if any(v is None for v in values) else function(*values)

    return several


def _round(scope: Scope, step: Step, args: list[Evaluate], mode: str) -> Evaluate:
    near = MODES[mode or "half_up"]
    if len(args) == 1:
        return _spread(step, args, lambda x: round_to(x, 1, near))
    size = scope.constants.get(step.args[1])
    if not isinstance(size, int | Fraction) or size.numerator <= 0:
        return _spread(step, args, lambda x, size: round_to(x, size, near))
    value = args[0]
    above, below = size.numerator, size.denominator

    def rounded(f: Frame) -> Number:
        x = value(f)
        if x is None:
            absent(step)
        count = near(x.numerator * below, x.denominator * above) * above
        return count // below if count % below == 0 else Fraction(count, below)

    return rounded


def _tiers(scope: Scope, step: Step) -> Evaluate:
    number, has_scale, _ = payload(step)
    table: Table = scope.machine.tables[number]
    volume, *rest = scope.args(step)
    scale = rest.pop(0) if has_scale else None
    hook, definition, place = scope.hook, scope.definition, scope.number

    def by_tiers(f: Frame) -> Number:
        x = volume(f)
        size = None if scale is None else scale(f)
        if x is None or (scale is not None and size is None):
            absent(step)
        total, used = table.tiers(x, tuple([k(f) for k in rest]), f.day, size)
        if hook is not None and definition is not None:
            for row in used:
                hook.looked_up(definition, place, f, row)
        return total

    return by_tiers


FUNCTIONS: dict[Op, Compiler] = {Op.CALL: _call, Op.TIERS: _tiers}
