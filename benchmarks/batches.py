"""Batches of kernels: from made-up columns, the same many times over, and single rows of them for the interpreter."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from attrs import evolve
from benchmarks.workloads import HOUR, YEAR_STARTS

from kommres.dsl.backends.kernels.batch import Batch, Changes, Column, Events, Past, Table
from kommres.dsl.backends.rows import Dense, EventRow, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmarks.workloads import Cells, Grouped

    from kommres.dsl.backends.kernels.batch import Coding, Layout
    from kommres.dsl.backends.rows import Plain


def flat(entity: str, columns: Mapping[str, Cells]) -> Batch:
    """Return one table without parents."""
    return Batch(tables={entity: _table(entity, columns)})


def grouped(parent: str, entity: str, data: Grouped) -> Batch:
    """Return two tables: rows below parents."""
    sizes = np.diff(data.offsets)
    places = np.repeat(np.arange(sizes.size), sizes)
    above = evolve(_table(parent, data.parents), children={entity: data.offsets})
    return Batch(tables={parent: above, entity: evolve(_table(entity, data.rows), parent=places)})


def with_events(entity: str, event: str, data: Grouped) -> Batch:
    """Return one table without columns, whose rows have events."""
    events = {event: Events(offsets=data.offsets, fields=data.rows)}
    return Batch(tables={entity: Table(entity=entity, count=data.offsets.size - 1, events=events)})


def with_series(entity: str, series: str, cells: Cells) -> Batch:
    """Return one table whose rows have a value for each interval of a year."""
    return Batch(tables={entity: Table(entity=entity, count=cells.shape[0], series={series: cells})})


def _table(entity: str, columns: Mapping[str, Cells]) -> Table:
    count = next(iter(columns.values())).size
    return Table(entity=entity, count=count, columns={(name, ()): Column(values=c) for name, c in columns.items()})


# --- many times over -----------------------------------------------------------------------------------------


def narrowed(batch: Batch, paths: Iterable[tuple[Any, ...]]) -> Batch:
    """Return the tables with the arrays that kernels read alone, named by the paths of their arguments."""
    read: dict[tuple[str, str], set[object]] = {}
    for what, *rest in paths:
        if what in _KEPT_BY:
            read.setdefault((rest[0], _KEPT_BY[what]), set()).add(tuple(rest[1:]))
    return Batch(tables={name: _narrowed(table, read) for name, table in batch.tables.items()})


#: what an argument is -> where a table holds it
_KEPT_BY: Final = {
    "cells": "columns",
    **{f"{kind} {part}": "columns" for kind in ("change", "always") for part in ("offsets", "days", "values")},
    **{f"past {part}": "past" for part in ("offsets", "months", "values")},
    "event offsets": "events",
    "event": "events",
    "series": "series",
}


def _narrowed(table: Table, read: Mapping[tuple[str, str], set[Any]]) -> Table:
    columns, past, events, series = (
        read.get((table.entity, place), set()) for place in ("columns", "past", "events", "series")
    )
    return evolve(
        table,
        columns={key: column for key, column in table.columns.items() if (key,) in columns},
        past={key: known for key, known in table.past.items() if (key,) in past},
        series={name: cells for name, cells in table.series.items() if (name,) in series},
        events={
            name: evolve(found, fields={field: c for field, c in found.fields.items() if (name, field) in events})
            for name, found in table.events.items()
            if any(path[0] == name for path in events)
        },
    )


def repeated(batch: Batch, times: int) -> Batch:
    """Return a batch whose trees stand there many times."""
    counts = {name: table.count for name, table in batch.tables.items()}
    above = {child: name for name, table in batch.tables.items() for child in table.children}
    return Batch(
        tables={
            name: _repeated(table, times, counts[above[name]] if name in above else 0)
            for name, table in batch.tables.items()
        }
    )


def _repeated(table: Table, times: int, parents: int) -> Table:
    return evolve(
        table,
        count=table.count * times,
        usable=None if table.usable is None else np.tile(table.usable, times),
        parent=None if table.parent is None else _shifted(table.parent, times, parents),
        children={name: _offsets(offsets, times) for name, offsets in table.children.items()},
        columns={key: _column(column, times) for key, column in table.columns.items()},
        events={
            name: Events(
                offsets=_offsets(events.offsets, times),
                fields={field: np.tile(cells, times) for field, cells in events.fields.items()},
            )
            for name, events in table.events.items()
        },
        past={
            key: Past(
                offsets=_offsets(past.offsets, times),
                months=np.tile(past.months, times),
                values=np.tile(past.values, times),
            )
            for key, past in table.past.items()
        },
        series={name: np.tile(cells, (times, 1)) for name, cells in table.series.items()},
    )


def _column(column: Column, times: int) -> Column:
    return Column(
        values=np.tile(column.values, times),
        changes=_changes(column.changes, times),
        always=_changes(column.always, times),
    )


def _changes(changes: Changes | None, times: int) -> Changes | None:
    if changes is None:
        return None
    return Changes(
        offsets=_offsets(changes.offsets, times),
        days=np.tile(changes.days, times),
        values=np.tile(changes.values, times),
    )


def _shifted(places: Cells, times: int, step: int) -> Cells:
    return (places[None, :] + step * np.arange(times)[:, None]).reshape(-1)


def _offsets(offsets: Cells, times: int) -> Cells:
    if not offsets.size:
        return offsets
    return np.append(_shifted(offsets[:-1], times, int(offsets[-1])), offsets[-1] * times)


# --- for the interpreter -------------------------------------------------------------------------------------


def rows_of(batch: Batch, layout: Layout, entity: str, places: Iterable[int]) -> list[Row]:
    """Return some rows of a table of numbers and dates, with their events and the rows above them."""
    return [_row(batch, layout, entity, int(place)) for place in places]


def _row(batch: Batch, layout: Layout, entity: str, place: int) -> Row:
    table = batch.tables[entity]
    above = next((name for name, other in batch.tables.items() if entity in other.children), None)
    parent = _row(batch, layout, above, int(table.parent[place])) if above and table.parent is not None else None
    codings = layout.inputs.get(entity, {})
    return Row(
        entity,
        str(place),
        parent=parent,
        values={key: _value(column.values[place], codings[key]) for key, column in table.columns.items()},
        events={
            name: [
                EventRow({f: _value(cells[j], layout.events[entity][name][f]) for f, cells in events.fields.items()})
                for j in range(events.offsets[place], events.offsets[place + 1])
            ]
            for name, events in table.events.items()
        },
        series={
            name: Dense(first=YEAR_STARTS, every=HOUR, cells=cells[place].tolist())
            for name, cells in table.series.items()
        },
    )


def _value(cell: int, coding: Coding) -> Plain:
    return Fraction(int(cell), coding.scale) if coding.scale != 1 else int(cell)
