"""Values of series from their tables: a line an interval, or a list of all intervals for each row."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from kommres.columns.arrow import require_arrow
from kommres.columns.cells import column_texts, texts
from kommres.columns.reader import read_cell
from kommres.columns.schema import LIST
from kommres.dsl.backends.grids import intervals_of
from kommres.dsl.backends.rows import Bad, Dense, Row
from kommres.dsl.backends.zones import Zone
from kommres.dsl.bound.nodes import Series
from kommres.dsl.filling import Filling, cell_of, wrong_length
from kommres.dsl.problems import DataProblem
from kommres.dsl.reading import Unclear, read_moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kommres.columns.ingest import Dataset
    from kommres.columns.schema import Column
    from kommres.columns.tree import Places
    from kommres.columns.values import Cell
    from kommres.dsl.backends.grids import Intervals
    from kommres.dsl.filling import DenseCell
    from kommres.period import Month

_DAY: Final = 86_400


class SeriesReader:
    """Reads one table of a series for the rows of a month. A text that was read before is not read again."""

    def __init__(self, data: Dataset, name: str, month: Month) -> None:
        schema = data.schemas[name]
        assert isinstance(schema.declared, Series)  # noqa: S101 - of a table of this kind
        self._data = data
        self._name = name
        self._month = month
        self._series = schema.declared
        self._columns = {column.role: column for column in schema.columns}
        self._cells: dict[str, DenseCell] = {}
        self._moments: dict[tuple[str, str], int | Bad | None] = {}

    def read(self, places: Places, offsets: Places, rows: Sequence[Row], zones: Sequence[str]) -> None:
        """Give each row the values of its lines; ``offsets`` say which of ``places`` belong to which row."""
        if not len(places):
            return
        if self._data.column(self._name, LIST, places[:0]) is not None:
            self._lists(places, offsets, rows, zones)
        else:
            self._lines(places, offsets, rows, zones)

    def _intervals(self, row: Row, zone: str) -> Intervals | None:
        """Return the intervals of a row; None, with the reason on the row, where there are none."""
        try:
            return intervals_of(self._series.grid, self._month, Zone.named(zone))
        except ValueError:
            bad = Bad("D0102", f"{self._series.name} cannot be read: there is no time zone {zone!r}", "time_zone")
        except DataProblem as problem:
            bad = Bad(problem.code, problem.message, problem.field)
        row.series[self._series.name] = bad
        return None

    # lists -----------------------------------------------------------------------------------------------

    def _lists(self, places: Places, offsets: Places, rows: Sequence[Row], zones: Sequence[str]) -> None:
        pa = require_arrow()
        column: Any = self._data.column(self._name, LIST, places)
        if not pa.types.is_list(column.type):
            column = column.cast(pa.list_(column.type.value_type))
        missing = column.is_null().to_pylist()
        starts = column.offsets.to_pylist()
        cells = self._read(column.values, self._columns[LIST])
        for row, zone, (first, last) in zip(rows, zones, pairwise(offsets.tolist()), strict=True):
            if last == first or (intervals := self._intervals(row, zone)) is None:
                continue
            if last - first > 1:
                name = self._series.name
                row.series[name] = Bad("D0507", f"{name} has {last - first} lists of values for one row", name)
            elif not missing[first]:
                row.series[self._series.name] = self._dense(intervals, cells[starts[first] : starts[first + 1]])

    def _dense(self, intervals: Intervals, cells: list[DenseCell]) -> Dense | Bad:
        wrong = wrong_length(self._series, intervals, cells)
        if wrong is not None:
            return wrong
        bad = {at: cell for at, cell in enumerate(cells) if cell.__class__ is Bad}
        for at in bad:
            cells[at] = None
        return Dense(intervals.first, intervals.every, cells, bad)  # type: ignore[arg-type] # those that are bad are out

    # lines -----------------------------------------------------------------------------------------------

    def _lines(self, places: Places, offsets: Places, rows: Sequence[Row], zones: Sequence[str]) -> None:
        values = self._read(self._data.column(self._name, self._columns["value"].name, places), self._columns["value"])
        edge = self._columns["edge"]
        moments, codes = texts(self._data.column(self._name, edge.name, places))
        problems = self._data.problems(self._name, places)
        for row, zone, (first, last) in zip(rows, zones, pairwise(offsets.tolist()), strict=True):
            if last == first or (intervals := self._intervals(row, zone)) is None:
                continue
            filling = Filling(self._series, intervals)
            found = [self._moment(moments[code], zone, intervals.zone) for code in codes[first:last]]
            wrong = self._misplaced(found, problems[first:last], intervals)
            if wrong is not None:
                row.series[self._series.name] = wrong
                continue
            for moment, cell in zip(found, values[first:last], strict=True):
                if isinstance(moment, int):  # the others are of other months
                    filling.place(moment, cell)
            row.series[self._series.name] = filling.dense()

    def _misplaced(
        self, moments: Sequence[int | Bad | None], problems: Sequence[str | None], intervals: Intervals
    ) -> Bad | None:
        """Say why one cannot tell to which interval some value belongs: the first reason in order of words."""
        edge = self._columns["edge"].name
        reasons = [Bad("D0506", reason, "") for reason in problems if reason is not None]
        near = range(intervals.first - _DAY, intervals.start(intervals.count) + _DAY)
        reasons += [
            moment
            for moment in moments
            if isinstance(moment, Bad) and (not isinstance(moment, Unclear) or moment.instant in near)
        ]
        if None in moments:
            reasons.append(Bad("D0505", f"the column {edge} is empty, so the value belongs to no interval", edge))
        return min(reasons, key=lambda bad: (bad.code, bad.message)) if reasons else None

    def _moment(self, text: str | None, zone: str, of: Zone) -> int | Bad | None:
        if text is None:
            return None
        key = text, zone
        if key not in self._moments:
            self._moments[key] = read_moment(text, self._columns["edge"].name, of)
        return self._moments[key]

    # cells -----------------------------------------------------------------------------------------------

    def _read(self, column: object, declared: Column) -> list[DenseCell]:
        words, codes = column_texts(column, declared)
        known = self._cells
        for word in words:
            if word is not None and word not in known:
                value: Cell = read_cell(word, declared)
                known[word] = cell_of(self._series, value)
        by_code = [None if word is None else known[word] for word in words]
        return [by_code[code] for code in codes]
