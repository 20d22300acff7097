"""The functions of the language: rounding, choice of numbers, dates, lengths of intervals, tiers."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from kommres.dsl.backends.arithmetic import MODES, factors, moved_date, quotient, round_to, steps_of, times
from kommres.dsl.backends.tables import Miss
from kommres.dsl.backends.writing import Place, Text, Unit, Writer, over, payload, slot_name
from kommres.dsl.plan.nodes import Op
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day
from kommres.dsl.quantity import exact
from kommres.period import month_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kommres.dsl.backends.frame import Datum, Number
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


_month = lru_cache(maxsize=4096)(month_of)  # the same days come again and again


def _months_since(day: int, start: int) -> int:
    return max(0, _month(start).number - _month(day).number + 1)


def next_working_day(day: int, calendar: Calendar) -> int:
    """Return the day itself if it is a working day, else the next one. Raises :class:`Miss` (D0205)."""
    first = day
    while calendar.start <= day < calendar.until:
        if _works(day, calendar):
            return day
        day += 1
    raise _incomplete(first, calendar)


def is_working_day(day: int, calendar: Calendar) -> bool:
    """Say whether a day is a working day. Raises :class:`Miss` (D0205)."""
    if not calendar.start <= day < calendar.until:
        raise _incomplete(day, calendar)
    return _works(day, calendar)


def _works(day: int, calendar: Calendar) -> bool:
    working = calendar.days.get(day)
    return dt.date.fromordinal(day).weekday() < _SATURDAY if working is None else working


def _incomplete(day: int, calendar: Calendar) -> Miss:
    bounds = f"from {show_day(calendar.start)} until {show_day(calendar.until)}"
    return Miss(
        "D0205",
        f"the calendar {calendar.name} is complete {bounds} only; {show_day(day)} needs more",
        field=calendar.name,
    )


def _least(*values: Datum) -> Datum:
    return min(values)


def _greatest(*values: Datum) -> Datum:
    return max(values)


#: Functions that may raise :class:`Miss`.
_MAY_MISS = frozenset({"share", "floor", "ceil", "whole", "steps"})
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
    "month_start": lambda day: _month(day).start,
    "month_end": lambda day: moved_date(_month(day).end),
    "day_of_week": lambda day: dt.date.fromordinal(day).isoweekday(),
    "year": lambda day: dt.date.fromordinal(day).year,
    "month": lambda day: dt.date.fromordinal(day).month,
}


def _call(unit: Unit, number: int, place: Place) -> Text:
    function, mode, calendar = payload(unit.steps[number])
    if function == "round":
        return _round(unit, number, place, MODES[mode or "half_up"])
    if function in {"date_of", "hour_of_day"}:
        return _local(unit, number, place, function)
    args = unit.args(number, place)
    codes = [unit.present(arg, number) for arg in args]
    if function in {"next_working_day", "is_working_day"}:
        return over(f"{function}({codes[0]}, {unit.bind(calendar)})", *args, misses=True)
    return over(f"{unit.bind(_SIMPLE[function])}({', '.join(codes)})", *args, misses=function in _MAY_MISS)


def _local(unit: Unit, number: int, place: Place, function: str) -> Text:
    """Write the local day or hour of a moment; of an interval both are known."""
    (moment,) = unit.steps[number].args
    step = unit.steps[moment]
    if step.op is Op.INTERVAL and payload(step)[1] == "from" and not unit.watched:
        slot = payload(step)[0]
        return Text(f"g{slot}.{'days' if function == 'date_of' else 'hours'}[{slot_name(slot)}]")
    text = unit.text(moment, place)
    code = unit.present(text, number)
    return over(f"moved_date(zone(row).day({code}))" if function == "date_of" else f"zone(row).hour({code})", text)


def _round(unit: Unit, number: int, place: Place, near: Callable[[int, int], int]) -> Text:
    x, *rest = unit.steps[number].args
    size = unit.text(rest[0], place) if rest else Text("1", value=1)
    if not size.known or not isinstance(size.value, int | Fraction) or size.value <= 0:
        value = unit.text(x, place)
        codes = [unit.present(value, number), unit.present(size, number)]
        return over(f"round_to({', '.join(codes)}, {unit.bind(near)})", value, size, misses=True)
    # The factors of a product are rounded together, without a fraction between. A hook is told the product.
    parts = unit.args(x, place) if unit.steps[x].op is Op.MUL and not unit.watched else [unit.text(x, place)]
    above, below = factors(unit, number, parts)
    n, d = unit.literal(size.value.numerator), unit.literal(size.value.denominator)
    count = times(f"{unit.bind(near)}({times(above, d)}, {times(below, n)})", n)
    return over(count if d == "1" else f"ratio({count}, {d})", *parts, size)


def _tiers(unit: Unit, number: int, place: Place) -> Text:
    table, has_scale, _ = payload(unit.steps[number])
    args = unit.args(number, place)
    volume, *keys = args
    scale = unit.present(keys.pop(0), number) if has_scale else "None"
    wanted = "".join(f"{k.code}, " for k in keys)
    name = unit.bind(unit.machine.tables[table])
    found = f"{name}.tiers({unit.present(volume, number)}, ({wanted}), {place.day}, {scale})"
    if unit.watched:
        return over(f"{unit.watch}.tiers({number}, {found}, {unit.seen(place)})", *args, misses=True)
    return over(f"{found}[0]", *args, misses=True)


FUNCTIONS: dict[Op, Writer] = {Op.CALL: _call, Op.TIERS: _tiers}
