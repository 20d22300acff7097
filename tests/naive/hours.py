"""Intervals of a month in a time zone, and sums over them: by walking through all moments in steps of ten minutes."""

import datetime as dt
from collections.abc import Callable, Sequence
from fractions import Fraction
from zoneinfo import ZoneInfo

from attrs import frozen

_STEP = 600


@frozen
class Hour:
    """An interval: when it begins (seconds since 1970), its local day and hour of the day."""

    start: int
    day: int
    hour: int


def intervals(zone: str, year: int, months: Sequence[int], every: int) -> list[Hour] | None:
    """All intervals of some months of a year; None where a day is no whole number of them."""
    info = ZoneInfo(zone)
    first = int(dt.datetime(year, min(months), 1, tzinfo=dt.UTC).timestamp()) - 2 * 86_400
    moments = [first + n * _STEP for n in range((33 * len(months) + 4) * 86_400 // _STEP)]
    inside = []
    for moment in moments:
        wall = dt.datetime.fromtimestamp(moment, info)
        if wall.year == year and wall.month in months:
            inside.append((moment, wall))
    by_day: dict[int, list[tuple[int, dt.datetime]]] = {}
    for moment, wall in inside:
        by_day.setdefault(wall.toordinal(), []).append((moment, wall))
    pieces = every // _STEP
    if any(len(day) % pieces for day in by_day.values()):
        return None
    found = []
    for number, day in by_day.items():
        found += [Hour(moment, number, wall.hour) for moment, wall in day[::pieces]]
    return found


def aggregate(
    function: str,
    hours: Sequence[Hour],
    value: Callable[[int, Hour], Fraction],
    where: Callable[[Hour], bool] = lambda _: True,
) -> Fraction | int | None:
    """What an aggregate over intervals gives; ``value`` gets the place of the interval and the interval."""
    taken = [value(at, hour) for at, hour in enumerate(hours) if where(hour)]
    match function:
        case "count":
            return len(taken)
        case "sum":
            return sum(taken, Fraction())
        case _ if not taken:
            return None
        case "mean":
            return sum(taken, Fraction()) / len(taken)
        case "min":
            return min(taken)
        case _:
            return max(taken)
