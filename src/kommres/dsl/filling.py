"""Supplied values of a series, one for each interval: put in their places, checked, kept as whole numbers of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from kommres.dsl.backends.grids import Intervals, intervals_of
from kommres.dsl.backends.rows import Bad, Dense, Plain, Row
from kommres.dsl.problems import DataProblem
from kommres.dsl.reading import check_number, read_moment, read_value
from kommres.errors import UsageError

if TYPE_CHECKING:
    from kommres.dsl.backends.zones import Zone
    from kommres.dsl.bound.nodes import Series
    from kommres.period import Month


#: What a series holds for an interval, before the reasons of unreadable ones are put apart.
DenseCell: TypeAlias = int | str | Bad | None


def cell_of(series: Series, value: Plain | Bad | None) -> DenseCell:
    """Return the cell for a value: of a number how many steps it is."""
    if value is None or isinstance(value, Bad | str | bool):
        return value
    checked = check_number(value, name=series.name, low=series.low, high=series.high, step=series.step)
    return checked if isinstance(checked, Bad) else int(Fraction(checked) / (series.step or 1))


class Filling:
    """Values of one series of one row on their way to their intervals.

    Parameters
    ----------
    series
        The declaration.
    intervals
        Those of its grid in the month and the time zone of the row.
    """

    def __init__(self, series: Series, intervals: Intervals) -> None:
        self.series = series
        self.intervals = intervals
        self._cells: list[int | str | None] = [None] * intervals.count
        self._bad: dict[int, Bad] = {}
        self._given: set[int] = set()

    def go_on(self, before: Dense) -> None:
        """Take over what was given before."""
        self._cells, self._bad = list(before.cells), dict(before.bad)

    def put(self, at: int, value: Plain | Bad | None) -> None:
        """Give an interval its value; a later one takes its place. None: there is none."""
        self._set(at, cell_of(self.series, value))

    def _set(self, at: int, cell: DenseCell) -> None:
        self._bad.pop(at, None)
        if isinstance(cell, Bad):
            self._bad[at] = cell
            cell = None
        self._cells[at] = cell

    def place(self, instant: int, cell: DenseCell) -> None:
        """Give the interval that data name by an instant its cell; one outside the span is not looked at.

        An instant inside an interval (D0508) or a second value for one (D0507) leaves it without a value.
        """
        intervals = self.intervals
        start = instant if self.series.label == "start" else instant - intervals.every
        at = intervals.place(start)
        if not 0 <= at < intervals.count:
            return
        if start != intervals.start(at):
            self.spoil(
                at,
                Bad(
                    "D0508",
                    f"{self.series.name} has a value at {intervals.moment(instant)}, which lies inside an interval; "
                    f"they are those {self.series.grid}",
                    self.series.name,
                ),
            )
        elif self.taken(at):
            self.spoil(
                at,
                Bad(
                    "D0507",
                    f"{self.series.name} has two values for the interval from {intervals.shown(at)}",
                    self.series.name,
                ),
            )
        else:
            self._set(at, cell)
            self._given.add(at)

    def spoil(self, at: int, bad: Bad) -> None:
        """Say why an interval has no value that can be used."""
        self._cells[at] = None
        self._bad[at] = bad

    def taken(self, at: int) -> bool:
        """Whether an interval was named before, be it without a value."""
        return at in self._given or at in self._bad

    def dense(self) -> Dense:
        """Return all values."""
        return Dense(self.intervals.first, self.intervals.every, self._cells, self._bad)


def give_parts(row: Row, series: Series, value: object, month: Month, zone: Zone) -> None:
    """Give a series the parts that an example says: several values one by one, or one that holds to the end."""
    filling = _filling(row, series, month, zone)
    if filling is None or not isinstance(value, tuple):
        return
    intervals = filling.intervals
    before = row.series.get(series.name)
    if isinstance(before, Dense):
        filling.go_on(before)
    for moment, values, onward in value[1]:
        start = 0 if moment is None else intervals.place(zone.of_wall(moment))
        for at in range(start, intervals.count) if onward else range(start, start + len(values)):
            if 0 <= at < intervals.count:
                filling.put(at, values[0] if onward else values[at - start])
    row.series[series.name] = filling.dense()


def give_json(row: Row, series: Series, raw: object, month: Month | None, zone: Zone) -> None:
    """Give a series what a case says: one value for all intervals, a list of them, or an object by instants.

    Raises :class:`UsageError` (U0503) where the month is not known.
    """
    if month is None:
        raise UsageError(
            f"{series.name} of {row.entity} {row.id} is a series",
            code="U0503",
            why="which intervals there are depends on the month",
            todo="say for which month the case is",
        )
    filling = _filling(row, series, month, zone)
    if filling is None:
        return
    intervals = filling.intervals
    if isinstance(raw, Mapping):
        for text, value in raw.items():
            instant = read_moment(text, series.name, zone)
            if isinstance(instant, Bad):
                row.series[series.name] = instant
                return
            filling.place(instant or 0, cell_of(series, _read(value, series)))
    elif isinstance(raw, list):
        wrong = wrong_length(series, intervals, raw)
        if wrong is not None:
            row.series[series.name] = wrong
            return
        for at, value in enumerate(raw):
            filling.put(at, _read(value, series))
    else:
        found = _read(raw, series)
        for at in intervals.all:
            filling.put(at, found)
    row.series[series.name] = filling.dense()


def _filling(row: Row, series: Series, month: Month, zone: Zone) -> Filling | None:
    """Return an empty series; None, with the reason on the row, where the zone's days hold no whole intervals."""
    try:
        return Filling(series, intervals_of(series.grid, month, zone))
    except DataProblem as problem:
        row.series[series.name] = Bad(problem.code, problem.message, series.name)
        return None


def _read(raw: object, series: Series) -> Plain | Bad | None:
    return read_value(raw, series.type, name=series.name, low=series.low, high=series.high, step=series.step)


def wrong_length(series: Series, intervals: Intervals, values: Sequence[object]) -> Bad | None:
    """Return D0509 for a list that has not one value for each interval."""
    if len(values) == intervals.count:
        return None
    last = intervals.shown(intervals.count)
    return Bad(
        "D0509",
        f"{series.name} has {len(values)} values; there are {intervals.count} intervals {series.grid}, from "
        f"{intervals.shown(0)} until {last}",
        series.name,
    )
