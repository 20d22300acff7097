"""Intervals of a month or a year in a time zone, and the values that series have in them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attrs import frozen

from kommres.dsl.backends.arithmetic import ratio
from kommres.dsl.backends.frame import Term
from kommres.dsl.backends.rows import Bad, Dense, Row
from kommres.dsl.backends.supplied import at_row, problem_of
from kommres.dsl.backends.tables import Miss
from kommres.dsl.problems import DataProblem
from kommres.dsl.quantity import day as show_day
from kommres.period import Month

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kommres.dsl.backends.frame import Datum
    from kommres.dsl.backends.machine import Machine
    from kommres.dsl.backends.zones import Zone
    from kommres.dsl.bound.nodes import Grid, Series, Value

_HOUR = 3600
_DAY = 86_400


def span_days(over: str, term: Term) -> range:
    """Return the days of the month or the year of a period."""
    if over == "month":
        return range(term.start, term.end)
    january = Month(term.number - term.number % 12)
    return range(january.start, Month(january.number + 12).start)


def first_days(over: str, term: Term) -> tuple[int, ...]:
    """Return the first days of the months of a span."""
    if over == "month":
        return (term.start,)
    january = term.number - term.number % 12
    return tuple([Month(january + n).start for n in range(12)])


@frozen
class Interval:
    """An interval, and how people name it."""

    start: int
    end: int
    text: str


class Intervals:
    """The intervals of a grid in a time zone.

    ``first`` is the instant at which the first of them begins, ``every`` [s] their length. By interval: ``days`` (the
    local day in which it begins) and ``hours`` (the local hour of the day, 0 to 23). ``of_day`` holds, for each day of
    the span and its end, the first interval of it.

    Raises :class:`DataProblem` (D0110) where a day of the zone is no whole number of intervals.
    """

    def __init__(self, grid: Grid, term: Term, zone: Zone) -> None:
        self.grid = grid
        self.zone = zone
        self.every = grid.every
        span = span_days(grid.over, term)
        midnights = [zone.instant(day) for day in (*span, span.stop)]
        self.first = midnights[0]
        self.last_day = span.stop
        self.first_day = span.start
        self.of_day = [0]
        self.days: list[int] = []
        self.hours: list[int] = []
        usual = [n * grid.every // _HOUR for n in range(_DAY // grid.every)]
        for day, start, end in zip(span, midnights, midnights[1:], strict=False):
            count, rest = divmod(end - start, grid.every)
            if rest:
                raise DataProblem(
                    "D0110",
                    f"{show_day(day)} has {(end - start) // 60} minutes in the time zone {zone}, which is no whole "
                    f"number of intervals of {grid.every // 60} minutes",
                    field="time_zone",
                )
            self.of_day.append(self.of_day[-1] + count)
            self.days += [day] * count
            self.hours += (
                usual if end - start == _DAY else [zone.wall(start + n * grid.every).hour for n in range(count)]
            )
        self.count = self.of_day[-1]
        self.all = range(self.count)
        self._daily: dict[tuple[int, int], list[int]] = {}

    def start(self, at: int) -> int:
        """Return the instant at which an interval begins."""
        return self.first + at * self.every

    def seen(self, at: int) -> Interval:
        """Return an interval as hooks see it."""
        return Interval(self.start(at), self.start(at + 1), self.shown(at))

    def place(self, instant: int) -> int:
        """Return the place of the interval that holds an instant; it may lie outside the span."""
        return (instant - self.first) // self.every

    def shown(self, at: int) -> str:
        """Write an interval as people name it: by the local time at which it begins."""
        return self.moment(self.start(at))

    def moment(self, instant: int) -> str:
        """Write an instant in local time, with its offset from UTC."""
        return self.zone.wall(instant).isoformat(timespec="minutes")

    # some of them ----------------------------------------------------------------------------------------

    def on(self, of: Sequence[int], day: int) -> Sequence[int]:
        """Keep those that begin on a day."""
        if not self.first_day <= day < self.last_day:
            return ()
        at = day - self.first_day
        return self._between(of, self.of_day[at], self.of_day[at + 1])

    def clip(self, of: Sequence[int], start: int | None, end: int | None) -> Sequence[int]:
        """Keep those that begin in ``start .. end``. Raises :class:`DataProblem` (D0405) where a bound is absent."""
        if start is None or end is None:
            raise DataProblem("D0405", "a bound to which intervals are clipped is absent")
        every, first = self.every, self.first
        return self._between(of, -((first - start) // every), -((first - end) // every))

    @staticmethod
    def _between(of: Sequence[int], low: int, high: int) -> Sequence[int]:
        if isinstance(of, range):
            return range(max(of.start, low), min(of.stop, high))
        return of[bisect_left(of, low) : bisect_left(of, high)]

    def daily(self, of: Sequence[int], start: int, end: int) -> Sequence[int]:
        """Keep those that begin in a daily window, in minutes after midnight; it may reach over midnight."""
        chosen = self._daily.get((start, end))
        if chosen is None:
            chosen = self._daily[start, end] = self._in_window(start, end)
        if isinstance(of, range):
            return chosen[bisect_left(chosen, of.start) : bisect_left(chosen, of.stop)]
        kept = set(of)
        return [at for at in chosen if at in kept]

    def _in_window(self, start: int, end: int) -> list[int]:
        found = []
        for at in self.all:
            wall = self.zone.wall(self.start(at))
            minute = wall.hour * 60 + wall.minute
            if (start <= minute < end) if start < end else (minute >= start or minute < end):
                found.append(at)
        return found


@lru_cache(maxsize=256)
def intervals_of(grid: Grid, month: Month, zone: Zone) -> Intervals:
    """Return the intervals of a grid for a month, or for its year, in a time zone."""
    return Intervals(grid, Term.of(month), zone)


class Grids:
    """The intervals of one grid for each time zone of a run."""

    def __init__(self, machine: Machine, grid: Grid) -> None:
        self._machine = machine
        self._grid = grid
        self._by_zone: dict[Zone, Intervals] = {}

    def __call__(self, row: Row) -> Intervals:
        """Return the intervals in the time zone of a row's root."""
        zone = self._machine.zone(row)
        found = self._by_zone.get(zone)
        if found is None:
            found = self._by_zone[zone] = intervals_of(self._grid, Month(self._machine.term.number), zone)
        return found


# --- values --------------------------------------------------------------------------------------------------


def series_value(row: Row, declared: Series, grid: Intervals, at: int) -> Datum:
    """Return the value of a row's series in an interval; None where it is optional and there is none.

    Raises :class:`Miss` (D0109) where there is none, :class:`DataProblem` where it could not be read.
    """
    dense = row.series.get(declared.name)
    if isinstance(dense, Dense):
        place = at if dense.first == grid.first else at + (grid.first - dense.first) // grid.every
        cell = dense.cells[place] if 0 <= place < len(dense.cells) else None
        if cell is not None:
            step = declared.step
            if step is None or not isinstance(cell, int):
                return cell
            return ratio(cell * step.numerator, step.denominator)
        bad = dense.bad.get(place)
        if bad is not None:
            raise problem_of(bad, row)
    elif dense is not None:
        raise problem_of(dense, row)
    if declared.optional:
        return None
    raise missing(row, declared, dense, grid, at)


def missing(row: Row, declared: Series, dense: Dense | Bad | None, grid: Intervals, at: int) -> Miss:
    """Return D0109 for an interval of a row's series without a value."""
    name = declared.name
    if isinstance(dense, Dense):
        gaps = sum(cell is None for cell in dense.cells)
        rest = f"; {gaps} of {len(dense.cells)} intervals have none"
    else:
        rest = f"; no interval of {name} was supplied"
    problem = at_row("D0109", f"{name} has no value in the interval from {grid.shown(at)}{rest}", row, name)
    return Miss(problem.code, problem.message, row=problem.row, field=problem.field, caused_by=problem.caused_by)


class ProgramSeries:
    """A program's series as known at a day: its values by grid, one list for all rows of a time zone.

    ``given``: parts of values that take the place of those of its table, the later the stronger.
    """

    def __init__(self, series: Series, known_at: int | None = None, given: Sequence[Any] = ()) -> None:
        self.series = series
        self._given = [part for parts in given for part in parts]
        rows = [r for r in series.rows if known_at is None or r.known_from is None or r.known_from <= known_at]
        self._values: dict[int, Value] = {row.start: row.value for row in rows}  # the last edition stands last
        self._starts = sorted(self._values)
        self._by_grid: dict[int, list[Any]] = {}

    def on(self, grid: Intervals) -> list[Any]:
        """Return the values by interval of a grid; None where there is none."""
        found = self._by_grid.get(id(grid))
        if found is None:
            found = self._by_grid[id(grid)] = [self._at(grid.start(at)) for at in grid.all]
            for moment, values, onward in self._given:
                self._put(found, grid, moment, values, onward=onward)
        return found

    def _put(
        self, found: list[Any], grid: Intervals, moment: dt.datetime | None, values: Sequence[Value], *, onward: bool
    ) -> None:
        """Put a given part into the values of a grid."""
        first = None if moment is None else grid.zone.of_wall(moment)
        for at in grid.all:
            place = 0 if first is None else (grid.start(at) - first) // self.series.grid.every
            if place >= 0 and (onward or place < len(values)):
                found[at] = values[min(place, len(values) - 1)]

    def _at(self, instant: int) -> Value:
        place = bisect_right(self._starts, instant) - 1
        if place < 0 or instant >= self._starts[place] + self.series.grid.every:
            return None
        return self._values[self._starts[place]]

    def missing(self, grid: Intervals, at: int) -> Datum:
        """Raise :class:`Miss` (D0109), unless the series is optional."""
        if self.series.optional:
            return None
        name = self.series.name
        raise Miss("D0109", f"{name} has no value in the interval from {grid.shown(at)}", field=name)
