"""Batches for kernels straight from the tables: what reading rows one by one gives, a column at a time."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from kommres.columns.arrow import require_arrow
from kommres.columns.cells import column_texts
from kommres.columns.changing import ValueLines
from kommres.columns.coder import Coder, Coders
from kommres.columns.event_rows import EventRows
from kommres.columns.picking import Pick
from kommres.columns.reader import read_cell
from kommres.columns.schema import Column as SchemaColumn
from kommres.columns.series_cells import SeriesCells
from kommres.columns.tree import SOUND
from kommres.columns.zoning import Zones
from kommres.dsl.backends.kernels.batch import Batch, Column, Past, Table
from kommres.dsl.backends.machine import TIME_ZONE
from kommres.dsl.backends.rows import InputKey
from kommres.dsl.bound.nodes import Input, Rule, Series

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed
    from numpy.typing import NDArray

    from kommres.columns.ingest import Dataset
    from kommres.columns.schema import TableSchema
    from kommres.columns.tree import Places
    from kommres.dsl.backends.kernels.batch import Layout, Names
    from kommres.period import Month


class Dense:
    """Builds batches of a data set. Several threads may ask at once.

    Parameters
    ----------
    data
        The tables.
    layout
        What to read.
    month
        The month whose first day and changes count.
    names
        Codes of texts; new ones are added.
    unordered
        Events, by entity and name, whose order makes no difference to what reads them: it is that of their table then,
        which saves most of the time that events take.
    """

    def __init__(
        self,
        data: Dataset,
        layout: Layout,
        month: Month,
        names: Names,
        *,
        unordered: Collection[tuple[str, str]] = (),
    ) -> None:
        self._layout = layout
        self._month = month
        self._unordered = frozenset(unordered)
        self._coders = Coders(names)
        self._open(data)

    def over(self, data: Dataset) -> Dense:
        """Return a builder of other tables for the same program and month; what was read once is not read again."""
        found = copy(self)
        found._open(data)  # noqa: SLF001 - its own kind
        return found

    def _open(self, data: Dataset) -> None:
        self._data = data
        self._readers = {
            entity: _Reader.of(data, self._layout, self._coders, entity, self._unordered)
            for entity in data.entities
            if entity in self._layout.inputs
        }

    def batch(self, root: str, start: int, stop: int) -> Batch:
        """Return the root rows of ranks ``start .. stop`` with everything below them that is read."""
        tables: dict[str, Table] = {}
        waiting: list[tuple[str, int, int, Places | None, Zones]] = [(root, start, stop, None, Zones())]
        while waiting:
            entity, first, last, counts, zones = waiting.pop()
            order = self._data.entities[entity]
            pick = Pick.of(order.order[first:last])
            if counts is None and self._zoned(root):
                zones = self._zones(root, pick)
            sound = order.flags[pick.places] == SOUND
            offsets = {name: self._data.entities[name].offsets[first : last + 1] for name in self._below(entity)}
            tables[entity] = self._readers[entity].table(
                pick,
                self._month,
                zones,
                first=first,
                usable=None if sound.all() else sound.astype(np.uint8),
                parent=None if counts is None else np.repeat(np.arange(len(counts)), counts),
                children={name: found - found[0] for name, found in offsets.items()},
            )
            for name, found in offsets.items():
                below = np.diff(found)
                waiting.append((name, int(found[0]), int(found[-1]), below, zones.spread(below)))
        return Batch(tables=tables)

    def ranks(self, root: str, start: int, stop: int) -> dict[str, tuple[int, int]]:
        """Return, for each entity of a batch, the ranks of its first row and of the row after its last."""
        found = {root: (start, stop)}
        waiting = [root]
        while waiting:
            entity = waiting.pop()
            first, last = found[entity]
            for name in self._below(entity):
                offsets = self._data.entities[name].offsets
                found[name] = int(offsets[first]), int(offsets[last])
                waiting.append(name)
        return found

    def ids(self, entity: str, start: int, stop: int) -> pa.Array:
        """Return the ids of the rows of ranks ``start .. stop``; null where a row has none."""
        order = self._data.entities[entity]
        return Pick.of(order.order[start:stop]).cells(order.ids)

    def _below(self, entity: str) -> list[str]:
        return [name for name in self._data.children(entity) if name in self._readers]

    def _zoned(self, root: str) -> bool:
        """Whether anything that is read depends on the time zones of a root."""
        if self._readers[root].zone is None:
            return False
        waiting = [root]
        for entity in waiting:
            waiting += self._below(entity)
        return any(self._readers[entity].has_instants for entity in waiting)

    def _zones(self, root: str, pick: Pick) -> Zones:
        """Return the time zones that roots name."""
        pa = require_arrow()
        column = self._readers[root].zone
        if column is None:
            return Zones()
        cells = pick.cells(self._data.tables[root].table.column(column.name))
        plain = cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells
        encoded = plain.dictionary_encode()
        words, places = column_texts(encoded.dictionary, column)
        read = [None if word is None else read_cell(word, column) for word in words]
        names = [name if isinstance(name, str) else "" for name in (read[place] for place in places)]
        return Zones.of((*names, ""), encoded.indices.fill_null(len(names)).to_numpy().astype(np.int64))


@frozen(kw_only=True, eq=False)
class _Reader:
    """What is read of an entity. ``zone``: the column that names time zones, where there is one."""

    entity: str
    inputs: tuple[tuple[InputKey, Coder, pa.ChunkedArray], ...]
    lines: tuple[ValueLines, ...]
    events: tuple[tuple[str, EventRows], ...]
    series: tuple[tuple[str, SeriesCells], ...]
    zone: SchemaColumn | None

    @classmethod
    def of(
        cls, data: Dataset, layout: Layout, coders: Coders, entity: str, unordered: Collection[tuple[str, str]]
    ) -> _Reader:
        """Find the columns and tables that a layout names."""
        codings, events = layout.inputs[entity], layout.events.get(entity, {})
        series = layout.series.get(entity, {})
        table = data.tables[entity].table
        supplied = [
            ((column.declared.name, column.keys), column)
            for column in data.schemas[entity].columns
            if isinstance(column.declared, Input) and column.name in table.column_names
        ]
        now, then = (
            {key[0]: coding for key, coding in found.items()} for found in (codings, layout.past.get(entity, {}))
        )
        owned = [data.schemas[name] for name in data.owned_by(entity)]
        outside = {(where, name) for where, (name, _) in layout.outside}
        return cls(
            entity=entity,
            inputs=tuple(
                (key, coders.of(entity, column, codings[key]), table.column(column.name))
                for key, column in supplied
                if key in codings
            ),
            lines=tuple(
                ValueLines(data, schema, now.get(name), then.get(name), coders, outside=(entity, name) in outside)
                for schema in owned
                if schema.kind == "values" and (name := _name(schema)) in {*now, *then}
            ),
            events=tuple(
                (
                    schema.name,
                    EventRows(
                        data, schema, events[schema.name], coders, ordered=(entity, schema.name) not in unordered
                    ),
                )
                for schema in owned
                if schema.kind == "event" and schema.name in events
            ),
            series=tuple(
                (schema.declared.name, SeriesCells(data, schema, series[schema.declared.name], coders))
                for schema in owned
                if schema.kind == "series" and isinstance(schema.declared, Series) and schema.declared.name in series
            ),
            zone=next((column for key, column in supplied if key == TIME_ZONE), None),
        )

    @property
    def has_instants(self) -> bool:
        """Whether anything of the entity depends on time zones."""
        return (
            any(coder.coding.kind == "instant" for _, coder, _ in self.inputs)
            or any(lines.has_instants for lines in self.lines)
            or any(events.has_instants for _, events in self.events)
            or bool(self.series)
        )

    def table(
        self,
        pick: Pick,
        month: Month,
        zones: Zones,
        *,
        first: int,
        usable: NDArray[np.uint8] | None,
        parent: Places | None,
        children: dict[str, Places],
    ) -> Table:
        """Read rows whose ranks begin at ``first``."""
        last = first + len(pick.places)
        past: dict[InputKey, Past] = {}
        columns = {key: Column(values=coder.codes(pick.cells(cells), zones)) for key, coder, cells in self.inputs}
        for lines in self.lines:
            lines.put(columns, past, first, last, month, zones)
        return Table(
            entity=self.entity,
            count=len(pick.places),
            usable=usable,
            parent=parent,
            children=children,
            columns=columns,
            events={name: events.read(first, last, zones) for name, events in self.events},
            series={name: cells.read(first, last, month, zones) for name, cells in self.series},
            past=past,
        )


def _name(schema: TableSchema) -> str:
    """Return under which name a layout has the values of a table."""
    declared = schema.declared
    return declared.id if isinstance(declared, Rule) else schema.name.removeprefix(f"{schema.entity}.")
