"""A batch from rows of the interpreter, cell by cell: slow, and what every faster way is measured against."""

from __future__ import annotations

from fractions import Fraction
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

from kommres.dsl.backends.grids import intervals_of
from kommres.dsl.backends.intervals import bounds
from kommres.dsl.backends.kernels.batch import Batch, Changes, Column, Events, Past, Table
from kommres.dsl.backends.machine import TIME_ZONE
from kommres.dsl.backends.rows import Bad, Dense, Steps
from kommres.dsl.backends.zones import Zone
from kommres.dsl.problems import DataProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kommres.dsl.backends.grids import Intervals
    from kommres.dsl.backends.kernels.batch import Cells, Coding, Layout, Names, Offsets, SeriesCoding
    from kommres.dsl.backends.rows import EventRow, InputKey, Plain, Row
    from kommres.period import Month

_NAMING: Final = Lock()


def batch_of(layout: Layout, roots: Sequence[Row], month: Month, names: Names) -> Batch:
    """Return the tables of whole trees.

    Parameters
    ----------
    layout
        What to read.
    roots
        Root rows of one entity with everything below them.
    month
        The month whose first day and changes count.
    names
        Codes of texts; new ones are added.
    """
    rows = rows_by_entity(roots)
    place = {id(row): number for found in rows.values() for number, row in enumerate(found)}
    tables = {}
    for entity, found in rows.items():
        below = dict.fromkeys(name for row in found for name in row.children)
        supplied: set[InputKey] = set().union(*(row.values for row in found))
        parents = [place[id(row.parent)] for row in found if row.parent is not None and id(row.parent) in place]
        tables[entity] = Table(
            entity=entity,
            count=len(found),
            usable=_usable(found),
            parent=np.array(parents, np.int64) if len(parents) == len(found) else None,
            children={name: _offsets(len(row.children.get(name, ())) for row in found) for name in below},
            columns={
                key: _column(
                    [row.values.get(key) for row in found],
                    coding,
                    month,
                    names,
                    outside=(entity, key) in layout.outside,
                )
                for key, coding in layout.inputs.get(entity, {}).items()
                if key in supplied
            },
            events={
                name: _events([row.events.get(name, []) for row in found], fields, names)
                for name, fields in layout.events.get(entity, {}).items()
                if any(name in row.events for row in found)
            },
            past={
                key: _past([row.history.get(key, {}) for row in found], coding, names)
                for key, coding in layout.past.get(entity, {}).items()
                if any(key in row.history for row in found)
            },
            series={
                name: _series([row.series.get(name) for row in found], [_zone(row) for row in found], coding, month)
                for name, coding in layout.series.get(entity, {}).items()
                if any(name in row.series for row in found)
            },
        )
    for entity in layout.inputs:
        tables.setdefault(entity, Table(entity=entity, count=0))
    return Batch(tables=tables)


def rows_by_entity(roots: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows of trees by entity in the order of a batch: rows of one parent side by side."""
    found: dict[str, list[Row]] = {}
    level = list(roots)
    waiting = [level] if level else []
    while waiting:
        level = waiting.pop(0)
        found[level[0].entity] = level
        for name in dict.fromkeys(name for row in level for name in row.children):
            below = [child for row in level for child in row.children.get(name, ())]
            if below:
                waiting.append(below)
    return found


def code_of(value: Plain | Bad | None, coding: Coding, names: Names) -> int:
    """Return the code of a cell."""
    if value is None:
        return coding.absent if coding.optional else coding.unusable
    if coding.kind == "id":
        code = name_codes(names, [value])[0] if isinstance(value, str) else coding.unusable
    elif coding.kind == "enum":
        code = coding.members.index(value) if value in coding.members else coding.unusable
    elif coding.kind == "yes_no":
        code = int(value) if isinstance(value, bool) else coding.unusable
    elif value.__class__ is int or value.__class__ is Fraction:
        steps = value * coding.scale
        code = steps.numerator if steps.denominator == 1 else coding.unusable
    else:
        code = coding.unusable
    return code if coding.low <= code <= coding.high else coding.unusable


def name_codes(names: Names, texts: Iterable[str]) -> list[int]:
    """Return the codes of texts. Several threads may ask at once."""
    with _NAMING:
        return [names.code(text) for text in texts]


def _usable(rows: Sequence[Row]) -> NDArray[np.uint8] | None:
    if all(row.problem is None for row in rows):
        return None
    return np.array([row.problem is None for row in rows], np.uint8)


def _offsets(counts: Iterable[int]) -> Offsets:
    return np.cumsum([0, *counts], dtype=np.int64)


# --- inputs --------------------------------------------------------------------------------------------------


def _column(
    values: Sequence[Plain | Steps | Bad | None], coding: Coding, month: Month, names: Names, *, outside: bool
) -> Column:
    start = month.start
    cells = np.array([code_of(_on(value, start), coding, names) for value in values], coding.dtype)
    if Steps not in set(map(type, values)):
        return Column(values=cells)
    return Column(
        values=cells,
        changes=_changes(values, [_moves(value, month) for value in values], coding, names),
        always=_changes(values, [_ever(value, month) for value in values], coding, names) if outside else None,
    )


def _changes(
    values: Sequence[Plain | Steps | Bad | None], moves: Sequence[Sequence[int]], coding: Coding, names: Names
) -> Changes | None:
    if not any(moves):
        return None
    days = [(value, day) for value, found in zip(values, moves, strict=True) for day in found]
    return Changes(
        offsets=_offsets(map(len, moves)),
        days=np.array([day for _, day in days], np.int32),
        values=np.array([code_of(_on(value, day), coding, names) for value, day in days], coding.dtype),
    )


def _on(value: Plain | Steps | Bad | None, day: int) -> Plain | Bad | None:
    """Return what holds on a day."""
    if not isinstance(value, Steps):
        return value
    found = [piece for start, piece in zip(value.starts, value.values, strict=True) if start is None or start <= day]
    return found[-1] if found else None


def _moves(value: Plain | Steps | Bad | None, month: Month) -> list[int]:
    if not isinstance(value, Steps):
        return []
    first, end = month.start, month.end
    return [day for day in value.starts if day is not None and first < day < end]


def _ever(value: Plain | Steps | Bad | None, month: Month) -> list[int]:
    """Return the days of all values where one begins before or after the month."""
    if not isinstance(value, Steps):
        return []
    days = [day for day in value.starts if day is not None]
    return [1, *days] if any(not month.start < day < month.end for day in days) else []


def _past(found: Sequence[Mapping[int, Plain | Bad]], coding: Coding, names: Names) -> Past:
    months = [sorted(history) for history in found]
    cells = [code_of(history[m], coding, names) for history, known in zip(found, months, strict=True) for m in known]
    return Past(
        offsets=_offsets(map(len, months)),
        months=np.array([m for known in months for m in known], np.int32),
        values=np.array(cells, coding.dtype),
    )


# --- events --------------------------------------------------------------------------------------------------


def _events(found: Sequence[Sequence[EventRow]], fields: Mapping[str, Coding], names: Names) -> Events:
    rows = [row for events in found for row in events]
    is_interval = {"from", "to"} <= fields.keys()
    broken = [is_interval and not _has_bounds(row) for row in rows]
    return Events(
        offsets=_offsets(map(len, found)),
        fields={
            name: np.array(
                [
                    coding.unusable if bad and name in {"from", "to"} else code_of(row.values.get(name), coding, names)
                    for row, bad in zip(rows, broken, strict=True)
                ],
                coding.dtype,
            )
            for name, coding in fields.items()
        },
    )


def _has_bounds(row: EventRow) -> bool:
    try:
        bounds(row)
    except DataProblem:
        return False
    return True


# --- series --------------------------------------------------------------------------------------------------


def _zone(row: Row) -> Zone | None:
    """Return the time zone of a row's root; None where there is none of this name."""
    while row.parent is not None:
        row = row.parent
    name = row.values.get(TIME_ZONE, "UTC")
    try:
        return Zone.named(name) if isinstance(name, str) else None
    except ValueError:
        return None


def _series(
    found: Sequence[Dense | Bad | None], zones: Sequence[Zone | None], series: SeriesCoding, month: Month
) -> Cells:
    """Return the cells of all rows, those that lie in no interval of a row coded as unusable."""
    coding = series.coding
    known = {zone: grid_of(series, month, zone) for zone in dict.fromkeys(zones) if zone is not None}
    width = max([1, *(grid.count for grid in known.values() if grid is not None)])
    cells = np.full((len(found), width), coding.unusable, coding.dtype)
    for place, (dense, zone) in enumerate(zip(found, zones, strict=True)):
        grid = None if zone is None else known[zone]
        if grid is None or isinstance(dense, Bad):
            continue
        cells[place, : grid.count] = coding.absent
        if dense is not None:
            before = (dense.first - grid.first) // grid.every
            for at in range(max(0, before), min(grid.count, before + len(dense.cells))):
                bad = at - before in dense.bad
                cells[place, at] = coding.unusable if bad else dense_code(dense.cells[at - before], series)
    return cells


def grid_of(series: SeriesCoding, month: Month, zone: Zone) -> Intervals | None:
    """Return the intervals of a series in a time zone; None where its days hold no whole number of them."""
    try:
        return intervals_of(series.grid, month, zone)
    except DataProblem:
        return None


def dense_code(cell: object, series: SeriesCoding) -> int:
    """Return the code of what a series holds for an interval: numbers are whole numbers of steps there."""
    coding = series.coding
    match cell:
        case None:
            return coding.absent
        case str():
            code = coding.members.index(cell) if cell in coding.members else coding.unusable
        case bool() | int():
            code = int(cell) * series.times
        case _:
            return coding.unusable
    return code if coding.low <= code <= coding.high else coding.unusable
