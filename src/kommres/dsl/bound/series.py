"""Series: their grid, and the tables of those that belong to the program."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import evolve

from kommres.dsl.bound.nodes import Grid, Series, SeriesRow, Type, Value
from kommres.dsl.bound.params import csv_value
from kommres.dsl.syntax import nodes as syn
from kommres.units import Unit, UnitError

if TYPE_CHECKING:
    from kommres.dsl.bound.declare import Declarer
    from kommres.dsl.bound.scope import ModuleScope
    from kommres.dsl.source import Span

_STEPS = {600: "10 min", 900: "15 min", 1800: "30 min", 3600: "1 h"}
_SECOND = Unit((("s", 1),))
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:00)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_STATUS = {"yes": "checked", "no": "unchecked", "": "unsaid"}


class SeriesBinder:
    """Binds the series of a program."""

    def __init__(self, declarer: Declarer) -> None:
        self.declarer = declarer
        self.scope = declarer.scope
        self.out = declarer.out

    def bind(self, module: ModuleScope) -> None:
        """Declare the series of a module."""
        for item in (i for i in module.tree.items if isinstance(i, syn.SeriesDecl)):
            series = self._series(module, item)
            if series is None:
                continue
            if series.entity is None:
                self.declarer.declare(module, item.name, series)
                continue
            place = (series.entity, series.name)
            first = module.series.get(place) or module.inputs.get(place)
            if first is not None:
                self.scope.twice(item.name, item.span, first.span)
                continue
            module.series[place] = series

    def _series(self, module: ModuleScope, item: syn.SeriesDecl) -> Series | None:
        entity = self.scope.entity(module, item.entity) if item.entity is not None else None
        attributes = item.attributes
        type_ = self.declarer.type(module, item.type, optional=attributes.optional)
        grid = self._grid(item)
        if type_ is None or grid is None or (entity is None) != (item.entity is None):
            return None
        if not self._fits(item, type_):
            return None
        low, high = self.declarer.bounds(attributes, type_)
        written = attributes.grid
        zone = (written.zone if written is not None else None) or ""
        series = Series(
            name=item.name,
            module=module.name,
            doc=item.doc,
            span=item.span,
            entity=entity,
            type=type_,
            low=low,
            high=high,
            step=attributes.step.value if attributes.step is not None else None,
            signed=attributes.signed,
            grid=grid,
            label=(written.label if written is not None else None) or "start",
            zone=zone,
            citations=self.declarer.citations(item.citations),
            file=item.file or "",
        )
        return series if entity is not None else self._with_rows(series, item)

    # grids -----------------------------------------------------------------------------------------------

    def _grid(self, item: syn.SeriesDecl) -> Grid | None:
        written = item.attributes.grid
        if written is None or written.every is None:
            self._incomplete(item, "does not say how long its intervals are", "add `every 1 h`")
            return None
        if written.label is None:
            self._incomplete(
                item,
                "does not say by which edge its intervals are named",
                "add `label at start` (10:00 means 10:00..11:00), or `label at end` (10:00 means 9:00..10:00)",
            )
            return None
        seconds = self._seconds(written.every)
        if seconds not in _STEPS:
            self.out.add(
                "K0511",
                f"intervals of {written.every.span.text} are not known",
                written.every.span,
                help=f"there are {', '.join(f'`every {text}`' for text in _STEPS.values())}",
            )
            return None
        return Grid(seconds, written.over or "month")

    def _seconds(self, length: syn.Number) -> int:
        try:
            unit = self.scope.units.parse(length.unit.text if length.unit is not None else "")
            found = length.value * self.scope.units.conversion(unit, _SECOND)
        except UnitError:
            return 0
        return found.numerator if found.denominator == 1 else 0

    def _incomplete(self, item: syn.SeriesDecl, why: str, todo: str) -> None:
        self.out.add("K0511", f"the series `{item.name}` {why}", item.span, help=todo)

    def _fits(self, item: syn.SeriesDecl, type_: Type) -> bool:
        """Say what a series of this kind cannot have, or does without."""
        attributes = item.attributes
        for word in ("varies", "history"):
            if getattr(attributes, word):
                self.out.add("K0411", f"a series is not `{word}`", attributes.span, help="take the word away")
                return False
        if item.entity is None and item.file is None:
            self._incomplete(
                item,
                "has neither an entity nor a table",
                f'write `series {item.name} of meter: …`, or `… from "{item.name}.csv"` for values of the program',
            )
            return False
        if item.entity is not None and item.file is not None:
            self.out.add(
                "K0411",
                f"the values of `{item.name}` are supplied with the data, so it has no table",
                item.span,
                help="take `from` away, or `of` and the entity",
            )
            return False
        if item.entity is not None and attributes.grid is not None and attributes.grid.zone is not None:
            self.out.add(
                "K0411",
                "the time zone of an entity's series is that of its root",
                attributes.grid.span,
                help="take `zone` away; the root entity's input `time_zone` names it",
            )
            return False
        if type_.kind == "number" and attributes.step is None and item.entity is not None:
            self._incomplete(item, "has no step", "add the step of its values, such as `step 0.001`")
            return False
        if type_.kind not in {"number", "yes_no", "enum"}:
            self.out.add(
                "K0401", f"values of a series are numbers, yes/no or members, not {type_}", item.type.span, help=""
            )
            return False
        return True

    # tables ----------------------------------------------------------------------------------------------

    def _with_rows(self, series: Series, item: syn.SeriesDecl) -> Series | None:
        zone = self._zone(series.zone, item.span)
        if zone is None:
            return None
        column = "from" if series.label == "start" else "to"
        rows: list[SeriesRow] = []
        for line, cells in self.declarer.tables.of_series(series.file, column, item.span):
            row = self._row(series, f"{series.file}:{line}", cells, zone, item.span)
            if row is not None:
                rows.append(row)
        rows.sort(key=lambda row: (row.start, row.known_from or 0))
        self._check_order(series, rows, item.span)
        if not rows and not self.out.errors:
            self.out.add("K0505", f"`{series.name}` has no values", item.span, help="fill its table")
        return evolve(series, rows=tuple(rows))

    def _zone(self, name: str, span: Span) -> dt.tzinfo | None:
        if not name:
            return dt.UTC
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError, ValueError):
            self.out.add("K0511", f"there is no time zone {name!r}", span, help="write a name such as Europe/Berlin")
            return None

    def _row(self, series: Series, place: str, cells: dict[str, str], zone: dt.tzinfo, span: Span) -> SeriesRow | None:
        column = "from" if series.label == "start" else "to"

        def bad(name: str, why: str) -> None:
            self.out.add(
                "K0506", f"{place}: {name} {(cells.get(name) or '')[:60]!r} {why}", span, help="mend the table"
            )

        start = _instant((cells.get(column) or "").strip(), zone)
        if start is None:
            bad(column, "is no instant (2026-01-31T10:00, with an offset where an hour comes twice)")
            return None
        value = csv_value(series.type, (cells.get("value") or "").strip())
        if value is None or not self._allowed(series, value):
            bad("value", f"is no {series.type}" if value is None else "is outside the range or off the step")
            return None
        known = (cells.get("known_from") or "").strip()
        known_from = _day(known) if known else None
        if known and known_from is None:
            bad("known_from", "is no date (YYYY-MM-DD)")
            return None
        status = _STATUS.get((cells.get("checked") or "").strip().lower())
        if status is None:
            bad("checked", "is neither yes nor no")
            return None
        return SeriesRow(
            start=start if series.label == "start" else start - series.grid.every,
            value=value,
            known_from=known_from,
            source=cells.get("source") or "",
            status=status,
            place=place,
        )

    @staticmethod
    def _allowed(series: Series, value: Value) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | Fraction):
            return True
        inside = (series.low is None or value >= series.low) and (series.high is None or value <= series.high)
        return inside and (series.step is None or (Fraction(value) / series.step).denominator == 1)

    def _check_order(self, series: Series, rows: list[SeriesRow], span: Span) -> None:
        """Report intervals that stand twice or overlap; an edition of its own may say an interval again."""
        for before, after in pairwise(rows):
            if before.start == after.start and before.known_from != after.known_from:
                continue
            if after.start - before.start < series.grid.every:
                what = "stands twice" if before.start == after.start else f"begins inside that of {before.place}"
                self.out.add("K0506", f"{after.place}: the interval {what}", span, help="mend the table")


def _day(text: str) -> int | None:
    try:
        return dt.date.fromisoformat(text).toordinal()
    except ValueError:
        return None


def _instant(text: str, zone: dt.tzinfo) -> int | None:
    """Return the instant of a wall-clock time; None for one that there is not, or twice."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        wall = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if wall.tzinfo is None:
        wall = wall.replace(tzinfo=zone)
        if wall.replace(fold=1).utcoffset() != wall.utcoffset():
            return None
    return (wall - _EPOCH) // dt.timedelta(seconds=1)
